# mutants.awk: network.h, port.c and mutants.txt into one file in which a switch chooses the wrong line.
#   awk -f mutants.awk mutants.txt network.h port.c > mutants.c
# A statement S becomes { if (mutant == 7) { WRONG } else { S } }, a definition T x = E; becomes T x = mutant == 7 ? W : E;
# SPDX-License-Identifier: MIT
function fail(text) { print "mutants.awk: " text > "/dev/stderr"; bad = 1; exit 1 }
function expression(line) { sub(/^(float|int) [A-Za-z_]+ = /, "", line); sub(/;$/, "", line); return line }
FNR == NR {
    if (/^#/ || /^$/) next
    if (/^- /) { right[n] = substr($0, 3); next }
    if (/^\+ /) { wrong[n] = substr($0, 3); next }
    n++
    name[n] = $1; at[n] = $2; what[n] = $0; sub(/^[^ ]+ [^ ]+ /, "", what[n])
    next
}
FNR == 1 && !started_output++ { print "/* Made by mutants.awk. SPDX-License-Identifier: MIT */"; print "#include \"template.h\""; print "static int mutant, trial_of_step;" }
{
    line = $0; indent = $0
    sub(/[^ ].*$/, "", indent); sub(/^ */, "", line)
    if (line == "int main(void)") { print "int vfy_template_main(void)"; next }
    if (line == "#include \"network.h\"") next
    if (line ~ /^memset\(&s, 0/) started = 1
    out = ""
    definition = line ~ /^(float|int) [A-Za-z_]+ = .*;$/
    for (k = n; k >= 1; k--)
        if (right[k] == line) {
            seen[k]++
            if (definition) {
                if (out == "") out = "(" expression(line) ")"
                out = "mutant == " k " ? (" expression(wrong[k]) ") : " out
            } else {
                if (out == "") out = "{ " line " }"
                out = "if (mutant == " k ") { " wrong[k] " } else " out
            }
        }
    if (out == "") { print; next }
    if (definition) { head = line; sub(/ = .*/, " = ", head); print indent head out ";" }
    else print indent "{ " out " }"
    if (line ~ /^memset\(&s, 0/) print indent "trial_of_step = b;"
}
END {
    if (bad) exit 1
    for (k = 1; k <= n; k++) if (seen[k] != 1) fail(name[k] ": its line is found " (seen[k] + 0) " times in network.h and port.c, expected once")
    print "const vfy_mutant vfy_mutants[] = {"
    for (k = 1; k <= n; k++) print "    {\"" name[k] "\", \"" at[k] "\", \"" what[k] "\"},"
    print "    {0, 0, 0}};"
    print "void vfy_template_choose(int k) { mutant = k; }"
}
