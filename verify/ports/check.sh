#!/bin/sh
# check.sh BUILD VECTORS TABLE: the template ports and the engines of optimized/ through the door for ports, against a
# directory of vector files. Prints each one's closing lines, writes them as a table, exits 1 if one does not conform.
# SPDX-License-Identifier: MIT
set -u
build=$1 vectors=$2 table=$3 fail=0 least=10
tmp=$(mktemp -d) || exit 3
trap 'rm -rf "$tmp"' EXIT
# The fast engine counts subnormal numbers as zero while it works (optimized/fast/fast.h); its online states show that.
awk '/^case /{id = $2} /^flags .*subnormal/{print id " # subnormal numbers are zero in this engine"}' "$vectors"/*.epv > "$tmp/subnormal"
: > "$tmp/none"
printf '# port\tclaimed\treached\tpassed\tfailed\tas_listed\tbroke\tnot_tested\tvalues\tnot_zero\tpercent_of_limit\n' > "$tmp/table"

judge() { # NAME, list of known failures, then --port COMMAND or --plugin FILE
    name=$1 known=$2
    shift 2
    "$build/eprop-judge" port "$@" --vectors "$vectors" --xfail "$known" --min "$least" --timeout 60 > "$tmp/tap"
    rc=$?
    grep '^#' "$tmp/tap" || { echo "# $name: exit $rc"; sed -n 2p "$tmp/tap"; }
    [ $rc -eq 0 ] || fail=1
    awk -v name="$name" 'BEGIN { OFS = "\t" }
        /^# port / { n = split($0, w, /[ ,;:]+/); for (i = 1; i <= n; i++) { if (w[i] == "claimed") claimed = w[i + 1]
                if (w[i] == "reached") { reached = w[i + 1]; passed = w[i + 2]; failed = w[i + 4]; listed = w[i + 6]; broke = w[i + 10]; untested = w[i + 12] } } }
        / values compared, / { print name, claimed, reached, passed, failed, listed, broke, untested, $2, $5, $(NF - 4) }' "$tmp/tap" >> "$tmp/table"
}

for port in c rust; do
    [ -x "$build/verify/ports/$port/port" ] && judge "$port template" "$tmp/none" --port "$build/verify/ports/$port/port"
done
[ -x "$build/verify/ports/c/fixed" ] && judge "integer template" "$tmp/none" --port "$build/verify/ports/c/fixed"
if command -v python3 >/dev/null 2>&1; then judge "python template" "$tmp/none" --port 'python3 verify/ports/python/port.py'; fi
for python in python3 /usr/bin/python3; do # where PyTorch is
    "$python" -c 'import torch' 2>/dev/null || continue
    judge "torch template" "$tmp/none" --port "$python verify/ports/torch/port.py"
    break
done
[ -f "$build/verify/ports/verilog/port.vvp" ] && judge "verilog template" "$tmp/none" --port "vvp -n $build/verify/ports/verilog/port.vvp"
for so in "$build"/verify/engines/*.so; do
    name=$(basename "$so" .so)
    known=$tmp/none
    claim=bound least=10
    case $name in integer-*) least=8 ;; esac # one trial, no LSTM
    case $name in fast-online*) known=$tmp/subnormal ;; fixed*gradient) claim=direction ;; esac
    judge "engine $name" "$known" --plugin "$so" --claim $claim
done
mv "$tmp/table" "$table"
exit $fail
