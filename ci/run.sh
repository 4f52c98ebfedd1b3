#!/bin/sh
# run.sh STAGE...: the stages of continuous integration, the same on every machine.
# SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# Says how long a stage took: what all of them together may take is an hour.
stage() {
    began=$(date +%s)
    perform "$1"
    [ "$1" = all ] || [ "$1" = merge ] || echo "-- $1: $(($(date +%s) - began)) s"
}
# Each stage, also behind one that fails; at the end what failed. In parentheses: sh has no other variables of a function's own.
each() (
    failed=''
    for s in "$@"; do sh ci/run.sh "$s" || failed="$failed $s"; done
    [ -z "$failed" ] || { echo "run.sh: failed:$failed" >&2; exit 1; }
)
# The same in two rows side by side, for stages that keep one processor busy; the second row's lines come behind the first's.
beside() (
    said=$(mktemp) && ended=0
    # shellcheck disable=SC2086
    each $2 > "$said" 2>&1 &
    row=$!
    trap 'kill $row 2>/dev/null; rm -f "$said"; exit 130' INT TERM
    # shellcheck disable=SC2086
    each $1 || ended=1
    wait $row || ended=1
    cat "$said" && rm -f "$said"
    exit $ended
)
perform() {
    echo "== $1"
    case $1 in
    deps) make deps ;;
    build) make -j"$jobs" all ;;
    check) make -j"$jobs" check ;;
    clang) EPROP_TEST_MULTIPLIER="${EPROP_TEST_MULTIPLIER:-0.1}" make -j"$jobs" CC=clang BUILD=build-clang all check-white ;;
    levels) # the engines' tests by every compiler and at every level of optimization: sixteen passes, each over a quarter of the draws
        for cc in gcc clang; do
            if ! command -v "$cc" >/dev/null; then echo "levels: $cc is not installed, skipped"; continue; fi
            for level in 0 1 2 3; do
                echo "-- $cc -O$level"
                make -j"$jobs" CC="$cc" OPT=-O$level BUILD="build-$cc-O$level" EPROP_TEST_MULTIPLIER="${EPROP_TEST_MULTIPLIER:-0.25}" check-levels
            done
        done ;;
    lint) make -j"$jobs" lint ;;
    sanitize) EPROP_TEST_MULTIPLIER="${EPROP_TEST_MULTIPLIER:-0.1}" make -j"$jobs" sanitize ;;
    threads) make -j"$jobs" threads ;;
    valgrind) make -j"$jobs" valgrind ;;
    coverage) make -j"$jobs" coverage ;;
    canary) make -j"$jobs" canary ;;
    differ) make -j"$jobs" differ ;;
    faults) FAULT_KILLS=${FAULT_KILLS:-5} make -j"$jobs" faults ;;
    code-mutants) MUTANT_PLACES=${MUTANT_PLACES:-20} make -j"$jobs" code-mutants ;; # a sample; all of them: make code-mutants
    mutants) make -j"$jobs" mutants ;;
    gate | report | report-check) make -j"$jobs" "$1" ;;
    fuzz)
        if command -v clang >/dev/null; then FUZZ_SECONDS=${FUZZ_SECONDS:-5} make -j"$jobs" fuzz; else echo "fuzz: clang is not installed, skipped"; fi ;;
    cross | mcu)
        if command -v qemu-s390x-static >/dev/null && command -v arm-none-eabi-gcc >/dev/null; then make -j"$jobs" "$1"
        else echo "$1: emulators are not installed, skipped (make deps-cross)"; fi ;;
    bare) # what a machine without the libraries of speech and pictures gets: everything but these, which are named as not built
        make -j"$jobs" BUILD=build-bare SPEECH=no PNG=no build-bare/eprop-train
        build-bare/eprop-train --list | grep -q '^pattern'
        build-bare/eprop-train omniglot --data . 2>&1 | grep -q 'built without libpng'
        build-bare/eprop-train speech 2>&1 | grep -q 'built without libsndfile' ;;
    judge)
        # A stranger's machine: the two archives and a compiler; MPFR, MPFI, GMP and Jansson are not asked for.
        d=$(mktemp -d)
        make dist-judge dist-vectors
        for f in build/eprop-judge-*.tar.gz build/eprop-vectors-v1.tar.gz; do tar -C "$d" -xzf "$f"; done
        (cd "$d"/eprop-judge-* && make JANSSON=no && make port &&
            ./eprop-judge port --port ./port --vectors ../vectors-v1 --min 30 --junit ../eprop.xml | tail -n 2 &&
            { ! ldd eprop-judge 2>/dev/null | grep -E 'mpfr|mpfi|gmp|jansson'; } && grep -q '<skipped' ../eprop.xml)
        rm -rf "$d" ;;
    vectors)
        # The same arguments give the same bytes: again here, and on a big-endian machine (ten minutes in an emulator; VECTORS_BIG: options that
        # make fewer).
        make -j"$jobs" all
        d=$(mktemp -d)
        build/eprop-verify vectors "$d/here"
        build/eprop-verify vectors "$d/again"
        diff -r "$d/here" "$d/again"
        cross=s390x-linux-gnu-gcc
        if command -v $cross >/dev/null 2>&1 && command -v qemu-s390x-static >/dev/null 2>&1 &&
            printf '#include <mpfi.h>\n#include <mpfi_io.h>\n#include <jansson.h>\nint main(void) { return 0; }\n' > "$d/t.c" &&
            $cross -o "$d/t" "$d/t.c" -ljansson -lmpfi -lmpfr -lgmp 2>/dev/null; then
            make -j"$jobs" BUILD=build-s390x CC=$cross AR=s390x-linux-gnu-ar build-s390x/eprop-verify
            # shellcheck disable=SC2086
            if [ -n "${VECTORS_BIG:-}" ]; then rm -rf "$d/here" && build/eprop-verify vectors "$d/here" $VECTORS_BIG; fi
            # shellcheck disable=SC2086
            qemu-s390x-static build-s390x/eprop-verify vectors "$d/big" ${VECTORS_BIG:-}
            diff -r "$d/here" "$d/big"
            echo "vectors: big-endian s390x writes the same $(find "$d/here" -type f | wc -l) files, byte for byte"
        else
            echo "vectors: big-endian skipped: it needs gcc-s390x-linux-gnu, qemu-user-static and libmpfr-dev:s390x, libmpfi-dev:s390x, libjansson-dev:s390x"
        fi
        rm -rf "$d" ;;
    ports) make -j"$jobs" ports-check ;;
    install)
        d=$(mktemp -d)
        make PREFIX="$d/p" install
        # The README's program, with the installed headers and libraries alone, found by pkg-config: it must learn.
        mkdir "$d/own"
        # shellcheck disable=SC2016
        sed -n '/^```c$/,/^```$/p' README.md | sed '/^```/d' > "$d/own/example.c"
        (
            cd "$d/own"
            flags=$(PKG_CONFIG_PATH="$d/p/lib/pkgconfig" pkg-config --cflags --libs eprop-verify)
            printf '%s\n' '#include <opt_fixed.h>' '#include <eprop_port.h>' \
                'int main(void) { return opt_scalar_f64()->element != 8 || opt_fixed("q15")->format != OPT_FIXED; }' | tee t.c > t.cc
            # shellcheck disable=SC2086
            ${CC:-cc} -std=c11 -o t t.c $flags && ./t
            # shellcheck disable=SC2086
            ${CC:-cc} -std=c11 -o example example.c $flags
            # shellcheck disable=SC2086
            if command -v "${CXX:-c++}" >/dev/null; then ${CXX:-c++} -o t t.cc $flags && ./t; fi
            ./example | tee out
            awk 'NR == 1 {first = $4} {last = $4} END {exit !(first > 0 && last < first / 10)}' out
        ) || { echo "install: the installed library does not work" >&2; exit 1; }
        rm -r "$d/own"
        "$d/p/bin/eprop-verify" --version
        "$d/p/bin/eprop-report" --version
        make PREFIX="$d/p" uninstall
        left=$(find "$d" -type f)
        rm -rf "$d"
        if [ -n "$left" ]; then echo "install: uninstall left $left" >&2; exit 1; fi ;;
    package) # the manual is well-formed; the Debian package installs, works and is removed without a trace
        make -j"$jobs" all man
        if command -v groff >/dev/null; then
            for f in build/man/*.1; do
                said=$(groff -man -Tutf8 -ww -z "$f" 2>&1)
                if [ -n "$said" ] || ! grep -q '^\.SH SYNOPSIS' "$f"; then echo "package: $f: $said" >&2; exit 1; fi
            done
            echo "package: $(find build/man -name '*.1' | wc -l) pages of the manual"
        fi
        if command -v dpkg-shlibdeps >/dev/null; then
            make -j"$jobs" deb
            sh ci/package.sh deb build "$(make -s version)"
        else
            echo "package: dpkg-dev is not installed: no Debian package"
        fi ;;
    dist) make dist && sh ci/package.sh dist build "$(make -s version)" ;;
    merge) each deps check lint canary ;; # what guards a merge
    all) # other lists: CI_FIRST, then CI_ROW beside CI_OTHER_ROW
        ended=0
        export VECTORS_BIG="${VECTORS_BIG:---preset official-alif}"
        # shellcheck disable=SC2086
        each ${CI_FIRST-deps build check lint bare clang sanitize threads valgrind coverage ports mutants cross mcu} || ended=1
        beside "${CI_ROW-canary judge vectors fuzz faults differ}" "${CI_OTHER_ROW-gate install package dist report report-check}" || ended=1
        return $ended ;;
    *) echo "run.sh: unknown stage '$1'; stages: deps build bare check clang levels lint sanitize threads valgrind coverage canary faults fuzz differ mutants code-mutants judge ports vectors cross mcu gate report report-check install package dist merge all" >&2; exit 2 ;;
    esac
}
if [ $# -eq 0 ]; then echo "usage: ci/run.sh STAGE..." >&2; exit 2; fi
for s in "$@"; do stage "$s"; done
