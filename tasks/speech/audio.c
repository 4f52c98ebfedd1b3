/* Audio through libsndfile, with the refusals that TIMIT's formats need.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timit.h"

enum { HEADER = 1024 };

static ep_status bad(const char *path, const char *found, const char *expected, char *err, size_t n)
{
    (void)snprintf(err, n, "%s: found %s; expected %s", path, found, expected);
    return EP_FORMAT;
}

/* The value of a field "name -i value" of a SPHERE header, or -1. */
static long header_number(const char *header, const char *name)
{
    const char *p = strstr(header, name);
    long v;
    return p && sscanf(p + strlen(name), " -i %ld", &v) == 1 ? v : -1;
}

/* What libsndfile would not say clearly. *declared: samples that a SPHERE header promises, or -1. */
static ep_status check_header(const char *path, long *declared, char *err, size_t n)
{
    char head[HEADER + 1];
    FILE *f = fopen(path, "rb");
    if (!f) {
        (void)snprintf(err, n, "%s: cannot open: %s", path, strerror(errno));
        return EP_IO;
    }
    size_t got = fread(head, 1, HEADER, f);
    (void)fclose(f);
    head[got] = '\0';
    *declared = -1;
    if (got == 0) return bad(path, "an empty file", "NIST SPHERE or RIFF audio", err, n);
    if (!memcmp(head, "ajkg", got < 4 ? got : 4) && got >= 4)
        return bad(path, "audio compressed with shorten", "PCM (unpack it with shorten -x, or sph2pipe)", err, n);
    if (got < 7 || memcmp(head, "NIST_1A", 7) != 0) return EP_OK;
    const char *coding = strstr(head, "sample_coding");
    if (coding && strcspn(coding, "\n") > 0) {
        const char *shorten = strstr(coding, "shorten");
        if (shorten && shorten < coding + strcspn(coding, "\n"))
            return bad(path, "NIST SPHERE audio compressed with shorten", "PCM (unpack it with w_decode -o pcm, or sph2pipe -p)", err, n);
    }
    *declared = header_number(head, "sample_count");
    return EP_OK;
}

static ep_status check_format(const char *path, const SF_INFO *info, long declared, char *err, size_t n)
{
    char found[80], want[80];
    if (info->samplerate != TASK_RATE) {
        (void)snprintf(found, sizeof found, "audio of %d Hz", info->samplerate);
        return bad(path, found, "16000 Hz", err, n);
    }
    if (info->channels != 1) {
        (void)snprintf(found, sizeof found, "%d channels", info->channels);
        return bad(path, found, "one", err, n);
    }
    if (declared >= 0 && info->frames < declared) {
        (void)snprintf(found, sizeof found, "%lld samples", (long long)info->frames);
        (void)snprintf(want, sizeof want, "the %ld that its header announces (is the file truncated?)", declared);
        return bad(path, found, want, err, n);
    }
    if (info->frames < TASK_WINDOW) {
        (void)snprintf(found, sizeof found, "%lld samples", (long long)info->frames);
        return bad(path, found, "at least one window of 400", err, n);
    }
    if (info->frames > INT32_MAX) return bad(path, "more than 2^31 samples", "an utterance", err, n);
    return EP_OK;
}

ep_status task_audio_read(const char *path, int16_t **out, size_t *samples, char *err, size_t n)
{
    SF_INFO info = {0};
    long declared;
    ep_status st = check_header(path, &declared, err, n);
    if (st) return st;
    SNDFILE *f = sf_open(path, SFM_READ, &info);
    if (!f) {
        char found[160];
        (void)snprintf(found, sizeof found, "no audio that libsndfile can read (%.100s)", sf_strerror(NULL));
        found[strcspn(found, "\n")] = '\0';
        return bad(path, found, "NIST SPHERE or RIFF", err, n);
    }
    st = check_format(path, &info, declared, err, n);
    int16_t *data = st ? NULL : malloc((size_t)info.frames * sizeof *data);
    if (!st && !data) st = EP_NOMEM;
    if (!st && sf_readf_short(f, data, info.frames) != info.frames)
        st = bad(path, "fewer samples than announced", "a whole file", err, n);
    (void)sf_close(f);
    if (st) {
        if (st == EP_NOMEM) (void)snprintf(err, n, "%s: out of memory", path);
        free(data);
        return st;
    }
    *out = data;
    *samples = (size_t)info.frames;
    return EP_OK;
}
