/* test_table.c: tables are read strictly, and every refusal names its line.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "test/run.h"

static const rep_column want[] = {{"model", REP_TEXT}, {"bits", REP_INT}, {"err", REP_NUM}};

static ep_status parse(const char *text, rep_table *t, rep_error *err)
{
    rep_buf b = {0};
    rep_put(&b, "%s", text);
    ep_status s = rep_table_parse(&b, "f.tsv", want, 3, t, err);
    rep_buf_clear(&b);
    return s;
}

static const struct { const char *text, *message; } bad[] = {
    {"", "f.tsv:1: found an empty file, expected a header line that starts with #"},
    {"model\tbits\terr\n", "f.tsv:1: found 'model\tbits\terr', expected a header line that starts with #"},
    {"# model\tbit\terr\nlif\t1\t2\n", "f.tsv:1: found 'bit' as column 2, expected 'bits'"},
    {"# model\tbits\nlif\t1\n", "f.tsv:1: found 'nothing' as column 3, expected 'err'"},
    {"# model\tbits\terr\nlif\t24\n", "f.tsv:2: found 2 fields, expected 3"},
    {"# model\tbits\terr\nlif\t24\t1\t2\n", "f.tsv:2: found 4 fields, expected 3"},
    {"# model\tbits\terr\nlif\t24\t1\n\n# remark\nlif\t2.5\t1\n", "f.tsv:5: found '2.5' in column bits, expected a whole number"},
    {"# model\tbits\terr\nlif\t24\t1\nlif\t53\tabc\n", "f.tsv:3: found 'abc' in column err, expected a decimal number"},
    {"# model\tbits\terr\nlif\t24\t0x1p3\n", "f.tsv:2: found '0x1p3' in column err, expected a decimal number"},
    {"# model\tbits\terr\nlif\t24\t\n", "f.tsv:2: found '' in column err, expected a decimal number"},
    {"# model\tbits\terr\nlif\t99999999999\t1\n", "f.tsv:2: found '99999999999' in column bits, expected a whole number"},
    {"# model\tbits\terr\n\t24\t1\n", "f.tsv:2: found nothing in column model, expected a text (or -)"},
};

START_TEST(refused)
{
    rep_table t;
    rep_error err = {""};
    ep_status s = parse(bad[_i].text, &t, &err);
    ck_assert_msg(s == EP_FORMAT, "row %d was accepted", _i);
    ck_assert_str_eq(err.text, bad[_i].message);
    ck_assert(!t.present);
    rep_table_clear(&t);
}
END_TEST

START_TEST(nul_byte_refused)
{
    rep_table t;
    rep_error err;
    rep_buf b = {0};
    rep_put(&b, "# model\tbits\terr\nlif");
    rep_put_bytes(&b, "\0\t1\t1\n", 6);
    ck_assert_int_eq(rep_table_parse(&b, "f.tsv", want, 3, &t, &err), EP_FORMAT);
    ck_assert_str_eq(err.text, "f.tsv: found a NUL byte, expected text");
    rep_table_clear(&t);
}
END_TEST

/* Tabs or blanks, CRLF, remarks, more columns, no number where - or nan stands. */
START_TEST(accepted)
{
    static const char *const texts[] = {
        "# model\tbits\terr\nlif\t24\t1.5e-3\n# x\nalif\t-\tnan\n",
        "# model bits err\nlif 24 1.5e-3\n\nalif - n/a",
        "# model\tbits\terr\textra\r\nlif\t24\t1.5e-3\tx\r\nalif\t-\t-\ty\r\n",
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        rep_table t;
        rep_error err = {""};
        ck_assert_msg(parse(texts[k], &t, &err) == EP_OK, "%zu: %s", k, err.text);
        ck_assert(t.present);
        ck_assert_int_eq(t.rows, 2);
        ck_assert_str_eq(rep_cell(&t, 0, 0), "lif");
        ck_assert_str_eq(rep_cell(&t, 1, 0), "alif");
        ck_assert(rep_num(&t, 0, 1) == 24 && rep_num(&t, 0, 2) == 1.5e-3);
        ck_assert(isnan(rep_num(&t, 1, 1)) && isnan(rep_num(&t, 1, 2)));
        rep_table_clear(&t);
    }
}
END_TEST

START_TEST(no_rows_is_absent)
{
    rep_table t;
    rep_error err = {""};
    ck_assert_int_eq(parse("# model\tbits\terr\n# nothing\n", &t, &err), EP_OK);
    ck_assert(!t.present);
    rep_table_clear(&t);
}
END_TEST

/* Whatever single byte is put anywhere, the reader answers with a table or with one line, and never crashes. */
START_TEST(any_byte_anywhere)
{
    static const char text[] = "# model\tbits\terr\nlif\t24\t1.5e-3\nalif\t53\t2\n";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char copy[sizeof text];
        rep_table t;
        rep_error err = {""};
        rep_buf b = {0};
        memcpy(copy, text, sizeof text);
        copy[at] = (char)_i;
        rep_put_bytes(&b, copy, sizeof text - 1);
        ep_status s = rep_table_parse(&b, "f.tsv", want, 3, &t, &err);
        ck_assert_msg(s == EP_OK || (s == EP_FORMAT && strncmp(err.text, "f.tsv", 5) == 0), "byte %d at %zu", _i, at);
        ck_assert(!t.present || s == EP_OK);
        rep_table_clear(&t);
        rep_buf_clear(&b);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("table");
    TCase *c = tcase_create("table");
    tcase_add_loop_test(c, refused, 0, sizeof bad / sizeof *bad);
    tcase_add_test(c, nul_byte_refused);
    tcase_add_test(c, accepted);
    tcase_add_test(c, no_rows_is_absent);
    tcase_add_loop_test(c, any_byte_anywhere, 0, 256);
    suite_add_tcase(s, c);
    return test_run(s);
}
