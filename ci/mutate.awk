# mutate.awk: one line for each place where one operator can be exchanged: FILE TAB LINE TAB COLUMN TAB FROM TAB TO.
# Comments, preprocessor lines, declarations of tables and text in quotes are left alone.
function pair(a, b) { from[++m] = a; to[m] = b }
function both(a, b) { pair(a, b); pair(b, a) }
BEGIN {
    both(" + ", " - "); pair(" * ", " + "); both(" < ", " <= "); both(" > ", " >= "); both(" == ", " != "); both(" && ", " || ")
    both("ref_add(", "ref_sub("); pair("ref_mul(", "ref_add("); both("ref_addmul(", "ref_submul(")
    both(" = 0;", " = 1;"); pair("+ 1]", "]"); pair("- 1]", "]"); pair("++;", "--;"); both(" += ", " -= "); both("true", "false")
}
FNR == 1 { comment = 0 }
{
    line = $0
    if (comment) { if (line ~ /\*\//) comment = 0; next }
    if (line ~ /^[ ]*\/\*/) { if (line !~ /\*\//) comment = 1; next }
    if (line ~ /^#/ || line ~ /^(typedef|static const|enum|extern)/ || line ~ /^[a-z].*\)$/ || line ~ /snprintf|ck_assert/) next
    sub(/\/\*.*$/, "", line)
    while (match(line, /"[^"]*"/)) line = substr(line, 1, RSTART - 1) sprintf("%*s", RLENGTH, "") substr(line, RSTART + RLENGTH)
    for (k = 1; k <= m; k++) {
        at = 0
        rest = line
        while ((i = index(rest, from[k])) > 0) {
            at += i
            printf "%s\t%d\t%d\t%s\t%s\n", FILENAME, FNR, at, from[k], to[k]
            rest = substr(rest, i + 1)
        }
    }
}
