#!/bin/sh
# word.sh BUILD SWEEP OUT: carries out a sweep of word in BUILD/sweeps, which a second call goes on with, and gathers tables for the
# report in OUT/data.
# SPDX-License-Identifier: MIT
set -eu
build=$1 sweep=$2 out=$3
runs=$build/sweeps/$(basename "$out")
. "$(dirname "$0")/sweep.sh"
carry_out "$build" "$sweep" "$runs"
rm -rf "$out"
mkdir -p "$out/data"

# Test perplexity, and those of word frequencies alone and of the grammar itself; BPTT's window is the trial.
{ printf '# rule window says seed iterations updates perplexity frequencies best seconds\n'
  for d in "$runs"/*/; do
      ended "${d%/}" || continue
      j=$d/summary.json m=$d/manifest.json
      r=$(key "$j" rule) w=$(number "$m" window) says=-
      [ "$r" = bptt ] && w=-
      case $r in *-sg) says=$(number "$m" sg_seed) ;; esac
      printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$r" "$w" "$says" "$(key "$j" seed)" "$(key "$j" iterations)" "$(key "$j" updates)" \
          "$(awk -F'\t' -v OFS='\t' '$1 == "test" { print $4, $5, $6 }' "$d/data/word.tsv")" "$(key "$j" seconds)"
  done | sort -t "$(printf '\t')" -k1,1 -k2,2n -k3,3 -k4,4n
} > "$out/data/word_runs.tsv"

# Of synthesisers the one that says all; BPTT and the best possible run across all windows.
{ printf '# rule seed window perplexity\n'
  awk -F'\t' -v OFS='\t' '!/^#/ && ($3 == "-" || $3 == "zc") { if ($2 != "-") { print $1, $4, $2, $7; seen[$2] } else { bptt[$4] = $7; best[$4] = $9 } }
      END { for (w in seen) for (s in bptt) { print "bptt", s, w, bptt[s]; print "best possible", s, w, best[s] } }' "$out/data/word_runs.tsv" |
      sort -t "$(printf '\t')" -k1,1 -k2,2n -k3,3n
} > "$out/data/word_perplexity.tsv"
for d in "$runs"/*/; do
    [ -f "$d/manifest.json" ] && cp "$d/manifest.json" "$out/manifest.json" && break
done
echo "$out"
