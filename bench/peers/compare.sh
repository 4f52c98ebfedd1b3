#!/bin/sh
# compare.sh BUILD [TSV]: what a user would pick instead. Times PyTorch (where python3-torch is installed) and oneDNN (where
# libdnnl-dev is) at the sizes that bench-engines and bench-lstm measure, and prints each ratio beside its target. One core,
# one program after the other; PyTorch is the faster of eager and scripted, with the OpenBLAS kernels of this processor set
# by name where the stock library may not know it. TSV: the lines for machines.
set -eu
build=${1:-build}
tsv=${2:-/dev/null}
here=$(dirname "$0")
python=${PYTHON:-python3}
"$python" -c 'import torch' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import torch' 2>/dev/null || python=
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
OPENBLAS_NUM_THREADS=1; OMP_NUM_THREADS=1; export OPENBLAS_NUM_THREADS OMP_NUM_THREADS
if printf '#include <dnnl.hpp>\n' | ${CXX:-c++} -E -x c++ - >/dev/null 2>&1; then
    ${CXX:-c++} -O2 -std=c++11 "$here/onednn_lstm.cpp" -ldnnl -o "$tmp/onednn"
else
    echo "peers: oneDNN is not installed (Debian: libdnnl-dev), nothing to compare with"
fi
if [ -z "$python" ]; then echo "peers: PyTorch is not installed (Debian: python3-torch), nothing to compare with"; fi
if [ -z "$python" ] && [ ! -x "$tmp/onednn" ]; then exit 0; fi

"$build/bench-engines" --targets --tsv "$tmp/ours" > "$tmp/text"
"$build/bench-lstm" --targets --tsv "$tmp/lstm" >> "$tmp/text"
head -2 "$tmp/text"
printf 'peer\twhat\tpeer_seconds\tour_seconds\tratio\ttarget\tverdict\tour_error\n' > "$tsv"

# Column COLUMN (4: value, 12: error) of our line SUBJECT, WHAT.
ours() { awk -F'\t' -v s="$1" -v w="$2" -v c="$3" 'index($2, s) == 1 && $3 == w {print $c; exit}' "$tmp/ours" "$tmp/lstm"; }
best() { awk -v a="$1-eager" -v b="$1-jit" '$1 == a || $1 == b {if (!m || $2 < m) m = $2} END {print m}' "$2"; }
row() { # PEER WHAT PEER'S OURS TARGET ERROR
    awk -v peer="$1" -v what="$2" -v t="$3" -v o="$4" -v goal="$5" -v e="$6" -v tsv="$tsv" 'BEGIN {
        if (t + 0 <= 0 || o + 0 <= 0) {printf "  %-9s %-46s NOT MEASURED (peer %s, ours %s)\n", peer, what, t, o; exit}
        r = t / o; v = goal == "-" ? "-" : r >= goal ? "met" : "missed"
        printf "  %-9s %-46s %10.4f  ours %10.6f  %7.2fx%s  error %s\n", peer, what, t, o, r, (goal == "-" ? "" : "  target " goal "x: " toupper(v)), e
        printf "%s\t%s\t%s\t%s\t%.4g\t%s\t%s\t%s\n", peer, what, t, o, r, goal, v, e >> tsv}'
}

echo "beside the fast engine, float32, one core, seconds (MB where it says so)"
torch_lsnn() { # SUBJECT ARGS E-PROP'S BPTT'S RUNS MEMORY'S
    # shellcheck disable=SC2086
    "$python" "$here/torch_lsnn.py" $2 --runs "$5" > "$tmp/torch"
    row torch "e-prop, $1" "$(best eprop "$tmp/torch")" "$(ours "$1" 'e-prop 1 scan' 4)" "$3" "$(ours "$1" 'e-prop 1 scan' 12)"
    row torch "BPTT, $1" "$(best bptt "$tmp/torch")" "$(ours "$1" BPTT 4)" "$4" "$(ours "$1" BPTT 12)"
    row torch "extra memory in MB, BPTT" "$(awk '$1 == "memory" {print $2}' "$tmp/torch")" "$(ours "$1" 'BPTT, memory' 4)" "$6" "$(ours "$1" BPTT 12)"
}
lstm='LSTM N=256 n_in=64 n_out=61 T=200 B=64'
if [ -n "$python" ]; then
    echo "PyTorch $("$python" -c 'import torch; print(torch.__version__)')"
    "$python" "$here/torch_lstm.py" 256 64 61 200 64 --runs 3 > "$tmp/stock"
    if grep -q avx512f /proc/cpuinfo 2>/dev/null; then
        OPENBLAS_CORETYPE=SkylakeX; export OPENBLAS_CORETYPE
        "$python" "$here/torch_lstm.py" 256 64 61 200 64 --runs 3 > "$tmp/tuned"
    else cp "$tmp/stock" "$tmp/tuned"; fi
    for what in bptt:BPTT:2 'eprop:e-prop 1, scan:2'; do
        name=${what%%:*}; goal=${what##*:}; our=${what#*:}; our=${our%:*}
        row torch "$our, $lstm" "$(awk -v n="lstm-$name" '$1 == n {print $2}' "$tmp/tuned")" "$(ours "$lstm" "$our" 4)" "$goal" "$(ours "$lstm" "$our" 12)"
        row 'as found' "$our, $lstm" "$(awk -v n="lstm-$name" '$1 == n {print $2}' "$tmp/stock")" "$(ours "$lstm" "$our" 4)" - "$(ours "$lstm" "$our" 12)"
    done
    torch_lsnn 'ALIF N=100 n_in=100 n_out=2 T=1000 B=1' '100 100 2 1000 1' 500 200 5 -
    torch_lsnn 'ALIF N=100 n_in=100 n_out=2 T=1000 B=32' '100 100 2 1000 32' 30 15 3 -
    torch_lsnn 'ALIF N=800 n_in=39 n_out=61 T=600 B=32' '800 39 61 600 32' 10 5 1 8
fi
if [ -x "$tmp/onednn" ]; then
    "$tmp/onednn" 256 64 61 200 64 3 > "$tmp/dnnl"
    row oneDNN "BPTT, $lstm" "$(cut -f2 "$tmp/dnnl")" "$(ours "$lstm" BPTT 4)" 1.1 "$(ours "$lstm" BPTT 12)"
fi
