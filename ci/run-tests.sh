#!/bin/sh
# run-tests.sh BUILD "CHECK PROGRAMS" "CRITERION PROGRAMS": runs all, prints each closing line, fails if one fails.
# EPROP_TEST_WRAPPER runs each Check program under a tool, e.g. valgrind.
# SPDX-License-Identifier: MIT
set -u
build=$1; fail=0; n=0
if [ -n "${EPROP_TEST_WRAPPER:-}" ]; then CK_FORK=no; export CK_FORK; fi
for t in $2; do
    n=$((n + 1))
    # shellcheck disable=SC2086
    out=$(CK_VERBOSITY=${CK_VERBOSITY:-normal} ${EPROP_TEST_WRAPPER:-} "$t" </dev/null 2>&1)
    rc=$?
    printf '%s\n' "$out" | sed "s|^|$(basename "$t"): |"
    if [ $rc -ne 0 ]; then fail=1; echo "run-tests: $t failed (exit $rc)" >&2; fi
done
for t in $3; do
    n=$((n + 1))
    EPROP_BUILD=$build "$t" -j2 </dev/null || { fail=1; echo "run-tests: $t failed" >&2; }
done
if [ $n -eq 0 ]; then echo "run-tests: no test programs" >&2; exit 1; fi
if [ $fail -eq 0 ]; then echo "run-tests: $n test programs, all passed"; else echo "run-tests: $n test programs, some failed"; fi
exit $fail
