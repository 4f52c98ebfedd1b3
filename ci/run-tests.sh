#!/bin/sh
# run-tests.sh BUILD "CHECK PROGRAMS" "CRITERION PROGRAMS": runs all, prints each closing line, fails if one fails.
set -u
build=$1; fail=0
for t in $2; do
    out=$(CK_VERBOSITY=${CK_VERBOSITY:-normal} "$t" 2>&1) || { fail=1; }
    printf '%s\n' "$out" | sed "s|^|$(basename "$t"): |"
done
for t in $3; do
    EPROP_BUILD=$build "$t" -j2 || fail=1
done
exit $fail
