/* The stand-in corpus without espeak-ng: sentences, speakers, labels from events made by hand, files that the reader reads back.
 * SPDX-License-Identifier: MIT */
#include "corpus.h"
#include "timit_tree.h"

#include <ctype.h>

#include "test/run.h"

static char err[600];

START_TEST(sentences_are_functions_of_seed_and_index)
{
    char a[CORPUS_TEXT], b[CORPUS_TEXT];
    int differ = 0;
    for (uint64_t k = 0; k < 3000; k++) {
        corpus_sentence(1, k, a);
        corpus_sentence(1, k, b);
        ck_assert_str_eq(a, b);
        size_t n = strlen(a), words = 1;
        ck_assert_msg(isupper((unsigned char)a[0]) && (a[n - 1] == '.' || a[n - 1] == '?') && n + 1 < CORPUS_TEXT, "%s", a);
        for (size_t c = 1; c < n; c++) {
            words += a[c] == ' ';
            ck_assert_msg(isalpha((unsigned char)a[c]) || strchr(" ,.?'", a[c]), "%s", a);
            ck_assert_msg(!(a[c] == ' ' && a[c - 1] == ' ') && a[c] != '|', "%s", a);
        }
        ck_assert_msg(words >= 4 && words <= 20, "%s", a);
        corpus_sentence(2, k, b);
        differ += strcmp(a, b) != 0;
    }
    ck_assert_int_gt(differ, 2900);
    corpus_sentence(1, 0, a);
    ck_assert_str_eq(a, "There were five feathers beyond the hills, until that vision slept."); /* the same on every machine */
}
END_TEST

START_TEST(speakers)
{
    enum { N = 288 };
    static corpus_speaker s[N];
    int women = 0, test[9] = {0};
    for (int k = 0; k < N; k++) {
        corpus_speaker_make(1, k, N, N / 9, &s[k]);
        char lower[8];
        for (size_t c = 0; c < sizeof lower; c++) lower[c] = (char)tolower((unsigned char)s[k].name[c]);
        ck_assert_int_eq(task_timit_listed(lower), TASK_N_SPLIT);
        ck_assert_uint_eq(strlen(s[k].name), 5);
        for (int m = 0; m < k; m++) ck_assert_str_ne(s[m].name + 1, s[k].name + 1);
        ck_assert(s[k].region >= 1 && s[k].region <= 8 && s[k].gain > 0 && s[k].gain < 1 && s[k].noise >= 2);
        ck_assert(s[k].rate >= 140 && s[k].rate <= 210 && s[k].pitch >= 25 && s[k].pitch <= 75);
        women += s[k].name[0] == 'F';
        test[s[k].region] += s[k].test;
    }
    ck_assert(women > N / 5 && women < N / 2);
    for (int r = 1; r <= 8; r++) ck_assert_int_eq(test[r], 4);
}
END_TEST

/* ---- labels ------------------------------------------------------------------------------------------------- */

/* Sounds of 22050 Hz: positions are multiples of 441, which are 320 samples of 16 kHz. */
enum { UNIT = 441, OUT = 320, UNITS = 40 };
static int16_t sound[UNITS * UNIT];

static void fill(int from, int to, int size, int period)
{
    for (int k = from * UNIT; k < to * UNIT; k++) sound[k] = (int16_t)(size && k / period % 2 ? -size : size);
}

static void check_labels(const corpus_event *ev, size_t n, int units, bool rhotic, const char *want)
{
    task_labels l;
    char got[400] = "";
    ck_assert_msg(corpus_label(ev, n, sound, units * UNIT, rhotic, 2 * OUT, (units + 4) * OUT, &l, err, sizeof err) == EP_OK, "%s", err);
    for (size_t k = 0; k < l.n; k++) {
        char one[60];
        ck_assert_int_eq(l.seg[k].start, k ? l.seg[k - 1].end : 0);
        (void)snprintf(one, sizeof one, "%s@%g ", task_phone_name(l.seg[k].phone), l.seg[k].start / (double)OUT);
        strcat(got, one);
    }
    ck_assert_int_eq(l.seg[l.n - 1].end, (units + 4) * OUT);
    task_labels_free(&l);
    ck_assert_str_eq(got, want);
}

START_TEST(closures_of_voiceless_stops_are_the_zeros_before_the_burst)
{
    fill(0, 5, 8000, 50);
    fill(5, 8, 0, 1); /* closure */
    fill(8, 20, 6000, 2);
    const corpus_event ev[] = {{"_:", 0}, {"a", UNIT}, {"t", 8 * UNIT}, {"I", 10 * UNIT}, {"_:", 15 * UNIT}};
    check_labels(ev, 5, 20, true, "h#@0 ae@3 tcl@7 t@10 ih@12 h#@17 ");
    const corpus_event late[] = {{"_:", 0}, {"a", UNIT}, {"tS", 8 * UNIT + 100}, {"I", 10 * UNIT}, {"_:", 15 * UNIT}}; /* event within the burst */
    check_labels(late, 5, 20, true, "h#@0 ae@3 tcl@7 ch@10 ih@12 h#@17 ");
    const corpus_event pause[] = {{"a", 0}, {"_:", 5 * UNIT}, {"k", 8 * UNIT}, {"I", 10 * UNIT}};
    check_labels(pause, 4, 15, true, "h#@0 ae@2 pau@7 k@10 ih@12 h#@17 "); /* no closure within a pause */
    const corpus_event none[] = {{"s", 0}, {"p", 2 * UNIT}, {"I", 4 * UNIT}};
    check_labels(none, 3, 5, true, "h#@0 s@2 p@4 ih@6 h#@7 ");
}
END_TEST

