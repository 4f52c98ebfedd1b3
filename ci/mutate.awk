# mutate.awk: one line for each place where one operator can be exchanged, tabs between:
#   FILE  FUNCTION  LINE  COLUMN  FROM  TO  how the line reads then (without the blanks around it)
# FUNCTION is the one the line stands in ("-" above the first); a line that comes again in it is told apart by FUNCTION#2 and so on, so that
# file, function and reading name a place as long as its own line stays as it is.
# Comments, preprocessor lines, declarations of tables and text in quotes are left alone.
function pair(a, b) { from[++m] = a; to[m] = b }
function both(a, b) { pair(a, b); pair(b, a) }
function place(at, a, b,    reads, where) {
    reads = substr($0, 1, at - 1) b substr($0, at + length(a))
    gsub(/\t/, " ", reads)
    sub(/^ +/, "", reads)
    sub(/ +$/, "", reads)
    where = ++seen[FILENAME, inside, reads]
    printf "%s\t%s%s\t%d\t%d\t%s\t%s\t%s\n", FILENAME, inside, (where > 1 ? "#" where : ""), FNR, at, a, b, reads
}
BEGIN {
    both(" + ", " - "); pair(" * ", " + "); both(" < ", " <= "); both(" > ", " >= "); both(" == ", " != "); both(" && ", " || ")
    both("ref_add(", "ref_sub("); pair("ref_mul(", "ref_add("); pair("ref_addmul(", "ref_mul(")
    both(" = 0;", " = 1;"); pair("+ 1]", "]"); pair("- 1]", "]"); pair("++;", "--;"); both(" += ", " -= "); both("true", "false")
}
FNR == 1 { comment = 0; inside = "-" }
{
    line = $0
    if (comment) { if (line ~ /\*\//) comment = 0; next }
    if (line ~ /^[ ]*\/\*/) { if (line !~ /\*\//) comment = 1; next }
    if (line ~ /^[A-Za-z].*[A-Za-z0-9_]\(/ && line !~ /;$/) {
        inside = line
        sub(/\(.*$/, "", inside)
        sub(/^.*[^A-Za-z0-9_]/, "", inside)
    }
    if (line ~ /^#/ || line ~ /^(typedef|static const|enum|extern)/ || line ~ /^[a-z].*\)$/ || line ~ /snprintf|ck_assert/) next
    if (line ~ /\/\*/ && line !~ /\*\//) comment = 1
    sub(/\/\*.*$/, "", line)
    while (match(line, /"[^"]*"/)) line = substr(line, 1, RSTART - 1) sprintf("%*s", RLENGTH, "") substr(line, RSTART + RLENGTH)
    for (k = 1; k <= m; k++) {
        at = 0
        rest = line
        while ((i = index(rest, from[k])) > 0) {
            at += i
            place(at, from[k], to[k])
            rest = substr(rest, i + 1)
        }
    }
}
