# big_case.awk: a network of N ALIF neurons over T steps as a problem: a vector file without expected lines.
#   awk -v N=100 -v T=1000 -v format=f64 -f big_case.awk > big.epv
# Numbers are k/256 by a linear congruential generator; in the chosen format they are exact.
# SPDX-License-Identifier: MIT
function draw(n) { seed = (seed * 16807) % 2147483647; return seed % n }
# The bits of k/256.
function hex(k,    sign, e, m, bias, width, i, out) {
    if (k == 0) return format == "f64" ? "0000000000000000" : "00000000"
    sign = k < 0; if (sign) k = -k
    e = -8; m = k
    while (m >= 2) { m /= 2; e++ }
    m -= 1
    bias = format == "f64" ? 1023 + e : 127 + e
    if (format == "f64") { out = sprintf("%03x", (sign ? 2048 : 0) + bias); width = 13 }
    else { out = sprintf("%03x", (sign ? 2048 : 0) + bias * 8 + int(m * 8)); m = m * 8 - int(m * 8); width = 5 }
    for (i = 0; i < width; i++) { m *= 16; out = out sprintf("%x", int(m)); m -= int(m) }
    return out
}
BEGIN {
    seed = 12345
    if (format == "") format = "f64"
    printf "epv 1\ncase ep:-\nmodel alif\npreset paper2019\nrule eprop1-random\nformat %s\nT %d\nB 1\nn_in %d\nn_rec %d\nn_out 2\nloss regression\n", format, T, N, N
    printf "n_ref 3\nkappa %s\nv_th %s\ngamma %s\nc_reg %s\nf_target %s\n", hex(230), hex(256), hex(77), hex(128), hex(10)
    for (j = 0; j < N; j++) for (i = 0; i < N; i++) printf "in Win %d %d %s\n", j, i, hex(draw(121) - 40)
    for (j = 0; j < N; j++) for (i = 0; i < N; i++) if (i != j) printf "in Wrec %d %d %s\n", j, i, hex(draw(41) - 20)
    for (k = 0; k < 2; k++) for (j = 0; j < N; j++) printf "in Wout %d %d %s\n", k, j, hex(draw(129) - 64)
    for (j = 0; j < N; j++) for (k = 0; k < 2; k++) printf "in B %d %d %s\n", j, k, hex(draw(129) - 64)
    for (j = 0; j < N; j++) printf "in alpha %d %s\nin rho %d %s\nin beta %d %s\n", j, hex(230 + draw(16)), j, hex(248 + draw(6)), j, hex(draw(48))
    for (t = 1; t <= T; t++) for (i = 0; i < N; i++) if (draw(100) < 3) printf "in x %d %d %s\n", t, i, hex(256)
    for (t = 1; t <= T; t++) for (k = 0; k < 2; k++) printf "in target %d %d %s\n", t, k, hex(draw(257) - 128)
    print "end"
}
