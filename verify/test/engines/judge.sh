#!/bin/sh
# judge.sh BUILD VECTORS: every engine of optimized/ through the door for ports, against a directory of vector files.
# Prints each engine's closing lines and exits 1 if one does not conform.
# SPDX-License-Identifier: MIT
set -u
build=$1 vectors=$2 fail=0
tmp=$(mktemp -d) || exit 3
trap 'rm -rf "$tmp"' EXIT
# The fast engine counts subnormal numbers as zero while it works (optimized/fast/fast.h); its online states show that.
awk '/^case /{id = $2} /^flags .*subnormal/{print id " # subnormal numbers are zero in this engine"}' "$vectors"/*.epv > "$tmp/subnormal"
: > "$tmp/none"
for so in "$build"/verify/engines/*.so; do
    name=$(basename "$so" .so)
    known=$tmp/none
    case $name in fast-online*) known=$tmp/subnormal ;; esac
    start=$(date +%s)
    "$build/eprop-judge" port --plugin "$so" --vectors "$vectors" --xfail "$known" --min 30 --timeout 60 > "$tmp/$name.tap"
    rc=$?
    echo "== $name, exit $rc, $(($(date +%s) - start)) s"
    grep '^#' "$tmp/$name.tap"
    [ $rc -eq 0 ] || fail=1
done
exit $fail
