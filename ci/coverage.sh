#!/bin/sh
# coverage.sh BUILD [OUT]: which lines and branches the tests reach, from gcov's counts. A line counts as reached if any program
# that compiles it reaches it (kernels are headers that several objects include).
#
# Every block of reference/, optimized/ and verify/ that no test reaches must stand in ci/uncovered.txt with a reason:
#   FILE<TAB>TEXT<TAB>REASON     TEXT: part of the block's first line; "" every block of the file; FILE *: any file
# Exit code 1: a block has no reason, or one of these three folders is below 90 % of lines.
# A block lies in one function.
# OUT/data/coverage.tsv by folder, unreached.tsv by folder and reason: for the report; coverage_files.tsv by file, uncovered.tsv block by block.
# SPDX-License-Identifier: MIT
set -eu
build=$1 out=${2:-$1/coverage}
mkdir -p "$out/data"
find "$build" -name '*.gcda' | while read -r f; do
    gcov -t -b -o "$(dirname "$f")" "$f" 2>/dev/null || echo "unreadable: $f" # counts of another build of the object
done | awk -v out="$out/data" '
    BEGIN {
        while ((getline line < "ci/uncovered.txt") > 0) {
            if (line ~ /^#/ || split(line, w, "\t") < 3) continue
            n_why++; why_file[n_why] = w[1]; why_text[n_why] = w[2]; why[n_why] = w[3]
        }
    }
    / 0:Source:/ { f = $0; sub(/.*0:Source:/, "", f); ok = f !~ /^\// && f !~ /\/test\// && f !~ /^ci\// && f !~ /^build/ && f !~ /\/conform\//; next }
    /^unreadable: / { unreadable = 1; print "coverage: " $2 ": gcov cannot read it, its counts are missing: remove it and run its tests again"; next }
    !ok { next }
    /^function / { starts = 1; next }
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
        if (starts) { first[f, line] = 1; starts = 0 }
        if (line > last[f]) last[f] = line
        if (count == "-") next
        if (count ~ /^[#=]/) { if (!((f, line) in hit)) hit[f, line] = 0 } else hit[f, line] = 1
    }
    function reason(f, first,   k) {
        for (k = 1; k <= n_why; k++)
            if ((why_file[k] == "*" || why_file[k] == f) && (why_text[k] == "" || index(first, why_text[k]))) { used[k] = 1; return why[k] }
        return ""
    }
    function block_ends(f, from, to, lines,   begin, r, d) {
        if (!from || f !~ /^(reference|optimized|verify)\//) return
        begin = text[f, from]; gsub(/^ +|\t/, "", begin)
        r = reason(f, begin)
        printf "%s\t%d\t%d\t%s\t%s\n", f, from, to, begin, r > (out "/uncovered.tsv")
        blocks++
        if (r == "") { open++; printf "coverage: %s:%d-%d has no reason: %s\n", f, from, to, begin; r = "none" }
        d = f; sub(/\/.*/, "", d)
        if (!((d, r) in blocks_of)) { kinds++; kind_folder[kinds] = d; kind_reason[kinds] = r }
        blocks_of[d, r]++; lines_of[d, r] += lines
    }
    END {
        printf "# file\tfrom\tto\tline\treason\n" > (out "/uncovered.tsv")
        printf "# folder\tblocks\tlines\treason\n" > (out "/unreached.tsv")
        printf "# folder\tlines\tlines_covered\tbranches\tbranches_covered\n" > (out "/coverage.tsv")
        for (k in branch) { split(k, w, SUBSEP); d = w[1]; sub(/\/.*/, "", d); m[d]++; t[d] += branch[k] > 0 }
        while (1) { # files in order
            best = ""
            for (f in last) if (!(f in done) && (best == "" || f < best)) best = f
            if (best == "") break
            f = best; done[f] = 1; d = f; sub(/\/.*/, "", d); from = 0; n_f = c_f = run = 0
            for (l = 1; l <= last[f]; l++) {
                if (!((f, l) in hit)) continue
                n_f++; c_f += hit[f, l]
                if (hit[f, l] || (f, l) in first) { block_ends(f, from, to, run); from = 0 }
                if (!hit[f, l]) { if (!from) { from = l; run = 0 } to = l; run++ }
            }
            block_ends(f, from, to, run)
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
        for (k = 1; k <= kinds; k++)
            printf "%s\t%d\t%d\t%s\n", kind_folder[k], blocks_of[kind_folder[k], kind_reason[k]], lines_of[kind_folder[k], kind_reason[k]], kind_reason[k] > (out "/unreached.tsv")
        for (k = 1; k <= n_why; k++) if (!used[k]) printf "coverage: ci/uncovered.txt: no block is %s: %s any more\n", why_file[k], why_text[k]
        printf "coverage: %d blocks of reference, optimized and verify are reached by no test, %d of them without a reason\n", blocks, open
        printf "coverage: %s: coverage.tsv by folder, unreached.tsv by reason, coverage_files.tsv by file, uncovered.tsv by block\n", out
        exit bad || unreadable || open > 0
    }'
