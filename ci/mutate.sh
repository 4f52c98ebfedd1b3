#!/bin/sh
# mutate.sh BUILD [OUT]: do the tests notice? Exchanges one operator at a time in reference/ and optimized/, builds, and runs
# the tests of that module until one fails. MUTANTS (default 300) places are drawn by MUTANT_SEED (default 1) out of all.
# Goes on where it was stopped: OUT/data/code-mutants.tsv holds what is known. What survives is listed; a mutant that computes the
# same (an equivalent one) stands in ci/equivalent.txt (file, line, from, to, reason; tabs between) and is not counted.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1 out=${2:-$1/runs/code-mutants} want=${MUTANTS:-300} seed=${MUTANT_SEED:-1}
case $out in /*) ;; *) out=$PWD/$out ;; esac
tree=$build-mutate
mkdir -p "$tree" "$out/data" || exit 3
table=$out/data/code-mutants.tsv
[ -s "$table" ] || printf '# file\tline\tcolumn\tfrom\tto\tverdict\tby\n' > "$table"

# A copy of the sources, in which to break things.
git ls-files -z | xargs -0 tar cf - | tar xf - -C "$tree"
files=$(cd "$tree" && ls reference/algo/*.c reference/cell/*.c reference/arith/*.c reference/spec/*.c reference/tape/*.c reference/fixed/*.c \
    optimized/*.c optimized/scalar/*.[ch] optimized/fixed/*.c optimized/fixed_host/*.c optimized/fast/lsnn_*.h optimized/fast/lstm_*.h 2>/dev/null)
# shellcheck disable=SC2086
(cd "$tree" && awk -f "$PWD/ci/mutate.awk" $files) > "$out/places"
# A place's number in the draw is a hash of its text, so that it does not move when other files change.
LC_ALL=C awk -v seed="$seed" 'BEGIN { for (k = 1; k < 128; k++) code[sprintf("%c", k)] = k }
    { h = seed + 7; for (k = 1; k <= length($0); k++) h = (h * 31 + code[substr($0, k, 1)]) % 1000003; print h "\t" $0 }' "$out/places" |
    sort -n | cut -f2- | head -n "$want" > "$out/drawn"
echo "mutate: $(wc -l < "$out/places") places, $(wc -l < "$out/drawn") drawn"

tests_of() { # FILE -> its module's test programs, the quickest first
    case $1 in
    reference/fixed/*) echo verify/test/test_fixed_golden verify/test/test_fixed_core ;;
    reference/spec/fixed*) echo reference/test/test_fixed_profile verify/test/test_fixed_golden ;;
    reference/spec/*) echo reference/test/test_spec reference/test/test_spec_check verify/test/test_epv ;;
    reference/arith/*) echo reference/test/test_arith reference/test/test_arith_real reference/test/test_arith_running reference/test/test_arith_symbolic ;;
    reference/tape/*) echo reference/test/test_tape_ops reference/test/test_tape_hand reference/test/test_tape_cells reference/test/test_tape_net ;;
    reference/cell/*) echo reference/test/test_tape_cells reference/test/test_algo reference/test/test_tape_net verify/test/test_scalar_vs_reference verify/test/test_prove ;;
    reference/algo/synth*) echo reference/test/test_synth verify/test/test_seeds reference/test/test_algo ;;
    reference/*) echo reference/test/test_algo reference/test/test_tape_net verify/test/test_seeds verify/test/test_prove ;;
    optimized/fixed/* | optimized/fixed_host/*) echo verify/test/test_fixed_golden optimized/test/test_fixed_function optimized/test/test_fixed_numbers optimized/test/test_fixed_engine verify/test/test_fixed_core ;;
    optimized/fast/lsnn_memory*) echo optimized/test/test_memory optimized/test/test_fast_lsnn optimized/test/test_fast_general ;;
    optimized/fast/lstm*) echo optimized/test/test_fast_lstm optimized/test/test_set verify/test/test_fast_lstm_vs_reference ;;
    optimized/fast/*) echo optimized/test/test_fast_lsnn optimized/test/test_fast_general optimized/test/test_fast_edges optimized/test/test_windows ;;
    *) echo optimized/test/test_scalar optimized/test/test_scalar_edges optimized/test/test_set optimized/test/test_windows verify/test/test_scalar_vs_reference ;;
    esac
}
run_test() { (cd "$tree" && CK_FORK=no EPROP_TEST_MULTIPLIER=0.2 timeout 300 "$1/$2" </dev/null >/dev/null 2>&1); } # BUILD TEST
compile() { make -C "$tree" -s BUILD="$1" OPT=-O1 SAN="$2" WERROR= "$1/$3" >/dev/null 2>&1; } # BUILD SANITIZERS TEST
# The first test that fails in FILE's module. Who did not end, or failed under a sanitizer, must pass where nothing is broken.
killer() { # BUILD SANITIZERS FILE
    for t in $(tests_of "$3"); do
        if ! compile "$1" "$2" "$t"; then
            echo compiler
            return
        fi
        rc=0
        run_test "$1" "$t" || rc=$?
        [ $rc -ne 0 ] || continue
        if [ $rc -eq 124 ] || [ -n "$2" ]; then
            cp "$3" "$tree/$3"
            compile "$1" "$2" "$t" && run_test "$1" "$t" || return
        fi
        echo "${t##*/}"
        return
    done
}
# What no test sees may still read or write where it must not: then the same tests see it under AddressSanitizer, as `make sanitize` runs them.
judge() { # FILE -> "killed<TAB>by" or "survived<TAB>-"
    by=$(killer build '' "$1")
    [ -n "$by" ] || { by=$(killer build-asan '-fsanitize=address,undefined -fno-sanitize-recover=all' "$1"); by=${by:+$by, sanitized}; }
    if [ -n "$by" ]; then printf 'killed\t%s\n' "$by"; else printf 'survived\t-\n'; fi
}
while IFS="$(printf '\t')" read -r file line column from to; do
    key=$(printf '%s\t%s\t%s\t%s\t%s' "$file" "$line" "$column" "$from" "$to")
    grep -qF "$key" "$table" && continue
    awk -v l="$line" -v c="$column" -v a="$from" -v b="$to" 'NR == l { $0 = substr($0, 1, c - 1) b substr($0, c + length(a)) } { print }' "$file" > "$tree/$file"
    printf '%s\t%s\n' "$key" "$(judge "$file")" | tee -a "$table" | sed 's/^/mutate: /'
    cp "$file" "$tree/$file"
done < "$out/drawn"

awk -F'\t' '/^#/ { next } FNR == NR { same[$1 FS $2 FS $3 FS $4] = 1; next }
    { if ($7 == "compiler") refused++; else if ($6 == "killed") killed++; else if (($1 FS $2 FS $4 FS $5) in same) same_n++; else survived++ }
    END { n = killed + survived; if (n) printf "mutate: %d killed (%.1f %%), %d survived, %d compute the same, %d did not compile\n", killed, 100 * killed / n, survived, same_n, refused }' \
    ci/equivalent.txt "$table"