START_TEST(closures_of_voiced_stops_end_at_the_burst)
{
    fill(0, 4, 8000, 50);
    for (int k = 4 * UNIT; k < 7 * UNIT; k++) sound[k] = (int16_t)(1000 * (k % 100 - 50) / 50 * (k / 100 % 2 ? 1 : -1)); /* a slow hum */
    fill(7, 9, 150, 1); /* 15 times as rough as the hum */
    fill(9, 12, 8000, 50);
    const corpus_event ev[] = {{"a", 0}, {"d", 4 * UNIT}, {"a", 9 * UNIT}, {"_:", 12 * UNIT}};
    task_labels l;
    ck_assert_int_eq(corpus_label(ev, 4, sound, 12 * UNIT, true, 0, 12 * OUT, &l, err, sizeof err), EP_OK);
    ck_assert_uint_eq(l.n, 5);
    ck_assert_str_eq(task_phone_name(l.seg[2].phone), "dcl");
    ck_assert_str_eq(task_phone_name(l.seg[3].phone), "d");
    ck_assert_int_eq(l.seg[2].start, 4 * OUT);
    ck_assert_msg(abs(l.seg[3].start - 7 * OUT) <= 32, "burst at %d", l.seg[3].start); /* a block of 2 ms */
    task_labels_free(&l);
    fill(7, 9, 8000, 50);
    for (int k = 7 * UNIT; k < 9 * UNIT; k++) sound[k] = sound[k - 3 * UNIT]; /* no burst: all closure */
    ck_assert_int_eq(corpus_label(ev, 4, sound, 12 * UNIT, true, 0, 12 * OUT, &l, err, sizeof err), EP_OK);
    ck_assert_str_eq(task_phone_name(l.seg[2].phone), "dcl");
    ck_assert_str_eq(task_phone_name(l.seg[3].phone), "ae");
    task_labels_free(&l);
}
END_TEST

START_TEST(vowels_with_r_and_h_between_voices)
{
    fill(0, UNITS, 8000, 50);
    const corpus_event ev[] = {{"h", 0}, {"A@", 10 * UNIT}, {"h", 20 * UNIT}, {"3", 22 * UNIT}, {"s", 24 * UNIT}, {"h", 26 * UNIT}, {"aI@", 30 * UNIT}};
    check_labels(ev, 7, 40, true, "h#@0 hh@2 aa@12 r@18 hv@22 axr@24 s@26 hh@28 ay@32 ax@38 h#@42 ");
    check_labels(ev, 7, 40, false, "h#@0 hh@2 aa@12 hv@22 ax@24 s@26 hh@28 ay@32 ax@38 h#@42 ");
    const corpus_event odd[] = {{"a", 0}, {"Q!", UNIT}};
    task_labels l = {0};
    ck_assert_int_eq(corpus_label(odd, 2, sound, 2 * UNIT, true, 0, 4 * OUT, &l, err, sizeof err), EP_FORMAT);
    ck_assert_msg(strstr(err, "\"Q!\"") && !l.seg, "%s", err);
}
END_TEST

/* ---- files ---------------------------------------------------------------------------------------------------- */

START_TEST(what_is_written_is_read_back)
{
    static int16_t x[3000];
    task_segment seg[] = {{0, 1000, 0}, {1000, 3000, 0}};
    seg[0].phone = task_phone_find("h#");
    seg[1].phone = task_phone_find("zh");
    const task_labels labels = {seg, 2};
    for (size_t k = 0; k < 3000; k++) x[k] = tree_sample(k);
    x[17] = INT16_MIN;
    const corpus_utterance u = {.x = x, .samples = 3000, .labels = &labels, .text = "A sentence.", .id = "mzaa0_sx1"};
    for (int riff = 0; riff < 2; riff++) {
        int16_t *back;
        size_t samples;
        task_labels l;
        ck_assert_msg(corpus_write(tree_path("SX1"), &u, riff, err, sizeof err) == EP_OK, "%s", err);
        FILE *f = fopen(tree_path("SX1.WAV"), "rb");
        char head[5] = "";
        ck_assert_uint_eq(fread(head, 1, 4, f), 4);
        ck_assert_str_eq(head, riff ? "RIFF" : "NIST");
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_msg(task_audio_read(tree_path("SX1.WAV"), &back, &samples, err, sizeof err) == EP_OK, "%s", err);
        ck_assert_uint_eq(samples, 3000);
        ck_assert_mem_eq(back, x, sizeof x);
        free(back);
        ck_assert_int_eq(task_labels_read(tree_path("SX1.PHN"), samples, &l, err, sizeof err), EP_OK);
        ck_assert_uint_eq(l.n, 2);
        ck_assert_mem_eq(l.seg, seg, sizeof seg);
        task_labels_free(&l);
    }
    tree_text("file", "");
    ck_assert_int_eq(corpus_write(tree_path("file/SX1"), &u, false, err, sizeof err), EP_IO);
    ck_assert_msg(strstr(err, "file/SX1.TXT: cannot write") != NULL, "%s", err);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("speech_corpus");
    TCase *c = tcase_create("corpus");
    tcase_add_checked_fixture(c, tree_make, tree_remove);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, sentences_are_functions_of_seed_and_index);
    tcase_add_test(c, speakers);
    tcase_add_test(c, closures_of_voiceless_stops_are_the_zeros_before_the_burst);
    tcase_add_test(c, closures_of_voiced_stops_end_at_the_burst);
    tcase_add_test(c, vowels_with_r_and_h_between_voices);
    tcase_add_test(c, what_is_written_is_read_back);
    suite_add_tcase(s, c);
    return test_run(s);
}
