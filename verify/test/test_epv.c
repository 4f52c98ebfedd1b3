/* test_epv.c: the reader: what it takes, and that it refuses everything else with the right line.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "epv.h"
#include "sha256.h"
#include "test/run.h"

#define HEAD "epv 1\ncase ep:-\nmodel alif\npreset paper2019\nrule bptt\nformat f32\nT 3\nB 1\nn_in 2\nn_rec 2\nn_out 1\nloss regression\n"
#define SCALARS "v_th 3f800000\ngamma 3e99999a\n"
#define CHAIN "epv 1\ncase ep:-\nmodel alif\npreset paper2019\nrule eprop1-symmetric\nformat f32\nT 3\nB 2\nn_in 2\nn_rec 2\nn_out 1\nloss regression\n" SCALARS \
    "updates 3\nfamily chain\neta 3f800000\n"
#define ALONE "epv 1\ncase ep:-\nmodel alif\npreset paper2019\nrule eprop1-symmetric\nformat f32\nT 3\nB 1\nn_in 2\nn_rec 2\nn_out 1\nloss regression\n" SCALARS
#define GOOD HEAD SCALARS "in Win 1 0 3f000000\nin x 3 1 3f800000\nout dWin 1 0 3f2a7e11.8c2 mag 3ff8000000000000\nend\n"

static ep_status read_text(const char *text, size_t n, vfy_epv_file **out, char err[VFY_EPV_ERR])
{
    FILE *f = tmpfile();
    ck_assert(f != NULL && fwrite(text, 1, n, f) == n);
    rewind(f);
    err[0] = '\0';
    ep_status s = vfy_epv_read_stream(f, "t.epv", out, err, VFY_EPV_ERR);
    fclose(f);
    return s;
}

static vfy_epv_file *good(const char *text)
{
    char err[VFY_EPV_ERR];
    vfy_epv_file *f = NULL;
    ep_status s = read_text(text, strlen(text), &f, err);
    ck_assert_msg(s == EP_OK, "%s", err);
    return f;
}

START_TEST(sha256_known_answers)
{
    const struct {
        const char *text;
        int repeat;
        unsigned char want[4];
    } kat[] = {{"", 1, {0xe3, 0xb0, 0xc4, 0x42}},
               {"abc", 1, {0xba, 0x78, 0x16, 0xbf}},
               {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, {0x24, 0x8d, 0x6a, 0x61}},
               {"a", 1000000, {0xcd, 0xc7, 0x6e, 0x5c}}};
    for (size_t i = 0; i < 4; i++) {
        vfy_sha256 s;
        unsigned char digest[32];
        vfy_sha256_init(&s);
        for (int k = 0; k < kat[i].repeat; k++) vfy_sha256_add(&s, kat[i].text, strlen(kat[i].text));
        vfy_sha256_end(&s, digest);
        ck_assert_mem_eq(digest, kat[i].want, 4);
    }
}
END_TEST

START_TEST(reads_what_was_written_down)
{
    vfy_epv_file *f = good(HEAD SCALARS "option delay 2\noption g_a #3f000000\nkappa 3f400000\nn_ref 3\nmargin 3f50624dd2f1a9fc\n"
                                        "flags psi-late,x-early\nrng 18446744073709551615\nfamily edge\n"
                                        "in Win 1 0 3f000000\nin rho 1 3f7d70a4\nin x 3 1 3f800000\nin mask 2 00000000\n"
                                        "out z 3 1 3f800000.000 mag 0000000000000000\nout dWrec 0 0 zero\n"
                                        "out E bf2a7e11.8c2 mag 3ff8000000000000\n"
                                        "out e 2 1 0 undecided bff0000000000000 7ff0000000000000\nend\n");
    const vfy_epv_case *c = &f->cases[0];
    ck_assert(f->n == 1 && c->line == 2 && c->net.model == EP_ALIF && c->rule == EP_BPTT && c->format == VFY_F32);
    ck_assert(c->net.n_in == 2 && c->net.n_rec == 2 && c->net.n_out == 1 && c->batch.T == 3 && c->batch.B == 1);
    ck_assert(c->net.opt.delay == 2 && c->net.opt.g_a == EP_GAIN_VALUE && c->net.opt.g_a_value == 0.5);
    ck_assert(c->net.kappa == 0.75 && c->net.v_th == 1 && c->net.gamma == (double)0.3f && c->net.n_ref == 3);
    ck_assert(c->has_margin && c->margin == 0.001 && c->rng == UINT64_MAX && c->family == VFY_FAMILY_EDGE);
    ck_assert_str_eq(c->flags, "psi-late,x-early");
    ck_assert(c->net.Win[2] == 0.5 && c->net.Win[0] == 0 && c->net.theta[EP_RHO][1] == (double)0.99f);
    ck_assert(!c->net.Wrec && !c->net.B && !c->net.theta[EP_ALPHA]);
    ck_assert(c->batch.x[5] == 1 && c->batch.x[1] == 0 && c->batch.mask[0] == 1 && c->batch.mask[1] == 0);
    const vfy_want *w = c->want;
    ck_assert(c->n_want == 4 && w[0].q == VFY_Q_Z && w[0].kind == VFY_VALUE && w[0].at == 5 && w[0].bits == 0x3f800000);
    ck_assert(w[1].q == VFY_Q_GRAD + EP_G_WREC && w[1].kind == VFY_ZERO && w[1].at == 0);
    ck_assert(w[2].q == VFY_Q_LOSS && w[2].bits == 0xbf2a7e11 && w[2].extra == 0x8c2 && w[2].mag == 1.5 && w[2].at == 0);
    ck_assert(w[3].kind == VFY_UNDECIDED && w[3].at == 24 && w[3].lo == -1 && w[3].hi > 1e308 && w[3].line == 30);
    vfy_epv_free(f);
}
END_TEST

START_TEST(comments_and_empty_lines_between_cases)
{
    vfy_epv_file *f = good("epv 1\n\n# a comment,  with blanks \ncase ep:-\nmodel lstm\npreset paper2019\nrule tbptt\n"
                           "window 2\nformat f64\nT 1\nB 3\nn_in 1\nn_rec 1\nn_out 1\nloss classification\n"
                           "in Wrec 3 0 0 3ff0000000000000\nin x 2 1 0 4000000000000000\nend\n# end\n");
    ck_assert(f->n == 1 && f->cases[0].net.Wrec[3] == 1 && f->cases[0].batch.x[2] == 2 && f->cases[0].window == 2);
    vfy_epv_free(f);
}
END_TEST

/* A line put in, taken out or changed; what the message says. */
static const struct {
    const char *text, *message;
} bad[] = {
    {"", "t.epv:1: the file is empty, expected `epv 1`"},
    {"epv 2\n", "t.epv:1: found `epv 2`, expected `epv 1`"},
    {"epv 1\n", "t.epv:2: the file has no case"},
    {"epv 1\r\n", "t.epv:1: found a carriage return, expected lines ended by LF alone"},
    {"epv 1\n# caf\xc3\xa9\n", "t.epv:2: found byte 0xc3, expected printable ASCII"},
    {"epv 1\n#\ta tab\n", "t.epv:2: found byte 0x09, expected printable ASCII"},
    {"epv 1\ncase ep:-\nmodel lif\n", "t.epv:4: the file ends inside the case of line 2, expected `end`"},
    {"epv 1\ncase ep:-\nmodel lif", "t.epv:3: the last line has no line feed: the file is cut off"},
    {"epv 1\ncase 12\n", "t.epv:2: found `case 12`, expected `case ep:ID` with 16 hexadecimal digits or -"},
    {"epv 1\ncase ep:0123456789ABCDEF\n", "t.epv:2: found `case ep:0123456789ABCDEF`, expected `case ep:ID` with 16 hexadecimal digits or -"},
    {"epv 1\ncase ep:-\nmodel lif\nend\n", "t.epv:2: case without key preset"},
    {"epv 1\nmodel lif\n", "t.epv:2: found `model lif`, expected `case ep:ID` with 16 hexadecimal digits or -"},
    {HEAD "end\n", "t.epv:2: case without key v_th, which model alif needs"},
    {HEAD "v_th 3f800000\nend\n", "t.epv:2: case without key gamma, which model alif needs"},
    {HEAD "colour red\n", "t.epv:13: found `colour`, expected a key, `option`, `in`, `out` or `end`"},
    {HEAD "T 3\n", "t.epv:13: key T: second time, first in line 7"},
    {HEAD "kappa\n", "t.epv:13: found `kappa`, expected `kappa VALUE`"},
    {HEAD "\n", "t.epv:13: found an empty line inside a case"},
    {HEAD "kappa  1\n", "t.epv:13: found a blank too many, expected words separated by one"},
    {HEAD "kappa 1 \n", "t.epv:13: found a blank too many, expected words separated by one"},
    {HEAD SCALARS "kappa 0.5\nend\n", "t.epv:15: kappa: found `0.5`, expected 8 hexadecimal digits"},
    {HEAD SCALARS "kappa 3F000000\nend\n", "t.epv:15: kappa: found `3F000000`, expected 8 hexadecimal digits"},
    {HEAD SCALARS "kappa 7fc00000\nend\n", "t.epv:15: kappa: found `7fc00000`, expected the bits of a finite number"},
    {HEAD SCALARS "kappa 3f800000\nend\n", "t.epv:2: kappa = 1: expected a decay in [0, 1)"},
    {HEAD SCALARS "n_ref -1\nend\n", "t.epv:15: n_ref: found `-1`, expected an integer from 0 to 1048576"},
    {HEAD SCALARS "n_ref 01\nend\n", "t.epv:15: n_ref: found `01`, expected an integer from 0 to 1048576"},
    {HEAD SCALARS "n_ref 1048577\nend\n", "t.epv:15: n_ref: found `1048577`, expected an integer from 0 to 1048576"},
    {HEAD SCALARS "window 3\nend\n", "t.epv:15: key window: rule bptt has no windows"},
    {HEAD SCALARS "seed zc\nend\n", "t.epv:15: key seed: rule bptt has no boundary seeds"},
    {HEAD SCALARS "seed x\nend\n", "t.epv:15: seed: found `x`, expected none, c, z or zc"},
    {HEAD SCALARS "reg maybe\nend\n", "t.epv:15: reg: found `maybe`, expected on or off"},
    {HEAD SCALARS "family none\nend\n", "t.epv:15: family: found `none`, expected grad, step, trace, loop, chain, edge or reject"},
    {HEAD SCALARS "eta 3f800000\nend\n", "t.epv:15: key eta: a case without key updates has none"},
    {HEAD SCALARS "family chain\nend\n", "t.epv:2: found family chain without key updates, expected both family chain and updates or neither"},
    {HEAD SCALARS "updates 3\nend\n", "t.epv:2: found family grad with key updates, expected both family chain and updates or neither"},
    {HEAD SCALARS "updates 3\nfamily chain\nend\n", "t.epv:2: case without key eta, which chains need"},
    {HEAD SCALARS "updates 3\nfamily chain\neta 3f800000\nend\n", "t.epv:2: case without key report, which chains need"},
    {HEAD SCALARS "updates 3\nfamily chain\neta 80000000\nreport 3\nend\n", "t.epv:17: eta: found `80000000`, expected a number > 0"},
    {HEAD SCALARS "updates 3\nfamily chain\neta 3f800000\nreport 3\nend\n", "t.epv:5: rule: found `bptt`, expected a rule eprop1-*, as in every chain"},
    {CHAIN "report 3,2\nend\n", "t.epv:18: report: found `3,2`, expected at most 16 updates, ascending, separated by commas"},
    {CHAIN "report 4\nend\n", "t.epv:18: report: found `4`, expected at most 16 updates, ascending, separated by commas"},
    {CHAIN "report 3\nregime often\nend\n", "t.epv:19: regime: found `often`, expected batch or online"},
    {CHAIN "report 3\ncarry some\nend\n", "t.epv:19: carry: found `some`, expected none or all"},
    {CHAIN "report 3\nlambda 3f000000\nend\n", "t.epv:19: lambda: found `3f000000`, expected none: only eprop1-adaptive has it"},
    {CHAIN "report 3\ncarry all\nend\n", "t.epv:2: found B 2, expected 1 in chains with regime online or carry all"},
    {CHAIN "report 3\nout E 00000000.000 mag 0000000000000000\nend\n", "t.epv:19: found E, which is no quantity of this chain"},
    {CHAIN "report 3\nout B 3 0 0 00000000.000 mag 0000000000000000\nend\n", "t.epv:19: found B, which is no quantity of this chain"},
    {CHAIN "report 3\nout Win 0 0 0 00000000.000 mag 0000000000000000\nend\n", "t.epv:19: Win: index 1 (u): found `0`, expected 1 to 3"},
    {CHAIN "report 3\ngiven z\nend\n", "t.epv:19: key given: found rule eprop1-symmetric in a chain, expected eprop1-* and no chain"},
    {HEAD SCALARS "out Win 1 0 0 zero\nend\n", "t.epv:15: found Win, which is no quantity of a case without updates"},
    {HEAD SCALARS "given v\nend\n", "t.epv:15: given: found `v`, expected some of z,psi,L in this order, z and psi of spiking models only"},
    {HEAD SCALARS "given L,z\nend\n", "t.epv:15: given: found `L,z`, expected some of z,psi,L in this order, z and psi of spiking models only"},
    {HEAD SCALARS "given L\nend\n", "t.epv:15: key given: found rule bptt, expected eprop1-* and no chain"},
    {HEAD SCALARS "in L 0 1 0 3f800000\nend\n", "t.epv:15: found L, which key given does not name"},
    {HEAD SCALARS "margin bff0000000000000\nend\n", "t.epv:15: margin: found `bff0000000000000`, expected a number >= 0"},
    {HEAD SCALARS "rng 18446744073709551616\nend\n", "t.epv:15: rng: found `18446744073709551616`, expected an integer from 0 to 2^64 - 1"},
    {HEAD SCALARS "flags A\nend\n", "t.epv:15: flags: found `A`, expected names of a-z, 0-9 and -, separated by commas"},
    {HEAD SCALARS "option colour red\nend\n", "t.epv:15: found option `colour`, expected a known option"},
    {HEAD SCALARS "option reset zero\nend\n", "t.epv:15: option reset: found `zero`, expected one of its values"},
    {HEAD SCALARS "option delay 2\noption delay 2\n", "t.epv:16: option delay: second time, first in line 15"},
    {HEAD SCALARS "option g_in 0.5\nend\n", "t.epv:15: option g_in: found `0.5`, expected 1, a complement or # and raw bits"},
    {HEAD SCALARS "option g_in #7f800000\nend\n", "t.epv:15: option g_in: found `#7f800000`, expected # and the bits of a finite gain"},
    {HEAD SCALARS "option delay #3f800000\nend\n", "t.epv:15: option delay: found `#3f800000`, expected # and the bits of a finite gain"},
    {HEAD SCALARS "option delay 0\nend\n", "t.epv:15: option delay: found `0`, expected one of its values"},
    {HEAD SCALARS "in Win 0 0 7f800000\n", "t.epv:15: Win: found 7f800000, which is infinite or NaN, expected a finite number"},
    {HEAD SCALARS "in Win 0 0 ffc00001\n", "t.epv:15: Win: found ffc00001, which is infinite or NaN, expected a finite number"},
    {HEAD SCALARS "in Win 0 0 3f8\n", "t.epv:15: Win: found `3f8`, expected 8 hexadecimal digits 0-9a-f"},
    {HEAD SCALARS "in Win 0 0 3f80000000000000\n", "t.epv:15: Win: found `3f80000000000000`, expected 8 hexadecimal digits 0-9a-f"},
    {HEAD SCALARS "in Win 0 3f800000\n", "t.epv:15: Win: found 2 words after the name, expected 2 indices (ji) and bits"},
    {HEAD SCALARS "in Win 2 0 3f800000\n", "t.epv:15: Win: index 1 (j): found `2`, expected 0 to 1"},
    {HEAD SCALARS "in x 0 0 3f800000\n", "t.epv:15: x: index 1 (t): found `0`, expected 1 to 3"},
    {HEAD SCALARS "in x 4 0 3f800000\n", "t.epv:15: x: index 1 (t): found `4`, expected 1 to 3"},
    {HEAD SCALARS "in x 1 0 3f800000\nin x 1 0 3f800000\n", "t.epv:16: x[1][0]: given a second time"},
    {HEAD SCALARS "in alpha_s 0 3f000000\n", "t.epv:15: found alpha_s, which model alif does not have"},
    {HEAD SCALARS "in B 0 0 3f000000\n", "t.epv:15: found B, which rule bptt does not use"},
    {HEAD SCALARS "in y 0 0 3f000000\n", "t.epv:15: found `in y 0 0 3f000000`, expected `in NAME INDICES BITS` with a known name"},
    {HEAD SCALARS "in Wrec 1 1 3f000000\nend\n", "t.epv:2: Wrec[1][1] = 0.5: expected 0 (no self-connections)"},
    {HEAD SCALARS "in mask 1 bf800000\nend\n", "t.epv:2: mask[0][1] = -1: expected a finite number >= 0"},
    {HEAD SCALARS "in x 1 0 3f800000\nkappa 3f000000\n", "t.epv:16: found `kappa`, expected `in`, `out` or `end`"},
    {HEAD SCALARS "out z 1 0 zero\nin x 1 0 3f800000\n", "t.epv:16: found `in` after the first `out`"},
    {HEAD SCALARS "out q 1 0 zero\n", "t.epv:15: found `out q 1 0 zero`, expected `out NAME INDICES ...` with a known name"},
    {HEAD SCALARS "out c 1 0 zero\n", "t.epv:15: found c, which model alif does not have"},
    {HEAD SCALARS "out z 1 0 none\n", "t.epv:15: z: found 3 words after the name, expected 2 indices (tj) and `VALUE mag MAG`, `zero` or `undecided LO HI`"},
    {HEAD SCALARS "out z 1 2 zero\n", "t.epv:15: z: index 2 (j): found `2`, expected 0 to 1"},
    {HEAD SCALARS "out z 1 0 3f800000 mag 0000000000000000\n", "t.epv:15: found `3f800000`, expected the 8 digits of a finite number, a point and 3 digits"},
    {HEAD SCALARS "out z 1 0 3f800000.00 mag 0000000000000000\n", "t.epv:15: found `3f800000.00`, expected the 8 digits of a finite number, a point and 3 digits"},
    {HEAD SCALARS "out z 1 0 7f800000.000 mag 0000000000000000\n", "t.epv:15: found `7f800000.000`, expected the 8 digits of a finite number, a point and 3 digits"},
    {HEAD SCALARS "out z 1 0 3f800000.000 mug 0000000000000000\n", "t.epv:15: found `mug`, expected `mag`"},
    {HEAD SCALARS "out z 1 0 3f800000.000 mag bff0000000000000\n", "t.epv:15: found mag `bff0000000000000`, expected the 16 digits of a finite number >= 0"},
    {HEAD SCALARS "out z 1 0 3f800000.000 mag 7ff0000000000000\n", "t.epv:15: found mag `7ff0000000000000`, expected the 16 digits of a finite number >= 0"},
    {HEAD SCALARS "out z 1 0 undecided 3ff0000000000000 bff0000000000000\n", "t.epv:15: found bounds `3ff0000000000000 bff0000000000000`, expected two times 16 digits, the lower first"},
    {HEAD SCALARS "out z 1 0 undecided 7ff8000000000000 7ff8000000000000\n", "t.epv:15: found bounds `7ff8000000000000 7ff8000000000000`, expected two times 16 digits, the lower first"},
    {HEAD SCALARS "out z 2 0 zero\nout z 1 0 zero\nout z 2 0 zero\nend\n", "t.epv:17: z[2][0]: given a second time, first in line 15"},
    {HEAD SCALARS "end now\n", "t.epv:15: found `end now`, expected `end` alone"},
    {HEAD SCALARS "option delay\nend\n", "t.epv:15: found `option delay`, expected `option NAME VALUE`"},
    {HEAD SCALARS "option reset vth-same-but-by-a-name-of-more-than-forty-letters\nend\n", "t.epv:15: option reset: value too long"},
    {HEAD SCALARS "in Win 1 2 3 4 5 6 7 8 9 10 11\nend\n", "t.epv:15: found more than 12 words"},
    {ALONE "updates 3\nfamily chain\neta 3f800000\nreport 3\nregime online\nc_reg 3f800000\nend\n",
     "t.epv:20: c_reg: found `3f800000`, expected 0: online there is no mean rate"},
    {"epv 1\ncase ep:-\nmodel alif\npreset paper2019\nrule bptt\nformat f32\nT 1048576\nB 65536\nn_in 65536\nn_rec 65536\nn_out 1\nloss regression\n" SCALARS
     "out e 0 1 0 0 zero\n", "t.epv:2: array Win has 4294967296 elements, at most 16777216 are allowed"},
    {ALONE "given z\nin z 1 0 3f000000\nend\n", "t.epv:2: given z: found 0.5, expected 0 or 1"},
    {GOOD "x\n", "t.epv:19: found `x`, expected `case ep:ID` with 16 hexadecimal digits or -"},
    {GOOD "case ep:-\n", "t.epv:20: the file ends inside the case of line 19, expected `end`"},
};

