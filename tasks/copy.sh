#!/bin/sh
# copy.sh BUILD SWEEP OUT NAME TABLES [RUNS]: carries out a sweep of copy-repeat in BUILD/sweeps, which a second call goes on with, and
# gathers NAME_<table>.tsv for the report in OUT/data, for each of TABLES: runs, settings, short, solved, course, distance, trial. With
# RUNS these are gathered as they are.
# SPDX-License-Identifier: MIT
set -eu
build=$1 sweep=$2 out=$3 name=$4 tables=$5
runs=${6:-$build/sweeps/$(basename "$out")}
. "$(dirname "$0")/sweep.sh"
[ $# -ge 6 ] || carry_out "$build" "$sweep" "$runs"
rm -rf "$out"
mkdir -p "$out/data"
tab=$(printf '\t')

# rule window seed solved folder; BPTT has no window
for d in "$runs"/*/; do
    ended "${d%/}" || continue
    j=$d/summary.json
    r=$(key "$j" rule)
    w=$(number "$d/manifest.json" window)
    [ "$r" = bptt ] && w=-
    printf '%s\t%s\t%s\t%s\t%s\n' "$r" "$w" "$(key "$j" seed)" "$(key "$j" solved)" "${d%/}"
done | sort -t "$tab" -k1,1 -k2,2n -k3,3n -k5,5 > "$out/list"
[ -s "$out/list" ] || { echo "copy.sh: $runs: found no run that came to its end, expected folders with summary.json" >&2; exit 2; }

table_runs() {
    printf '# rule window seed iterations updates solved last_loss end seconds\n'
    while IFS="$tab" read -r r w s solved d; do
        j=$d/summary.json
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$r" "$w" "$s" "$(key "$j" iterations)" "$(key "$j" updates)" "$solved" \
            "$(key "$j" last_loss)" "$(key "$j" end)" "$(key "$j" seconds)"
    done < "$out/list"
}

# Runs that differ in what was set; what only a synthesiser has is - elsewhere.
table_settings() {
    printf '# rule window says sees hidden sg_rate update rate batch seed solved cosine\n'
    while IFS="$tab" read -r r w s solved d; do
        m=$d/manifest.json says=- sees=- hidden=- rate=-
        case $r in *-sg) says=$(number "$m" sg_seed) sees=$(number "$m" sg_input) hidden=$(number "$m" sg_hidden) rate=$(number "$m" sg_lr) ;; esac
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$r" "$w" "$says" "$sees" "$hidden" "$rate" "$(number "$m" update)" \
            "$(number "$m" lr)" "$(number "$m" batch)" "$s" "$solved" "$(second_half "$d/curve.csv")"
    done < "$out/list"
}

# Of each rule and window the median over seeds, beside what is quoted for the rule and beside BPTT's.
table_short() {
    printf '# rule window seeds solved quoted short_of_quoted bptt short_of_bptt\n'
    while IFS="$tab" read -r r w s solved d; do
        printf '%s\t%s\t%s\t%s\n' "$r" "$w" "$solved" "$(quoted "$d/summary.json" "$r")"
    done < "$out/list" | sort -t "$tab" -k1,1 -k2,2n -k3,3n | awk -F'\t' -v OFS='\t' '
        function apart(a, b) { return a == "-" || b == "-" ? "-" : a - b }
        { g = $1 OFS $2; if (!(g in n)) group[++groups] = g; v[g, ++n[g]] = $3; quoted[g] = $4; if ($1 == "bptt") bptt = g }
        END { for (k = 1; k <= groups; k++) { g = group[k]; h = n[g]; mid[g] = (v[g, int((h + 1) / 2)] + v[g, int(h / 2) + 1]) / 2 }
              all = bptt == "" ? "-" : mid[bptt]
              for (k = 1; k <= groups; k++) { g = group[k]; print g, n[g], mid[g], quoted[g], apart(quoted[g], mid[g]), all, apart(all, mid[g]) } }'
}

# BPTT's line runs across all windows.
table_solved() {
    printf '# rule seed window solved\n'
    awk -F'\t' -v OFS='\t' '{ rule[NR] = $1; window[NR] = $2; seed[NR] = $3; solved[NR] = $4; if ($2 != "-") seen[$2] }
        END { for (k = 1; k <= NR; k++) if (window[k] != "-") print rule[k], seed[k], window[k], solved[k]; else for (w in seen) print rule[k], seed[k], w, solved[k] }' \
        "$out/list" | sort -t "$tab" -k1,1 -k2,2n -k3,3n
}

# Every 50th batch of the runs with windows of 4, and of BPTT.
table_course() {
    printf '# rule seed iteration solved\n'
    while IFS="$tab" read -r r w s solved d; do
        [ "$w" = 4 ] || [ "$w" = - ] || continue
        awk -F, -v OFS='\t' -v r="$r" -v s="$s" 'NR > 1 && $1 % 50 == 49 { print r, s, $1 + 1, $16 }' "$d/curve.csv"
    done < "$out/list"
}

# Mean cosine to full BPTT in the second half of a run.
second_half() { # CURVE
    awk -F, 'NR > 1 { rows = NR - 1; if ($12 != "") { n++; at[n] = rows; c[n] = $12 } }
        END { for (k = 1; k <= n; k++) if (2 * at[k] >= rows) { sum += c[k]; m++ } if (m) printf "%.5f", sum / m; else printf "-" }' "$1"
}
table_distance() {
    printf '# rule seed window cosine\n'
    while IFS="$tab" read -r r w s solved d; do
        c=$(second_half "$d/curve.csv")
        [ "$w" = - ] || [ "$c" = - ] || printf '%s\t%s\t%s\t%s\n' "$r" "$s" "$w" "$c"
    done < "$out/list"
}

# The trial of the run that solved most, the first of equals.
table_trial() {
    best=$(awk -F'\t' '$4 + 0 > top { top = $4 + 0; d = $5 } END { print d }' "$out/list")
    [ -z "$best" ] || cat "$best/data/trial.tsv"
}

for table in $tables; do
    "table_$table" > "$out/data/${name}_$table.tsv"
    [ -s "$out/data/${name}_$table.tsv" ] || rm "$out/data/${name}_$table.tsv"
done
first=$(head -n 1 "$out/list" | cut -f 5)
cp "$first/manifest.json" "$out/manifest.json"
rm "$out/list"
echo "$out"
