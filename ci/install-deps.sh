#!/bin/sh
# install-deps.sh [cross]: installs what eprop-verify needs: by apt on Debian and Ubuntu, elsewhere says what to install.
# cross: cross compilers and emulators for `make cross mcu cross-bugs` as well (about 3 GB).
set -eu
PACKAGES="gcc make pkg-config libmpfr-dev libmpfi-dev libgmp-dev libjansson-dev check libcriterion-dev gnuplot-nox libopenblas-dev libpng-dev libsndfile1-dev libfftw3-dev libsamplerate0-dev libespeak-ng-dev espeak-ng-data libopenmpi-dev openmpi-bin"
if [ "${1-}" = cross ]; then
    PACKAGES="$PACKAGES qemu-user-static qemu-system-arm qemu-system-misc gcc-arm-none-eabi picolibc-arm-none-eabi gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
    for p in aarch64-linux-gnu riscv64-linux-gnu s390x-linux-gnu powerpc64-linux-gnu i686-linux-gnu arm-linux-gnueabihf; do PACKAGES="$PACKAGES gcc-$p"; done
    for a in arm64 riscv64 armhf s390x ppc64 i386; do PACKAGES="$PACKAGES libc6-dev-$a-cross"; done
fi
if ! command -v apt-get >/dev/null 2>&1; then
    cat >&2 <<TEXT
make deps: no apt-get here. Please install with your package manager:
  a C11 compiler, make, pkg-config
  MPFR >= 4.2, MPFI >= 1.5, GMP >= 6.2, Jansson >= 2.13
  Check >= 0.15, Criterion >= 2.4, gnuplot >= 5.4, a CBLAS (OpenBLAS)
  for pictures from files (omniglot), which are left out without: libpng >= 1.6
  for training and sweeps by several processes, which work by one without: an MPI (Open MPI)
  for the speech task, which is left out without: libsndfile, FFTW 3, libsamplerate, espeak-ng with its data
TEXT
    exit 1
fi
missing=""
for p in $PACKAGES; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
if [ -z "$missing" ]; then echo "deps: everything is installed"; exit 0; fi
echo "deps: installing$missing"
SUDO=""; [ "$(id -u)" = 0 ] || SUDO="sudo"
$SUDO env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086
$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
