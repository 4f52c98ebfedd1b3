/* word_corpus.h: running text as numbers of words: read from files, or drawn from a grammar.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_WORD_CORPUS_H
#define TASK_WORD_CORPUS_H

#include "task.h"

typedef struct task_text {
    uint32_t *id;     /* [n] words in order; every line or sentence ends with <eos> */
    double *surprise; /* [n] -ln of the probability with which the grammar chose the word, given all before; NULL: files */
    size_t n;
} task_text;

typedef struct task_corpus {
    task_text part[TASK_N_SPLIT];
    char *text;        /* holds the words */
    const char **word; /* [n_words] by id; files: the most frequent first */
    size_t n_words;
} task_corpus;

/* Reads DIR/ptb.train.txt, ptb.valid.txt, ptb.test.txt: words between blanks, a line a sentence, which ends with <eos>. The
 * vocabulary is the training file's. Lines may end in CR LF. EP_IO, EP_FORMAT with file, line, found, expected in why: no
 * words, an empty line, a NUL, not UTF-8, fewer than two different words, a word that the training file does not have. */
EP_MUST_USE ep_status task_corpus_read(const char *dir, task_corpus *out, char why[TASK_WHY]);
/* Are words of the three parts and different words as many as wanted [4]. EP_FORMAT. */
EP_MUST_USE ep_status task_corpus_check(const task_corpus *c, const size_t wanted[TASK_N_SPLIT + 1], char why[TASK_WHY]);
/* About n[split] words of a small grammar, whole sentences; the same bits on every machine, but for surprise (libm's log). */
EP_MUST_USE ep_status task_corpus_draw(uint64_t seed, const size_t n[TASK_N_SPLIT], task_corpus *out);
void task_corpus_free(task_corpus *c);

#endif
