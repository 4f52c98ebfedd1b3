/* An utterance's three files.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "corpus.h"

enum { HEADER = 1024, PATH_SIZE = 4096 };

/* The fields that TIMIT's headers have, in their order. */
static bool write_sphere(FILE *f, const corpus_utterance *u)
{
    int lo = 0, hi = 0;
    for (size_t k = 0; k < u->samples; k++) {
        if (u->x[k] < lo) lo = u->x[k];
        if (u->x[k] > hi) hi = u->x[k];
    }
    char head[HEADER + 1];
    int used = snprintf(head, sizeof head,
                        "NIST_1A\n   1024\ndatabase_id -s9 SYNTHETIC\ndatabase_version -s3 1.0\nutterance_id -s%zu %s\nchannel_count -i 1\n"
                        "sample_count -i %zu\nsample_rate -i %d\nsample_min -i %d\nsample_max -i %d\nsample_n_bytes -i 2\n"
                        "sample_byte_format -s2 01\nsample_sig_bits -i 16\nend_head\n",
                        strlen(u->id), u->id, u->samples, TASK_RATE, lo, hi);
    memset(head + used, ' ', (size_t)(HEADER - used));
    bool good = fwrite(head, 1, HEADER, f) == HEADER;
    for (size_t k = 0; good && k < u->samples; k++) {
        unsigned v = (unsigned)u->x[k];
        good = fputc((int)(v & 255), f) != EOF && fputc((int)(v >> 8 & 255), f) != EOF;
    }
    return good;
}

static bool write_riff(const char *path, const corpus_utterance *u)
{
    SF_INFO info = {.samplerate = TASK_RATE, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    if (!f) return false;
    bool good = sf_write_short(f, u->x, (sf_count_t)u->samples) == (sf_count_t)u->samples;
    return !sf_close(f) && good;
}

static bool write_text(FILE *f, const corpus_utterance *u) { return fprintf(f, "0 %zu %s\n", u->samples, u->text) > 0; }

static bool write_labels(FILE *f, const corpus_utterance *u)
{
    bool good = true;
    for (size_t k = 0; good && k < u->labels->n; k++) {
        const task_segment *s = &u->labels->seg[k];
        good = fprintf(f, "%d %d %s\n", s->start, s->end, task_phone_name(s->phone)) > 0;
    }
    return good;
}

/* One file under a temporary name, then its own. write NULL: RIFF. */
static ep_status write_one(const char *base, const char *ext, bool (*write)(FILE *, const corpus_utterance *), const corpus_utterance *u,
                           char *err, size_t n)
{
    char path[PATH_SIZE], temp[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s%s", base, ext);
    (void)snprintf(temp, sizeof temp, "%s%s.tmp", base, ext);
    errno = 0;
    bool good;
    if (write) {
        FILE *f = fopen(temp, "wb");
        good = f && write(f, u);
        if (f) good = !fclose(f) && good;
    } else {
        good = write_riff(temp, u);
    }
    if (good && !rename(temp, path)) return EP_OK;
    (void)snprintf(err, n, "%s: cannot write: %s", path, errno ? strerror(errno) : "unknown error");
    (void)unlink(temp);
    return EP_IO;
}

ep_status corpus_write(const char *base, const corpus_utterance *u, bool riff, char *err, size_t n)
{
    ep_status st = write_one(base, ".TXT", write_text, u, err, n);
    if (!st) st = write_one(base, ".PHN", write_labels, u, err, n);
    if (!st) st = write_one(base, ".WAV", riff ? NULL : write_sphere, u, err, n);
    return st;
}