START_TEST(refuses)
{
    char err[VFY_EPV_ERR];
    vfy_epv_file *f = NULL;
    ep_status s = read_text(bad[_i].text, strlen(bad[_i].text), &f, err);
    ck_assert_msg(s == EP_FORMAT || s == EP_DOMAIN, "status %s", ep_status_name(s));
    ck_assert_str_eq(err, bad[_i].message);
    ck_assert_ptr_null(f);
}
END_TEST

/* One key of a good case replaced. */
START_TEST(refuses_sizes_and_names)
{
    const struct {
        const char *line, *by, *message;
    } swap[] = {{"T 3", "T 0", ":7: T: found `0`, expected an integer from 1 to 1048576"},
                {"n_rec 2", "n_rec 65537", ":10: n_rec: found `65537`, expected an integer from 1 to 65536"},
                {"n_in 2", "n_in 99999999999999999999", ":9: n_in: found `99999999999999999999`, expected an integer from 1 to 65536"},
                {"n_rec 2", "n_rec 65536", ":2: array Wrec has 4294967296 elements, at most 16777216 are allowed"},
                {"model alif", "model ALIF", ":3: model: found `ALIF`, expected a known model"},
                {"preset paper2019", "preset mine", ":4: preset: found `mine`, expected a known preset"},
                {"rule bptt", "rule eprop", ":5: rule: found `eprop`, expected a known learning rule"},
                {"rule bptt", "rule tbptt", ":2: case without key window, which rule tbptt needs"},
                {"rule bptt", "rule eprop1-random", ":2: case without `in B` lines, which rule eprop1-random needs"},
                {"format f32", "format f16", ":6: format: found `f16`, expected f32, f64 or fixed: and a profile"},
                {"loss regression", "loss none", ":12: loss: found `none`, expected regression or classification"},
                {"case ep:-", "case ep:0000000000000000", ":2: case id ep:0000000000000000 does not match its content"}};
    for (size_t i = 0; i < sizeof swap / sizeof *swap; i++) {
        char text[1024], err[VFY_EPV_ERR];
        const char *at = strstr(GOOD, swap[i].line);
        vfy_epv_file *f = NULL;
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, swap[i].by, at + strlen(swap[i].line));
        ck_assert_int_eq(read_text(text, strlen(text), &f, err), EP_FORMAT);
        ck_assert_msg(strstr(err, swap[i].message) != NULL, "%s", err);
        ck_assert_ptr_null(f);
    }
}
END_TEST

