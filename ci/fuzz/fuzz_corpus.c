/* Running text for word prediction: three files of one folder, parted in the input by a byte 0xff.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "word_corpus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const names[TASK_N_SPLIT] = {"ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"};
    const char *folder = NULL;
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        const uint8_t *end = n ? memchr(data, 0xff, n) : NULL;
        size_t len = end ? (size_t)(end - data) : n;
        folder = fuzz_folder(names[k], data, len);
        data += len + (end != NULL);
        n -= len + (end != NULL);
    }
    task_corpus c = {.n_words = 0};
    char why[TASK_WHY] = "";
    if (task_corpus_read(folder, &c, why) != EP_OK) {
        FUZZ_HOLDS(why[0] && !c.word);
        return 0;
    }
    FUZZ_HOLDS(c.n_words >= 2);
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        FUZZ_HOLDS(c.part[k].n > 0);
        for (size_t i = 0; i < c.part[k].n; i++) FUZZ_HOLDS(c.part[k].id[i] < c.n_words);
    }
    for (size_t i = 0; i < c.n_words; i++) FUZZ_HOLDS(c.word[i] && c.word[i][0]);
    task_corpus_free(&c);
    return 0;
}
