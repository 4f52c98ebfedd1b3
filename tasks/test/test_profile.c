/* An engine whose profile is a file of the user's.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../machine.h"
#include "fixed_profile.h"
#include "test/run.h"

/* A built-in profile as a file, its line `from` replaced. */
static void write_file(const char *path, const char *from, const char *to)
{
    char line[128];
    ref_profile p;
    FILE *f = tmpfile(), *out = fopen(path, "w");
    ck_assert(f && out);
    ck_assert_int_eq(ep_fixed_profile("s16.15", &p), EP_OK);
    ck_assert_int_eq(ep_fixed_profile_write(f, &p), EP_OK);
    rewind(f);
    while (fgets(line, sizeof line, f)) fputs(from && strncmp(line, from, strlen(from)) == 0 ? to : line, out);
    fclose(f);
    fclose(out);
}

START_TEST(file_selects_engine)
{
    char why[TASK_WHY] = "", path[] = "/tmp/profile_XXXXXX", text[64];
    task_engine e, other;
    close(mkstemp(path));
    snprintf(text, sizeof text, "fixed:%s", path);
    write_file(path, NULL, NULL);
    ck_assert_msg(task_engine_parse(text, &e, why) == EP_OK, "%s", why);
    ck_assert_int_eq(e.kind, TASK_FIXED);
    ck_assert_ptr_nonnull(e.opt);
    for (int q = 0; q < FIX_COUNT; q++) {
        ck_assert_int_eq(e.profile.q[q].bits, fix_s16_15.q[q].bits);
        ck_assert_int_eq(e.profile.q[q].frac, fix_s16_15.q[q].frac);
        ck_assert_int_eq(e.profile.q[q].overflow, fix_s16_15.q[q].overflow);
    }
    write_file(path, "V ", "V 24.12 stochastic saturate\n");
    ck_assert_msg(task_engine_parse(text, &other, why) == EP_OK, "%s", why);
    ck_assert_int_eq(other.profile.q[FIX_V].bits, 24);
    ck_assert_int_eq(other.profile.q[FIX_V].rounding, FIX_STOCHASTIC);
    ck_assert_str_ne(e.name, other.name); /* a checkpoint of the one is not the other's */
    write_file(path, "X ", "X 99.8\n");
    ck_assert_int_ne(task_engine_parse(text, &e, why), EP_OK);
    ck_assert_msg(strstr(why, ":3: found '99.8', expected"), "%s", why);
    remove(path);
    ck_assert_int_ne(task_engine_parse(text, &e, why), EP_OK);
    ck_assert_msg(strstr(why, "expected profile q15"), "%s", why);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profiles of the user's");
    TCase *tc = tcase_create("file");
    tcase_add_test(tc, file_selects_engine);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
