/* .PHN files and the label tables: what is read, and what is refused with which words.
 * SPDX-License-Identifier: MIT */
#include "test/run.h"
#include "timit.h"
#include "timit_tree.h"

static char err[600];

static ep_status read_phn(const char *text, size_t samples, task_labels *l)
{
    tree_text("a.phn", text);
    err[0] = '\0';
    return task_labels_read(tree_path("a.phn"), samples, l, err, sizeof err);
}

static void refused(const char *text, size_t samples, const char *where, const char *found, const char *expected)
{
    task_labels l = {0};
    char place[700];
    ck_assert_int_eq(read_phn(text, samples, &l), EP_FORMAT);
    ck_assert_ptr_null(l.seg);
    (void)snprintf(place, sizeof place, "%s%s: found ", tree_path("a.phn"), where);
    ck_assert_msg(!strncmp(err, place, strlen(place)), "%s", err);
    ck_assert_msg(strstr(err, found) != NULL, "%s", err);
    ck_assert_msg(strstr(err, expected) != NULL, "%s", err);
    ck_assert_msg(!strchr(err, '\n'), "%s", err);
}

START_TEST(labels_of_a_file)
{
    task_labels l;
    ck_assert_int_eq(read_phn("0 2260 h#\n2260 4149 sh\r\n4149 5000 iy", 5000, &l), EP_OK);
    ck_assert_uint_eq(l.n, 3);
    ck_assert_str_eq(task_phone_name(l.seg[1].phone), "sh");
    ck_assert_int_eq(task_labels_at(&l, 2259), task_phone_find("h#"));
    ck_assert_int_eq(task_labels_at(&l, 2260), task_phone_find("sh"));
    ck_assert_int_eq(task_labels_at(&l, 4999), task_phone_find("iy"));
    ck_assert_int_eq(task_labels_at(&l, 5000), -1);
    task_labels_free(&l);
}
END_TEST

START_TEST(gaps_and_an_unlabelled_tail_have_no_label)
{
    task_labels l;
    ck_assert_int_eq(read_phn("100 200 aa\n300 400 b\n", 1000, &l), EP_OK);
    const struct { size_t at; const char *name; } want[] = {{0, NULL}, {99, NULL}, {100, "aa"}, {199, "aa"}, {200, NULL}, {299, NULL},
                                                             {300, "b"}, {399, "b"}, {400, NULL}, {999, NULL}};
    for (size_t k = 0; k < sizeof want / sizeof *want; k++)
        ck_assert_int_eq(task_labels_at(&l, want[k].at), want[k].name ? task_phone_find(want[k].name) : -1);
    task_labels_free(&l);
}
END_TEST

START_TEST(a_last_label_past_the_audio_is_clamped)
{
    task_labels l;
    ck_assert_int_eq(read_phn("0 500 h#\n500 1400 aa\n", 1000, &l), EP_OK);
    ck_assert_int_eq(l.seg[1].end, 1000);
    task_labels_free(&l);
    refused("0 1100 h#\n1100 1400 aa\n", 1000, ":2", "after one that ends past the audio", "only the last");
    refused("0 500 h#\n1000 1400 aa\n", 1000, ":2", "starts at 1000", "1000 samples");
}
END_TEST

START_TEST(broken_files_are_refused)
{
    refused("0 10 h#\n10 20 xx\n", 100, ":2", "phoneme \"xx\"", "61 labels");
    refused("0 10 h#\n10 20 \n", 100, ":2", "\"10 20 \"", "start end label");
    refused("0 10 h#\n10 20\n", 100, ":2", "\"10 20\"", "start end label");
    refused("0 10 h#\nten 20 aa\n", 100, ":2", "ten", "whole numbers");
    refused("0 10 h#\n-5 20 aa\n", 100, ":2", "-5", "whole numbers");
    refused("0 10 h#\n10 20.5 aa\n", 100, ":2", "20.5", "whole numbers");
    refused("0 10 h#\n10 20 aa bb\n", 100, ":2", "aa bb", "start end label");
    refused("0 10 h#\n\n10 20 aa\n", 100, ":2", "\"\"", "start end label");
    refused("0 10 h#\n9 20 aa\n", 100, ":2", "from 9 to 20", "10 or later");
    refused("0 10 h#\n30 20 aa\n", 100, ":2", "from 30 to 20", "does not end before");
    refused("0 99999999999 h#\n", 100, ":1", "99999999999", "whole numbers");
    refused("", 100, ":1", "an empty file", "at least one line");
    char text[400];
    memset(text, '1', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refused(text, 100, ":1", "254 characters", "a label");
    task_labels l;
    ck_assert_int_eq(task_labels_read(tree_path("absent.phn"), 100, &l, err, sizeof err), EP_IO);
    ck_assert_ptr_nonnull(strstr(err, "absent.phn: cannot open"));
}
END_TEST

/* Lee and Hon's folding, written here by class and not by label. */
START_TEST(sixty_one_labels_fold_to_thirty_nine)
{
    static const char *const fold[] = {"aa ao", "ah ax ax-h", "er axr", "hh hv", "ih ix", "l el", "m em", "n en nx", "ng eng", "sh zh", "uw ux",
                                       "sil pcl tcl kcl bcl dcl gcl h# pau epi q"};
    int seen[TASK_FOLDED] = {0}, merged = 0;
    for (int k = 0; k < TASK_PHONES; k++) {
        ck_assert_int_eq(task_phone_find(task_phone_name(k)), k);
        ck_assert(k == 0 || strcmp(task_phone_name(k - 1), task_phone_name(k)) < 0 || !strcmp(task_phone_name(k), "h#"));
        ck_assert_int_ge(task_phone_fold(k), 0);
        seen[task_phone_fold(k)]++;
    }
    for (int m = 0; m < TASK_FOLDED; m++) ck_assert_int_ge(seen[m], 1);
    for (size_t r = 0; r < sizeof fold / sizeof *fold; r++) {
        char line[100], *save = NULL;
        (void)snprintf(line, sizeof line, "%s", fold[r]);
        const char *to = strtok_r(line, " ", &save);
        for (const char *from; (from = strtok_r(NULL, " ", &save)); merged++)
            ck_assert_str_eq(task_phone_folded_name(task_phone_fold(task_phone_find(from))), to);
    }
    ck_assert_int_eq(merged, 61 + 1 - 39); /* sil is no label of its own */
    ck_assert_int_eq(task_phone_find("sil"), -1);
    ck_assert_int_eq(task_phone_find("AX-H"), task_phone_find("ax-h"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("speech_phn");
    TCase *c = tcase_create("phn");
    tcase_add_checked_fixture(c, tree_make, tree_remove);
    tcase_add_test(c, labels_of_a_file);
    tcase_add_test(c, gaps_and_an_unlabelled_tail_have_no_label);
    tcase_add_test(c, a_last_label_past_the_audio_is_clamped);
    tcase_add_test(c, broken_files_are_refused);
    tcase_add_test(c, sixty_one_labels_fold_to_thirty_nine);
    suite_add_tcase(s, c);
    return test_run(s);
}
