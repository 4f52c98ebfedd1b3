#!/bin/sh
# fixed_cross.sh user|mcu DIR: the golden networks on other processors by qemu, with each cross compiler that is installed.
# Prints a line for each target and "N targets run, N matched"; exits 1 if one did not match.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/../.." || exit 2
kind=$1 dir=$2 run=0 matched=0
mkdir -p "$dir" || exit 3
sources="verify/test/fixed_device.c $(echo optimized/fixed/*.c)"
flags="-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"

target() { # NAME COMPILER "FLAGS" "COMMAND THAT RUNS $exe"
    name=$1 cc=$2 opt=$3 exe=$dir/$1
    shift 3
    if ! command -v "$cc" >/dev/null 2>&1 || ! command -v "$1" >/dev/null 2>&1; then
        echo "$name: $cc or $1 is not installed, skipped"
        return
    fi
    run=$((run + 1))
    # shellcheck disable=SC2086
    "$cc" $flags $opt $sources -o "$exe" || { echo "$name: does not compile"; return; }
    if timeout 100 "$@" "$exe" >"$exe.out" 2>&1 && [ "$(wc -l <"$exe.out")" -eq 14 ]; then
        matched=$((matched + 1))
        echo "$name: matched"
    else
        echo "$name: DIFFERS"
        cat "$exe.out"
    fi
}

arm() { # NAME CPU "FPU FLAGS" MACHINE FLASH RAM SIZE
    target "$1" arm-none-eabi-gcc "-O2 --specs=picolibc.specs --oslib=semihost --crt0=hosted -mthumb -mcpu=$2 $3 -Wl,--defsym=__flash=$5,--defsym=__flash_size=$7,--defsym=__ram=$6,--defsym=__ram_size=$7" \
        qemu-system-arm -M "$4" -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel
}

case $kind in
user)
    for o in -O0 -O2 -O3; do
        target "host$o" "${CC:-cc}" "$o" env
        target "aarch64$o" aarch64-linux-gnu-gcc "$o -static" qemu-aarch64-static
        target "riscv64$o" riscv64-linux-gnu-gcc "$o -static" qemu-riscv64-static
        target "armhf$o" arm-linux-gnueabihf-gcc "$o -static" qemu-arm-static
        target "i686$o" i686-linux-gnu-gcc "$o -static" qemu-i386-static
        target "s390x$o" s390x-linux-gnu-gcc "$o -static" qemu-s390x-static
        target "ppc64$o" powerpc64-linux-gnu-gcc "$o -static" qemu-ppc64-static
    done ;;
mcu)
    arm cortex-m3 cortex-m3 "" mps2-an385 0 0x20000000 0x400000
    arm cortex-m4 cortex-m4 "-mfloat-abi=hard -mfpu=fpv4-sp-d16" mps2-an386 0 0x20000000 0x400000
    arm cortex-m7 cortex-m7 "-mfloat-abi=hard -mfpu=fpv5-d16" mps2-an500 0 0x20000000 0x400000
    arm cortex-m33 cortex-m33 "" mps2-an505 0x10000000 0x38000000 0x80000
    arm cortex-m55 cortex-m55 "" mps3-an547 0 0x20000000 0x80000
    ;;
*) echo "usage: fixed_cross.sh user|mcu DIR" >&2; exit 2 ;;
esac
echo "$run targets run, $matched matched"
[ "$run" -eq "$matched" ]