/* Every prefix of a good file is refused; so is every byte that is not printable ASCII. */
START_TEST(refuses_every_prefix_and_foreign_byte)
{
    char text[] = GOOD, err[VFY_EPV_ERR];
    vfy_epv_file *f = NULL;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        ck_assert_msg(read_text(text, n, &f, err) == EP_FORMAT, "prefix of %zu bytes", n);
        ck_assert(strncmp(err, "t.epv:", 6) == 0);
    }
    for (size_t at = 0; at < sizeof text - 1; at += 7)
        for (int k = 0; k < 4; k++) {
            char old = text[at];
            text[at] = "\0\t\r\x80"[k];
            ck_assert_int_eq(read_text(text, sizeof text - 1, &f, err), EP_FORMAT);
            text[at] = old;
        }
    ck_assert_int_eq(read_text(text, sizeof text - 1, &f, err), EP_OK);
    vfy_epv_free(f);
}
END_TEST

/* The id covers every byte of the body: any digit changed is seen. */
START_TEST(the_id_guards_the_body)
{
    vfy_epv_file *f = good(GOOD);
    char text[1024], err[VFY_EPV_ERR], id[17];
    strcpy(id, f->cases[0].id);
    vfy_epv_free(f);
    const char *tail = strstr(GOOD, "\nmodel");
    int n = snprintf(text, sizeof text, "epv 1\ncase ep:%s%s", id, tail);
    f = good(text);
    ck_assert_str_eq(f->cases[0].id, id);
    vfy_epv_free(f);
    f = NULL;
    int changed = 0;
    for (int at = 30; at < n; at++) {
        if (text[at] != '0') continue;
        text[at] = '1';
        ck_assert_int_ne(read_text(text, (size_t)n, &f, err), EP_OK);
        text[at] = '0';
        changed++;
    }
    ck_assert_int_gt(changed, 20);
}
END_TEST

