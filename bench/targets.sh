#!/bin/sh
# targets.sh BUILD OUT: what was aimed at, beside what this machine gives now: OUT/data/targets.tsv, with the runs it is made of in
# OUT/runs. Half an hour on an idle machine; what is there already is not measured again, so a stopped run goes on.
#
# PyTorch (Debian python3-torch) and oneDNN (libdnnl-dev) are measured where they are installed; else their lines are left out.
# SPDX-License-Identifier: MIT
set -eu
build=$1 out=$2
here=$(dirname "$0")
runs=$out/runs
mkdir -p "$runs" "$out/data"
OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
export OPENBLAS_NUM_THREADS OMP_NUM_THREADS

# ---- peers: the faster of what a user could set, and PyTorch as it is found --------------------------------------------------
python=${PYTHON:-python3}
"$python" -c 'import torch, numpy' 2>/dev/null || python=/usr/bin/python3
core=; grep -q avx512f /proc/cpuinfo 2>/dev/null && core='OPENBLAS_CORETYPE=SkylakeX'
peer() { # NAME COMMAND ONLY: a run of suite peer
    rc=0
    EPROP_COMMIT=${EPROP_COMMIT:-} "$build/eprop-bench" run peer --resume --rounds "${ROUNDS:-4}" --peer "$1=$2" --only "$3" --out "$runs/$1" >&2 || rc=$?
    if [ $rc -ne 0 ] && [ $rc -ne 3 ]; then echo "targets: peer $1 failed (exit $rc)" >&2; fi
}
if "$python" -c 'import torch, numpy' 2>/dev/null; then
    peer torch "env $core $python $here/peers/torch_peer.py" peer/
    peer torch-as-found "$python $here/peers/torch_peer.py" lstm
else echo "targets: PyTorch is not installed (Debian: python3-torch): its lines are left out" >&2; fi
if printf '#include <dnnl.hpp>\n' | ${CXX:-c++} -E -x c++ - >/dev/null 2>&1; then
    [ -x "$runs/onednn_peer" ] || ${CXX:-c++} -O2 -std=c++11 "$here/peers/onednn_peer.cpp" -ldnnl -o "$runs/onednn_peer"
    peer onednn "$runs/onednn_peer" lstm/bptt
else echo "targets: oneDNN is not installed (Debian: libdnnl-dev): its line is left out" >&2; fi

# ---- our own programs, and how cost grows ---------------------------------------------------------------------------------------
for p in engines lstm windows gemm; do
    [ -f "$runs/$p.tsv" ] || { "$build/bench-$p" --targets --tsv "$runs/$p.tmp" >&2 && mv "$runs/$p.tmp" "$runs/$p.tsv"; }
done
text() { # NAME COMMAND...: what the command says, kept if it ended well
    name=$1
    shift
    [ -f "$runs/$name.txt" ] || { "$@" > "$runs/$name.tmp" && mv "$runs/$name.tmp" "$runs/$name.txt"; } || echo "targets: $* failed" >&2
}
text reference "$build/bench-reference"
text certified "$build/eprop-verify" certify --n-rec 100 --steps 1000 --threads 2
if [ ! -f "$runs/scale/data/exponents.tsv" ]; then
    rm -rf "$runs/scale.tmp" "$runs/scale"
    "$build/eprop-bench" scale --level full --out "$runs/scale.tmp" >&2 && mv "$runs/scale.tmp" "$runs/scale"
fi

