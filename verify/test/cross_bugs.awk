# cross_bugs.awk: plants the bugs of cross_bugs.txt into the copies under dir, each behind a switch:
#   awk -v dir=DIR -f cross_bugs.awk cross_bugs.txt
# SPDX-License-Identifier: MIT
function plant(k,    path, text, line, head, indent, seen) {
    path = dir "/" file[k]
    while ((getline line < path) > 0) {
        indent = line
        sub(/[^ ].*$/, "", indent); sub(/^ */, "", line)
        if (line == right[k]) {
            seen++
            if (match(line, /^[a-z0-9_]+ [a-z]+ = /)) {
                head = substr(line, 1, RLENGTH)
                line = head "cross_bug == " k " ? " expression(wrong[k]) " : " expression(right[k]) ";"
            } else if (match(wrong[k], /^if \([^()]*\) /)) # stays one statement: an else may follow
                line = "if (cross_bug == " k " && " substr(wrong[k], 4, RLENGTH - 4) ")" substr(wrong[k], RLENGTH) " else " line
            else line = "if (cross_bug == " k ") { " wrong[k] " } else { " line " }"
        }
        text = text indent line "\n"
    }
    close(path)
    if (seen != 1) { print "cross_bugs.awk: " name[k] ": " seen + 0 " such lines in " file[k] > "/dev/stderr"; exit 1 }
    printf "%s", (k == first[file[k]] ? "extern int cross_bug;\n" : "") text > path
    close(path)
}
function expression(line) { sub(/^[a-z0-9_]+ [a-z]+ = /, "", line); sub(/;$/, "", line); return line }
/^#/ || /^$/ { next }
/^- / { right[n] = substr($0, 3); next }
/^\+ / { wrong[n] = substr($0, 3); next }
{ n++; name[n] = $1; file[n] = $2; if (!($2 in first)) first[$2] = n }
END { for (k = 1; k <= n; k++) plant(k) }
