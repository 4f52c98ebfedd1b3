# lib.sh: parts of faults.sh: ranks that die, memory that is short, interruptions, clocks, halts. Read by faults.sh alone.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154 # build, tmp, kills are those of faults.sh

# One rank of two killed -9. mpirun must end by itself, with a code that is not 0 and a line that names a signal or the rank; then both
# go on from the checkpoint to the end of an undisturbed run, bit for bit.
ranks_run() { # FOLDER
    go=''
    [ -e "$1.check" ] && go=--resume
    mkdir -p "$1"
    # shellcheck disable=SC2086
    exec mpirun --oversubscribe -n 2 "$build/eprop-train" store-recall --variant early --rule eprop1-random --engine scalar:f64 --threads 1 --set T=400 \
        --set batch=2 --set n_rec=10 --set n_in=8 --set valid_every=1000 --set stop_below=-1 --set test_trials=1 --set c_reg=0 --iterations 60 \
        --checkpoint "$1.check" --checkpoint-every 10 --out "$1" --quiet $go
}
ranks() {
    [ "$(id -u)" != 0 ] || { OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; export OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM; }
    if ! command -v mpirun >/dev/null || ! (ranks_run "$tmp/ranks.good") >"$tmp/log" 2>&1; then
        echo "faults: mpirun: not here, or not built with it: left out: $(tail -n 1 "$tmp/log" 2>/dev/null)"
        return
    fi
    n=0 struck=0 recovered=0 corrupt=0 most=$(((kills + 4) / 5))
    while [ $n -lt $most ]; do
        n=$((n + 1)) d=$tmp/ranks.$n
        (ranks_run "$d") >"$tmp/said" 2>&1 &
        run=$!
        # The later the more of it is done: from the first checkpoint on.
        k=0
        while [ ! -e "$d.check" ] && [ $k -lt 200 ]; do sleep 0.05; k=$((k + 1)); done
        sleep "$(awk -v s="$n" 'BEGIN { srand(s); rand(); printf "%.2f", rand() / 2 }')"
        victim=$(pgrep -P "$run" -f -- "$d.check" 2>/dev/null | tail -n 1)
        hit=no
        if [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null; then hit=yes; fi
        wait $run
        rc=$?
        if [ $hit = yes ] && [ $rc -ne 0 ]; then
            struck=$((struck + 1))
            grep -qiE 'signal|killed|exited|aborted|rank' "$tmp/said" || { corrupt=$((corrupt + 1)); echo "faults: mpirun ended with $rc and did not say why"; }
        fi
        if (ranks_run "$d") >"$tmp/log" 2>&1 && cmp -s "$d.check" "$tmp/ranks.good.check" && cmp -s "$d/curve.csv" "$tmp/ranks.good/curve.csv"; then
            recovered=$((recovered + 1))
        else
            tail -n 3 "$tmp/log"
        fi
        rm -rf "$d" "$d.check"
    done
    row 'eprop-train by mpirun' 'a rank killed -9' $n $struck $recovered 0 $corrupt
}

# One rank of two with more and more memory, until it suffices: below that the rank says why, and mpirun ends by itself. Where MPI itself
# cannot begin nothing is learnt.
ranks_starve() {
    [ -e "$tmp/ranks.good" ] || return
    v=110000 n=0 good=0 short=0
    while [ $n -lt 16 ] && [ $v -lt 8000000 ]; do
        # shellcheck disable=SC2016 # the rank's own words
        timeout 60 mpirun --oversubscribe -n 2 sh -c 'case ${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}} in 1) ulimit -v "$1" ;; esac; shift; exec "$@"' sh $v \
            env OPENBLAS_NUM_THREADS=1 "$build/eprop-train" copy-repeat --rule bptt --engine scalar:f64 --threads 1 --set batch=2 --set n_rec=500 \
            --iterations 1 --quiet >"$tmp/log" 2>&1
        rc=$?
        if [ $n -gt 0 ] || [ $rc -eq 0 ] || grep -q '^eprop-train:' "$tmp/log"; then n=$((n + 1)); fi
        if [ $rc -eq 0 ]; then good=$((good + 1)); break; fi
        if [ $n -eq 0 ]; then :; elif [ $rc -eq 3 ] && grep -q 'eprop-train: out of memory' "$tmp/log"; then
            good=$((good + 1)) short=$((short + 1))
        else
            echo "faults: a rank with $v KB: exit code $rc: $(grep -v '^[- ]*$' "$tmp/log" | head -n 1 | cut -c1-120)"
        fi
        v=$((v + v / 4))
    done
    row 'eprop-train by mpirun' 'a rank short of memory' $n $short $good 0 0
}

# More and more memory: below what the loader needs nothing is learnt (127); above it every end is a status that the program gives.
starve() { # PROGRAM COMMAND...
    program=$1 v=3000 n=0 good=0 short=0
    shift
    while [ $n -lt 30 ]; do
        # shellcheck disable=SC3045 # dash and bash have it
        (ulimit -v $v; exec timeout 120 "$@") >"$tmp/log" 2>&1
        rc=$?
        if [ $rc -eq 127 ] || grep -q 'error while loading' "$tmp/log"; then v=$((v + v / 10)); continue; fi
        n=$((n + 1))
        case $rc in
        0) good=$((good + 1)); break ;;
        2 | 3) good=$((good + 1)) short=$((short + 1)) ;;
        *) echo "faults: $program: $v KB: exit code $rc, expected 0, 2 or 3: $(tail -n 1 "$tmp/log" | cut -c1-120)" ;;
        esac
        v=$((v + v / 15 + 100))
    done
    row "$program" 'memory from the least on' $n $short $good 0 0
}

