/* test_text.c: hashes, escapes and logarithms against known answers.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test/run.h"

/* FIPS 180-4 examples, and lengths around the padding's edges (hashes made with coreutils' sha256sum). */
static const struct { const char *text; int times; const char *hex; } hashes[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {"a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
    {"a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
    {"a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
};

START_TEST(sha256_known)
{
    rep_buf b = {0};
    char hex[65];
    for (int k = 0; k < hashes[_i].times; k++) rep_put(&b, "%s", hashes[_i].text);
    rep_sha256(b.s ? b.s : "", b.n, hex);
    ck_assert_str_eq(hex, hashes[_i].hex);
    rep_buf_clear(&b);
}
END_TEST

/* Figures: what cannot be seen goes, what can be seen stays. Corners, ends and what is off by more than a tenth of a pixel are kept. */
static const char *const paths[][2] = {
    {"M0.00,0.00 L1.00,0.04 L2.00,0.00 L3.00,5.00 ", "M0,0L2,0L3,5"},
    {"M0.00,0.00 L1.00,0.14 L2.00,0.00\n\t L3.00,0.00 ", "M0,0L1,0.1L3,0"},
    {"M-1.25,2.00 L-1.25,8.00 M4.00,4.00 L4.00,4.00 z", "M-1.3,2L-1.3,8M4,4L4,4Z"},
    {"M0,0 h2 M0,-1 v2", "M0,0 h2 M0,-1 v2"}, /* not of its kind: as it was */
    {"L0,0", "L0,0"},
    {"", ""},
};

START_TEST(lines_thinned)
{
    rep_buf in = {0}, out = {0}, want = {0};
    rep_put(&in, "<svg><defs><path d='M0.001,0.002 L3,4'/></defs><path stroke='red' d='%s'/></svg>", paths[_i][0]);
    rep_put(&want, "<svg><defs><path d='M0.001,0.002 L3,4'/></defs><path stroke='red' d='%s'/></svg>", paths[_i][1]);
    rep_svg_thin(&in, &out);
    ck_assert_str_eq(out.s, want.s);
    rep_buf_clear(&in);
    rep_buf_clear(&out);
    rep_buf_clear(&want);
}
END_TEST

/* The same picture in fewer words; what is not understood, and every text, stays as it was. */
static const char *const terse[][2] = {
    {"<g>\n<g>\n</g>\n<path d='M0,0'/>\n</g>", "<g><path d='M0,0'/></g>\n"},
    {"<g><g>\n</g>\n</g><rect/>", "<rect/>"}, /* empty once the inner one is gone */
    {"<text> a  b\n</text>", "<text> a  b\n</text>"},
    {"<text><tspan> </tspan></text>", "<text> </text>"},
    {"<text><tspan>x</tspan><tspan font-size='9.00'>y</tspan></text>", "<text>x<tspan font-size='9'>y</tspan></text>"},
    {"<p\n a=\"rgb( 1, 20,255)\" b=\"it's\"/>", "<p a='#0114ff' b=\"it's\"/>"},
    {"<p a='rgb(1,2,300)' stroke='rgb(1,2'/>", "<p a='rgb(1,2,300)' stroke='rgb(1,2'/>"},
    {"<use transform='translate(648.96,-0.04) scale(2.62) rotate(-270.0)' x='1.00'/>", "<use transform='translate(649,0) scale(2.62) rotate(-270)' x='1.00'/>"},
    {"<g id='gnuplot_canvas'><g font-family='Helvetica,Arial,sans-serif' font-size='14.00'><a/></g><g font-size='18.00'><a/></g></g>",
     "<g id='gnuplot_canvas' font-family='Helvetica,Arial,sans-serif' font-size='14'><g><a/></g>\n<g font-size='18'><a/></g>\n</g>\n"},
    {"<defs>\n\t<a id='p1'/>\n\t<a id='p10'/>\n\t<use xlink:href='#p1' id='q'/>\n\t<use xlink:href='#p10' id='r'/></defs><use xlink:href='#q'/>",
     "<defs><a id='p1'/><use xlink:href='#p1' id='q'/></defs><use xlink:href='#q'/>"},
    {"<defs><filter id='f'>\n<feFlood/>\n</filter><filter id='g'><feFlood/></filter></defs><g filter='url(#g)'><a/></g>",
     "<defs><filter id='g'><feFlood/></filter></defs><g filter='url(#g)'><a/></g>\n"},
    {"</g><a", "</g>\n<a"},
    {"", ""},
};

START_TEST(fewer_words)
{
    rep_buf in = {0}, out = {0};
    rep_put(&in, "%s", terse[_i][0]);
    rep_put(&out, "%s", "");
    rep_svg_terse(&in, &out);
    ck_assert_str_eq(out.s, terse[_i][1]);
    rep_buf_clear(&in);
    rep_buf_clear(&out);
}
END_TEST

/* A wave of 5000 points: every one of them is within a tenth of a pixel (and the rounding to tenths) of the line that is left. */
START_TEST(thinning_is_invisible)
{
    enum { N = 5000 };
    rep_buf in = {0}, out = {0};
    double x[N], y[N];
    int n = 0;
    rep_put(&in, "<path d='");
    for (int k = 0; k < N; k++) rep_put(&in, "%s%.2f,%.2f ", k ? "L" : "M", 0.16 * k, 200 + 150 * sin(0.01 * k) + 3 * sin(0.7 * k));
    rep_put(&in, "'/>");
    rep_svg_thin(&in, &out);
    for (const char *at = strchr(out.s, 'M'); at; at = strchr(at + 1, 'L'), n++) ck_assert_int_eq(sscanf(at + 1, "%lf,%lf", &x[n], &y[n]), 2);
    ck_assert_msg(n > 20 && n < N && out.n < in.n, "%d points, %zu bytes of %zu", n, out.n, in.n);
    for (int k = 0, m = 0; k < N; k++) {
        double px = 0.16 * k, py = 200 + 150 * sin(0.01 * k) + 3 * sin(0.7 * k), far = 1e9;
        for (int i = m > 2 ? m - 2 : 0; i + 1 < n && i < m + 3; i++) {
            double dx = x[i + 1] - x[i], dy = y[i + 1] - y[i], t = ((px - x[i]) * dx + (py - y[i]) * dy) / (dx * dx + dy * dy);
            t = fmax(0, fmin(1, t));
            far = fmin(far, hypot(px - x[i] - t * dx, py - y[i] - t * dy));
        }
        ck_assert_msg(far < 0.18, "point %d is %.3f pixels away", k, far);
        while (m + 1 < n && x[m + 1] <= px) m++;
    }
    rep_buf_clear(&in);
    rep_buf_clear(&out);
}
END_TEST

START_TEST(svg_as_uri)
{
    rep_buf in = {0}, out = {0};
    rep_put(&in, "<a b=\"c\">\n\t50%% \xce\xb1 'M1,2'</a>\n<b/>");
    rep_put_svg_uri(&out, &in);
    ck_assert_str_eq(out.s, "%3Ca%20b=%22c%22%3E%2050%25%20%CE%B1%20'M1,2'%3C/a%3E%3Cb/%3E");
    rep_buf_clear(&in);
    rep_buf_clear(&out);
}
END_TEST

static const struct { void (*put)(rep_buf *, const char *); const char *in, *out; } escapes[] = {
    {rep_put_html, "<script>alert(\"x\")</script>&", "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;"},
    {rep_put_html, "a\x01z\x7f", "a?z?"},
    {rep_put_markdown, "a|b\nc<d", "a\\|b c&lt;d"},
    {rep_put_gnuplot, "it's `rm -rf /` $(x)", "'it''s `rm -rf /` $(x)'"},
    {rep_put_gnuplot, "a\nb\\", "'a?b?'"},
};

START_TEST(escapes_known)
{
    rep_buf b = {0};
    escapes[_i].put(&b, escapes[_i].in);
    ck_assert_str_eq(b.s, escapes[_i].out);
    rep_buf_clear(&b);
}
END_TEST

START_TEST(buffer_grows)
{
    rep_buf b = {0};
    for (int k = 0; k < 3000; k++) rep_put(&b, "%d,", k % 10);
    ck_assert(!b.failed);
    ck_assert_uint_eq(b.n, 6000);
    for (size_t k = 0; k < b.n; k++) ck_assert_int_eq(b.s[k], k % 2 ? ',' : '0' + (int)(k / 2 % 10));
    rep_buf_clear(&b);
}
END_TEST

/* log2 of 2^-k written in decimal, far beyond double: log10 = -k log10(2), correct to the digits written. */
START_TEST(log2_beyond_double)
{
    char text[64];
    double k = 1.0 + 37.5 * _i, l = -k * log10(2), e = floor(l);
    snprintf(text, sizeof text, "%.15fe%.0f", pow(10, l - e), e);
    ck_assert_msg(fabs(rep_log2(text) + k) < 1e-11 * k, "%s: got %a, want %a", text, rep_log2(text), -k);
}
END_TEST

START_TEST(log2_of_nothing)
{
    static const char *const texts[] = {"0", "0.0e-400", "nan", "-", "n/a", "inf", "x"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) ck_assert_msg(isnan(rep_log2(texts[k])), "%s", texts[k]);
    ck_assert(rep_log2("-8") == 3.0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("text");
    TCase *c = tcase_create("text");
    tcase_add_loop_test(c, sha256_known, 0, sizeof hashes / sizeof *hashes);
    tcase_add_loop_test(c, lines_thinned, 0, sizeof paths / sizeof *paths);
    tcase_add_loop_test(c, fewer_words, 0, (int)(sizeof terse / sizeof *terse));
    tcase_add_test(c, thinning_is_invisible);
    tcase_add_test(c, svg_as_uri);
    tcase_add_loop_test(c, escapes_known, 0, sizeof escapes / sizeof *escapes);
    tcase_add_test(c, buffer_grows);
    tcase_add_loop_test(c, log2_beyond_double, 0, 200);
    tcase_add_test(c, log2_of_nothing);
    suite_add_tcase(s, c);
    return test_run(s);
}
