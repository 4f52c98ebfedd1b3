#!/bin/sh
# coverage.sh BUILD [OUT]: coverage of lines and branches by folder and by source file from gcov's counts, least covered first.
# A source that several programs compile counts as its best. OUT/data/coverage.tsv, for the report.
# SPDX-License-Identifier: MIT
set -eu
build=$1 out=${2:-}
tmp=$(mktemp) || exit 3
trap 'rm -f "$tmp"' EXIT
find "$build" -name '*.gcda' | while read -r f; do
    gcov -n -b -o "$(dirname "$f")" "$f" 2>/dev/null
done | awk -F"[:%' ]+" '
    /^File /              { f = $2; ok = f !~ /^\// && f !~ /\/test\// && f !~ /^ci\//; next }
    /^Lines executed:/    { if (ok && (!(f in best) || $3 > best[f])) { best[f] = $3; lines[f] = $5; take = 1 } else take = 0; if (!ok) take = 0; next }
    /^Taken at least once:/ { if (take) { taken[f] = $5; branches[f] = $7 } take = 0 }
    END { for (f in best) printf "%s\t%d\t%.2f\t%d\t%.2f\n", f, lines[f], best[f], branches[f], taken[f] }' | sort > "$tmp"
awk -F'\t' '{ printf "%6.1f %% of %5d  %s\n", $3, $2, $1 }' "$tmp" | sort -n
folders() {
    awk -F'\t' '{ d = $1; sub(/\/.*/, "", d); n[d] += $2; c[d] += $2 * $3 / 100; m[d] += $4; t[d] += $4 * $5 / 100 }
        END { for (d in n) printf "%s\t%d\t%.1f\t%d\t%.1f\n", d, n[d], 100 * c[d] / n[d], m[d], m[d] ? 100 * t[d] / m[d] : 100 }' "$tmp" | sort
}
folders | awk -F'\t' '{ printf "%-10s lines %5.1f %% of %5d   branches %5.1f %% of %5d\n", $1, $3, $2, $5, $4 }'
if [ -n "$out" ]; then
    mkdir -p "$out/data"
    { printf '# folder\tlines\tlines_covered\tbranches\tbranches_covered\n'; folders; } > "$out/data/coverage.tsv"
fi
