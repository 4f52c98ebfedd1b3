#!/bin/sh
# suite.sh BUILD OUT [small|full|report]: trains every task by every rule over three seeds and gathers tables for the report in
# OUT/data. small: minutes, settings below; full: as the tasks are described; report: half a minute, one seed of two rules as in small and the
# published run, and for all that takes longer the tables that reports/published has. Speech is left out where the corpus can't be made.
# Runs that an earlier, stopped call finished are kept in OUT.work until the tables are whole, and not done again.
# SPDX-License-Identifier: MIT
set -eu
build=$1 out=$2 size=${3:-small}
train=$build/eprop-train
work=$out.work
rules="bptt eprop1-symmetric eprop1-random eprop1-adaptive eprop1-global"
seeds="1 2 3"
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
heard=eprop1-random # speech: whose spectrogram and confusions
kept='' scale=$size
if [ "$size" = report ]; then # beside other work
    rules="bptt eprop1-symmetric" seeds=1 jobs=1 heard=eprop1-symmetric scale=small
    kept=$(dirname "$0")/../reports/published
fi

settings() { # TASK -> options of this size
    case "$scale $1" in
    "small pattern") echo "--iterations 400 --compare 40" ;;
    "small store-recall") echo "--iterations 60 --compare 6 --set T=1200 --set batch=32 --set valid_every=3 --set valid_trials=64 --set test_trials=128 --set stop_below=-1" ;;
    "small speech") echo "--data $corpus --iterations 60 --compare 6 --set n_rec=60 --set n_alif=20 --set batch=8 --set lr_warmup=10 --set valid_every=10 --set valid_trials=8 --set w_in=0.3 --set w_rec=0.3" ;;
    "small evidence") echo "--iterations 60 --compare 6 --set T=1500 --set batch=32 --set valid_every=5 --set test_trials=128 --set stop_below=-1" ;;
    "full pattern") echo "--compare 100" ;;
    "full store-recall") echo "--compare 10" ;;
    "full evidence") echo "--compare 20" ;;
    "full speech") echo "--data $corpus --compare 50" ;;
    esac
}
checked() { # TASK -> options of the run that is checked by the reference
    case $1 in
    pattern) echo "--iterations 101 --check 50 --set T=400 --set n_rec=50" ;;
    store-recall) echo "--iterations 11 --check 10 --set T=400 --set batch=4 --set n_rec=50 --set n_alif=20" ;;
    evidence) echo "--iterations 11 --check 10 --set T=1200 --set batch=4 --set n_rec=50 --set n_alif=25" ;;
    speech) echo "--data $corpus --iterations 6 --check 5 --set batch=2 --set n_rec=12 --set n_alif=4 --set w_in=1" ;;
    esac
}
integer() { # TASK -> further options of the same run in integers, which are slow
    case $1 in
    pattern) echo "--iterations 11 --check 10" ;;
    speech) echo "--set batch=1" ;;
    *) echo "--iterations 6 --check 5 --set batch=2 --set n_rec=24 --set n_alif=8" ;;
    esac
}
tasks="pattern store-recall evidence"
engines="scalar:f64 fast:f64 fast:f32"
integers="fixed:s16.15 fixed:q15 fixed:w8 fixed:reckon"
corpus=$build/corpus
if [ "$scale" = small ]; then
    corpus=$build/corpus-small
    if [ -x "$build/speech-corpus" ] && "$build/speech-corpus" --speakers 18 --out "$corpus" >&2; then tasks="$tasks speech"; fi
elif [ -d "$corpus" ]; then tasks="$tasks speech"
fi
case $tasks in *speech) ;; *) echo "tasks: speech is left out: found no corpus ($corpus)" >&2 ;; esac

