#!/bin/sh
# run-tests.sh BUILD "CHECK PROGRAMS" "CRITERION PROGRAMS": runs all, prints each closing line, fails if one fails.
# Check programs run side by side, EPROP_TEST_JOBS at a time (default: the number of processors).
# EPROP_TEST_WRAPPER runs each Check program under a tool, e.g. valgrind.
# SPDX-License-Identifier: MIT
set -u
build=$1; fail=0; n=0
jobs=${EPROP_TEST_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
if [ -n "${EPROP_TEST_WRAPPER:-}" ]; then CK_FORK=no; export CK_FORK; fi
tmp=$(mktemp -d) || exit 3
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC2016,SC2086
if [ -n "$2" ]; then
    printf '%s\n' $2 | TMP_LOGS=$tmp CK_VERBOSITY=${CK_VERBOSITY:-normal} xargs -P "$jobs" -I{} sh -c '
        name=$(printf "%s" "$1" | tr / _)
        start=$(date +%s)
        ${EPROP_TEST_WRAPPER:-} "$1" </dev/null >"$TMP_LOGS/$name.log" 2>&1
        rc=$?
        echo "$rc" >"$TMP_LOGS/$name.rc"
        { sed "s|^|$(basename "$1"): |" "$TMP_LOGS/$name.log"; [ $(($(date +%s) - start)) -lt 10 ] ||
            echo "$(basename "$1"): took $(($(date +%s) - start)) s"; } >"$TMP_LOGS/$name.text"
        cat "$TMP_LOGS/$name.text"' sh {}
fi
for t in $2; do
    n=$((n + 1))
    rc=$(cat "$tmp/$(printf '%s' "$t" | tr / _).rc" 2>/dev/null || echo none)
    if [ "$rc" != 0 ]; then fail=1; echo "run-tests: $t failed (exit $rc)" >&2; fi
done
for t in $3; do
    n=$((n + 1))
    EPROP_BUILD=$build "$t" -j2 </dev/null || { fail=1; echo "run-tests: $t failed" >&2; }
done
if [ $n -eq 0 ]; then echo "run-tests: no test programs" >&2; exit 1; fi
if [ $fail -eq 0 ]; then echo "run-tests: $n test programs, all passed"; else echo "run-tests: $n test programs, some failed"; fi
exit $fail
