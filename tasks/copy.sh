#!/bin/sh
# copy.sh BUILD SWEEP OUT [RUNS]: carries out a sweep of copy-repeat in BUILD/sweeps, which a second call goes on with, and
# gathers tables for the report in OUT/data. With RUNS these are gathered as they are.
# SPDX-License-Identifier: MIT
set -eu
build=$1 sweep=$2 out=$3
runs=${4:-$build/sweeps/$(basename "$out")}
. "$(dirname "$0")/sweep.sh"
[ $# -ge 4 ] || carry_out "$build" "$sweep" "$runs"
rm -rf "$out"
mkdir -p "$out/data"

# rule window seed folder; BPTT has no window
for d in "$runs"/*/; do
    [ -f "$d/summary.json" ] || continue
    r=$(key "$d/summary.json" rule)
    w=$(number "$d/manifest.json" window)
    [ "$r" = bptt ] && w=-
    printf '%s\t%s\t%s\t%s\n' "$r" "$w" "$(key "$d/summary.json" seed)" "${d%/}"
done | sort -t "$(printf '\t')" -k1,1 -k2,2n -k3,3n > "$out/list"
windows=$(awk -F'\t' '$2 != "-" { print $2 }' "$out/list" | sort -n -u)

{ printf '# rule window seed iterations updates solved last_loss end seconds\n'
  while IFS='	' read -r r w s d; do
      j=$d/summary.json
      printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$r" "$w" "$s" "$(key "$j" iterations)" "$(key "$j" updates)" "$(key "$j" solved)" \
          "$(key "$j" last_loss)" "$(key "$j" end)" "$(key "$j" seconds)"
  done < "$out/list"
} > "$out/data/copy_runs.tsv"

# BPTT's line runs across all windows
{ printf '# rule seed window solved\n'
  awk -F'\t' -v OFS='\t' -v all="$(echo $windows)" '!/^#/ { n = split($2 == "-" ? all : $2, w, " ")
      for (k = 1; k <= n; k++) print $1, $3, w[k], $6 }' "$out/data/copy_runs.tsv"
} > "$out/data/copy_solved.tsv"

# every 50th batch of the runs with windows of 4, and of BPTT
{ printf '# rule seed iteration solved\n'
  while IFS='	' read -r r w s d; do
      [ "$w" = 4 ] || [ "$w" = - ] || continue
      awk -F, -v OFS='\t' -v r="$r" -v s="$s" 'NR > 1 && $1 % 50 == 49 { print r, s, $1 + 1, $16 }' "$d/curve.csv"
  done < "$out/list"
} > "$out/data/copy_course.tsv"

# mean cosine of the second half of each run
{ printf '# rule seed window cosine\n'
  while IFS='	' read -r r w s d; do
      [ "$w" = - ] && continue
      awk -F, -v OFS='\t' -v r="$r" -v s="$s" -v w="$w" 'NR > 1 { rows = NR - 1; if ($12 != "") { n++; at[n] = rows; c[n] = $12 } }
          END { for (k = 1; k <= n; k++) if (2 * at[k] >= rows) { sum += c[k]; m++ } if (m) printf "%s\t%s\t%s\t%.5f\n", r, s, w, sum / m }' "$d/curve.csv"
  done < "$out/list"
} > "$out/data/copy_distance.tsv"

# the trial of the run that solved most
best=$(awk -F'\t' '!/^#/ && $6 + 0 > top { top = $6; r = $1 "\t" $2 "\t" $3 } END { print r }' "$out/data/copy_runs.tsv")
dir=$(awk -F'\t' -v b="$best" '$1 "\t" $2 "\t" $3 == b { print $4 }' "$out/list")
if [ -n "$dir" ] && [ -f "$dir/data/trial.tsv" ]; then cp "$dir/data/trial.tsv" "$out/data/copy_trial.tsv"; fi
first=$(head -n 1 "$out/list" | cut -f 4)
cp "$first/manifest.json" "$out/manifest.json"
rm "$out/list"
echo "$out"
