#!/bin/sh
# sweep.sh: what copy.sh and word.sh share; read by them with `.`.
# SPDX-License-Identifier: MIT

carry_out() { # BUILD SWEEP RUNS: all runs of the sweep, in RUNS; a second call goes on
    mkdir -p "$3"
    # runs of another sweep are not these
    if ! cmp -s "$2" "$3/sweep"; then rm -rf "$3"; mkdir -p "$3"; cp "$2" "$3/sweep"; fi
    "$1/eprop-bench" sweep "$2" --out "$3" --jobs "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)" || [ $? -eq 1 ]
}
key() { # FILE KEY -> its value in a flat JSON file, - for null
    sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | sed 's/^null$/-/' | head -n 1
}
number() { # FILE NAME -> an entry of the description
    sed -n "s/^ *\"$2\": \"\([^\"]*\)\".*/\1/p" "$1" | head -n 1
}
quoted() { # FILE RULE -> what others published for the rule, in a summary; - if nothing
    awk -v rule="$2" '/"rule":/ { r = $2; gsub(/[",]/, "", r) } /"value":/ && r == rule { v = $2 + 0; found = 1 } END { print found ? v : "-" }' "$1"
}
ended() { # FOLDER: has its run come to its end? One that a signal stopped has tables, too, and goes on later
    [ -f "$1/summary.json" ] && [ "$(key "$1/summary.json" end)" != signal ]
}
