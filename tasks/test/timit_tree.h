/* timit_tree.h: small TIMIT trees that tests write by hand.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_TIMIT_TREE_H
#define TEST_TIMIT_TREE_H

#include "tree.h"

static inline void put16(FILE *f, int v)
{
    ck_assert_int_ne(fputc(v & 255, f), EOF);
    ck_assert_int_ne(fputc((v >> 8) & 255, f), EOF);
}

static inline void put32(FILE *f, long v)
{
    put16(f, (int)(v & 65535));
    put16(f, (int)((v >> 16) & 65535));
}

static inline int16_t tree_sample(size_t k) { return (int16_t)((k * 2654435761u >> 7) % 20001 - 10000); }

/* NIST SPHERE as on TIMIT's disc: no sample_coding field. `coding` adds one. */
static inline void tree_sphere(const char *name, size_t samples, size_t declared, int rate, int channels, const char *coding)
{
    FILE *f = tree_open(name);
    int size = fprintf(f, "NIST_1A\n   1024\ndatabase_id -s5 TIMIT\ndatabase_version -s3 1.0\nutterance_id -s8 cjf0_si1\n"
                          "channel_count -i %d\nsample_count -i %zu\nsample_rate -i %d\nsample_min -i -10000\nsample_max -i 10000\n"
                          "sample_n_bytes -i 2\nsample_byte_format -s2 01\nsample_sig_bits -i 16\n%send_head\n",
                       channels, declared, rate, coding);
    for (; size < 1024; size++) ck_assert_int_ne(fputc(' ', f), EOF);
    for (size_t k = 0; k < samples * (size_t)channels; k++) put16(f, tree_sample(k));
    ck_assert_int_eq(fclose(f), 0);
}

static inline void tree_riff(const char *name, size_t samples, int rate, int channels)
{
    FILE *f = tree_open(name);
    long bytes = (long)samples * 2 * channels;
    ck_assert_int_ge(fputs("RIFF", f), 0);
    put32(f, 36 + bytes);
    ck_assert_int_ge(fputs("WAVEfmt ", f), 0);
    put32(f, 16);
    put16(f, 1);
    put16(f, channels);
    put32(f, rate);
    put32(f, (long)rate * 2 * channels);
    put16(f, 2 * channels);
    put16(f, 16);
    ck_assert_int_ge(fputs("data", f), 0);
    put32(f, bytes);
    for (size_t k = 0; k < samples * (size_t)channels; k++) put16(f, tree_sample(k));
    ck_assert_int_eq(fclose(f), 0);
}

/* An utterance of 2000 samples with three labels; dir ends in the speaker. */
static inline void tree_utterance(const char *dir, const char *sentence, bool upper)
{
    char name[TREE_PATH];
    (void)snprintf(name, sizeof name, "%s/%s%s", dir, sentence, upper ? ".WAV" : ".wav");
    tree_sphere(name, 2000, 2000, 16000, 1, "");
    (void)snprintf(name, sizeof name, "%s/%s%s", dir, sentence, upper ? ".PHN" : ".phn");
    tree_text(name, "0 500 h#\n500 1200 sh\n1200 2000 iy\n");
}

#endif