# Each program with a library loaded in front of it, and its results beside those of the undisturbed run.
disturb() { # LIBRARY FAULT
    ${CC:-cc} -shared -fPIC -O1 -o "$tmp/$1.so" "ci/faults/$1.c" -ldl 2>"$tmp/log" || { echo "faults: $1: cannot be built: left out"; return; }
    for name in prove train bench report; do
        d=$tmp/$1.$name good=0
        case $name in prove) program='eprop-verify prove' ;; train) program=eprop-train ;; bench) program='eprop-bench run' ;; *) program='eprop-report build' ;; esac
        if (LD_PRELOAD=$tmp/$1.so && export LD_PRELOAD && "${name}_run" "$d") >"$tmp/log" 2>&1 || { [ $name = bench ] && [ -s "$d/samples.jsonl" ]; }; then
            : > "$tmp/held"
            if [ "$name" = bench ]; then sane "$d/samples.jsonl" && good=1; elif "${name}_same" "$d" "$tmp/$name.good"; then good=1; fi
        fi
        [ $good -eq 1 ] || tail -n 2 "$tmp/log"
        row "$program" "$2" 1 1 $good 0 0
    done
}
# Every time that was measured is more than 0 and less than a minute.
sane() { sed -n 's/.*"seconds":\([-+.0-9e]*\).*/\1/p' "$1" | awk '!($1 > 0 && $1 < 60) { bad = 1 } END { exit bad || NR == 0 }'; }

# Stopped and continued at twenty moments.
halted() {
    for name in prove train; do
        d=$tmp/halted.$name good=0 k=0
        ("${name}_run" "$d") >"$tmp/log" 2>&1 &
        run=$!
        while [ $k -lt 20 ] && kill -STOP $run 2>/dev/null; do
            sleep 0.02
            kill -CONT $run 2>/dev/null
            sleep 0.05
            k=$((k + 1))
        done
        if wait $run && "${name}_same" "$d" "$tmp/$name.good"; then good=1; fi
        case $name in prove) program='eprop-verify prove' ;; *) program=eprop-train ;; esac
        row "$program" 'stopped and continued' 1 1 $good 0 0
    done
}
