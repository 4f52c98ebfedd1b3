#!/bin/sh
# man.sh BUILD VERSION DATE: pages of the manual for the programs of BUILD and their commands, made from what they say of themselves
# with --help: BUILD/man/NAME.1.
# SPDX-License-Identifier: MIT
set -eu
build=$1 version=$2 date=$3
rm -rf "$build/man.tmp"
mkdir -p "$build/man.tmp"
programs=$(cd "$build" && for p in eprop-*; do if [ -f "$p" ] && [ -x "$p" ]; then echo "$p"; fi; done)

what() { # PROGRAM: its line of the index
    case $1 in
    eprop-verify) echo 'proofs, certified gradients and the judge of e-prop implementations' ;;
    eprop-judge) echo 'the judge of e-prop implementations, from vector files alone' ;;
    eprop-train) echo 'train recurrent networks on the tasks of the e-prop paper' ;;
    eprop-bench) echo 'measure engines and ports of e-prop in pairs, with intervals' ;;
    eprop-report) echo 'build and check reports of what the other programs wrote' ;;
    *) echo 'part of eprop-verify' ;;
    esac
}
page() { # NAME TEXT COMMAND...
    name=$1 text=$2
    shift 2
    "$@" --help > "$build/man.tmp/help" || { echo "man.sh: $* --help failed" >&2; exit 1; }
    see=$(for p in $programs; do if [ "$p" != "$name" ]; then printf '%s ' "$p"; fi; done)
    awk -v name="$name" -v what="$text" -v date="$date" -v version="$version" -v see="$see" -f ci/man.awk "$build/man.tmp/help" > "$build/man.tmp/$name.1"
}
for p in $programs; do
    page "$p" "$(what "$p")" "$build/$p"
    # Commands: the list under "commands:", but for what the program calls itself.
    awk '/^commands:/ { on = 1; next } on && /^  [a-z]/ { c = $1; sub(/^ +[^ ]+ +/, ""); print c "\t" $0; next } { on = 0 }' "$build/man.tmp/help" > "$build/man.tmp/commands"
    if [ "$p" = eprop-train ]; then printf 'arm\tone-shot learning of a movement, by e-prop 2\n' > "$build/man.tmp/commands"; fi
    while IFS="$(printf '\t')" read -r c text; do
        if [ "$c" != child ]; then page "$p-$c" "$text" "$build/$p" "$c"; fi
    done < "$build/man.tmp/commands"
done
rm -f "$build/man.tmp/help" "$build/man.tmp/commands"
rm -rf "$build/man"
mv "$build/man.tmp" "$build/man"
