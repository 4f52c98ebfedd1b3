#!/bin/sh
# lint.sh [BUILD]: the rules of the house. Prints every breach, exits 1 if there is one.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:-build}
tmp=$(mktemp -d) || exit 3
trap 'rm -rf "$tmp"' EXIT
: > "$tmp/bad"
bad() { printf 'lint: %s\n' "$1" >> "$tmp/bad"; }

# Tracked files and new ones that are not ignored; in an unpacked archive, all.
if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -co --exclude-standard
else
    find . -type f -not -path './build*' | sed 's|^\./||'
fi | while read -r f; do [ -f "$f" ] && printf '%s\n' "$f"; done | sort -u > "$tmp/all"
grep -E '\.[ch]$' "$tmp/all" > "$tmp/c"

# (a) dependencies point one way, on #include lines. FROM's own headers are always allowed.
includes() { # FILE -> quoted and angled names
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^>"]*\)[>"].*/\1/p' "$1"
}
owner() { # HEADER as written in FILE -> the path it means, or nothing for a system header
    for d in "$(dirname "$2")" "${2%%/*}" reference verify tasks optimized bench reports .; do
        if [ -f "$d/$1" ]; then realpath --relative-to=. "$d/$1"; return; fi
    done
}
STD='assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|threads|time|uchar|wchar|wctype'
allowed() { # FOLDER -> what its files may include of others (an extended regular expression)
    case $1 in
    reference) echo '^$' ;;
    optimized) echo '^(reference/eprop\.h|verify/eprop_port\.h)$' ;;
    tasks) echo '^(reference|optimized)/' ;;
    verify) echo '^(reference|tasks)/' ;;
    bench) echo '^(reference|tasks|optimized)/|^verify/eprop_port\.h$' ;;
    reports) echo '^reference/eprop\.h$' ;;
    ci) echo '.' ;; # fuzz targets reach into every parser
    *) echo '^$' ;;
    esac
}
while read -r f; do
    dir=${f%%/*}
    for h in $(includes "$f"); do
        case $f in
        reference/eprop.h | verify/eprop_port.h)
            printf '%s\n' "$h" | grep -qE "^($STD)\.h$" || bad "$f: includes <$h>; found a header that is not of standard C" ;;
        esac
        case "$dir $h" in "optimized mpf"* | "optimized gmp.h" | "reports mpf"* | "reports gmp.h")
            bad "$f: includes <$h>; $dir/ does not use MPFR, MPFI or GMP" ;;
        esac
        path=$(owner "$h" "$f")
        if [ -n "$path" ] && [ "${path%%/*}" != "$dir" ]; then
            # The judge's tests of an engine run it beside the reference; the judge itself does not know it.
            case "$f $path" in "verify/test/"*" optimized/opt.h" | "verify/test/"*" optimized/opt_e2.h" | "verify/test/"*" optimized/fixed/fix.h" | "verify/test/engines/"*" optimized/opt_fixed.h" | "verify/test/differ/"*" optimized/opt_fixed.h" | "verify/test/test_fast_limits.c optimized/opt_fixed.h") continue ;; esac
            # Every room's tests are run alike.
            case "$f $path" in */test/*" reference/test/run.h") continue ;; esac
            printf '%s\n' "$path" | grep -qE "$(allowed "$dir")" ||
                bad "$f: includes $path; $dir/ may include only its own headers and $(allowed "$dir")"
        fi
    done
done < "$tmp/c"

# (a) the same rule on the symbols of the archives that are built.
undefined() { nm -u "$1" 2>/dev/null | awk '$1=="U"{print $2}' | sort -u; }
forbid() { # ARCHIVE PATTERN REASON
    [ -f "$build/$1" ] || return 0
    undefined "$build/$1" | grep -E "$2" | while read -r s; do bad "$1: uses $s; $3"; done
}
forbid libeprop-spec.a '^(mpfr|mpfi|__gmp|ref_|vfy_|opt_|task_|bench_|rep_|malloc$|calloc$|realloc$)' 'the specification is plain C without allocation'
forbid libeprop-ref.a '^(vfy_|opt_|task_|bench_|rep_|json_)' 'the reference stands on nothing of the others'
forbid libeprop-verify.a '^(opt_|bench_|rep_)' 'the judge reaches engines only through eprop_port.h'
forbid libeprop-judge.a '^(mpfr|mpfi|__gmp|ref_|opt_|task_|bench_|rep_)' 'the judge alone stands on libeprop-spec'
forbid libeprop-optimized.a '^(mpfr|mpfi|__gmp|ref_|vfy_|task_|bench_|rep_)' 'the kernels use neither MPFR nor the judge'
forbid libeprop-tasks.a '^(vfy_|bench_|rep_)' 'tasks make problems: they know neither the judge nor the report'
forbid libeprop-report.a '^(mpfr|mpfi|__gmp|ep_|ref_|vfy_|opt_|task_|bench_)' 'reports reads files and links nothing of the others'
# What the judge alone uses of verify/ is its own: nothing of the evidence, which needs the reference.
if [ -f "$build/libeprop-judge.a" ]; then
    nm "$build/libeprop-judge.a" 2>/dev/null | awk '$1 == "U" { used[$2] = 1 } NF == 3 && $2 ~ /[TDBR]/ { own[$3] = 1 }
        END { for (s in used) if (s ~ /^vfy_/ && !(s in own)) print s }' | while read -r s; do bad "libeprop-judge.a: uses $s, which is not the judge's own"; done
fi
if [ -f "$build/eprop-judge" ] && command -v readelf >/dev/null 2>&1; then
    readelf -d "$build/eprop-judge" | grep -oE 'NEEDED.*lib(mpfr|mpfi|gmp)[^]]*' | while read -r s; do bad "eprop-judge: $s; it must run without MPFR, MPFI and GMP"; done
fi
# Libraries never print to the standard streams and never exit.
for lib in spec ref judge verify optimized tasks bench report; do
    forbid libeprop-$lib.a '^(printf|puts|putchar|exit|abort|system|__printf_chk)$' 'a library never prints, exits or runs a shell'
done

# (b) sizes. A function body starts at a line "{" in column 1, or ends the line of a definition in column 1.
while read -r f; do
    awk -v f="$f" '
        /^[A-Za-z_].*\)[^;]*$/ || /^[A-Za-z_][^;=]*\([^;]*$/ { head = $0; start = FNR }
        /^\{/ || (/^[A-Za-z_].*\).*\{[[:space:]]*$/) { inside = 1; if (/^[A-Za-z_]/) { head = $0; start = FNR } }
        /^\}/ && inside { inside = 0; n = FNR - start + 1
            if (n > 70) { sub(/\(.*/, "", head); sub(/.*[ *]/, "", head); printf "lint: %s:%d: function %s has %d lines, at most 70\n", f, start, head, n } }
        END { if (FNR > 500) printf "lint: %s: %d lines, at most 500\n", f, FNR }' "$f" >> "$tmp/bad"
