#!/bin/sh
# compare.sh BUILD: what a user would pick instead, in the same run. Times PyTorch (where python3-torch is installed) at the
# sizes that bench-engines and bench-lstm measure, and prints each ratio beside its target. One core; PyTorch gets the faster
# of eager and scripted, with OPENBLAS_CORETYPE=SkylakeX where the processor has AVX-512 (the stock library does not know it).
set -eu
build=${1:-build}
here=$(dirname "$0")
python=${PYTHON:-python3}
"$python" -c 'import torch' 2>/dev/null || python=/usr/bin/python3
if ! "$python" -c 'import torch' 2>/dev/null; then
    echo "peers: PyTorch is not installed (Debian: python3-torch), nothing to compare with"
    exit 0
fi
if grep -q avx512f /proc/cpuinfo 2>/dev/null; then OPENBLAS_CORETYPE=SkylakeX; export OPENBLAS_CORETYPE; fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$build/bench-engines" > "$tmp/ours"
"$build/bench-lstm" > "$tmp/lstm"
cat "$tmp/ours" "$tmp/lstm"
echo

# Our seconds: ours "ALIF N=100 ..." "e-prop 1 scan"
ours() { awk -v head="$1" -v line="$2" 'index($0, head) == 1 {on = 1; next} /^ALIF|^Two|^Exponents/ {on = 0}
    on && index($0, line) {for (i = 1; i <= NF; i++) if ($i == "s") {print $(i - 1); exit}}' "$tmp/ours" | tr -d ','; }
lstm() { awk -v line="$1" 'index($0, line) == 1 {sub(line, ""); print $1; exit}' "$tmp/lstm"; }
best() { awk -v a="$1-eager" -v b="$1-jit" '$1 == a || $1 == b {if (!m || $2 < m) m = $2} END {print m}' "$2"; }
row() { awk -v what="$1" -v t="$2" -v o="$3" -v goal="$4" 'BEGIN {
    if (t + 0 <= 0 || o + 0 <= 0) {printf "  %-44s NOT MEASURED (torch %s, ours %s)\n", what, t, o; exit}
    r = t / o; printf "  %-44s torch %9.4f s  ours %10.6f s  %7.1fx  target %5.1fx: %s\n", what, t, o, r, goal, (r >= goal ? "met" : "MISSED")}'; }

echo "PyTorch $("$python" -c 'import torch; print(torch.__version__)') beside the fast engine, float32, one core"
while read -r head args e_goal b_goal runs; do
    # shellcheck disable=SC2086
    "$python" "$here/torch_lsnn.py" $(echo "$args" | tr , ' ') --runs "$runs" > "$tmp/torch"
    name=$(echo "$head" | tr + ' ')
    row "e-prop, $name" "$(best eprop "$tmp/torch")" "$(ours "$name" 'e-prop 1 scan')" "$e_goal"
    row "BPTT, $name" "$(best bptt "$tmp/torch")" "$(ours "$name" 'BPTT')" "$b_goal"
done <<LIST
ALIF+N=100+n_in=100+n_out=2+T=1000+B=1 100,100,2,1000,1 500 200 5
ALIF+N=100+n_in=100+n_out=2+T=1000+B=32 100,100,2,1000,32 30 15 3
ALIF+N=800+n_in=39+n_out=61+T=600+B=32 800,39,61,600,32 10 5 1
LIST
"$python" "$here/torch_lstm.py" 256 64 61 200 64 --runs 3 > "$tmp/torch"
row "LSTM BPTT, N=256 T=200 B=64" "$(awk '$1 == "lstm-bptt" {print $2}' "$tmp/torch")" "$(lstm bptt)" 2
row "LSTM e-prop, N=256 T=200 B=64" "$(awk '$1 == "lstm-eprop" {print $2}' "$tmp/torch")" "$(lstm 'eprop1, scan')" 2
