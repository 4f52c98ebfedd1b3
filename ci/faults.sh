#!/bin/sh
# faults.sh BUILD [OUT]: what happens when the machine fails while a program writes.
#
#   kill -9 at FAULT_KILLS random moments (default 20) of each of prove, train, bench run and report build: whatever stands
#   under a final name afterwards must be whole, and a second run must reach the same end as one that was never stopped.
#   One rank of mpirun killed: the others end, and all go on from the checkpoint to the same end; one short of memory: all end.
#   Memory from what the loader needs upwards, until it suffices: a status, never a crash.
#   A thousand interruptions (EINTR), a clock that jumps, programs stopped and continued: the same results.
#   FAULT_ONLY=prove: that program's kills alone.
#   Then once each: a full disc, closed stdout, a pipe that nobody reads, a port that dies, a folder that cannot be made or is read-only,
#   two runs in one folder.
#
# Writes OUT/data/faults.tsv, for the report. Exit code 1: something was corrupt, lost beyond what is promised, or did not recover.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 2
build=$(cd "${1:?BUILD}" && pwd) out=${2:-$1/runs/faults} kills=${FAULT_KILLS:-20} seed=${FAULT_SEED:-1} failed=0
tmp=$(mktemp -d) || exit 3
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$out/data" || exit 3
table=$out/data/faults.tsv
printf '# program\tfault\tinjected\tstruck\trecovered\tlost\tcorrupt\n' > "$table"
row() {
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >> "$table"
    echo "faults: $1: $2: $3 injected, $4 struck while it ran, $5 recovered, $6 lost more than promised, $7 corrupt"
    if [ "$5" -ne "$3" ] || [ "$6" -ne 0 ] || [ "$7" -ne 0 ]; then failed=1; fi
}
now() { date +%s.%N; }

# strike SECONDS COMMAND...: kills COMMAND -9 after a random part of SECONDS; 0 if it was still running
strike() {
    wait_s=$(awk -v s="$seed" -v d="$1" 'BEGIN { srand(s); rand(); printf "%.3f", d * rand() }')
    seed=$((seed + 1))
    shift
    "$@" >/dev/null 2>&1 &
    pid=$!
    sleep "$wait_s"
    if kill -9 $pid 2>/dev/null; then hit=0; else hit=1; fi
    wait $pid 2>/dev/null
    return $hit
}
completes() { # NAME FOLDER; a benchmark may end by saying that the machine is too noisy
    ("$1_run" "$2") >"$tmp/log" 2>&1
    rc=$?
    [ $rc -eq 0 ] || { [ "$1" = bench ] && [ $rc -eq 3 ]; }
}
campaign() { # NAME PROGRAM
    good=$tmp/$1.good n=0 struck=0 recovered=0 lost=0 corrupt=0
    start=$(now)
    completes "$1" "$good" || { echo "faults: $1 fails undisturbed"; cat "$tmp/log"; failed=1; return; }
    took=$(awk -v a="$start" -v b="$(now)" 'BEGIN { print b - a }')
    while [ $n -lt "$kills" ]; do
        n=$((n + 1)) d=$tmp/$1.$n
        if strike "$took" "$1_run" "$d"; then struck=$((struck + 1)); fi
        "$1_whole" "$d" || corrupt=$((corrupt + 1))
        if completes "$1" "$d" && "$1_same" "$d" "$good"; then recovered=$((recovered + 1)); else tail -n 3 "$tmp/log"; fi
        rm -rf "$d"
    done
    row "$2" 'kill -9' $n $struck $recovered $lost $corrupt
}

# Each program: NAME_run FOLDER starts or goes on, NAME_whole FOLDER judges what stands there after a kill, NAME_same FOLDER GOOD
# compares with the undisturbed run.

# eprop-verify prove: the result file is whole or absent.
prove_run() { mkdir -p "$1" && exec "$build/eprop-verify" prove --model lif --evidence AD --threads 1 --json "$1/prove.json"; }
prove_whole() { [ ! -e "$1/prove.json" ] || { [ "$(head -c 1 "$1/prove.json")" = '{' ] && [ "$(tail -n 1 "$1/prove.json")" = '}' ]; }; }
results() { grep -E '"(name|verdict|value|bound)"' "$1/prove.json"; }
prove_same() { results "$1" > "$tmp/a" && results "$2" > "$tmp/b" && [ -s "$tmp/a" ] && cmp -s "$tmp/a" "$tmp/b"; }

