# mutants.awk: sources and a catalogue of mutants into sources in which a switch chooses the wrong line.
#   awk -f mutants.awk mutants.txt network.h port.c > mutants.c
#   awk -v dir=DIR -v set=fixed_ -f mutants.awk fixed_mutants.txt fixed.c core.h op.c ...      file by file into DIR, the table into DIR/table.c
# A statement S becomes { if (mutant == 7) { WRONG } else { S } }, a definition T x = E; becomes T x = mutant == 7 ? W : E;
# SPDX-License-Identifier: MIT
function fail(text) { print "mutants.awk: " text > "/dev/stderr"; bad = 1; exit 1 }
function expression(line) { sub(/^[a-z0-9_]+ [A-Za-z_]+ = /, "", line); sub(/;$/, "", line); return line }
function put(text) { if (dir == "") print text; else print text > (dir "/" base) }
# What stands in front of a line's statement, and behind it: `else`, a label, the head of a function of one line.
function before(line) { return match(line, /^(else |case [A-Z_0-9]+: |default: |static inline [a-z0-9_ *]+\(.*\) \{ )/) ? substr(line, 1, RLENGTH) : "" }
function after(line) { return line ~ /^static inline .* \}$/ ? " }" : line ~ /^(case|default)/ && line ~ / break;$/ ? " break;" : "" }
function statement(line) { return substr(line, length(before(line)) + 1, length(line) - length(before(line)) - length(after(line))) }
FNR == NR {
    if (/^#/ || /^$/) next
    if (/^- /) { right[n] = substr($0, 3); next }
    if (/^\+ /) { wrong[n] = substr($0, 3); next }
    n++
    name[n] = $1; at[n] = $2; what[n] = $0; sub(/^[^ ]+ [^ ]+ /, "", what[n])
    next
}
FNR == 1 {
    base = FILENAME; sub(/.*\//, "", base)
    if (dir != "" || !started_output++) put("/* Made by mutants.awk. SPDX-License-Identifier: MIT */")
    if (dir != "") put("#include \"template.h\"\n#define mutant vfy_" set "mutant")
    else if (started_output++ == 1) put("#include \"template.h\"\nstatic int mutant, trial_of_step;")
}
{
    line = $0; indent = $0
    sub(/[^ ].*$/, "", indent); sub(/^ */, "", line)
    if (line == "int main(void)") { put("int vfy_" set "template_main(void)"); next }
    if (line == "#include \"network.h\"") next
    if (line ~ /^memset\(&s, 0/) started = 1
    out = ""
    definition = line ~ /^(float|int|bool|size_t|unsigned|u?int(32|64)_t) [A-Za-z_]+ = .*;$/
    for (k = n; k >= 1; k--)
        if (right[k] == line) {
            seen[k]++
            if (definition) {
                if (out == "") out = "(" expression(line) ")"
                out = "mutant == " k " ? (" expression(wrong[k]) ") : " out
            } else {
                if (out == "") out = "{ " statement(line) " }"
                out = "if (mutant == " k ") { " statement(wrong[k]) " } else " out
            }
        }
    if (out == "") { put($0); next }
    if (definition) { head = line; sub(/ = .*/, " = ", head); put(indent head out ";") }
    else put(indent before(line) "{ " out " }" after(line))
    if (line ~ /^memset\(&s, 0/) put(indent "trial_of_step = b;")
}
END {
    if (bad) exit 1
    for (k = 1; k <= n; k++) if (seen[k] != 1) fail(name[k] ": its line is found " (seen[k] + 0) " times, expected once")
    if (dir != "") { base = "table.c"; put("/* Made by mutants.awk. SPDX-License-Identifier: MIT */\n#include \"template.h\"\nint vfy_" set "mutant;") }
    put("const vfy_mutant vfy_" set "mutants[] = {")
    for (k = 1; k <= n; k++) put("    {\"" name[k] "\", \"" at[k] "\", \"" what[k] "\"},")
    put("    {0, 0, 0}};")
    put("void vfy_" set "template_choose(int k) { " (dir == "" ? "" : "vfy_" set) "mutant = k; }")
}
