#!/bin/sh
# cross.sh user|mcu|bugs|figures DIR: the integer core and the scalar float engine on other processors by qemu, with each cross compiler that is
# installed (ci/install-deps.sh cross).
#
#   user  qemu-user: Linux on other instruction sets      mcu  bare metal by picolibc and semihosting
#         Each line: golden networks of the integer core (their digests), or of the float engine (cross_class.awk).
#         mcu also trains pattern generation on the Cortex-M4: its learning curve is the host's.
#         DIR/user.tsv, DIR/mcu.tsv; "N targets run, N matched"; exit 1 if one did not match.
#   bugs  five planted bugs on all of them: each must be caught where it matters, and only there. DIR/bugs.tsv.
#   figures  bytes, what fits, instructions a step on Cortex-M4 and RISC-V: DIR/TARGET.tsv.
# JOBS=N: targets side by side, 2 unless set. SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/../.." || exit 2
kind=${1-} dir=${2-} count=0 icount=""
[ -n "$dir" ] || { echo "usage: cross.sh user|mcu|bugs|figures DIR" >&2; exit 2; }
mkdir -p "$dir" || exit 3
core="$(echo optimized/fixed/*.c)"
spec="$(echo reference/spec/*.c)"
scalar="optimized/scalar/f32.c optimized/scalar/f64.c optimized/opt.c $spec"
# Enumerations of one byte (Arm) make checks of their range empty.
warn="-std=c11 -Wall -Wextra -Wno-type-limits -Wpedantic -Wconversion -Wshadow -Werror -Ireference -Ioptimized"
rm -f "$dir"/*.line

# ---- one target: NAME COMPILER "FLAGS" COMMAND...; $exe is the program --------------------------------------------------

build_and_run() { # "SOURCES" NAME COMPILER "FLAGS" COMMAND...
    sources=$1 exe=$dir/$2 cc=$3 flags=$4
    shift 4
    # shellcheck disable=SC2086
    "$cc" $warn $flags $sources -o "$exe" -lm 2>"$exe.err" || { echo "does not compile" >"$exe.out"; return 1; }
    timeout "${TIMEOUT:-300}" "$@" "$exe" >"$exe.out" 2>&1
}

integers() { # writes NAME.line: target, program, flags, found, expected
    name=$1
    found="differs"
    build_and_run "verify/test/fixed_device.c $core" "$@" && grep -q '^end$' "$dir/$name.out" && found="equal"
    printf '%s\tintegers\t%s\t%s\tequal\n' "$name" "$3" "$found" >"$dir/$line.line"
}

floats() {
    name=$1
    build_and_run "verify/test/float_device.c $scalar" "$@"
    found=$(awk -f verify/test/cross_class.awk "$dir/reference.out" "$dir/$name.out")
    printf '%s\tfloats\t%s\t%s\t%s\n' "$name" "$3" "$found" "$expected" >"$dir/$line.line"
}

pattern() { # the learning curve, line by line
    name=$1
    found="differs"
    build_and_run "verify/test/mcu_pattern.c $core" "$@" && grep -q '^end$' "$dir/$name.out" &&
        grep -v '^digest' "$dir/$name.out" | cmp -s - "$dir/curve.out" && found="equal"
    printf '%s\ttraining\t%s\t%s\tequal\n' "$name" "$3" "$found" >"$dir/$line.line"
}

figures() {
    name=$1
    build_and_run "verify/test/mcu_figures.c $core" "$@" && grep -q '^end$' "$dir/$name.out" || { echo "$name: no figures"; return; }
    sed '/^end$/d' "$dir/$name.out" >"$dir/$name.tsv"
    # shellcheck disable=SC2086
    for f in $core; do "$2" -std=c11 $3 -c "$f" -o "$dir/$name-$(basename "$f" .c).o" || return; done
    { printf 'core_text\tdata\tbss\n'; "${2%gcc}size" -t "$dir/$name"-*.o | awk 'END { print $1 "\t" $2 "\t" $3 }'; } >>"$dir/$name.tsv"
    echo "== $name"
    cat "$dir/$name.tsv"
}

bugs() {
    name=$1
    build_and_run "verify/test/cross_bugs.c $(echo "$dir"/planted/optimized/fixed/*.c "$dir"/planted/optimized/fixed_host/*.c) $scalar" "$@"
    class=$(awk -f verify/test/cross_class.awk "$dir/reference.out" "$dir/$name.out")
    awk -v target="$name" -v class="$class" '$1 == "bug" { print target "\t" $2 "\t" $3 "\t" $4 }
        $1 == "contraction" { print target "\tcontraction\t" $2 "\t" (class == "exact" ? 0 : class ~ /^rounding/ ? 1 : class) }
        $1 == "end" { whole = 1 } END { if (!whole) print target "\tdid not run\t1\t0" }' "$dir/$name.out" >"$dir/$line.line"
}

# $action "SUFFIX" "MORE FLAGS" and a target, if its tools are there; $jobs of them at a time.
target() {
    suffix=$1 more=$2 name=$3 cc=$4 flags=$5
    shift 5
    if ! command -v "$cc" >/dev/null 2>&1 || ! command -v "$1" >/dev/null 2>&1; then
        [ -e "$dir/absent-$name" ] || echo "$name: $cc or $1 is not installed, skipped"
        : >"$dir/absent-$name"
        return
    fi
    count=$((count + 1))
    (line=$(printf %03d $count) && "$action" "$name$suffix" "$cc" "$flags $more" "$@") &
    [ $((count % ${JOBS:-2})) -ne 0 ] || wait
}

# ---- the targets ------------------------------------------------------------------------------------------------------

user() { # "SUFFIX" "MORE FLAGS"
    target "$1" "$2" host "${CC:-cc}" "" env
    target "$1" "$2" aarch64 aarch64-linux-gnu-gcc "-static" qemu-aarch64-static
    target "$1" "$2" riscv64 riscv64-linux-gnu-gcc "-static" qemu-riscv64-static
    target "$1" "$2" armhf arm-linux-gnueabihf-gcc "-static" qemu-arm-static
    target "$1" "$2" i686 i686-linux-gnu-gcc "-static -msse2 -mfpmath=sse" qemu-i386-static
    target "$1" "$2" s390x s390x-linux-gnu-gcc "-static -fexcess-precision=fast" qemu-s390x-static
    target "$1" "$2" ppc64 powerpc64-linux-gnu-gcc "-static" qemu-ppc64-static
}

arm() { # "SUFFIX" "MORE FLAGS" NAME "CPU FLAGS" MACHINE FLASH RAM SIZE
    target "$1" "$2" "$3" arm-none-eabi-gcc "--specs=picolibc.specs --oslib=semihost --crt0=hosted -mthumb $4 -Wl,--defsym=__flash=$6,--defsym=__flash_size=$8,--defsym=__ram=$7,--defsym=__ram_size=$8" \
        qemu-system-arm -M "$5" -nographic -monitor none -serial none -semihosting-config enable=on,target=native $icount -kernel
}

riscv() { # "SUFFIX" "MORE FLAGS" NAME "CPU FLAGS" BITS
    target "$1" "$2" "$3" riscv64-unknown-elf-gcc "--specs=picolibc.specs --oslib=semihost --crt0=hosted $4 -Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=0x400000,--defsym=__ram=0x80400000,--defsym=__ram_size=0x400000" \
        "qemu-system-riscv$5" -M virt -bios none -nographic -monitor none -serial none -semihosting-config enable=on,target=native $icount -kernel
}

m4() { arm "$1" "$2" cortex-m4 "-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16" mps2-an386 0 0x20000000 0x400000; }
m55() { arm "$1" "$2" cortex-m55 "-mcpu=cortex-m55 -mfloat-abi=hard" mps3-an547 0 0x20000000 0x80000; }

mcu() {
    arm "$1" "$2" cortex-m3 "-mcpu=cortex-m3" mps2-an385 0 0x20000000 0x400000
    m4 "$1" "$2"
    arm "$1" "$2" cortex-m7 "-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16" mps2-an500 0 0x20000000 0x400000
    arm "$1" "$2" cortex-m33 "-mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16" mps2-an505 0x10000000 0x38000000 0x80000
    m55 "$1" "$2"
    riscv "$1" "$2" rv32imac "-march=rv32imac -mabi=ilp32" 32
    riscv "$1" "$2" rv32imafdc "-march=rv32imafdc -mabi=ilp32d" 32
    riscv "$1" "$2" rv64imafdc "-march=rv64imafdc -mabi=lp64d -mcmodel=medany" 64
}

reference() { # the float engine here, in the flags of the build
    # shellcheck disable=SC2086
    "${CC:-cc}" $warn -O2 -ffp-contract=off verify/test/float_device.c $scalar -o "$dir/reference" -lm && "$dir/reference" >"$dir/reference.out"
}

float_variants() { # what is known not to be exact, and how
    action=floats expected=rounding
    if [ "$kind" = user ]; then
        target -x87 "-O2 -ffp-contract=off" i686 i686-linux-gnu-gcc "-static -mfpmath=387" qemu-i386-static
        target -wide "-O2 -ffp-contract=off" s390x s390x-linux-gnu-gcc "-static -fexcess-precision=standard" qemu-s390x-static
        return
    fi
    expected=flushed
    m55 -vectorised "-O3 -ffp-contract=off"
    expected=exact
    m55 -O3-scalar "-O3 -ffp-contract=off -fno-tree-vectorize"
}

verdict() { # TSV of user or mcu
    wait
    cat "$dir"/*.line >"$dir/lines" 2>/dev/null
    { printf 'target\tprogram\tflags\tfound\texpected\n'; cat "$dir/lines"; } >"$dir/$kind.tsv"
    awk -F'\t' '{ split($4, f, " "); ok = f[1] == $5; matched += ok
        printf "%-24s %-9s %s%s\n", $1, $2, $4, ok ? "" : "  EXPECTED " $5 }
        END { printf "%d targets run, %d matched\n", NR, matched; exit matched != NR || NR == 0 }' "$dir/lines"
}

bug_table() {
    wait
    cat "$dir"/*.line >"$dir/lines" 2>/dev/null
    { printf 'target\tbug\tmatters\tcaught\n'; cat "$dir/lines"; } >"$dir/bugs.tsv"
    awk -F'\t' '
        !($1 in row) { row[$1] = ++n; name[n] = $1 }
        !($2 in column) { column[$2] = ++m; bug[m] = $2 }
        { cell[row[$1], column[$2]] = $3 != $4 ? "WRONG" : $4 ? "caught" : "."; wrong += $3 != $4; seen[column[$2]] += $3 && $4 }
        END { printf "%-14s", "target"; for (k = 1; k <= m; k++) printf " %-22s", bug[k]; printf "\n"
            for (j = 1; j <= n; j++) { printf "%-14s", name[j]; for (k = 1; k <= m; k++) printf " %-22s", cell[j, k]; printf "\n" }
            for (k = 1; k <= m; k++) if (!seen[k]) { printf "%s: no target here where it matters\n", bug[k]; blind++ }
            printf "%d bugs on %d targets: %d caught where they matter, %d cells wrong\n", m, n, m - blind, wrong
            exit wrong > 0 || blind > 0 || n == 0 }' "$dir/lines"
}

rm -f "$dir"/absent-*
case $kind in
user)
    reference || exit 3
    action=integers
    for o in -O0 -O2 -O3; do user "$o" "$o"; done
    action=floats expected=exact
    user -float "-O2 -ffp-contract=off"
    float_variants
    verdict ;;
mcu)
    reference || exit 3
    action=integers
    mcu "" "-O2"
    action=floats expected=exact
    mcu -float "-O2 -ffp-contract=off"
    float_variants
    # shellcheck disable=SC2086
    "${CC:-cc}" $warn -O2 verify/test/mcu_pattern.c $core -o "$dir/curve" && "$dir/curve" | grep -v '^digest' >"$dir/curve.out"
    action=pattern
    m4 -pattern "-O2"
    verdict ;;
figures)
    icount="-icount shift=0" action=figures
    m4 "" "-O2"
    riscv "" "-O2" rv32imac "-march=rv32imac -mabi=ilp32" 32
    wait ;;
bugs)
    reference || exit 3
    for f in optimized/fixed optimized/fixed_host; do
        mkdir -p "$dir/planted/$f" || exit 3
        cp $f/*.[ch] "$dir/planted/$f" || exit 3
    done
    cp optimized/*.h "$dir/planted/optimized" || exit 3
    awk -v dir="$dir/planted" -f verify/test/cross_bugs.awk verify/test/cross_bugs.txt || exit 2
    action=bugs
    user "" "-O2 -ffp-contract=fast -fwrapv -Wno-conversion"
    mcu "" "-O2 -ffp-contract=fast -fwrapv -Wno-conversion"
    bug_table ;;
*) echo "usage: cross.sh user|mcu|bugs|figures DIR" >&2; exit 2 ;;
esac