# eprop-train: a checkpoint every 10 iterations. What stands under its name must load; going on must give the same curve; the
# iteration it goes on from must not lie further back than one interval behind the last row of the curve that was on disc.
train_run() {
    go=''
    last=$(tail -n 1 "$1/curve.csv" 2>/dev/null | cut -d, -f1)
    [ -e "$1.check" ] && go=--resume
    mkdir -p "$1"
    # shellcheck disable=SC2086
    exec "$build/eprop-train" pattern --rule eprop1-symmetric --engine scalar:f64 --threads 1 --set n_rec=20 --set n_in=10 --iterations 100 \
        --checkpoint "$1.check" --checkpoint-every 10 --out "$1" --json "$1.json" $go
}
train_whole() {
    [ -e "$1.check" ] || return 0
    last=$(tail -n 1 "$1/curve.csv" 2>/dev/null | cut -d, -f1)
    case $last in '' | *[!0-9]*) last=0 ;; esac
    "$build/eprop-train" pattern --rule eprop1-symmetric --engine scalar:f64 --threads 1 --set n_rec=20 --set n_in=10 --iterations 1 \
        --checkpoint "$1.check" --resume --json "$tmp/at.json" --quiet >"$tmp/log" 2>&1
    [ $? -le 2 ] && ! grep -q 'checksum\|damaged' "$tmp/log" || return 1
    start=$(sed -n 's/.*"start": *\([0-9]*\).*/\1/p' "$tmp/at.json" 2>/dev/null | head -n 1)
    [ -z "$start" ] || [ $((last - start)) -le 10 ] || lost=$((lost + 1))
}
train_same() { cmp -s "$1/curve.csv" "$2/curve.csv" && cmp -s "$1.check" "$2.check"; }

# eprop-bench run: each sample that was on disc stays; a second run goes on from there.
bench_run() {
    go=''
    [ -e "$1/manifest.json" ] && go=--resume
    # shellcheck disable=SC2086
    exec "$build/eprop-bench" run gradient --only "$bench_case" --rounds 4 --work 0.02 --out "$1" $go
}
bench_case=lif/eprop1
bench_whole() { grep '"sum":"[0-9a-f]*"}$' "$1/samples.jsonl" > "$tmp/held" 2>/dev/null || :; }
bench_same() {
    head -n "$(wc -l < "$tmp/held")" "$1/samples.jsonl" | cmp -s - "$tmp/held" && [ "$(wc -l < "$1/samples.jsonl")" = "$(wc -l < "$2/samples.jsonl")" ]
}

# eprop-report build: the old report or the new one, never half of one.
report_run() { exec "$build/eprop-report" build "$tmp/prove.good" "$1"; }
report_whole() { [ ! -e "$1" ] || "$build/eprop-report" check "$1" >/dev/null 2>&1; }
report_same() { diff -r "$1" "$2" >/dev/null; }

# shellcheck disable=SC1091 # it is looked at by itself
. ci/faults/lib.sh
campaign prove 'eprop-verify prove'
if [ "${FAULT_ONLY:-}" = prove ]; then
    [ $failed -eq 0 ] || echo "faults: something did not hold"
    exit $failed
fi
campaign train 'eprop-train'
campaign bench 'eprop-bench run'
campaign report 'eprop-report build'

ranks
ranks_starve
starve 'eprop-verify prove' "$build/eprop-verify" prove --model lif --evidence A --threads 1
starve 'eprop-train' env OPENBLAS_NUM_THREADS=1 "$build/eprop-train" pattern --rule bptt --engine scalar:f64 --threads 1 --set n_rec=1500 --set n_in=10 --set T=10 --iterations 1 --quiet
starve 'eprop-report build' "$build/eprop-report" build "$tmp/prove.good" "$tmp/starved"
disturb storm 'interrupted 500 times a second'
disturb clock 'the clock jumps'
halted

