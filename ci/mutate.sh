#!/bin/sh
# mutate.sh BUILD [OUT]: do the tests notice? Exchanges one operator at a time in reference/ and optimized/, builds, and runs the tests of
# that module until one fails (10 s of processor time each, of which they need less than half). When all were looked at, those that survived
# are again: under AddressSanitizer, as `make sanitize` runs them, then in full, for fast kernels on the narrowest vectors too.
#
#   MUTANT_PLACES (300) places, drawn by MUTANT_SEED (1) out of all
#   MUTANT_RATE (95)   the least share killed, in per cent, of those that do not compute the same
#   MUTANT_SHARE k/n   judge the k-th of n parts only (several at once may share OUT); none: only count what is known
#
# Goes on where it was stopped: OUT/data/code_mutants.tsv holds what is known (take a place's lines away, and it is judged again). A mutant that computes
# the same (an equivalent one) stands in ci/equivalent.txt: file, function, how the line reads, reason; tabs between. It is not counted; if a
# test kills it, the list is wrong. Exit code 1: the share is below the least, or the list is wrong; 3: a test fails where nothing is broken.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1 out=${2:-$1/runs/code-mutants} want=${MUTANT_PLACES:-300} seed=${MUTANT_SEED:-1} share=${MUTANT_SHARE:-1/1}
case $out in /*) ;; *) out=$PWD/$out ;; esac
tree=$build-mutate
case $share in none | */1) ;; *) tree=$tree-${share%/*} ;; esac
mkdir -p "$tree" "$out/data" || exit 3
tree=$(cd "$tree" && pwd) table=$out/data/code_mutants.tsv tab=$(printf '\t')
[ -s "$table" ] || printf '# file\tfunction\tline\tfrom\tto\treads\tverdict\tby\n' > "$table"

# A copy of the sources, in which to break things, and of what is built already; what an interrupted run left broken is put right first.
find "$tree" -name '*.kept' -exec sh -c 'for f; do mv "$f" "${f%.kept}" && touch "${f%.kept}"; done' sh {} +
git ls-files -z | xargs -0 tar cf - | tar xf - -C "$tree"
if [ ! -d "$tree/build" ] && [ -d "$build" ]; then
    mkdir "$tree/build"
    (cd "$build" && for d in reference optimized tasks verify *.a; do [ ! -e "$d" ] || cp -Rp "$d" "$tree/build/"; done)
fi
files=$(cd "$tree" && find reference optimized -name '*.[ch]' ! -path '*/test/*' ! -path '*/example/*' | sort)
# shellcheck disable=SC2086
(cd "$tree" && awk -f ci/mutate.awk $files) > "$tree/places"
# A place's number in the draw is a hash of its text, so that it does not move when other lines change.
LC_ALL=C awk -F'\t' -v seed="$seed" 'BEGIN { for (k = 1; k < 128; k++) code[sprintf("%c", k)] = k }
    { s = $1 $2 $7; h = seed + 7; for (k = 1; k <= length(s); k++) h = (h * 31 + code[substr(s, k, 1)]) % 1000003; print h "\t" $0 }' "$tree/places" |
    sort -n | cut -f2- | head -n "$want" > "$tree/drawn"
echo "mutate: $(wc -l < "$tree/places") places, $(wc -l < "$tree/drawn") drawn"
[ -s "$tree/drawn" ] || { echo "mutate: nothing to judge" >&2; exit 2; }

tests_of() { # FILE -> its module's test programs, the quickest first
    case $1 in
    reference/fixed/*) echo verify/test/test_fixed_core verify/test/test_fixed_golden ;;
    reference/spec/fixed*) echo reference/test/test_fixed_profile verify/test/test_fixed_golden ;;
    reference/spec/*) echo reference/test/test_spec reference/test/test_spec_check verify/test/test_epv ;;
    reference/arith/*) echo reference/test/test_arith_symbolic reference/test/test_arith_running reference/test/test_arith_real reference/test/test_arith ;;
    reference/tape/*) echo reference/test/test_tape_ops reference/test/test_tape_hand reference/test/test_tape_cells reference/test/test_tape_net verify/test/test_eprop2 verify/test/test_seeds ;;
    reference/cell/*) echo reference/test/test_tape_cells reference/test/test_algo reference/test/test_tape_net verify/test/test_scalar_vs_reference verify/test/test_prove ;;
    reference/eprop2/*) echo verify/test/test_eprop2 verify/test/test_fast_eprop2 ;;
    reference/algo/online*) echo verify/test/test_chain ;;
    reference/algo/synth*) echo reference/test/test_synth verify/test/test_seeds reference/test/test_algo ;;
    reference/*) echo reference/test/test_algo reference/test/test_tape_net verify/test/test_seeds verify/test/test_prove ;;
    optimized/eprop2/*) echo verify/test/test_fast_eprop2 ;;
    optimized/fixed/* | optimized/fixed_host/*) echo optimized/test/test_fixed_numbers optimized/test/test_fixed_engine optimized/test/test_fixed_function verify/test/test_fixed_core verify/test/test_fixed_golden ;;
    optimized/fast/lsnn_memory*) echo optimized/test/test_memory optimized/test/test_fast_lsnn optimized/test/test_fast_general ;;
    optimized/fast/lstm* | optimized/fast/rate_cell.h) echo verify/test/test_fast_lstm_vs_reference optimized/test/test_fast_lstm optimized/test/test_set optimized/test/test_parts optimized/test/test_fast_edges optimized/test/test_windows ;;
    optimized/fast/vmath.h) echo verify/test/test_fast_lstm_math optimized/test/test_fast_lstm ;;
    optimized/fast/k_general*) echo optimized/test/test_fast_general optimized/test/test_fast_edges optimized/test/test_windows verify/test/test_fast_vs_reference ;;
    optimized/fast/*) echo optimized/test/test_memory optimized/test/test_fast_general optimized/test/test_fast_lsnn optimized/test/test_set optimized/test/test_fast_edges optimized/test/test_windows optimized/test/test_parts ;;
    *) echo optimized/test/test_scalar optimized/test/test_scalar_edges optimized/test/test_set optimized/test/test_windows optimized/test/test_fast_edges verify/test/test_fast_limits verify/test/test_scalar_vs_reference ;;
    esac
    case $1 in reference/spec/* | reference/arith/*) ;; reference/*) echo verify/test/test_starve_reference ;; esac
}
# Kernels for vectors that this processor does not have are built once and left as they are. The first look is the cheaper: a tenth of the
# draws, engines broken in binary64 and on the widest vectors alone.
cannot=none skipped='' draws=0.1 seconds=10
if [ -r /proc/cpuinfo ] && ! grep -q -m1 avx512dq /proc/cpuinfo; then cannot='*_avx512_*'; fi
objects() { # BUILD: the objects that stay as they are
    find "$1" -name "$cannot" -name '*.o'
    [ -z "$skipped" ] || find "$1/optimized/scalar" "$1/optimized/fast" -name '*f32.o' -o -name '*_base_f64.o'
}
broken_objects() { # BUILD FILE: the objects to build anew
    # shellcheck disable=SC2046
    (cd "$tree" && objects "$1" > stay && grep -lF "$2" $(find "$1" -name '*.d') 2>/dev/null | sed 's/d$/o/' | grep -vxFf stay)
}
asan='-fsanitize=address,undefined -fno-sanitize-recover=all'
compile() { # BUILD TEST LEVEL
    san=''
    [ "$1" = build ] || san=$asan
    # shellcheck disable=SC2046
    make -C "$tree" -s $(cd "$tree" && objects "$1" 2>/dev/null | sed 's/^/-o /') BUILD="$1" CFLAGS="$3" SAN="$san" WERROR= "$1/$2" >"$tree/log" 2>&1
}
# Runs BUILD/TEST up to its first failure, on VECTORS ("": the widest) if these matter. Beyond its share of processor time it has failed.
run_test() { # BUILD TEST VECTORS
    rm -f "$tree/said"
    mkfifo "$tree/said" || exit 3
    (
        cd "$tree" || exit 3
        # shellcheck disable=SC3045 # dash and bash have it
        ulimit -S -t "$seconds" # the soft limit: SIGXCPU, which is told from a kill
        [ -z "$3" ] || export EPROP_FAST_ISA="$3"
        CK_FORK=no CK_TAP_LOG_FILE_NAME=- OPENBLAS_NUM_THREADS=1 EPROP_TEST_MULTIPLIER=$draws exec timeout 3600 "$1/$2"
    ) </dev/null >"$tree/said" 2>/dev/null &
    if grep -q '^not ok' < "$tree/said"; then kill $! 2>/dev/null; fi
    wait $!
}
# Slow (a broken line is compiled without optimization) is not endless: who ran out of time (SIGXCPU) gets six times as much.
patient_test() {
    run_test "$@" && return 0
    [ $? -eq 152 ] || return 1
    long=$((6 * seconds))
    (seconds=$long; run_test "$@")
}
# The test is built and passes where nothing is broken; looked at once, until a source changes.
newest=$(find reference optimized tasks verify -name '*.[ch]' ! -path '*/test/*' -exec ls -t {} + | sed -n 1p)
ready() { # BUILD TEST VECTORS
    mark=$tree/$1/$2.passes$3$draws
    [ -z "$(find "$mark" -newer "$newest" -newer "$2.c" 2>/dev/null)" ] || return 0
    skipped=''
    if ! compile "$1" "$2" -O1; then echo "mutate: $1/$2 does not compile where nothing is broken:"; tail -n 3 "$tree/log"; exit 3; fi
    if ! patient_test "$1" "$2" "$3"; then echo "mutate: $1/$2 fails where nothing is broken"; exit 3; fi
    : > "$mark"
}
# The first test of FILE's module that fails with the line broken.
killer() { # BUILD VECTORS SKIPPED FILE LINE COLUMN FROM TO
    for t in $(tests_of "$4"); do ready "$1" "$t" "$2"; done >&2
    skipped=$3
    kept=$(broken_objects "$1" "$4")
    for o in $kept; do mv "$tree/$o" "$tree/$o.kept"; done
    awk -v l="$5" -v c="$6" -v a="$7" -v b="$8" 'NR == l { $0 = substr($0, 1, c - 1) b substr($0, c + length(a)) } { print }' "$4" > "$tree/$4"
    for t in $(tests_of "$4"); do
        if ! compile "$1" "$t" -O0; then echo compiler; break; fi
        if ! patient_test "$1" "$t" "$2" 2>/dev/null; then echo "${t##*/}"; break; fi
    done
    cp -p "$4" "$tree/$4"
    for o in $kept; do mv "$tree/$o.kept" "$tree/$o"; touch "$tree/$o"; done
}
verdict() { if [ -n "$1" ]; then printf 'killed\t%s\n' "$1"; else printf 'survived\t%s\n' "$2"; fi; }
first_look() {
    by=$(killer build '' yes "$@") || exit 3
    verdict "$by" -
}
# What no test sees may still read or write where it must not; as `make check` runs them, broken everywhere; on the narrowest vectors.
second_look() {
    draws=0.2 seconds=200
    by=$(killer build-asan '' '' "$@") || exit 3
    if [ -n "$by" ]; then verdict "$by, sanitized"; return; fi
    draws=1 seconds=100
    by=$(killer build '' '' "$@") || exit 3
    case $by,$1 in ,optimized/fast/*) by=$(killer build base '' "$@") || exit 3; by=${by:+$by on base} ;; esac
    verdict "$by" 'looked at twice'
}
known() { PLACE=$file$tab$function$tab$reads awk -F'\t' '$1 FS $2 FS $6 == ENVIRON["PLACE"] { v = $7 " " $8 } END { print v }' "$table"; }
if [ "$share" = none ]; then : > "$tree/share"; else awk -v k="${share%/*}" -v n="${share#*/}" 'NR % n == k % n' "$tree/drawn" > "$tree/share"; fi
for look in first second; do
    while IFS=$tab read -r file function line column from to reads; do
        case $look,$(known) in
        first,) ;;
        second,'survived -') ! cut -f1-3 ci/equivalent.txt | grep -qxF "$file$tab$function$tab$reads" || continue ;;
        *) continue ;;
        esac
        verdict=$(${look}_look "$file" "$line" "$column" "$from" "$to") || exit 3
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$file" "$function" "$line" "$from" "$to" "$reads" "$verdict" | tee -a "$table" | sed 's/^/mutate: /'
    done < "$tree/share"
done

# What is known of the drawn places, in two tables for the report.
awk -F'\t' -v OFS='\t' -v least="${MUTANT_RATE:-95}" -v rates="$out/data/code_mutants_rate.tsv" -v left="$out/data/code_mutants_left.tsv" -f ci/mutate_sum.awk \
    ci/equivalent.txt "$tree/places" "$tree/drawn" "$table"
