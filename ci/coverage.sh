#!/bin/sh
# coverage.sh BUILD [OUT]: which lines and branches the tests reach, from gcov's counts. A line counts as reached if any program
# that compiles it reaches it (kernels are headers that several objects include).
#
# Every block of reference/, optimized/ and verify/ that no test reaches must stand in ci/uncovered.txt with a reason:
#   FILE<TAB>TEXT<TAB>REASON     TEXT: part of the block's first line; "" every block of the file; FILE *: any file
# Exit code 1: a block has no reason, or one of these three folders is below 90 % of lines.
# OUT/data/coverage.tsv by folder, uncovered.tsv block by block: for the report.
# SPDX-License-Identifier: MIT
set -eu
build=$1 out=${2:-$1/coverage}
mkdir -p "$out/data"
find "$build" -name '*.gcda' | while read -r f; do
    gcov -t -b -o "$(dirname "$f")" "$f" 2>/dev/null
done | awk -v out="$out/data" '
    BEGIN {
        while ((getline line < "ci/uncovered.txt") > 0) {
            if (line ~ /^#/ || split(line, w, "\t") < 3) continue
            n_why++; why_file[n_why] = w[1]; why_text[n_why] = w[2]; why[n_why] = w[3]
        }
    }
    / 0:Source:/ { f = $0; sub(/.*0:Source:/, "", f); ok = f !~ /^\// && f !~ /\/test\// && f !~ /^ci\// && f !~ /^build/ && f !~ /\/conform\//; next }
    !ok { next }
    /^branch / {
        b++
        if ((f, line, b) in branch || !/never executed/) branch[f, line, b] += !/never executed| taken 0%/
        else branch[f, line, b] = 0
        next
    }
    match($0, /^ *[^:]+: *[0-9]+:/) {
        split($0, w, ":"); count = w[1]; gsub(/ /, "", count); line = w[2] + 0; b = 0
        if (line == 0) next
        text[f, line] = substr($0, RSTART + RLENGTH)
        if (line > last[f]) last[f] = line
        if (count == "-") next
        if (count ~ /^[#=]/) { if (!((f, line) in hit)) hit[f, line] = 0 } else hit[f, line] = 1
    }
    function reason(f, first,   k) {
        for (k = 1; k <= n_why; k++)
            if ((why_file[k] == "*" || why_file[k] == f) && (why_text[k] == "" || index(first, why_text[k]))) { used[k] = 1; return why[k] }
        return ""
    }
    function block_ends(f, from, to,   first, r) {
        if (!from || f !~ /^(reference|optimized|verify)\//) return
        first = text[f, from]; gsub(/^ +|\t/, "", first)
        r = reason(f, first)
        printf "%s\t%d\t%d\t%s\t%s\n", f, from, to, first, r > (out "/uncovered.tsv")
        blocks++
        if (r == "") { open++; printf "coverage: %s:%d-%d has no reason: %s\n", f, from, to, first }
    }
    END {
        printf "# file\tfrom\tto\tline\treason\n" > (out "/uncovered.tsv")
        printf "# folder\tlines\tlines_covered\tbranches\tbranches_covered\n" > (out "/coverage.tsv")
        for (k in branch) { split(k, w, SUBSEP); d = w[1]; sub(/\/.*/, "", d); m[d]++; t[d] += branch[k] > 0 }
        while (1) { # files in order
            best = ""
            for (f in last) if (!(f in done) && (best == "" || f < best)) best = f
            if (best == "") break
            f = best; done[f] = 1; d = f; sub(/\/.*/, "", d); from = 0; n_f = c_f = 0
            for (l = 1; l <= last[f]; l++) {
                if (!((f, l) in hit)) continue
                n_f++; c_f += hit[f, l]
                if (hit[f, l]) { block_ends(f, from, to); from = 0 } else { if (!from) from = l; to = l }
            }
            block_ends(f, from, to)
            n[d] += n_f; c[d] += c_f
            if (!(d in order)) { order[d] = ++folders; name[folders] = d }
            if (n_f) printf "%s\t%d\t%.1f\n", f, n_f, 100 * c_f / n_f > (out "/coverage_files.tsv")
        }
        bad = 0
        for (k = 1; k <= folders; k++) {
            d = name[k]
            if (!n[d]) continue
            printf "%s\t%d\t%.1f\t%d\t%.1f\n", d, n[d], 100 * c[d] / n[d], m[d], m[d] ? 100 * t[d] / m[d] : 100 > (out "/coverage.tsv")
            printf "%-10s lines %5.1f %% of %5d   branches %5.1f %% of %5d\n", d, 100 * c[d] / n[d], n[d], m[d] ? 100 * t[d] / m[d] : 100, m[d]
            if (d ~ /^(reference|optimized|verify)$/ && c[d] < 0.9 * n[d]) { bad = 1; print "coverage: " d " is below 90 % of lines" }
        }
        for (k = 1; k <= n_why; k++) if (!used[k]) printf "coverage: ci/uncovered.txt: no block is %s: %s any more\n", why_file[k], why_text[k]
        printf "coverage: %d blocks of reference, optimized and verify are reached by no test, %d of them without a reason\n", blocks, open
        exit bad || open > 0
    }'