# -- the machine fails once: the program says so in one line, with exit code 2 or 3, and the old file stays.
# once PROGRAM FAULT WANTED-CODES FILE COMMAND...: FILE must be as it was
once() {
    program=$1 fault=$2 codes=$3 file=$4
    shift 4
    before=$(cksum "$file" 2>/dev/null)
    ( "$@" ) >"$tmp/log" 2>&1
    rc=$? good=0
    case " $codes " in *" $rc "*) [ "$before" = "$(cksum "$file" 2>/dev/null)" ] && good=1 ;; esac
    if [ $good -eq 0 ]; then echo "faults: exit code $rc, expected one of $codes"; tail -n 3 "$tmp/log"; fi
    row "$program" "$fault" 1 1 $good 0 0
}
mkdir -p "$tmp/old"
cp "$tmp/prove.good/prove.json" "$tmp/old/prove.json"
prove() { "$build/eprop-verify" prove --model lif --evidence A --threads 1 "$@"; }
full_disc() { ulimit -f 1; trap '' XFSZ; "$@"; } # files may have 512 or 1024 bytes
once 'eprop-verify prove' 'no room in the file' 2 "$tmp/old/prove.json" full_disc prove --json "$tmp/old/prove.json"
once 'eprop-verify prove' 'a full device' 2 "$tmp/old/prove.json" prove --json /dev/full/prove.json
to_closed() { "$@" >&-; }
to_full() { "$@" >/dev/full; }
to_nobody() { { "$@"; echo $? > "$tmp/rc"; } | :; return "$(cat "$tmp/rc")"; }
once 'eprop-verify prove' 'stdout closed' 2 "$tmp/old/prove.json" to_closed prove
once 'eprop-verify prove' 'stdout full' 2 "$tmp/old/prove.json" to_full prove
once 'eprop-verify prove' 'a pipe that nobody reads' '2 3 141' "$tmp/old/prove.json" to_nobody prove
printf '#!/bin/sh\nexec 3<&0\n"%s" <&3 | sed -u 40q\n' "$build/verify/ports/c/port" > "$tmp/dies" && chmod +x "$tmp/dies"
if [ -x "$build/verify/ports/c/port" ]; then
    awk -v N=4 -v T=12 -v format=f32 -f verify/test/big_case.awk > "$tmp/case.epv"
    once 'eprop-verify port' 'a port that dies' 3 "$tmp/case.epv" "$build/eprop-verify" port --port "$tmp/dies" --vectors "$tmp/case.epv"
fi
once 'eprop-train' 'no room in the file' 3 "$tmp/train.good.check" full_disc "$build/eprop-train" pattern --engine scalar:f64 --set n_rec=20 --set n_in=10 \
    --rule eprop1-symmetric --iterations 120 --checkpoint "$tmp/train.good.check" --resume --quiet
once 'eprop-train' 'a folder that cannot be made' '2 3' /dev/null "$build/eprop-train" pattern --iterations 1 --out /dev/null/x --quiet
once 'eprop-report build' 'no room in the file' 3 "$tmp/report.good/report.html" full_disc "$build/eprop-report" build "$tmp/prove.good" "$tmp/report.good"
once 'eprop-report build' 'a folder that cannot be made' '2 3' /dev/null "$build/eprop-report" build "$tmp/prove.good" /dev/null/x

# A folder that may only be read; for root no folder is, so another user asks.
mkdir "$tmp/read-only" && chmod 555 "$tmp/read-only" && chmod 755 "$tmp"
other() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }
if other true 2>/dev/null; then
    once 'eprop-verify prove' 'a read-only folder' 2 "$tmp/read-only" other "$build/eprop-verify" prove --model lif --evidence A --threads 1 --json "$tmp/read-only/x"
    once 'eprop-train' 'a read-only folder' '2 3' "$tmp/read-only" other "$build/eprop-train" pattern --engine scalar:f64 --set n_rec=20 --set n_in=10 --rule bptt --iterations 1 \
        --threads 1 --out "$tmp/read-only/x" --quiet
    once 'eprop-train' 'a checkpoint into a read-only folder' '2 3' "$tmp/read-only" other "$build/eprop-train" pattern --engine scalar:f64 --set n_rec=20 --set n_in=10 --rule bptt \
        --iterations 1 --threads 1 --checkpoint "$tmp/read-only/x" --quiet
    once 'eprop-bench run' 'a read-only folder' '2 3' "$tmp/read-only" other "$build/eprop-bench" run gradient --only "$bench_case" --rounds 4 --work 0.02 --out "$tmp/read-only/x"
    once 'eprop-report build' 'a read-only folder' '2 3' "$tmp/read-only" other "$build/eprop-report" build reports/published "$tmp/read-only/x"
fi

# Two runs of the benchmark in one folder: the second is refused or they do not mix.
once 'eprop-bench run' 'a folder that another run filled' '2' "$tmp/bench.good/samples.jsonl" \
    exec "$build/eprop-bench" run gradient --only "$bench_case" --rounds 4 --work 0.02 --out "$tmp/bench.good"

if [ $failed -ne 0 ]; then echo "faults: something did not hold"; exit 1; fi
echo "faults: all held"
