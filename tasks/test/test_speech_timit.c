/* Audio files and the directory tree, whole, partial, in either case, and broken in every way we know of.
 * SPDX-License-Identifier: MIT */
#include "test/run.h"
#include "timit.h"
#include "timit_tree.h"

static char err[600];

/* ---- audio ------------------------------------------------------------------------------------------- */

static void audio_refused(const char *name, const char *found, const char *expected)
{
    int16_t *data = NULL;
    size_t samples = 0;
    ck_assert_int_eq(task_audio_read(tree_path(name), &data, &samples, err, sizeof err), EP_FORMAT);
    ck_assert_ptr_null(data);
    ck_assert_msg(strstr(err, name) && strstr(err, found) && strstr(err, expected) && !strchr(err, '\n'), "%s", err);
}

static void audio_good(const char *name, size_t want)
{
    int16_t *data;
    size_t samples;
    ck_assert_msg(task_audio_read(tree_path(name), &data, &samples, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_uint_eq(samples, want);
    for (size_t k = 0; k < samples; k++) ck_assert_int_eq(data[k], tree_sample(k));
    free(data);
}

START_TEST(sphere_and_riff_give_the_same_samples)
{
    tree_sphere("a.wav", 1234, 1234, 16000, 1, "");
    tree_sphere("b.wav", 1234, 1234, 16000, 1, "sample_coding -s3 pcm\n");
    tree_riff("c.wav", 1234, 16000, 1);
    audio_good("a.wav", 1234);
    audio_good("b.wav", 1234);
    audio_good("c.wav", 1234);
}
END_TEST

START_TEST(audio_that_is_no_timit_is_refused)
{
    tree_sphere("eight.wav", 2000, 2000, 8000, 1, "");
    audio_refused("eight.wav", "8000 Hz", "16000 Hz");
    tree_riff("eight_riff.wav", 2000, 8000, 1);
    audio_refused("eight_riff.wav", "8000 Hz", "16000 Hz");
    tree_sphere("stereo.wav", 2000, 2000, 16000, 2, "");
    audio_refused("stereo.wav", "2 channels", "one");
    tree_riff("stereo_riff.wav", 2000, 16000, 2);
    audio_refused("stereo_riff.wav", "2 channels", "one");
    tree_sphere("shorten.wav", 2000, 2000, 16000, 1, "sample_coding -s26 pcm,embedded-shorten-v2.00\n");
    audio_refused("shorten.wav", "compressed with shorten", "PCM");
    tree_text("bare.wav", "ajkg and so on");
    audio_refused("bare.wav", "compressed with shorten", "PCM");
    tree_text("empty.wav", "");
    audio_refused("empty.wav", "an empty file", "NIST SPHERE or RIFF");
    tree_text("text.wav", "this is a letter and no audio");
    audio_refused("text.wav", "no audio", "NIST SPHERE or RIFF");
    tree_sphere("short.wav", 399, 399, 16000, 1, "");
    audio_refused("short.wav", "399 samples", "400");
    tree_sphere("cut.wav", 1000, 2000, 16000, 1, "");
    audio_refused("cut.wav", "1000 samples", "2000 that its header announces");
    int16_t *data;
    size_t samples;
    ck_assert_int_eq(task_audio_read(tree_path("absent.wav"), &data, &samples, err, sizeof err), EP_IO);
    ck_assert_ptr_nonnull(strstr(err, "absent.wav: cannot open"));
}
END_TEST

START_TEST(the_shortest_audio_is_one_window)
{
    tree_sphere("a.wav", 400, 400, 16000, 1, "");
    audio_good("a.wav", 400);
}
END_TEST

/* ---- tree ---------------------------------------------------------------------------------------------- */

static void standard_tree(bool upper)
{
    tree_utterance(upper ? "TRAIN/DR1/FCJF0" : "train/dr1/fcjf0", upper ? "SA1" : "sa1", upper);
    tree_utterance(upper ? "TRAIN/DR1/FCJF0" : "train/dr1/fcjf0", upper ? "SX217" : "sx217", upper);
    tree_utterance(upper ? "TRAIN/DR2/MABC0" : "train/dr2/mabc0", upper ? "SI1027" : "si1027", upper);
    tree_utterance(upper ? "TEST/DR1/FAKS0" : "test/dr1/faks0", upper ? "SX43" : "sx43", upper);
    tree_utterance(upper ? "TEST/DR1/MDAB0" : "test/dr1/mdab0", upper ? "SX49" : "sx49", upper);
    tree_utterance(upper ? "TEST/DR8/MZZZ9" : "test/dr8/mzzz9", upper ? "SX1" : "sx1", upper);
}

static void opens(task_timit *t, size_t train, size_t dev, size_t test)
{
    ck_assert_msg(task_timit_open(tree_dir, t, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_uint_eq(t->count[TASK_TRAIN], train);
    ck_assert_uint_eq(t->count[TASK_VALID], dev);
    ck_assert_uint_eq(t->count[TASK_TEST], test);
}

static void check_standard(void)
{
    task_timit t;
    opens(&t, 2, 1, 1);
    ck_assert_uint_eq(t.n, 5); /* without SA1 */
    static const char *const who[] = {"fcjf0", "mabc0", "faks0", "mdab0", "mzzz9"};
    static const task_split part[] = {TASK_TRAIN, TASK_TRAIN, TASK_VALID, TASK_TEST, TASK_N_SPLIT};
    for (size_t k = 0; k < t.n; k++) {
        ck_assert_str_eq(t.utt[k].speaker, who[k]);
        ck_assert_int_eq(t.utt[k].part, part[k]);
    }
    ck_assert_str_eq(t.utt[1].sentence, "si1027");
    ck_assert_int_eq(t.utt[4].region, 8);
    ck_assert_ptr_nonnull(strstr(t.split, "1 of 24"));
    task_timit_free(&t);
}

START_TEST(upper_case) { standard_tree(true); check_standard(); }
END_TEST
START_TEST(lower_case) { standard_tree(false); check_standard(); }
END_TEST

START_TEST(mixed_case_and_a_folder_above)
{
    tree_utterance("timit/TIMIT/Train/dr1/fcjf0", "SX217", true);
    tree_sphere("timit/TIMIT/Train/dr1/fcjf0/SX200.WAV", 2000, 2000, 16000, 1, ""); /* each half in another case */
    tree_text("timit/TIMIT/Train/dr1/fcjf0/sx200.phn", "0 2000 h#\n");
    tree_text("timit/README.DOC", "not a directory");
    tree_text("timit/TIMIT/Train/dr1/notes.txt", "not a speaker");
    tree_utterance("timit/TIMIT/Train/DR2/Mabc0", "si1027", false);
    tree_utterance("timit/TIMIT/test/Dr1/faks0", "sx43", false);
    tree_utterance("timit/TIMIT/test/Dr1/MDAB0", "SX49", true);
    tree_text("timit/TIMIT/test/Dr1/MDAB0/SX49.TXT", "0 2000 words\n");
    tree_text("timit/TIMIT/test/Dr1/MDAB0/SX49.WRD", "0 2000 words\n");
    task_timit t;
    opens(&t, 3, 1, 1);
    task_timit_free(&t);
}
END_TEST

START_TEST(a_riff_copy_beside_the_original)
{
    standard_tree(true);
    tree_riff("TRAIN/DR1/FCJF0/SX217.WAV.wav", 2000, 16000, 1);
    task_timit t;
    opens(&t, 2, 1, 1);
    ck_assert_ptr_null(strstr(t.utt[0].wav, ".WAV.wav"));
    task_timit_free(&t);
    ck_assert_int_eq(remove(tree_path("TRAIN/DR1/FCJF0/SX217.WAV")), 0);
    opens(&t, 2, 1, 1);
    ck_assert_ptr_nonnull(strstr(t.utt[0].wav, ".WAV.wav"));
    task_timit_free(&t);
}
END_TEST

START_TEST(without_the_lists_speakers_take_turns)
{
    char dir[64];
    task_timit t;
    for (int k = 0; k < 4; k++) {
        (void)snprintf(dir, sizeof dir, "TEST/DR1/MXX%c0", 'A' + k);
        tree_utterance(dir, "SX1", true);
    }
    tree_utterance("TRAIN/DR1/FCJF0", "SX217", true);
    opens(&t, 1, 2, 2);
    ck_assert_ptr_nonnull(strstr(t.split, "not the standard lists"));
    task_timit_free(&t);
    char command[TREE_PATH + 32];
    (void)snprintf(command, sizeof command, "rm -r '%s/TEST'", tree_dir);
    ck_assert_int_eq(system(command), 0);
    tree_utterance("TRAIN/DR1/FAAA0", "SX1", true);
    ck_assert_int_eq(task_timit_open(tree_dir, &t, err, sizeof err), EP_FORMAT);
    ck_assert_msg(strstr(err, "found 2 speakers") != NULL, "%s", err);
    for (int k = 0; k < 9; k++) {
        (void)snprintf(dir, sizeof dir, "TRAIN/DR%d/MYY%c0", 2 + k % 3, 'A' + k);
        tree_utterance(dir, "SX1", true);
        tree_utterance(dir, "SX2", true);
        if (k == 0) { opens(&t, 2, 1, 1); ck_assert_ptr_nonnull(strstr(t.split, "of every 10 speakers under TRAIN")); task_timit_free(&t); }
    }
    opens(&t, 16, 1, 3); /* 11 speakers: the first and the last are tested, the second is for development */
    for (size_t k = 0; k < t.n; k++) /* no speaker on two sides */
        for (size_t m = 0; m < k; m++) ck_assert(strcmp(t.utt[k].speaker, t.utt[m].speaker) != 0 || t.utt[k].part == t.utt[m].part);
    task_timit_free(&t);
}
END_TEST

static void tree_refused(ep_status st, const char *where, const char *found, const char *expected)
{
    task_timit t = {0};
    ck_assert_int_eq(task_timit_open(tree_dir, &t, err, sizeof err), st);
    ck_assert_ptr_null(t.utt);
    ck_assert_msg(strstr(err, where) && strstr(err, found) && strstr(err, expected) && !strchr(err, '\n'), "%s", err);
}

START_TEST(broken_trees_are_refused)
{
    tree_refused(EP_FORMAT, tree_dir, "no directory TRAIN or TEST", "DR<1-8>");
    tree_text("TRAIN/README", "nothing here");
    tree_refused(EP_FORMAT, tree_dir, "no utterance", "SENTENCE");
    standard_tree(true);
    tree_sphere("TRAIN/DR1/FCJF0/SX9.WAV", 2000, 2000, 16000, 1, "");
    tree_refused(EP_FORMAT, "FCJF0/SX9.WAV", "no .PHN", "both");
    tree_text("TRAIN/DR1/FCJF0/SX9.PHN", "0 2000 h#\n");
    ck_assert_int_eq(remove(tree_path("TRAIN/DR1/FCJF0/SX9.WAV")), 0);
    tree_refused(EP_FORMAT, "FCJF0/SX9.PHN", "no .WAV", "both");
    ck_assert_int_eq(remove(tree_path("TRAIN/DR1/FCJF0/SX9.PHN")), 0);
    tree_utterance("TRAIN/DR1/FCJF0", "sx217", false);
    tree_refused(EP_FORMAT, "SX217", "the same utterance", "once");
    ck_assert_int_eq(remove(tree_path("TRAIN/DR1/FCJF0/sx217.wav")), 0);
    ck_assert_int_eq(remove(tree_path("TRAIN/DR1/FCJF0/sx217.phn")), 0);
    tree_utterance("train/dr1/fcjf0", "sx217", false);
    tree_refused(EP_FORMAT, "sx217", "the same utterance", "once");
    char gone[2 * TREE_PATH];
    task_timit t;
    (void)snprintf(gone, sizeof gone, "%s", tree_path("nowhere"));
    ck_assert_int_eq(task_timit_open(gone, &t, err, sizeof err), EP_DOMAIN);
    ck_assert_msg(strstr(err, "nowhere: found no such directory") != NULL, "%s", err);
}
END_TEST

/* Two men and one woman of each of eight regions; fifty others; no one on both lists. */
START_TEST(the_standard_lists)
{
    static const char *const some[] = {"mdab0", "fmld0", "fpas0", "faks0", "mrws1", "mrjm4"};
    for (int k = 0; k < 6; k++) ck_assert_int_eq(task_timit_listed(some[k]), k < 3 ? TASK_TEST : TASK_VALID);
    ck_assert_int_eq(task_timit_listed("fcjf0"), TASK_N_SPLIT);
    int n[2] = {0, 0}, women[2] = {0, 0};
    char name[6] = "xxxx0";
    for (int sex = 0; sex < 2; sex++)
        for (int k = 0; k < 26 * 26 * 26 * 10; k++) {
            int rest = k;
            name[0] = sex ? 'f' : 'm';
            for (int p = 1; p < 4; p++, rest /= 26) name[p] = (char)('a' + rest % 26);
            name[4] = (char)('0' + rest);
            task_split part = task_timit_listed(name);
            if (part == TASK_N_SPLIT) continue;
            n[part == TASK_VALID]++;
            women[part == TASK_VALID] += sex;
        }
    ck_assert_int_eq(n[0], 24);
    ck_assert_int_eq(women[0], 8);
    ck_assert_int_eq(n[1], 50);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("speech_timit");
    TCase *c = tcase_create("timit");
    tcase_add_checked_fixture(c, tree_make, tree_remove);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, sphere_and_riff_give_the_same_samples);
    tcase_add_test(c, audio_that_is_no_timit_is_refused);
    tcase_add_test(c, the_shortest_audio_is_one_window);
    tcase_add_test(c, upper_case);
    tcase_add_test(c, lower_case);
    tcase_add_test(c, mixed_case_and_a_folder_above);
    tcase_add_test(c, a_riff_copy_beside_the_original);
    tcase_add_test(c, without_the_lists_speakers_take_turns);
    tcase_add_test(c, broken_trees_are_refused);
    tcase_add_test(c, the_standard_lists);
    suite_add_tcase(s, c);
    return test_run(s);
}
