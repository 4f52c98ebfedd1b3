/* The frames of a small tree: labels, normalisation, and the cache in every bad state.
 * SPDX-License-Identifier: MIT */
#include "frames.h"
#include "timit_tree.h"

#include <math.h>

#include "test/run.h"

static char err[600];

/* Three speakers; one long utterance whose label changes exactly at the centre of frame 170. */
static void three_speakers(void)
{
    tree_sphere("TRAIN/DR1/FAAA0/SX1.WAV", 32000, 32000, 16000, 1, "");
    tree_text("TRAIN/DR1/FAAA0/SX1.PHN", "0 27400 s\n27400 30000 iy\n30000 31000 h#\n");
    tree_utterance("TRAIN/DR1/FAAA0", "SX2", true);
    tree_utterance("TEST/DR1/MBBB0", "SX3", true);
    tree_utterance("TEST/DR2/MCCC0", "SX4", true);
    tree_utterance("TEST/DR2/MDDD0", "SX5", true);
}

static void load(task_feature kind, const char *cache, task_timit *t, task_frames *f)
{
    ck_assert_msg(task_timit_open(tree_dir, t, err, sizeof err) == EP_OK, "%s", err);
    ck_assert_msg(task_frames_load(t, kind, cache, f, err, sizeof err) == EP_OK, "%s", err);
}

static void drop(task_timit *t, task_frames *f)
{
    task_frames_free(f);
    task_timit_free(t);
}

START_TEST(a_frame_has_the_label_at_its_centre)
{
    task_timit t;
    task_frames f;
    three_speakers();
    load(TASK_MFCC, NULL, &t, &f);
    ck_assert_uint_eq(f.n, 5);
    ck_assert_uint_eq(f.first[1], 198);
    ck_assert_uint_eq(f.first[2] - f.first[1], 11);
    static const struct { int frame; const char *name; } want[] = {{0, "s"}, {169, "s"}, {170, "iy"}, {186, "iy"}, {187, "h#"}, {192, "h#"}, {193, NULL}, {197, NULL}};
    for (size_t k = 0; k < sizeof want / sizeof *want; k++) ck_assert_int_eq(f.label[want[k].frame], want[k].name ? task_phone_find(want[k].name) : -1);
    drop(&t, &f);
}
END_TEST

START_TEST(training_frames_have_mean_0_and_deviation_1)
{
    three_speakers();
    for (int kind = 0; kind < 2; kind++) {
        task_timit t;
        task_frames f;
        load((task_feature)kind, NULL, &t, &f);
        size_t size = (size_t)task_feature_size(f.kind), n = 0, rows = f.first[2];
        ck_assert_int_eq(t.utt[0].part, TASK_TRAIN);
        ck_assert_int_eq(t.utt[1].part, TASK_TRAIN);
        ck_assert_int_ne(t.utt[2].part, TASK_TRAIN);
        double off = 0;
        for (size_t k = 0; k < size; k++) {
            double mean = 0, square = 0;
            for (size_t r = 0; r < rows; r++) mean += f.x[r * size + k] / (double)rows;
            for (size_t r = 0; r < rows; r++) square += f.x[r * size + k] * f.x[r * size + k] / (double)rows;
            ck_assert_msg(fabs(mean) < 1e-5 && fabs(square - 1) < 1e-5, "column %zu: mean %g, square %g", k, mean, square);
            for (size_t r = rows; r < f.first[f.n]; r++, n++) off += f.x[r * size + k] * f.x[r * size + k];
        }
        ck_assert(isfinite(off) && n > 0 && fabs(off / (double)n - 1) > 1e-3); /* the others only follow */
        drop(&t, &f);
    }
}
END_TEST

static void same(const task_frames *a, const task_frames *b)
{
    size_t rows = a->first[a->n];
    ck_assert_mem_eq(a->first, b->first, (a->n + 1) * sizeof *a->first);
    ck_assert_mem_eq(a->x, b->x, rows * (size_t)task_feature_size(a->kind) * sizeof *a->x);
    ck_assert_mem_eq(a->label, b->label, rows);
}

START_TEST(features_are_computed_once)
{
    task_timit t, t2;
    task_frames f, again;
    three_speakers();
    const char *cache = tree_path("cache/deep");
    load(TASK_MFCC, cache, &t, &f);
    ck_assert(!f.cached);
    ck_assert_str_eq(f.note, "");
    load(TASK_MFCC, cache, &t2, &again);
    ck_assert(again.cached);
    same(&f, &again);
    drop(&t2, &again);
    load(TASK_FBANK, cache, &t2, &again);
    ck_assert(!again.cached);
    drop(&t2, &again);
    tree_text("TRAIN/DR1/FAAA0/SX2.PHN", "0 500 h#\n500 1200 sh\n1200 2000 ih\n"); /* a label changes */
    load(TASK_MFCC, cache, &t2, &again);
    ck_assert(!again.cached);
    ck_assert_int_eq(again.label[again.first[2] - 1], task_phone_find("ih"));
    drop(&t2, &again);
    drop(&t, &f);
}
END_TEST

