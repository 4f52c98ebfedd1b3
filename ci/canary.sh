#!/bin/sh
# canary.sh BUILD [OUT]: one planted mistake for each tool of continuous integration: the tool must see it. A stage that
# cannot fail proves nothing. A tool that is not installed is named and left out. Exit code 1: a mistake went unseen.
# Writes OUT/data/canaries.tsv, for the report.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 2
build=$1 out=${2:-$1/runs/canaries} unseen=0
tmp=$(mktemp -d) || exit 3
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out/data" || exit 3
printf '# mistake\ttool\tseen\n' > "$out/data/canaries.tsv"

# expect MISTAKE TOOL PATTERN COMMAND...: must fail, and say PATTERN
expect() {
    mistake=$1 tool=$2 pattern=$3
    shift 3
    if "$@" >"$tmp/log" 2>&1; then seen=no; elif grep -qE "$pattern" "$tmp/log"; then seen=yes; else seen=no; fi
    if [ $seen = no ]; then
        unseen=$((unseen + 1))
        sed 's/^/    /' "$tmp/log" | tail -n 5
    fi
    echo "canary: $mistake, $tool: seen: $seen"
    printf '%s\t%s\t%s\n' "$mistake" "$tool" "$seen" >> "$out/data/canaries.tsv"
}
without() {
    echo "canary: $1, $2: not installed, left out"
    printf '%s\t%s\tnot installed\n' "$1" "$2" >> "$out/data/canaries.tsv"
}
compiles() { # NAME FLAGS...
    name=$1
    shift
    ${CC:-cc} -std=c11 -g -pthread "$@" -o "$tmp/$name" "ci/canary/$name.c" 2>"$tmp/compile"
}
san() { # NAME FLAG PATTERN MISTAKE TOOL
    if compiles "$1" "$2" -fno-sanitize-recover=all; then expect "$4" "$5" "$3" "$tmp/$1"; else without "$4" "$5"; fi
}

san leak -fsanitize=address 'LeakSanitizer' 'memory lost' AddressSanitizer
san overflow -fsanitize=address 'heap-buffer-overflow' 'a write behind an array' AddressSanitizer
san shift -fsanitize=undefined 'shift exponent' 'an undefined shift' UBSan
san race -fsanitize=thread 'data race' 'two threads on one number' ThreadSanitizer
if command -v valgrind >/dev/null 2>&1; then
    for name in leak uninitialised; do compiles $name || exit 3; done
    expect 'memory lost' valgrind 'definitely lost' valgrind --error-exitcode=9 --leak-check=full "$tmp/leak"
    expect 'a branch on what was never written' valgrind 'uninitialised value' valgrind --error-exitcode=9 "$tmp/uninitialised"
else
    without 'memory lost' valgrind
fi
if command -v clang >/dev/null 2>&1 && clang -fsanitize=fuzzer -o "$tmp/found" ci/canary/found.c 2>/dev/null; then
    expect 'an input that breaks a parser' libFuzzer 'deadly signal' "$tmp/found" -runs=20000000 -seed=1 -artifact_prefix="$tmp/"
else
    without 'an input that breaks a parser' libFuzzer
fi

${CC:-cc} -std=c11 -o "$tmp/failing" ci/canary/failing.c -lcheck -lsubunit -lrt -lm -pthread || exit 3
expect 'a test that fails' ci/run-tests.sh '1 != 2|1 == 2' sh ci/run-tests.sh "$build" "$tmp/failing" ""

for list in CI_FIRST CI_ROW CI_OTHER_ROW; do
    expect "a stage that fails ($list)" 'ci/run.sh all' 'failed: no-such-stage' env CI_FIRST= CI_ROW= CI_OTHER_ROW= $list=no-such-stage sh ci/run.sh all
done

mkdir -p "$tmp/house/ci" "$tmp/house/reference"
cp ci/*.sh "$tmp/house/ci"
printf '#include <curl.h>\n\tint x;\n' > "$tmp/house/reference/bad.c"
expect 'a tab, a missing licence line' ci/lint.sh 'reference/bad.c' sh "$tmp/house/ci/lint.sh" "$tmp/none"

expect 'a signed number that becomes unsigned' 'the build' 'Werror' make -s BUILD="$tmp/build" "$tmp/build/ci/canary/warns.o"

mkdir "$tmp/house/half"
cp ci/canary/half.c "$tmp/house/reference"
if (cd "$tmp/house" && ${CC:-cc} --coverage -O0 -o half/half reference/half.c && half/half) 2>"$tmp/compile" && command -v gcov >/dev/null; then
    # shellcheck disable=SC2016 # the inner shell's own word
    expect 'lines that no test reaches' 'ci/coverage.sh' 'half.c:.* has no reason' sh -c 'cd "$1" && sh ci/coverage.sh half' sh "$tmp/house"
else
    without 'lines that no test reaches' gcov
fi

# A program that writes its result line by line under its final name.
mkdir "$tmp/fake"
# shellcheck disable=SC2016 # the fake's own words
printf '%s\n' '#!/bin/sh' 'for last; do :; done' 'echo "{" > "$last"; sleep 0.2; echo "\"name\": 1" >> "$last"; sleep 0.2; echo "}" >> "$last"' > "$tmp/fake/eprop-verify"
chmod +x "$tmp/fake/eprop-verify"
expect 'a result written in place' 'ci/faults.sh' 'something did not hold' env FAULT_ONLY=prove FAULT_KILLS=6 sh ci/faults.sh "$tmp/fake" "$tmp/fake/out"

expect 'a port without the reset' 'eprop-verify port' 'reset|first divergence' \
    "$build/eprop-verify" port --plugin "$build/verify/ports/c/no_reset/plugin.so"
expect 'one weight of an engine wrong by 2^-14' 'random networks' 'the reference has' "$build/verify/test/differ/differ" --plant 4 --cases 8
mkdir "$tmp/vectors"
sed '0,/ 3f400000/s// 3f400001/' ci/fuzz/seeds/fuzz_epv/edge > "$tmp/vectors/edited.epv"
expect 'a vector file edited by one digit' 'eprop-verify gradient' 'edited.epv' "$build/eprop-verify" gradient "$tmp/vectors/edited.epv"

cp -R reports/published "$tmp/report"
table=$(find "$tmp/report/data" "$tmp/report/runs" -name '*.tsv' 2>/dev/null | sort | head -n 1)
awk 'NR == 2 && !done { for (k = length($0); k > 0 && !done; k--) { c = substr($0, k, 1)
    if (c ~ /[0-8]/) { $0 = substr($0, 1, k - 1) (c + 1) substr($0, k + 1); done = 1 } } } { print }' "$table" > "$tmp/table" && cp "$tmp/table" "$table"
expect 'a digit edited in published data' 'eprop-report check' 'differ|SHA256SUMS|sum' "$build/eprop-report" check "$tmp/report"

if [ $unseen -ne 0 ]; then echo "canary: $unseen mistakes were not seen"; exit 1; fi
echo "canary: $(($(wc -l < "$out/data/canaries.tsv") - 1)) mistakes, each seen where its tool is installed"
