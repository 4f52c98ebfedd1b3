#!/bin/sh
# eprop.sh 'PORT COMMAND' [OPTION]...: fetches the judge and the vectors of a release, builds the judge with the C compiler
# that is there, judges the port, writes eprop.tap and eprop.xml, and exits as the judge does. Copy it into your repository.
#   EPROP      address of the folder that holds the release's two archives (https://..., file:///...)
#   EPROP_DIR  where they are kept between runs (default .eprop)
# SPDX-License-Identifier: MIT
set -eu
version=0.1.0
dir=${EPROP_DIR:-.eprop}
port=$1
shift
mkdir -p "$dir"
for f in "eprop-judge-$version.tar.gz" eprop-vectors-v1.tar.gz; do
    if [ ! -f "$dir/$f" ]; then curl -fsSL -o "$dir/$f.part" "${EPROP:?address of a release}/$f" && mv "$dir/$f.part" "$dir/$f"; fi
    tar -C "$dir" -xzf "$dir/$f"
done
(cd "$dir/vectors-v1" && { sha256sum --quiet -c MANIFEST 2>/dev/null || shasum -a 256 -c MANIFEST >/dev/null; })
make -s -C "$dir/eprop-judge-$version"
rc=0
"$dir/eprop-judge-$version/eprop-judge" port --port "$port" --vectors "$dir/vectors-v1" --junit eprop.xml "$@" > eprop.tap || rc=$?
grep -E '^(not ok|#|Bail)' eprop.tap || true
exit $rc