static char cache_file[3 * TREE_PATH];

static void find_cache(const task_timit *t, const char *dir)
{
    uint64_t key;
    ck_assert_int_eq(task_frames_key(t, TASK_MFCC, &key, err, sizeof err), EP_OK);
    char *path = task_cache_path(dir, TASK_MFCC, key);
    (void)snprintf(cache_file, sizeof cache_file, "%s", path);
    free(path);
}

START_TEST(a_damaged_cache_is_rebuilt)
{
    task_timit t, t2;
    task_frames f, again;
    char dir[TREE_PATH + 16];
    three_speakers();
    (void)snprintf(dir, sizeof dir, "%s/cache", tree_dir);
    load(TASK_MFCC, dir, &t, &f);
    find_cache(&t, dir);
    struct stat s;
    ck_assert_int_eq(stat(cache_file, &s), 0);
    for (long k = 0; k < 40; k++) { /* one bit, from the first byte to the last */
        long at = k < 39 ? k * (long)s.st_size / 39 : (long)s.st_size - 1;
        FILE *file = fopen(cache_file, "r+b");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
        int c = fgetc(file);
        ck_assert_int_eq(fseek(file, at, SEEK_SET), 0);
        ck_assert_int_ne(fputc(c ^ 1 << k % 8, file), EOF);
        ck_assert_int_eq(fclose(file), 0);
        load(TASK_MFCC, dir, &t2, &again);
        ck_assert_msg(!again.cached, "bit flipped at byte %ld and not seen", at);
        same(&f, &again);
        drop(&t2, &again);
    }
    for (long cut = 0; cut < s.st_size; cut += s.st_size / 5 + 1) {
        ck_assert_int_eq(truncate(cache_file, cut), 0);
        load(TASK_MFCC, dir, &t2, &again);
        ck_assert(!again.cached);
        same(&f, &again);
        drop(&t2, &again);
    }
    load(TASK_MFCC, dir, &t2, &again);
    ck_assert(again.cached);
    drop(&t2, &again);
    drop(&t, &f);
}
END_TEST

START_TEST(a_cache_that_cannot_be_written_is_no_error)
{
    task_timit t;
    task_frames f;
    three_speakers();
    tree_text("file", "in the way");
    load(TASK_MFCC, tree_path("file/cache"), &t, &f);
    ck_assert(!f.cached);
    ck_assert_msg(strstr(f.note, "cannot keep the features") != NULL, "%s", f.note);
    drop(&t, &f);
}
END_TEST

START_TEST(a_bad_utterance_stops_the_load)
{
    task_timit t;
    task_frames f = {0};
    three_speakers();
    tree_sphere("TEST/DR2/MDDD0/SX5.WAV", 2000, 2000, 8000, 1, "");
    ck_assert_int_eq(task_timit_open(tree_dir, &t, err, sizeof err), EP_OK);
    ck_assert_int_eq(task_frames_load(&t, TASK_MFCC, NULL, &f, err, sizeof err), EP_FORMAT);
    ck_assert_msg(strstr(err, "SX5.WAV") && strstr(err, "8000 Hz"), "%s", err);
    ck_assert_ptr_null(f.x);
    task_timit_free(&t);
    tree_utterance("TEST/DR2/MDDD0", "SX5", true);
    tree_text("TEST/DR2/MDDD0/SX5.PHN", "0 2000 zz\n");
    ck_assert_int_eq(task_timit_open(tree_dir, &t, err, sizeof err), EP_OK);
    ck_assert_int_eq(task_frames_load(&t, TASK_MFCC, NULL, &f, err, sizeof err), EP_FORMAT);
    ck_assert_msg(strstr(err, "SX5.PHN:1") && strstr(err, "zz"), "%s", err);
    task_timit_free(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("speech_frames");
    TCase *c = tcase_create("frames");
    tcase_add_checked_fixture(c, tree_make, tree_remove);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_frame_has_the_label_at_its_centre);
    tcase_add_test(c, training_frames_have_mean_0_and_deviation_1);
    tcase_add_test(c, features_are_computed_once);
    tcase_add_test(c, a_damaged_cache_is_rebuilt);
    tcase_add_test(c, a_cache_that_cannot_be_written_is_no_error);
    tcase_add_test(c, a_bad_utterance_stops_the_load);
    suite_add_tcase(s, c);
    return test_run(s);
}
