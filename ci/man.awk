# man.awk: a page of the manual from what a program says of itself.
#   PROGRAM --help | awk -v name=NAME -v what="ONE LINE" -v date=YYYY-MM-DD -v version=V -v see="A B" -f ci/man.awk > NAME.1
# Lines that start with "usage:" and those below that are indented become the synopsis; lines "  --option ..  text" and the lists under
# "commands:" become tagged paragraphs with the deeper lines below them; "exit code" has a section of its own; the rest stays text.
# SPDX-License-Identifier: MIT
function safe(s) { gsub(/\\/, "\\e", s); gsub(/-/, "\\-", s); sub(/^\./, "\\\\\\&.", s); sub(/^'/, "\\\\\\&'", s); return s }
function section(s) { if (now != s) { print ".SH " s; now = s; open = 0 } }
function indent(s) { match(s, /^ */); return RLENGTH }
function described() { if (now == "") section("DESCRIPTION") }
function paragraph() { described(); if (!open) print ".PP"; open = 1 }
# Two blanks or more part a tag from its text.
function tagged(s,    at, next_one) {
    described()
    sub(/^ +/, "", s)
    if (match(s, /   +--[a-z]/)) { next_one = substr(s, RSTART); s = substr(s, 1, RSTART - 1) }
    at = match(s, /   *[^ ]/)
    print ".TP"
    print ".B " safe(at ? substr(s, 1, at - 1) : s)
    if (at) { s = substr(s, at); sub(/^ +/, "", s); print safe(s) }
    open = 1
    if (next_one != "") tagged(next_one)
}
BEGIN {
    upper = toupper(name)
    printf ".\\\" Made from %s --help.\n.TH \"%s\" 1 \"%s\" \"eprop-verify %s\" \"eprop-verify\"\n", name, upper, date, version
    print ".SH NAME"
    print safe(name) " \\- " safe(what)
    state = "start"
}
/^usage:/ {
    section("SYNOPSIS")
    sub(/^usage: */, "")
    print ".nf"; print safe($0)
    state = "usage"
    next
}
state == "usage" && /^  +[^ -]/ && !/^  +[A-Z]+  / { sub(/^ +/, ""); print safe($0); next }
state == "usage" { print ".fi"; state = "text"; now = "" }
/^ *$/ { open = 0; deep = 0; next }
tolower($0) ~ /^exit codes?:/ {
    section("EXIT STATUS")
    sub(/^[^:]*: */, "")
    print safe($0)
    open = 1; deep = 0
    next
}
/^commands:/ { section("COMMANDS"); deep = 2; next }
/^  +--?[a-zA-Z]/ || (indent($0) == 2 && /^  [A-Za-z][^ ]*  +[^ ]/) {
    if (now != "COMMANDS" || /^  +-/) section("OPTIONS")
    tagged($0)
    deep = 3
    next
}
deep && indent($0) >= deep {
    sub(/^ +/, "")
    if (/  /) { print ".br"; gsub(/   +/, "  ") }
    print safe($0)
    next
}
/^[a-z]+   +[^ ]/ && (now == "" || now == "DESCRIPTION") { tagged($0); deep = 3; next }
{
    if (now == "OPTIONS" || now == "EXIT STATUS" && !open || now == "COMMANDS") section(now == "EXIT STATUS" ? "NOTES" : now == "OPTIONS" ? "NOTES" : "DESCRIPTION")
    paragraph()
    deep = 0
    sub(/^ +/, "")
    print safe($0)
}
END {
    if (state == "usage") print ".fi"
    if (see != "") {
        print ".SH SEE ALSO"
        n = split(see, all, " ")
        for (k = 1; k <= n; k++) printf ".BR %s (1)%s\n", safe(all[k]), k < n ? " ," : ""
    }
}
