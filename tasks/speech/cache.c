/* Cache of features: numbers of 64 bits in the machine's order
 *
 *   magic, key, utterances, frames, numbers a frame;  first frame of each utterance and the end;  float x[];  int8 label[];
 *   ep_hash of all before
 *
 * Written to a temporary name, synced, renamed. Another byte order does not show the magic and counts as damaged.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frames.h"

static const uint64_t magic = UINT64_C(0x65707370656b6331);
static const char version[] = "speech features 1"; /* change whenever feature.c computes other numbers */

static uint64_t hash_file(uint64_t h, const char *path, bool *good)
{
    struct stat s;
    if (stat(path, &s)) {
        *good = false;
        return h;
    }
    const int64_t facts[] = {(int64_t)s.st_size, (int64_t)s.st_mtim.tv_sec, (int64_t)s.st_mtim.tv_nsec};
    h = ep_hash(h, path, strlen(path) + 1);
    return ep_hash(h, facts, sizeof facts);
}

ep_status task_frames_key(const task_timit *t, task_feature kind, uint64_t *key, char *err, size_t n)
{
    const int64_t what = (int64_t)kind;
    uint64_t h = ep_hash(ep_hash(EP_HASH, version, sizeof version), &what, sizeof what);
    for (size_t k = 0; k < t->n; k++) {
        const task_utterance *u = &t->utt[k];
        const int64_t part = (int64_t)u->part;
        bool good = true;
        h = ep_hash(h, &part, sizeof part);
        h = hash_file(hash_file(h, u->wav, &good), u->phn, &good);
        if (good) continue;
        (void)snprintf(err, n, "%s or its .PHN: cannot read: %s", u->wav, strerror(errno));
        return EP_IO;
    }
    *key = h;
    return EP_OK;
}

char *task_cache_path(const char *dir, task_feature kind, uint64_t key)
{
    size_t size = strlen(dir) + 64;
    char *path = malloc(size);
    if (path) (void)snprintf(path, size, "%s/speech-%s-%016llx.frames", dir, kind == TASK_MFCC ? "mfcc" : "fbank", (unsigned long long)key);
    return path;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static bool take(FILE *f, uint64_t *h, void *out, size_t bytes)
{
    if (fread(out, 1, bytes, f) != bytes) return false;
    *h = ep_hash(*h, out, bytes);
    return true;
}

static bool read_body(FILE *f, uint64_t key, task_frames *out)
{
    uint64_t head[5], h = EP_HASH, want;
    size_t size = (size_t)task_feature_size(out->kind);
    if (!take(f, &h, head, sizeof head) || head[0] != magic || head[1] != key || head[2] != out->n || head[4] != size) return false;
    struct stat s;
    uint64_t bytes = sizeof head + (out->n + 1) * sizeof(uint64_t) + head[3] * (size * sizeof(float) + 1) + sizeof h;
    if (head[3] > (UINT64_C(1) << 40) || fstat(fileno(f), &s) || (uint64_t)s.st_size != bytes) return false;
    size_t frames = (size_t)head[3];
    out->first = calloc(out->n + 1, sizeof *out->first);
    out->x = malloc(frames * size * sizeof *out->x + 1);
    out->label = malloc(frames + 1);
    if (!out->first || !out->x || !out->label) return false;
    for (size_t k = 0; k <= out->n; k++) {
        uint64_t at;
        if (!take(f, &h, &at, sizeof at) || at > frames || (k && at < out->first[k - 1])) return false;
        out->first[k] = (size_t)at;
    }
    return take(f, &h, out->x, frames * size * sizeof *out->x) && take(f, &h, out->label, frames) && out->first[out->n] == frames &&
           fread(&want, sizeof want, 1, f) == 1 && want == h;
}

ep_status task_cache_read(const char *path, uint64_t key, task_frames *out)
{
    task_frames got = {.kind = out->kind, .n = out->n};
    FILE *f = fopen(path, "rb");
    bool good = f && read_body(f, key, &got);
    if (f) (void)fclose(f);
    if (!good) {
        task_frames_free(&got);
        return EP_FORMAT;
    }
    out->first = got.first;
    out->x = got.x;
    out->label = got.label;
    return EP_OK;
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static bool put(FILE *f, uint64_t *h, const void *data, size_t bytes)
{
    *h = ep_hash(*h, data, bytes);
    return fwrite(data, 1, bytes, f) == bytes;
}

static bool write_body(FILE *f, uint64_t key, const task_frames *in)
{
    size_t size = (size_t)task_feature_size(in->kind), frames = in->first[in->n];
    const uint64_t head[5] = {magic, key, in->n, frames, size};
    uint64_t h = EP_HASH;
    bool good = put(f, &h, head, sizeof head);
    for (size_t k = 0; good && k <= in->n; k++) {
        uint64_t at = in->first[k];
        good = put(f, &h, &at, sizeof at);
    }
    good = good && put(f, &h, in->x, frames * size * sizeof *in->x) && put(f, &h, in->label, frames);
    return good && fwrite(&h, sizeof h, 1, f) == 1 && !fchmod(fileno(f), 0644) && !fflush(f) && !fsync(fileno(f));
}

static bool make_folders(const char *path)
{
    char *copy = strdup(path);
    bool good = copy != NULL;
    for (char *p = copy ? copy + 1 : NULL; good && *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        good = !mkdir(copy, 0777) || errno == EEXIST;
        *p = '/';
    }
    free(copy);
    return good;
}

ep_status task_cache_write(const char *path, uint64_t key, const task_frames *in)
{
    size_t size = strlen(path) + 12;
    char *temp = malloc(size);
    if (!temp) return EP_NOMEM;
    (void)snprintf(temp, size, "%s.XXXXXX", path);
    int fd = make_folders(path) ? mkstemp(temp) : -1;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    bool good = f && write_body(f, key, in);
    if (f) good = !fclose(f) && good;
    else if (fd >= 0) (void)close(fd);
    good = good && !rename(temp, path);
    if (!good && fd >= 0) (void)unlink(temp);
    free(temp);
    return good ? EP_OK : EP_IO;
}
