#!/bin/sh
# package.sh deb|dist BUILD VERSION: does what is handed out work on a machine that has nothing?
#   deb    the Debian package of BUILD installs with all it depends on, its programs run, and removing it leaves no file
#   dist   the source archive of BUILD builds after its own `make deps`, and passes tests
# The machine: a fresh Debian made by debootstrap, where that is installed and this is root (kept in BUILD/root.tar for the next time;
# EPROP_MIRROR names the mirror); else a folder: the package by dpkg --root, the archive in an empty environment.
# SPDX-License-Identifier: MIT
set -eu
what=$1 build=$2 version=$3
mirror=${EPROP_MIRROR:-http://deb.debian.org/debian}
tmp=$(mktemp -d)
cleanup() {
    for m in proc dev; do if mountpoint -q "$tmp/root/$m" 2>/dev/null; then umount "$tmp/root/$m"; fi; done
    rm -rf --one-file-system "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
fail() { echo "package: $*" >&2; exit 1; }

fresh=no
if [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then
    if [ ! -s "$build/root.tar" ]; then
        debootstrap --variant=minbase bookworm "$tmp/base" "$mirror" > "$tmp/log" 2>&1 || { tail -n 3 "$tmp/log" >&2; fail "debootstrap failed"; }
        tar -C "$tmp/base" -cf "$build/root.tar.tmp" . && mv "$build/root.tar.tmp" "$build/root.tar"
        rm -rf "$tmp/base"
    fi
    mkdir "$tmp/root"
    tar -C "$tmp/root" -xf "$build/root.tar"
    cp /etc/resolv.conf "$tmp/root/etc/resolv.conf" 2>/dev/null || :
    echo "deb $mirror bookworm main" > "$tmp/root/etc/apt/sources.list"
    mkdir -p "$tmp/root/tmp"
    fresh=yes
fi
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$tmp/root" "$@"; }
files() { find "$1" -xdev \( -path "$1/proc" -o -path "$1/dev" -o -path "$1/tmp" -o -path "$1/var/cache" -o -path "$1/var/log" -o -path "$1/var/lib/dpkg" -o -path "$1/var/lib/apt" \) -prune -o -print | sort; }
# What a user does first: runs a proof, reads how, compares a report.
programs() { # COMMAND THAT RUNS...
    "$@" eprop-verify --version
    "$@" eprop-verify prove --model lif --evidence AD | tail -n 1
    "$@" eprop-train pattern --rule eprop1-symmetric --engine scalar:f64 --set n_rec=20 --set n_in=10 --iterations 3 --threads 1 --quiet
    "$@" eprop-bench --version
    "$@" eprop-report --version
}

case $what in
deb)
    deb=$(ls "$build"/eprop-verify_"${version}"_*.deb)
    dpkg-deb --info "$deb" | sed -n 's/^ \(Version\|Architecture\|Depends\)/\1/p'
    if [ $fresh = yes ]; then
        cp "$deb" "$tmp/root/tmp/eprop.deb"
        { inside apt-get update -q && inside apt-get install -q -y --no-install-recommends /tmp/eprop.deb; } > "$tmp/log" 2>&1 || { tail -n 5 "$tmp/log" >&2; fail "it does not install"; }
        programs inside
        inside dpkg --verify eprop-verify | grep . && fail "files differ from their sums"
        files "$tmp/root" > "$tmp/with"
        inside dpkg -r eprop-verify > "$tmp/log" 2>&1 || { tail -n 5 "$tmp/log" >&2; fail "it cannot be removed"; }
        files "$tmp/root" > "$tmp/without"
        grep eprop "$tmp/without" && fail "removing leaves files"
        echo "package: $(basename "$deb"): $(comm -23 "$tmp/with" "$tmp/without" | wc -l) files and folders installed into a fresh Debian, all removed"
    else
        mkdir -p "$tmp/root/var/lib/dpkg/info" "$tmp/root/var/lib/dpkg/updates"
        : > "$tmp/root/var/lib/dpkg/status"
        dpkg --root="$tmp/root" --force-not-root --force-depends --log=/dev/null -i "$deb" > "$tmp/log" 2>&1 || { tail -n 5 "$tmp/log" >&2; fail "it does not install"; }
        programs env -i PATH="$tmp/root/usr/bin:/usr/bin:/bin" HOME="$tmp"
        n=$(find "$tmp/root/usr" -type f | wc -l)
        dpkg --root="$tmp/root" --force-not-root --force-depends --log=/dev/null -r eprop-verify > "$tmp/log" 2>&1 || { tail -n 5 "$tmp/log" >&2; fail "it cannot be removed"; }
        find "$tmp/root/usr" -type f 2>/dev/null | grep . && fail "removing leaves files"
        echo "package: $(basename "$deb"): $n files installed into a folder (no debootstrap), all removed"
    fi ;;
dist)
    archive=$build/eprop-verify-$version.tar.gz
    script="set -eu; cd /tmp/eprop-verify-$version"
    # shellcheck disable=SC2016
    tests='make -j2 all && make -j2 $(for t in $TESTS; do echo build/$t; done) && for t in $TESTS; do EPROP_TEST_MULTIPLIER=0.1 build/$t </dev/null | tail -n 1; done'
    TESTS=${DIST_TESTS:-"reference/test/test_spec reference/test/test_algo optimized/test/test_scalar verify/test/test_epv verify/test/differ/differ tasks/test/test_train"}
    if [ $fresh = yes ]; then
        tar -C "$tmp/root/tmp" -xzf "$archive"
        { inside apt-get update -q && inside apt-get install -q -y --no-install-recommends make; } > "$tmp/log" 2>&1 || { tail -n 5 "$tmp/log" >&2; fail "no make"; }
        mount -t proc proc "$tmp/root/proc" 2>/dev/null || :
        [ -e "$tmp/root/dev/null" ] || mount --bind /dev "$tmp/root/dev"
        inside sh -c "$script; make deps" > "$tmp/log" 2>&1 || { tail -n 5 "$tmp/log" >&2; fail "make deps failed"; }
        inside sh -c "$script; TESTS='$TESTS'; $tests; build/eprop-verify prove --model lif --evidence AD | tail -n 1" || fail "the archive does not build or pass"
        echo "package: $(basename "$archive"): builds and passes on a fresh Debian after its make deps"
    else
        tar -C "$tmp" -xzf "$archive"
        # shellcheck disable=SC2016
        (cd "$tmp/eprop-verify-$version" && env -i PATH=/usr/bin:/bin HOME="$tmp" TESTS="$TESTS" sh -euc "$tests") || fail "the archive does not build or pass"
        echo "package: $(basename "$archive"): builds and passes in an empty environment (no debootstrap)"
    fi ;;
*) echo "usage: package.sh deb|dist BUILD VERSION" >&2; exit 2 ;;
esac
