/* Profile files: what is written reads back; each kind of mistake is told with its line.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <string.h>

#include "fixed_profile.h"
#include "test/run.h"

static FILE *file_of(const char *text)
{
    FILE *f = tmpfile();
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    rewind(f);
    return f;
}

/* A built-in profile as text. */
static void text_of(const char *name, char *text, size_t n)
{
    ref_profile p;
    FILE *f = tmpfile();
    ck_assert_int_eq(ep_fixed_profile(name, &p), EP_OK);
    ck_assert_int_eq(ep_fixed_profile_write(f, &p), EP_OK);
    rewind(f);
    size_t got = fread(text, 1, n - 1, f);
    text[got] = '\0';
    fclose(f);
}

START_TEST(test_written_reads_back)
{
    const char *name = ep_fixed_profile_name(_i);
    char text[2000], err[200] = "";
    ref_profile want, got = {.clip = -1};
    text_of(name, text, sizeof text);
    FILE *f = file_of(text);
    ck_assert_int_eq(ep_fixed_profile(name, &want), EP_OK);
    ck_assert_msg(ep_fixed_profile_read(f, name, &got, err, sizeof err) == EP_OK, "%s", err);
    fclose(f);
    ck_assert_int_eq(got.clip, want.clip);
    for (int q = 0; q < RQ_COUNT; q++) {
        ck_assert_int_eq(got.q[q].bits, want.q[q].bits);
        ck_assert_int_eq(got.q[q].frac, want.q[q].frac);
        ck_assert_int_eq(got.q[q].rounding, want.q[q].rounding);
        ck_assert_int_eq(got.q[q].overflow, want.q[q].overflow);
    }
}
END_TEST

/* In q15's text the first `from` becomes `to`. */
static const struct { const char *from, *to, *say; } mistakes[] = {
    {"eprop-fixed 1", "eprop-fixed 2", ":1: found 'eprop-fixed', expected 'eprop-fixed 1'"},
    {"eprop-fixed 1\n", "", ":1: found 'clip', expected 'eprop-fixed 1'"},
    {"clip 0", "clip 256", ":2: found clip '256', expected one number from 0 to 255"},
    {"clip 0", "clip 01", ":2: found clip '01'"},
    {"clip 0", "clip -1", ":2: found clip '-1'"},
    {"clip 0", "clip", ":2: found clip ''"},
    {"clip 0", "clip 1\nclip 1", ":3: found clip a second time"},
    {"clip 0", "clap 0", ":2: found 'clap', expected the name of a quantity, clip or end"},
    {"X 16.8", "X  16.8", ":3: found a blank"},
    {"X 16.8", " X 16.8", ":3: found a blank"},
    {"X 16.8", "X 16.8 ", ":3: found a blank"},
    {"X 16.8", "X\t16.8", ":3: found byte 0x09"},
    {"X 16.8", "X 16.8\r", ":3: found byte 0x0d"},
    {"X 16.8", "X 16.8 floor saturate", ":3: found 4 words, expected NAME BITS.FRACTION"},
    {"X 16.8", "x 16.8", ":3: found 'x'"},
    {"X 16.8", "r 16.8", ":3: found 'r'"},
    {"X 16.8", "X 1.0", ":3: found '1.0', expected BITS.FRACTION, 2 to 32 and 0 to 40"},
    {"X 16.8", "X 33.0", ":3: found '33.0'"},
    {"X 16.8", "X 16.41", ":3: found '16.41'"},
    {"X 16.8", "X 16", ":3: found '16'"},
    {"X 16.8", "X 16.", ":3: found '16.'"},
    {"X 16.8", "X 99999999999999999999.8", ":3: found '99999999999999999999.8'"},
    {"X 16.8\n", "", "found no X, expected it: every network needs it"},
    {"D 16.15", "D 32.31", ":4: found '32.31', expected BITS.FRACTION, 2 to 32 and 0 to 30"},
    {"PR 16.14", "PR 16.15", "found '16.15', expected BITS.FRACTION, 2 to 32 and 0 to BITS - 2"},
    {"PR 16.14\n", "", "found no PR, expected it: softmax needs it"},
    {"CN 24.8 floor saturate\n", "", "found no CN, expected it: the rate regulariser needs it"},
    {"nearest-even", "nearest", ":8: found rounding 'nearest'"},
    {"saturate", "clamp", ":8: found overflow 'clamp'"},
    {" nearest-even saturate", "", ":8: found 2 words, expected NAME BITS.FRACTION ROUNDING OVERFLOW"},
    {" nearest-even saturate", " a b c d", ":8: found more than 4 words"},
    {"W 16.12 nearest-even saturate", "X 16.8", ":8: found X a second time"},
    {"end\n", "", "found the end of the file, expected 'end'"},
    {"end\n", "end", "found a last line without line feed"},
    {"end\n", "end\n\n", "found a line after 'end'"},
    {"X 16.8", "# 34567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901",
     ":3: found a line above 120 characters"},
};
enum { N_MISTAKE = sizeof mistakes / sizeof *mistakes };

