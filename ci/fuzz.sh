#!/bin/sh
# fuzz.sh BUILD OUT [TARGET...]: every fuzz target of BUILD, or those named, for FUZZ_RUNS inputs (default 100000) or FUZZ_SECONDS
# (default 60) each, whichever comes first, under libFuzzer or (FUZZ_ENGINE=afl) AFL++. What the fuzzer learns stays in BUILD/corpus, so
# the next run goes on from there; an input that breaks something is kept in BUILD/found: mend the code, then move the input into
# ci/fuzz/seeds, where `make check` replays it.
# Counts are added to those of OUT/data/fuzz.tsv, for the report (FUZZ_FRESH=1: it starts anew). Exit code 1: something was found.
# SPDX-License-Identifier: MIT
set -u
build=$1 out=$2 bad=0
shift 2
runs=${FUZZ_RUNS:-100000} seconds=${FUZZ_SECONDS:-60} engine=${FUZZ_ENGINE:-libfuzzer}
table=$out/data/fuzz.tsv
mkdir -p "$build/found" "$out/data" || exit 3
if [ -n "${FUZZ_FRESH:-}" ] || [ ! -e "$table" ]; then
    printf '# target executions seconds features findings\n' | tr ' ' '\t' | sed 's/#\t/# /' > "$table"
fi

# Executions, seconds, features of one run, from what the engine says of itself.
libfuzzer() { # PROGRAM NAME LOG
    "$1" -runs="$runs" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/found/$2-" "$build/corpus/$2" "ci/fuzz/seeds/$2" > "$3" 2>&1
    rc=$?
    n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$3")
    s=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$3")
    ft=$(sed -n 's/.* ft: \([0-9]*\) .*/\1/p' "$3" | tail -n 1)
}
afl() {
    state=$build/afl/$2
    from=ci/fuzz/seeds/$2
    [ -d "$state/default/queue" ] && from=- # it goes on
    mkdir -p "$build/afl"
    stats=$state/default/fuzzer_stats # of all runs together
    before=$(sed -n 's/^execs_done *: *//p' "$stats" 2>/dev/null) spent=$(sed -n 's/^run_time *: *//p' "$stats" 2>/dev/null)
    AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_AUTORESUME=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
        afl-fuzz -i "$from" -o "$state" -m none -t 10000 -V "$seconds" -E "$runs" -- "$1" > "$3" 2>&1
    rc=$?
    n=$(sed -n 's/^execs_done *: *//p' "$stats" 2>/dev/null)
    [ -z "$before" ] || [ "${n:-0}" -lt "$before" ] || n=$((n - before))
    s=$(sed -n 's/^run_time *: *//p' "$stats" 2>/dev/null)
    [ -z "$spent" ] || [ "${s:-0}" -lt "$spent" ] || s=$((s - spent))
    ft=$(sed -n 's/^edges_found *: *//p' "$stats" 2>/dev/null)
    for f in "$state"/default/crashes/id* "$state"/default/hangs/id*; do
        [ -e "$f" ] && cp "$f" "$build/found/$2-$(cksum < "$f" | cut -d' ' -f1)"
    done
}
# A row of the table, with what it held before.
count() { # NAME EXECUTIONS SECONDS FEATURES FINDINGS
    awk -F'\t' -v OFS='\t' -v name="$1" -v n="$2" -v s="$3" -v ft="$4" -v found="$5" '
        $1 == name { print name, $2 + n, $3 + s, ($4 > ft + 0 ? $4 : ft + 0), found; done = 1; next }
        { print }
        END { if (!done) print name, n + 0, s + 0, ft + 0, found }' "$table" > "$table.tmp" && mv "$table.tmp" "$table"
}

for program in "$build"/ci/fuzz/fuzz_*; do
    case $program in *.o | *.d) continue ;; esac
    name=$(basename "$program")
    case " $* " in '  ' | *" ${name#fuzz_} "*) ;; *) continue ;; esac
    mkdir -p "$build/corpus/$name"
    log=$build/corpus/$name.log
    if [ "$engine" = afl ]; then afl "$program" "$name" "$log"; else libfuzzer "$program" "$name" "$log"; fi
    found=$(find "$build/found" -name "$name-*" | wc -l)
    count "${name#fuzz_}" "${n:-0}" "${s:-0}" "${ft:-0}" "$found"
    echo "fuzz: $name: ${n:-0} inputs, ${ft:-0} features, $found findings"
    if [ "$rc" -ne 0 ] || [ "$found" -ne 0 ]; then
        bad=1
        grep -E 'ERROR|does not hold|runtime error|SUMMARY|PROGRAM ABORT' "$log" | head -n 5
        echo "fuzz: $name: exit code $rc, see $log; inputs in $build/found"
    fi
done
echo "fuzz: $(awk -F'\t' '/^[^#]/ { n += $2 } END { print n + 0 }' "$table") inputs in all"
exit $bad