done < "$tmp/c"

# (c) nothing left undone, (g) whitespace, (h) licence line.
# shellcheck disable=SC2046
grep -nE '\b(TODO|FIXME)\b|(^|[^.[:alnum:]_])XXX\b' $(grep -vE '^(ci/lint\.sh|LICENSE)$|\.(svg|pdf|png|epv)$' "$tmp/all") /dev/null | sed 's/^/lint: left undone: /' >> "$tmp/bad"
while read -r f; do
    grep -nE '[[:blank:]]+$' "$f" /dev/null | sed 's/:[^:]*$//; s/^/lint: trailing blank: /' >> "$tmp/bad"
    grep -nF "$(printf '\t')" "$f" /dev/null | cut -d: -f1,2 | sed 's/^/lint: tab: /' >> "$tmp/bad"
    head -n 60 "$f" | grep -q 'SPDX-License-Identifier: MIT' || bad "$f: no line SPDX-License-Identifier: MIT in its first 60 lines"
done < "$tmp/c"

# (d) every function, test and file named in EQUATIONS.md exists.
if [ -f reference/EQUATIONS.md ]; then
    # shellcheck disable=SC2046
    cat $(cat "$tmp/c") > "$tmp/source"
    # shellcheck disable=SC2016
    grep -oE '`[^`]+`' reference/EQUATIONS.md | tr -d '`' | sed 's/()$//' | sort -u | while read -r name; do
        case $name in
        *[!A-Za-z0-9_./-]*) ;;
        */*) [ -e "$name" ] || grep -qxF "$name" "$tmp/all" || bad "reference/EQUATIONS.md: no file $name" ;;
        *.c | *.h | *.md) grep -qE "(^|/)$name\$" "$tmp/all" || bad "reference/EQUATIONS.md: no file $name" ;;
        *_*) grep -qwF "$name" "$tmp/source" || grep -qE "(^|/)$name\.c\$" "$tmp/all" || bad "reference/EQUATIONS.md: no name $name in the C files" ;;
        esac
    done
fi

# (i) the README shows the program that is built.
# shellcheck disable=SC2016
sed -n '/^```c$/,/^```$/p' README.md | sed '/^```/d' | cmp -s - optimized/example/example.c ||
    bad "README.md: its program differs from optimized/example/example.c"

# (e) the shell scripts are plain sh, (f) cppcheck; both where installed.
scripts=$(grep -E '^ci/.*\.sh$|^\.ci/run$' "$tmp/all")
for s in $scripts; do sh -n "$s" 2>>"$tmp/bad" || bad "$s: not plain sh"; done
# shellcheck disable=SC2086
if command -v shellcheck >/dev/null 2>&1; then shellcheck -s sh $scripts >> "$tmp/bad" || bad "shellcheck found the above"; else echo "lint: shellcheck is not installed, skipped"; fi
# Uninitialised variables are left to the compilers and valgrind: numbers placed on the stack by macros confuse cppcheck.
if command -v cppcheck >/dev/null 2>&1; then
    grep -E '\.c$' "$tmp/c" > "$tmp/sources"
    mkdir -p "$build/cppcheck" # what was found in a file that has not changed since is found again without looking
    cppcheck -q --cppcheck-build-dir="$build/cppcheck" --std=c11 --enable=warning,portability --inline-suppr --suppress=missingInclude --suppress=missingIncludeSystem \
        --suppress=unknownMacro --suppress=uninitvar --suppress=ctuuninitvar --suppress=uninitStructMember -j 2 -D_POSIX_C_SOURCE=200809L -Ireference -Iverify --error-exitcode=1 --file-list="$tmp/sources" 2>"$tmp/cppcheck" ||
        sed 's/^/lint: cppcheck: /' "$tmp/cppcheck" >> "$tmp/bad"
else
    echo "lint: cppcheck is not installed, skipped"
fi

if [ -s "$tmp/bad" ]; then cat "$tmp/bad"; echo "lint: $(grep -c '^lint: ' "$tmp/bad") breaches"; exit 1; fi
echo "lint: $(wc -l < "$tmp/c") C files, no breach"
