/* test_sample.c: the record of a run: every damage shows, and a run that was killed goes on.
 * SPDX-License-Identifier: MIT */
#include "sample.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/run.h"

static char dir[64], path[128], why[BENCH_WHY];

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/eprop-sample-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/samples.jsonl", dir);
    bench_samples all = {0};
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    for (int k = 0; k < 3; k++) {
        bench_sample s = {.id = "gradient/alif/bptt/N1-I1-O1-T1-B1-r2", .subject = "fast:f32", .round = k, .order = 2 - k, .seconds = 0.125 + k, .cpu = 0.125,
                          .reps = 7, .error = 1e-7, .flips = -1, .peak_mb = 12.5, .at = 100.0 + k};
        ck_assert_int_eq(bench_sample_append(f, &all, &s, why), EP_OK);
    }
    fclose(f);
    ck_assert_int_eq(all.n, 3);
    bench_samples_free(&all);
}

static void teardown(void)
{
    unlink(path);
    rmdir(dir);
}

static char *text(void)
{
    FILE *f = fopen(path, "rb");
    char *s = calloc(1, 8192);
    ck_assert(f && s && fread(s, 1, 8191, f) > 0);
    fclose(f);
    return s;
}

static void store(const char *s, size_t n)
{
    FILE *f = fopen(path, "wb");
    ck_assert(f && fwrite(s, 1, n, f) == n);
    fclose(f);
}

START_TEST(comes_back)
{
    bench_samples all;
    ck_assert_int_eq(bench_samples_read(dir, &all, NULL, why), EP_OK);
    ck_assert_int_eq(all.n, 3);
    ck_assert_str_eq(all.s[1].subject, "fast:f32");
    ck_assert_int_eq(all.s[1].order, 1);
    ck_assert(fabs(all.s[2].seconds - 2.125) < 1e-12 && all.s[0].reps == 7);
    bench_samples_free(&all);
}
END_TEST

/* Each single byte of the record changed (to another digit where it is one): refused, with the line. */
START_TEST(one_byte_changed)
{
    char *s = text();
    size_t n = strlen(s);
    int line = 1;
    for (size_t k = 0; k < n; k++) {
        char was = s[k];
        line += k > 0 && s[k - 1] == '\n';
        s[k] = was == '7' ? '8' : was == '\n' ? ' ' : '7';
        store(s, n);
        s[k] = was;
        bench_samples all;
        ck_assert_msg(bench_samples_read(dir, &all, NULL, why) == EP_FORMAT, "byte %zu '%c' changed and not noticed", k, was);
        char want[160];
        snprintf(want, sizeof want, "%s:%d: ", path, line);
        ck_assert_msg(strncmp(why, want, strlen(want)) == 0, "byte %zu: wanted %s, got %s", k, want, why);
    }
    free(s);
}
END_TEST

/* A line taken out shows in the next one's checksum. */
START_TEST(line_removed)
{
    char *s = text(), *second = strchr(s, '\n') + 1, *third = strchr(second, '\n') + 1;
    memmove(second, third, strlen(third) + 1);
    store(s, strlen(s));
    bench_samples all;
    ck_assert_int_eq(bench_samples_read(dir, &all, NULL, why), EP_FORMAT);
    ck_assert_msg(strstr(why, ":2: found checksum") != NULL, "%s", why);
    free(s);
}
END_TEST

/* Cut anywhere in the last line: --resume keeps the whole lines; everyone else is told. */
START_TEST(killed_while_writing)
{
    char *s = text(), *third = strchr(strchr(s, '\n') + 1, '\n') + 1;
    size_t whole = (size_t)(third - s), n = strlen(s);
    for (size_t k = whole + 1; k < n; k += 9) {
        bench_samples all;
        long cut = 0;
        store(s, k);
        ck_assert_int_eq(bench_samples_read(dir, &all, NULL, why), EP_FORMAT);
        ck_assert_msg(strstr(why, ":3: found a line that breaks off") != NULL, "%s", why);
        ck_assert_int_eq(bench_samples_read(dir, &all, &cut, why), EP_OK);
        ck_assert_int_eq(all.n, 2);
        ck_assert_int_eq(cut, (long)whole);
        bench_samples_free(&all);
    }
    free(s);
}
END_TEST

START_TEST(what_is_no_sample)
{
    bench_samples all = {0};
    bench_sample s = {.id = "c", .subject = "s", .seconds = (double)NAN};
    const double bad[] = {(double)NAN, -1, 0, (double)INFINITY};
    FILE *f = fopen(path, "ab");
    for (int k = 0; k < 4; k++) {
        s.seconds = bad[k];
        ck_assert_int_eq(bench_sample_append(f, &all, &s, why), EP_DOMAIN);
    }
    fclose(f);
    ck_assert_int_eq(bench_sample_parse("{\"case\":\"c\"}", &s, why), EP_FORMAT);
    ck_assert_int_eq(bench_sample_parse("[", &s, why), EP_FORMAT);
    ck_assert_int_eq(all.n, 0);
    FILE *full = fopen("/dev/full", "wb");
    if (full) {
        s = (bench_sample){.id = "c", .subject = "s", .seconds = 1};
        ck_assert_int_eq(bench_sample_append(full, &all, &s, why), EP_IO);
        ck_assert_int_eq(all.n, 0);
        fclose(full);
    }
}
END_TEST

START_TEST(clock_goes_back)
{
    bench_samples all;
    ck_assert_int_eq(bench_samples_read(dir, &all, NULL, why), EP_OK);
    FILE *f = fopen(path, "ab");
    bench_sample s = {.id = "c", .subject = "s", .seconds = 1, .at = 50};
    ck_assert_int_eq(bench_sample_append(f, &all, &s, why), EP_OK);
    fclose(f);
    ck_assert_int_eq(all.clock_back, 1);
    bench_samples_free(&all);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sample");
    TCase *c = tcase_create("sample");
    tcase_set_timeout(c, 60);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, comes_back);
    tcase_add_test(c, one_byte_changed);
    tcase_add_test(c, line_removed);
    tcase_add_test(c, killed_while_writing);
    tcase_add_test(c, what_is_no_sample);
    tcase_add_test(c, clock_goes_back);
    suite_add_tcase(s, c);
    return test_run(s);
}