START_TEST(test_mistake_is_told)
{
    char text[2000], wrong[2400], err[200] = "";
    ref_profile p = {.clip = 77};
    text_of("q15", text, sizeof text);
    const char *at = strstr(text, mistakes[_i].from);
    ck_assert_ptr_nonnull(at);
    snprintf(wrong, sizeof wrong, "%.*s%s%s", (int)(at - text), text, mistakes[_i].to, at + strlen(mistakes[_i].from));
    FILE *f = file_of(wrong);
    ck_assert_int_eq(ep_fixed_profile_read(f, "my.fixed", &p, err, sizeof err), EP_FORMAT);
    fclose(f);
    ck_assert_msg(strncmp(err, "my.fixed:", 9) == 0 && strstr(err, mistakes[_i].say), "wanted %s, got %s", mistakes[_i].say, err);
    ck_assert_int_eq(p.clip, 77);
}
END_TEST

START_TEST(test_short_forms)
{
    char text[2000], shorter[2400], err[200];
    ref_profile p;
    text_of("reckon", text, sizeof text);
    *strstr(text, "EX ") = '\0'; /* without the optional groups, with a comment and an empty line, without clip */
    snprintf(shorter, sizeof shorter, "eprop-fixed 1\n# my chip\n\n%send\n", strstr(text, "X 8.0"));
    FILE *f = file_of(shorter);
    ck_assert_msg(ep_fixed_profile_read(f, "f", &p, err, sizeof err) == EP_OK, "%s", err);
    fclose(f);
    ck_assert_int_eq(p.clip, 0);
    ck_assert_int_eq(p.q[RQ_EX].bits, 0);
    ck_assert_int_eq(p.q[RQ_E].bits, 10);
    f = file_of("");
    ck_assert_int_eq(ep_fixed_profile_read(f, "f", &p, err, sizeof err), EP_FORMAT);
    fclose(f);
    ck_assert_int_eq(ep_fixed_profile_read(f = file_of(shorter), "f", &p, err, 0), EP_OK);
    fclose(f);
}
END_TEST

START_TEST(test_names_of_quantities)
{
    ck_assert_str_eq(ep_fixed_quantity_name(0), "X");
    ck_assert_str_eq(ep_fixed_quantity_name(RQ_COUNT - 1), "EL");
    ck_assert_str_eq(ep_fixed_quantity_name(-1), "?");
    ck_assert_str_eq(ep_fixed_quantity_name(RQ_COUNT), "?");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profiles of fixed point");
    TCase *tc = tcase_create("files");
    tcase_add_loop_test(tc, test_written_reads_back, 0, 4);
    tcase_add_loop_test(tc, test_mistake_is_told, 0, N_MISTAKE);
    tcase_add_test(tc, test_short_forms);
    tcase_add_test(tc, test_names_of_quantities);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
