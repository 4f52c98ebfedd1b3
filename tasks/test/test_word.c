/* The word task: what the grammar says and with which probability, and text files, good and bad.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"
#include "test/run.h"
#include "word_corpus.h"

/* ---- the grammar, read back ------------------------------------------------------------------------------ */

/* A parser of its own: walks the words and multiplies the probabilities of what it sees. */
typedef struct reader {
    const task_corpus *c;
    const task_text *t;
    size_t at, deepest;
    double p;       /* of choices made since the last word */
    size_t wrong;   /* words whose probability is another */
} reader;

/* Position of the next word in a list, or -1. */
static int in(const reader *r, const char *list)
{
    const char *w = r->c->word[r->t->id[r->at]];
    int k = 0;
    for (const char *s = list; *s; k++, s += strcspn(s, " "), s += *s == ' ') {
        size_t n = strcspn(s, " ");
        if (strlen(w) == n && !strncmp(w, s, n)) return k;
    }
    return -1;
}

static void eat(reader *r, const char *list)
{
    int k = in(r, list), n = 1;
    double total = 0;
    ck_assert_msg(k >= 0, "word %zu: found %s, expected one of: %s", r->at, r->c->word[r->t->id[r->at]], list);
    for (const char *s = list; *s; s++) n += *s == ' ';
    for (int m = 1; m <= n; m++) total += 1.0 / m;
    r->wrong += fabs(r->t->surprise[r->at] + log(r->p / (k + 1) / total)) > 1e-12;
    r->p = 1;
    r->at++;
}

static const char *const det[] = {"a this every", "some these all"};
static const char *const noun[] = {"dog child sailor king bird teacher", "dogs children sailors kings birds teachers"};
static const char *const vi[] = {"sleeps waits sings laughs", "sleep wait sing laugh"};
static const char *const vt[] = {"sees follows likes hears", "see follow like hear"};
static const char adjective[] = "old small green quiet brave tired", adverb[] = "today again slowly often";

static int phrase(reader *r, size_t depth)
{
    int many = in(r, det[1]) >= 0;
    if (depth > r->deepest) r->deepest = depth;
    r->p *= 0.5;
    eat(r, det[many]);
    bool old = in(r, adjective) >= 0;
    r->p *= old ? 0.3 : 0.7;
    if (old) eat(r, adjective);
    eat(r, noun[many]);
    if (depth == 3) return many;
    bool clause = in(r, "that") >= 0;
    r->p *= clause ? 0.25 : 0.75;
    if (!clause) return many;
    eat(r, "that");
    eat(r, vt[phrase(r, depth + 1)]);
    return many;
}

static void sentence(reader *r)
{
    int many = phrase(r, 0);
    bool object = in(r, vt[many]) >= 0;
    r->p *= 0.5;
    eat(r, object ? vt[many] : vi[many]);
    if (object) (void)phrase(r, 0);
    else {
        bool how = in(r, adverb) >= 0;
        r->p *= how ? 0.4 : 0.6;
        if (how) eat(r, adverb);
    }
    eat(r, "<eos>");
}

START_TEST(verbs_agree_and_probabilities_are_known)
{
    static const size_t n[TASK_N_SPLIT] = {4000, 300, 5};
    task_corpus c, again;
    size_t deepest = 0;
    ck_assert_int_eq(task_corpus_draw(7, n, &c), EP_OK);
    ck_assert_int_eq(task_corpus_draw(7, n, &again), EP_OK);
    ck_assert_uint_eq(c.n_words, 46);
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        reader r = {.c = &c, .t = &c.part[k], .p = 1};
        ck_assert(r.t->n >= n[k] && r.t->n < n[k] + 80);
        while (r.at < r.t->n) sentence(&r);
        ck_assert_uint_eq(r.wrong, 0);
        if (r.deepest > deepest) deepest = r.deepest;
        ck_assert_uint_eq(again.part[k].n, r.t->n);
        ck_assert_mem_eq(again.part[k].id, r.t->id, r.t->n * sizeof *r.t->id);
    }
    ck_assert_uint_eq(deepest, 3);
    ck_assert(memcmp(c.part[TASK_TRAIN].id, c.part[TASK_VALID].id, 300 * sizeof(uint32_t)) != 0);
    task_corpus_free(&c);
    task_corpus_free(&again);
}
END_TEST

/* Each trial goes on where the one before ended; x is a word, the target the next. */
START_TEST(trials_are_the_running_text)
{
    char why[TASK_WHY];
    task t;
    task_batch bt;
    uint64_t index[] = {0, 1, 2};
    ck_assert_int_eq(task_describe(task_find("word"), NULL, 3, &t, why), EP_OK);
    t.spec.T = 17;
    ck_assert_msg(task_open(&t, why) == EP_OK, "%s", why);
    const task_corpus *c = t.own;
    ck_assert_int_eq(t.spec.n_in, 46);
    ck_assert_int_eq(t.spec.n_out, 46);
    ck_assert_int_eq(task_batch_make(&t.spec, 3, &bt), EP_OK);
    task_batch_fill(&bt, &t, TASK_VALID, index, 3, 1);
    for (size_t step = 0; step < 3 * 17; step++) {
        double x = 0, target = 0;
        for (size_t k = 0; k < 46; k++) x += (double)bt.x[0][step * 46 + k], target += bt.target[step * 46 + k];
        ck_assert(x == 1 && target == 1 && bt.mask[step] == 1);
        ck_assert(bt.x[0][step * 46 + c->part[TASK_VALID].id[step]] == 1.0f);
        ck_assert(bt.target[step * 46 + c->part[TASK_VALID].id[step + 1]] == 1);
    }
    task_batch_free(&bt);
    task_close(&t);
}
END_TEST

