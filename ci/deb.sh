#!/bin/sh
# deb.sh BUILD VERSION: a Debian package of what `make install` installs: BUILD/eprop-verify_VERSION_ARCH.deb. The same sources give the
# same bytes: times are those of the last commit (or SOURCE_DATE_EPOCH), files belong to root.
# SPDX-License-Identifier: MIT
set -eu
build=$1 version=$2
for tool in dpkg-deb dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "deb.sh: $tool is not installed (package dpkg-dev)" >&2; exit 2; }
done
arch=$(dpkg --print-architecture) root=$build/deb
when=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date -r reference/eprop.h +%s)}
rm -rf "$root"
make --no-print-directory PREFIX=/usr DESTDIR="$root" BUILD="$build" install >/dev/null
strip --strip-unneeded "$root"/usr/bin/*
strip --strip-debug --enable-deterministic-archives "$root"/usr/lib/*.a
gzip -9n "$root"/usr/share/man/man1/*.1
doc=$root/usr/share/doc/eprop-verify
install -d "$doc" "$root/DEBIAN"
install -m 644 ci/debian/copyright README.md CITATION.cff verify/PROTOCOL.md optimized/example/example.c "$doc"
gzip -9nc CHANGELOG.md > "$doc/changelog.gz"

# Which packages the programs need, as dpkg-shlibdeps finds it.
work=$build/deb.tmp
rm -rf "$work"
mkdir -p "$work/debian"
printf 'Source: eprop-verify\n\nPackage: eprop-verify\nArchitecture: any\n' > "$work/debian/control"
top=$(cd "$root" && pwd)
depends=$(cd "$work" && dpkg-shlibdeps -O "$top"/usr/bin/* 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
rm -rf "$work"
size=$(du -sk --apparent-size "$root/usr" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@SIZE@/$size/" -e "s/@DEPENDS@/$depends/" ci/debian/control > "$root/DEBIAN/control"
(cd "$root" && find usr -type f | LC_ALL=C sort | xargs md5sum > DEBIAN/md5sums)
find "$root" -type d -exec chmod 755 {} +
find "$root" -exec touch -h -d "@$when" {} +
SOURCE_DATE_EPOCH=$when dpkg-deb --root-owner-group -Zxz --build "$root" "$build/eprop-verify_${version}_$arch.deb" >/dev/null
rm -rf "$root"
echo "$build/eprop-verify_${version}_$arch.deb"
