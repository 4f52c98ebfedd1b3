# mutate_sum.awk EQUIVALENT PLACES DRAWN TABLE: counts what mutate.sh judged, by module, into the file `rates`; what no test saw into `left`.
# Exit code 1: fewer than `least` per cent of those that do not compute the same were killed, or EQUIVALENT is wrong.
# SPDX-License-Identifier: MIT
function wrong(key, text) { print "mutate: ci/equivalent.txt:" stands[key] ": " text; bad = 1 }
function count(module, what) { n[module, what]++; n["all", what]++ }
function tell(key, how, why) { print file[key], line[key], reads[key], how, why > left }
function judge(key,    part, module) {
    split(file[key], part, "/")
    module = part[1] (part[3] == "" ? "" : "/" part[2])
    if (!(module in known)) { known[module] = 1; order[++modules] = module }
    if (by[key] == "compiler") { count(module, "refused"); return }
    if (verdict[key] == "killed") {
        count(module, "killed")
        if (key in same) wrong(key, by[key] " sees the difference")
    } else if (key in same) {
        count(module, "same")
        tell(key, "computes the same", same[key])
    } else {
        count(module, "survived")
        tell(key, "survived", "-")
        print "mutate: survived: " file[key] ":" line[key] ": " reads[key]
    }
}
function share(module,    all) {
    all = n[module, "killed"] + n[module, "survived"]
    return all ? sprintf("%.1f", 100 * n[module, "killed"] / all) : "-"
}
function row(module,    k, s, e, r) {
    k = n[module, "killed"] + 0; s = n[module, "survived"] + 0; e = n[module, "same"] + 0; r = n[module, "refused"] + 0
    print module, k + s + e + r, k, s, share(module), e, r, (module != "all" ? "-" : share(module) + 0 >= 95 ? "yes" : "no") > rates
}
BEGIN {
    print "# module", "judged", "killed", "survived", "killed_per_cent", "compute_the_same", "do_not_compile", "enough" > rates
    print "# file", "line", "reads", "verdict", "why" > left
}
FNR == 1 { input++ }
/^#/ { next }
input == 1 { key = $1 SUBSEP $2 SUBSEP $3; same[key] = $4; stands[key] = FNR; if (NF != 4 || $4 == "") wrong(key, "expected 4 columns, found " NF); next }
input == 2 { here[$1, $2, $7] = 1; next }
input == 3 { key = $1 SUBSEP $2 SUBSEP $7; drawn[++places] = key; file[key] = $1; line[key] = $3; reads[key] = $7; next }
{ verdict[$1, $2, $6] = $7; by[$1, $2, $6] = $8 } # the last look counts
END {
    for (key in stands) if (!(key in here)) wrong(key, "names no place")
    for (k = 1; k <= places; k++) if (drawn[k] in verdict) { judge(drawn[k]); judged++ }
    for (k = 1; k <= modules; k++) row(order[k])
    row("all")
    printf "mutate: %d of %d judged: %d killed (%s %%), %d survived, %d compute the same, %d did not compile\n", judged, places, \
        n["all", "killed"], share("all"), n["all", "survived"], n["all", "same"], n["all", "refused"]
    if (share("all") != "-" && share("all") + 0 < least) { print "mutate: less than " least " %"; bad = 1 }
    exit bad
}
