# Writes rep_script(): the texts of the files given, by their names without folder and .gp, as C strings.
BEGIN { print "/* Made by reports/embed.awk. SPDX-License-Identifier: MIT */\n#include \"rep.h\"\n\n#include <string.h>\n" }
FNR == 1 {
    if (n) print "    \"\";\n"
    name[++n] = FILENAME
    sub(/.*\//, "", name[n]); sub(/\.gp$/, "", name[n])
    print "static const char script_" name[n] "[] ="
}
{ line = $0; gsub(/\\/, "&&", line); gsub(/"/, "\\\\&", line); print "    \"" line "\\n\"" }
END {
    print "    \"\";\n\nconst char *rep_script(const char *name)\n{"
    for (k = 1; k <= n; k++) print "    if (strcmp(name, \"" name[k] "\") == 0) return script_" name[k] ";"
    print "    return NULL;\n}"
}