# ---- one table -----------------------------------------------------------------------------------------------------------------------
{
    printf '# what\tmeasured\tlow\thigh\tunit\trelation\ttarget\tstretch\tverdict\terror\tby\n'
    cat "$runs"/torch/data/speed.tsv "$runs"/onednn/data/speed.tsv "$runs"/torch-as-found/data/speed.tsv 2>/dev/null | awk -F'\t' -v OFS='\t' '
        BEGIN { split("torch e-prop B1 500 900|torch bptt B1 200 300|torch e-prop B32 30 41|torch bptt B32 15 22|torch e-prop N800 10 15|torch bptt N800 5 6|" \
                      "torch lstm-bptt N256 2 3|torch lstm-e-prop N256 2 -|onednn lstm-bptt N256 1.1 1.4", row, "|")
                for (k in row) { split(row[k], f, " "); aim[f[1] " " f[2] " " f[3]] = f[4] OFS f[5] } }
        $2 ~ /^peer:/ { peer = substr($2, 6) }
        $2 == "fast:f32" {
            n = split($1, part, "/"); size = part[4] ~ /^N800/ ? "N800" : part[4] ~ /^N256/ ? "N256" : part[4] ~ /-B32-/ ? "B32" : "B1"
            name = (part[2] == "lstm" ? "lstm-" : "") (part[3] == "bptt" ? "bptt" : "e-prop")
            split(aim[peer " " name " " size], goal, OFS)
            what = (part[2] == "lstm" ? "LSTM " : "LSNN ") (part[3] == "bptt" ? "BPTT" : "e-prop") ", " part[4] ", times as fast as " peer
            if (goal[1] == "") goal[1] = goal[2] = "-"
            v = goal[1] == "-" || $4 == "-" ? "-" : goal[2] != "-" && $4 >= goal[2] ? "stretch" : $4 >= goal[1] ? "met" : "missed"
            print what, $4, $5, $6, "x", ">=", goal[1], goal[2], v, $7, "eprop-bench run peer" }'
    for p in engines lstm windows gemm; do
        awk -F'\t' -v OFS='\t' 'NR > 1 && $9 != "-" { print $3 ", " $2, $4, $5, $6, ($7 == "" ? "-" : $7), $8, $9, $10, $11, $12, $1 }' "$runs/$p.tsv"
    done
    awk -F'\t' -v OFS='\t' '!/^#/ && $8 != "-" { print "exponent of " $1 " in " $2 ", " $3 " to " $4, $5, $6, $7, "-", "<=", $8, "-", $9, "-", "eprop-bench scale" }' \
        "$runs/scale/data/exponents.tsv"
    [ ! -f "$runs/reference.txt" ] || awk -v OFS='\t' '$1 == "both" { r = $6 + 0
        print "256-bit reference with explicit traces, times as fast as naive dense MPFR", r, "-", "-", "x", ">=", 2.5, "-", (r >= 2.5 ? "met" : "missed"), "-", "bench-reference" }' "$runs/reference.txt"
    [ ! -f "$runs/certified.txt" ] || awk -v OFS='\t' '/^  [0-9.]+ s, / { t = $1 + 0
        print "certified gradient, ALIF N=100 n_in=100 T=1000, two threads", t, "-", "-", "s", "<=", 60, 10, (t <= 10 ? "stretch" : t <= 60 ? "met" : "missed"), "-", "eprop-verify certify" }' "$runs/certified.txt"
    # Memory: what PyTorch's first gradient raised its peak by, over all that the engine keeps.
    if [ -f "$runs/torch/data/speed.tsv" ]; then
        awk -F'\t' -v OFS='\t' 'NR == FNR { if ($1 ~ /^peer\/alif\/bptt\/N800/ && $2 == "peer:torch") torch = $9; next }
            $2 ~ /N=800/ && $3 == "BPTT, memory" && torch > 0 { r = torch / $4
                print "LSNN BPTT, N=800, memory of torch over ours", sprintf("%.3g", r), "-", "-", "x", ">=", 8, 12, (r >= 12 ? "stretch" : r >= 8 ? "met" : "missed"), "-", "both" }' \
            "$runs/torch/data/speed.tsv" "$runs/engines.tsv"
    fi
} > "$out/data/targets.tmp"
mv "$out/data/targets.tmp" "$out/data/targets.tsv"
cp "$runs/scale/manifest.json" "$out/manifest.json"
awk -F'\t' '!/^#/ && $9 != "-" { n[$9]++; all++ } END { printf "targets: %d of %d met, %d of these beyond the stretch goal\n", n["met"] + n["stretch"], all, n["stretch"] }' "$out/data/targets.tsv" >&2
echo "$out"