/* The examples of PROTOCOL.md are files. */
START_TEST(examples_of_the_protocol)
{
    char line[512], text[4096] = "", err[VFY_EPV_ERR];
    bool inside = false;
    int found = 0;
    FILE *f = fopen("verify/PROTOCOL.md", "r");
    ck_assert_msg(f != NULL, "verify/PROTOCOL.md: run from the project's root");
    while (fgets(line, sizeof line, f)) {
        vfy_epv_file *e = NULL;
        if (strcmp(line, "```epv\n") == 0) inside = true, text[0] = '\0';
        else if (inside && strcmp(line, "```\n") == 0) {
            ck_assert_msg(read_text(text, strlen(text), &e, err) == EP_OK, "%s", err);
            ck_assert_int_eq(e->cases[0].n_want > 0, found > 0);
            vfy_epv_free(e);
            inside = false;
            found++;
        } else if (inside) strncat(text, line, sizeof text - strlen(text) - 1);
    }
    fclose(f);
    ck_assert_int_eq(found, 2);
}
END_TEST

START_TEST(long_lines_and_missing_files)
{
    char text[400] = "epv 1\ncase ep:-\nflags ", err[VFY_EPV_ERR];
    vfy_epv_file *f = NULL;
    size_t n = strlen(text);
    memset(text + n, 'a', 300);
    text[n + 300] = '\n';
    ck_assert_int_eq(read_text(text, n + 301, &f, err), EP_FORMAT);
    ck_assert_str_eq(err, "t.epv:3: found a line longer than 255 bytes");
    text[n + 201] = '\n';
    ck_assert_int_eq(read_text(text, n + 202, &f, err), EP_FORMAT);
    ck_assert_str_eq(err, "t.epv:3: key flags: value longer than 200 bytes");
    ck_assert_int_eq(vfy_epv_read("/nonexistent/a.epv", &f, err, sizeof err), EP_IO);
    ck_assert_str_eq(err, "/nonexistent/a.epv: cannot open: No such file or directory");
    ck_assert_int_eq(vfy_epv_read("/", &f, err, sizeof err), EP_IO);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("epv");
    TCase *c = tcase_create("reader");
    tcase_add_test(c, sha256_known_answers);
    tcase_add_test(c, reads_what_was_written_down);
    tcase_add_test(c, comments_and_empty_lines_between_cases);
    tcase_add_loop_test(c, refuses, 0, (int)(sizeof bad / sizeof *bad));
    tcase_add_test(c, refuses_sizes_and_names);
    tcase_add_test(c, refuses_every_prefix_and_foreign_byte);
    tcase_add_test(c, the_id_guards_the_body);
    tcase_add_test(c, examples_of_the_protocol);
    tcase_add_test(c, long_lines_and_missing_files);
    suite_add_tcase(s, c);
    return test_run(s);
}