/* ---- files --------------------------------------------------------------------------------------------------- */

static char dir[64];
static const char *const names[TASK_N_SPLIT] = {"ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"};

static void put(int split, const char *text, size_t n)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, names[split]);
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

static void make_dir(void)
{
    strcpy(dir, "/tmp/eprop-word-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void remove_dir(void)
{
    char path[128];
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[k]);
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(dir), 0);
}

static const char good[] = " the cat <unk> the N \n the dog\xc3\xa9 \n";

/* CR LF, tabs, a last line without its end: the same words. */
START_TEST(files_are_read)
{
    static const char other[] = "the\tcat <unk> the  N\r\nthe dog\xc3\xa9";
    task_corpus c;
    char why[TASK_WHY];
    const size_t wanted[] = {9, 9, 9, 6}, wrong[] = {9, 9, 9, 7}, short_[] = {9, 8, 9, 6};
    make_dir();
    put(0, good, strlen(good));
    put(1, other, strlen(other));
    put(2, good, strlen(good));
    ck_assert_msg(task_corpus_read(dir, &c, why) == EP_OK, "%s", why);
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        ck_assert_uint_eq(c.part[k].n, 9);
        ck_assert_mem_eq(c.part[k].id, c.part[0].id, 9 * sizeof(uint32_t));
    }
    ck_assert_str_eq(c.word[c.part[0].id[0]], "the");
    ck_assert_uint_eq(c.part[0].id[0], 0); /* the most frequent */
    ck_assert_str_eq(c.word[c.part[0].id[5]], "<eos>");
    ck_assert_int_eq(task_corpus_check(&c, wanted, why), EP_OK);
    ck_assert_int_eq(task_corpus_check(&c, wrong, why), EP_FORMAT);
    ck_assert_str_eq(why, "ptb.train.txt: found 6 different words, expected 7");
    ck_assert_int_eq(task_corpus_check(&c, short_, why), EP_FORMAT);
    ck_assert_str_eq(why, "ptb.valid.txt: found 9 words with the ends of lines, expected 8");
    task_corpus_free(&c);
    remove_dir();
}
END_TEST

static const struct { int split; const char *text; size_t n; const char *says; } bad[] = {
    {0, "", 0, "ptb.train.txt: found no words, expected a line a sentence"},
    {0, "the cat\n\nthe dog\n", 17, "ptb.train.txt:2: found an empty line, expected words"},
    {1, "the cat\r\n\r\n", 11, "ptb.valid.txt:2: found an empty line"},
    {0, "a a a\na a\n", 10, "ptb.train.txt: found one word again and again, expected at least two"},
    {0, "the c\xe4t\n", 8, "ptb.train.txt:1: found byte 0xe4, expected text in UTF-8"},
    {2, "the cat\nthe \xc0\x80 cat\n", 19, "ptb.test.txt:2: found byte 0xc0"},
    {2, "the \xed\xa0\x80\n", 8, "ptb.test.txt:1: found byte 0xed"},
    {1, "the c\0at\n", 9, "ptb.valid.txt:1: found byte 0x00"},
    {1, "the cat\nthe bird\n", 17, "ptb.valid.txt:2: found the word 'bird', expected a word that the training file has"}};

START_TEST(bad_files_get_a_line)
{
    task_corpus c = {0};
    char why[TASK_WHY];
    make_dir();
    for (int k = 0; k < TASK_N_SPLIT; k++) put(k, good, strlen(good));
    put(bad[_i].split, bad[_i].text, bad[_i].n);
    ck_assert_int_eq(task_corpus_read(dir, &c, why), EP_FORMAT);
    ck_assert_msg(strstr(why, bad[_i].says) && strncmp(why, dir, strlen(dir)) == 0, "'%s', wanted '%s'", why, bad[_i].says);
    ck_assert(!c.text && !c.word);
    remove_dir();
}
END_TEST

static ep_status opened(const char *variant, const char *data, int T, char why[TASK_WHY])
{
    task t;
    ck_assert_int_eq(task_describe(task_find("word"), variant, 1, &t, why), EP_OK);
    t.data_dir = data;
    t.spec.T = T;
    ep_status st = task_open(&t, why);
    task_close(&t);
    return st;
}

START_TEST(what_cannot_be_trained_is_refused)
{
    char why[TASK_WHY];
    make_dir();
    ck_assert_int_eq(opened("text", dir, 5, why), EP_IO);
    ck_assert(strstr(why, "ptb.train.txt: cannot be read"));
    for (int k = 0; k < TASK_N_SPLIT; k++) put(k, good, strlen(good));
    ck_assert_msg(opened("text", dir, 8, why) == EP_OK, "%s", why);
    ck_assert_int_eq(opened("text", dir, 9, why), EP_DOMAIN);
    ck_assert_str_eq(why, "word: found 9 words of training text, expected more than T = 9");
    ck_assert_int_eq(opened("ptb", dir, 8, why), EP_FORMAT);
    ck_assert_str_eq(why, "ptb.train.txt: found 9 words with the ends of lines, expected 929589");
    ck_assert_int_eq(opened("grammar", dir, 8, why), EP_DOMAIN);
    ck_assert_int_eq(opened("text", NULL, 8, why), EP_DOMAIN);
    remove_dir();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("word");
    TCase *c = tcase_create("word");
    tcase_add_test(c, verbs_agree_and_probabilities_are_known);
    tcase_add_test(c, trials_are_the_running_text);
    tcase_add_test(c, files_are_read);
    tcase_add_loop_test(c, bad_files_get_a_line, 0, (int)(sizeof bad / sizeof *bad));
    tcase_add_test(c, what_cannot_be_trained_is_refused);
    suite_add_tcase(s, c);
    return test_run(s);
}
