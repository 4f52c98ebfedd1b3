#!/bin/sh
# fuzz.sh BUILD OUT: every fuzz target of BUILD for FUZZ_RUNS inputs (default 100000) or FUZZ_SECONDS (default 60) each,
# whichever comes first. What the fuzzer learns stays in BUILD/corpus, so the next run goes on from there; an input that
# breaks something is kept in BUILD/found: mend the code, then move the input into ci/fuzz/seeds, where `make check` replays it.
# Counts go to OUT/data/fuzz.tsv, for the report. Exit code 1: something was found.
# SPDX-License-Identifier: MIT
set -u
build=$1 out=$2 bad=0 total=0
runs=${FUZZ_RUNS:-100000} seconds=${FUZZ_SECONDS:-60}
mkdir -p "$build/found" "$out/data" || exit 3
printf '# target executions seconds features findings\n' | tr ' ' '\t' | sed 's/#\t/# /' > "$out/data/fuzz.tsv"
for program in "$build"/ci/fuzz/fuzz_*; do
    case $program in *.o | *.d) continue ;; esac
    name=$(basename "$program")
    mkdir -p "$build/corpus/$name"
    log=$build/corpus/$name.log
    "$program" -runs="$runs" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/found/$name-" "$build/corpus/$name" "ci/fuzz/seeds/$name" > "$log" 2>&1
    rc=$?
    n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    s=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$log")
    ft=$(sed -n 's/.* ft: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    found=$(find "$build/found" -name "$name-*" | wc -l)
    printf '%s\t%s\t%s\t%s\t%s\n' "${name#fuzz_}" "${n:-0}" "${s:--}" "${ft:-0}" "$found" >> "$out/data/fuzz.tsv"
    echo "fuzz: $name: ${n:-0} inputs, ${ft:-0} features, $found findings"
    total=$((total + ${n:-0}))
    if [ $rc -ne 0 ] || [ "$found" -ne 0 ]; then
        bad=1
        grep -E 'ERROR|does not hold|runtime error|SUMMARY' "$log" | head -n 5
        echo "fuzz: $name: exit code $rc, see $log; inputs in $build/found"
    fi
done
echo "fuzz: $total inputs in all"
exit $bad
