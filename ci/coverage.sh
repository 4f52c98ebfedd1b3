#!/bin/sh
# coverage.sh BUILD: line coverage of each source file from gcov's counts, least covered first.
# SPDX-License-Identifier: MIT
set -eu
build=$1
find "$build" -name '*.gcda' | while read -r f; do
    gcov -n -o "$(dirname "$f")" "$f" 2>/dev/null
done | awk '/^File /{f=$2; gsub("\047","",f)} /^Lines executed:/ && f !~ /^\// {
        split($0,a,/[:% ]+/); pct=a[3]; n=a[5]; if (n>0 && !(f in best && best[f]>=pct)) {best[f]=pct; lines[f]=n} f="/"}
    END {for (f in best) {printf "%6.1f %% of %5d  %s\n", best[f], lines[f], f; t+=lines[f]; c+=lines[f]*best[f]/100}
         if (t) printf "%6.1f %% of %5d  total\n", 100*c/t, t}' | sort -n
