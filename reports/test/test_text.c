/* test_text.c: hashes, escapes and logarithms against known answers.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* RFC 4648, section 10. */
static const char *const base64[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

START_TEST(base64_known)
{
    rep_buf b = {0};
    rep_put(&b, "%s", "");
    rep_put_base64(&b, base64[_i][0], strlen(base64[_i][0]));
    ck_assert_str_eq(b.s, base64[_i][1]);
    rep_buf_clear(&b);
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
    tcase_add_loop_test(c, base64_known, 0, sizeof base64 / sizeof *base64);
    tcase_add_loop_test(c, escapes_known, 0, sizeof escapes / sizeof *escapes);
    tcase_add_test(c, buffer_grows);
    tcase_add_loop_test(c, log2_beyond_double, 0, 200);
    tcase_add_test(c, log2_of_nothing);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