mkdir -p "$work"
# One command a line, so many at a time as there are processors.
{
    for t in $tasks; do
        for s in $seeds; do for r in $rules; do
            echo "$train $t --rule $r --seed $s --threads 1 --quiet --out $work/$t.$r.$s $(settings "$t")"
        done; done
        [ "$size" != report ] || continue
        for e in $engines; do
            echo "$train $t --rule eprop1-random --engine $e --threads 1 --quiet --out $work/check.$t.$e $(checked "$t") --set valid_every=0 --set test_trials=0"
        done
        for e in $integers; do
            echo "$train $t --rule eprop1-random --engine $e --threads 1 --quiet --out $work/check.$t.$e $(checked "$t") $(integer "$t") --set valid_every=0 --set test_trials=0"
        done
    done
    [ "$size" = report ] || for e in $engines $integers; do # one after another, from the same weights on the same input
        echo "$train pattern --rule eprop1-symmetric --engine $e --threads 1 --quiet --out $work/engine.$e --iterations 100 --set T=400 --set n_rec=50 --set optimizer=adam --set lr=3e-3"
    done
    for e in $engines; do
        echo "$train pattern --variant table-a --engine $e --threads 1 --quiet --out $work/table-a.$e"
    done
} > "$work/all.new"
# Other settings than those of the stopped call: nothing of it can be used.
if [ -f "$work/all" ] && ! cmp -s "$work/all" "$work/all.new"; then rm -rf "$work"/*.*.* "$work"/check.* "$work"/engine.* "$work"/table-a.*; fi
mv "$work/all.new" "$work/all"
while read -r line; do # summary.json is a run's last file
    dir=${line#*--out }
    [ -f "${dir%% *}/summary.json" ] || printf '%s\n' "$line"
done < "$work/all" > "$work/commands"
echo "tasks: $(wc -l < "$work/commands") of $(wc -l < "$work/all") runs to do, $jobs at a time" >&2
# 255 makes xargs end at once
tr '\n' '\0' < "$work/commands" | xargs -0 -P "$jobs" -I{} sh -c '{} || exit 255'

tables=$out.tmp
rm -rf "$tables"
mkdir -p "$tables/data"

# ---- tables ------------------------------------------------------------------------------------------------------

# That column of curve.csv beside rule, seed, iteration, where it is not empty; of long runs every so many iterations, about 150 points.
table() { # TASK COLUMN HEAD -> rows "rule seed iteration value"
    printf '# rule seed iteration %s\n' "$3"
    for r in $rules; do for s in $seeds; do
        awk -F, -v OFS='\t' -v r="$r" -v s="$s" -v c="$2" 'NR > 1 && $c != "" { x[++n] = $1; y[n] = $c }
            END { step = int((n - 1) / 150) + 1; for (i = 1; i <= n; i += step) print r, s, x[i], sprintf("%.5g", y[i]) }' "$work/$1.$r.$s/curve.csv"
    done; done
}
# Iterations to the stop rule that others published, by rule; a text that quotes the paper, so they are said to be quoted.
quoted() { # TASK
    awk -F'"' -v OFS='\t' '/"what":/ { what = $4 } /"rule":/ { rule = $4 } /"value":/ { sub(/.*: /, ""); value = $0 + 0 }
        /"source":/ && what ~ /^iterations/ { print "quoted " rule, "-", sprintf("%d", value), "-" }' "$work/$1.bptt.1/summary.json"
}
# Of trials longer than 600 steps a figure shows every second, third ... step: its width has no room for more.
every() { awk -v c="$2" '!/^#/ && $c > most { most = $c } END { print int((most - 1) / 600) + 1 }' "$1"; }
for t in $tasks; do
    name=$(echo "$t" | tr - _)
    table "$t" 2 loss > "$tables/data/curve_$name.tsv"
    table "$t" 12 cosine > "$tables/data/distance_$name.tsv"
    [ "$t" = pattern ] || { table "$t" 8 error; quoted "$t"; } > "$tables/data/error_$name.tsv"
    # target against output of one seed: the first output alone, of a decision between two the probability of the second
    n=$(every "$work/$t.bptt.1/data/output.tsv" 1)
    [ "$t" = speech ] || { printf '# series t y\n'
      for r in target $rules; do
          [ "$r" = target ] && from=bptt || from=$r
          awk -v OFS='\t' -v r="$r" -v n="$n" -v task="$t" '/^#/ { next }
              $2 == 0 { y = $4; target = $3 }
              $2 == 1 && task != "pattern" { y = 1 / (1 + exp(y - $4)); target = $5 > 0 ? $3 : "-" }
              $2 == (task != "pattern") && ($1 - 1) % n == 0 { out = r == "target" ? target : y; print r, $1, out == "-" ? out : sprintf("%.4g", out) }' "$work/$t.$from.1/data/output.tsv"
      done
    } > "$tables/data/output_$name.tsv"
    d=$work/$t.eprop1-symmetric.1/data
    { printf '# series t rank v a psi e L\n'
      awk -v OFS='\t' '!/^#/ { print "spikes", $1, $3, "-", "-", "-", "-", "-" }' "$d/spikes.tsv"
      awk -v every="$(every "$d/neurons.tsv" 2)" '!/^#/ && ($2 - 1) % every == 0 { if (!($1 in seen)) { if (n >= 2) next; n++; seen[$1] = 1 }
          printf "neuron %s\t%s\t-", $1, $2; for (c = 3; c <= 7; c++) printf "\t%.4g", $c; print "" }' "$d/neurons.tsv"
    } > "$tables/data/trained_$name.tsv"
done

# value of a key in summary.json
key() { sed -n "s/^  \"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | sed 's/^null$/-/'; }
{ printf '# task rule seed iterations stopped_at loss test_loss test_measure seconds ns_per_neuron_step\n'
  for t in $tasks; do for r in $rules; do for s in $seeds; do
      j=$work/$t.$r.$s/summary.json
      printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$t" "$r" "$s" "$(key "$j" iterations)" "$(key "$j" stopped_at)" "$(key "$j" last_loss)" \
          "$(key "$j" test_loss)" "$(key "$j" test_measure)" "$(key "$j" seconds)" "$(key "$j" ns_per_neuron_step)"
  done; done; done
} > "$tables/data/training.tsv"
if [ "$size" != report ]; then
{ printf '# task engine iteration cosine r flips\n'
  for t in $tasks; do for e in $engines $integers; do
      awk -F, -v OFS='\t' -v t="$t" -v e="$e" 'NR > 1 && $9 != "" { print t, e, $1, $9, $10 == "" ? "-" : $10, $11 }' "$work/check.$t.$e/curve.csv"
  done; done
} > "$tables/data/training_checked.tsv"
{ printf '# engine seed iteration loss\n'
  for e in $engines $integers; do awk -F, -v OFS='\t' -v e="$e" 'NR > 1 { print e, 1, $1, $2 }' "$work/engine.$e/curve.csv"; done
} > "$tables/data/curve_engines.tsv"
fi
# Per task and rule: medians over seeds, beside what others report.
{ printf '# task rule seeds stopped_at loss test_loss test_measure measure published\n'
  awk -F'\t' -v OFS='\t' '
      function median(list, v, n, i, k, x) {
          n = split(list, v, " ")
          if (n == 0) return "-"
          for (i = 2; i <= n; i++) for (k = i; k > 1 && v[k - 1] + 0 > v[k] + 0; k--) { x = v[k]; v[k] = v[k - 1]; v[k - 1] = x }
          return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
      }
      BEGIN {
          measure["pattern"] = "loss"; measure["store-recall"] = "recall error"; measure["evidence"] = "decision error"; measure["speech"] = "frame error"
          said["store-recall bptt"] = "28 iterations"; said["store-recall eprop1-symmetric"] = "50 iterations (e-prop 1, feedback not said)"
          said["speech bptt"] = "0.329 (TIMIT)"; said["speech eprop1-random"] = "0.349 (TIMIT)"
      }
      /^#/ { next }
      !($1 " " $2 in seeds) { order[++rows] = $1 " " $2 }
      { id = $1 " " $2; seeds[id]++ }
      $5 != "-" && $5 >= 0 { stop[id] = stop[id] " " $5 }
      { loss[id] = loss[id] " " $6; test[id] = test[id] " " $7 }
      $8 != "-" { wrong[id] = wrong[id] " " $8 }
      END {
          for (r = 1; r <= rows; r++) {
              id = order[r]; split(id, part, " ")
              print part[1], part[2], seeds[id], median(stop[id]), median(loss[id]), median(test[id]), median(wrong[id]), measure[part[1]], (id in said) ? said[id] : "-"
          }
      }' "$tables/data/training.tsv"
} > "$tables/data/training_rules.tsv"
for f in spectrogram confusion parts accuracy; do # speech: those of one run
    case $tasks in *speech) cp "$work/speech.$heard.1/data/speech_$f.tsv" "$tables/data/" ;; esac
done
{ printf '# engine update loss published difference\n'
  for e in $engines; do
      case $e in
      *f32) want="101.964363098144 103.466735839843 103.340606689453 103.680244445800 104.412780761718" ;;
      *) want="101.964356999041 103.466731126205 103.340607074771 103.680244037686 104.412775748752" ;;
      esac
      awk -F, -v OFS='\t' -v e="$e" -v w="$want" 'BEGIN { split(w, want, " ") }
          NR > 1 { d = $2 / want[NR - 1] - 1; printf "%s\t%d\t%s\t%s\t%.2g\n", e, $1 + 1, $2, want[NR - 1], d < 0 ? -d : d }' "$work/table-a.$e/curve.csv"
  done
} > "$tables/data/published_run.tsv"
# What takes longer is that of the published report, which says so.
if [ -n "$kept" ] && [ -f "$kept/data/training.tsv" ] && [ -f "$kept/runs/tasks.json" ]; then
    cp "$kept"/data/curve_*.tsv "$kept"/data/error_*.tsv "$kept"/data/distance_*.tsv "$kept"/data/training*.tsv "$tables/data/"
    { printf '# tables origin commit\n'
      printf 'learning curves, errors, distances, what each rule reached, checks while training\t%s\t%s\n' "kept with the project" "$(key "$kept/runs/tasks.json" commit)"
      printf 'published run, outputs, trials of trained networks, spectrogram, confusions\t%s\t%s\n' "trained for this report, one seed" "$(key "$work/pattern.bptt.1/manifest.json" commit)"
    } > "$tables/data/tasks_kept.tsv"
fi
cp "$(dirname "$0")"/results/*.tsv "$tables/data/" # longer runs
cp "$work/pattern.bptt.1/manifest.json" "$tables/manifest.json"
rm -rf "$out"
mv "$tables" "$out"
rm -rf "$work"
echo "$out"
