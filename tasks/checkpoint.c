/* Checkpoints.
 *
 *   "EPROPCK2", length and text of the identity (task, rule, engine, seed, description, one a line), iteration, stopped_at,
 *   n, n_fb, p1, p2, then w, fb, m, v; updates, the level [TASK_LEVELS], sg_off, n_sg, sg_p1, sg_p2, then the synthesiser's
 *   theta, m, v; last the FNV-1a hash of all before. Numbers are 64-bit words, little-endian.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train.h"

enum { IDENTITY = 8192, PATH = 4096, HEAD = 6 + 5 + TASK_LEVELS };
static const char magic[8] = "EPROPCK2";

/* What must agree for a run to go on bit for bit. How long it runs and when it stops may change. */
static size_t identity(const task_state *s, char text[IDENTITY])
{
    char value[64];
    const char *name;
    size_t used = (size_t)snprintf(text, IDENTITY, "task %s\nvariant %s\nrule %s\nengine %s\nseed %llu\n", s->t->kind->name, s->t->variant,
                                   ep_rule_name(s->o->rule), s->o->engine.name, (unsigned long long)s->t->seed);
    for (size_t n = 0; n < task_spec_count(); n++) {
        name = task_spec_get(&s->t->spec, n, value, sizeof value);
        if (strcmp(name, "iterations") == 0 || strcmp(name, "stop_below") == 0) continue;
        used += (size_t)snprintf(text + used, IDENTITY - used, "%s %s\n", name, value);
    }
    return used;
}

/* ---- bytes --------------------------------------------------------------------------------------------------- */

typedef struct bytes { unsigned char *p; size_t n, at; } bytes;

static void put_word(bytes *b, uint64_t v)
{
    for (int k = 0; k < 8; k++) b->p[b->n++] = (unsigned char)(v >> 8 * k);
}

static uint64_t get_word(bytes *b)
{
    uint64_t v = 0;
    for (int k = 0; k < 8; k++) v |= (uint64_t)b->p[b->at++] << 8 * k;
    return v;
}

static void put_numbers(bytes *b, const double *v, size_t n)
{
    uint64_t bits;
    for (size_t k = 0; k < n; k++) {
        memcpy(&bits, &v[k], sizeof bits);
        put_word(b, bits);
    }
}

static void get_numbers(bytes *b, double *v, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        uint64_t bits = get_word(b);
        memcpy(&v[k], &bits, sizeof bits);
    }
}

static size_t synth_size(const task_state *s) { return s->future ? s->future->sg.n : 0; }

static size_t room(const task_state *s, size_t text)
{
    return sizeof magic + 8 + text + 8 * (HEAD + 3 * s->model.n + s->model.n_fb + 3 * synth_size(s) + 1);
}

static void compose_windows(const task_state *s, bytes *b)
{
    const task_synth *sg = s->future ? &s->future->sg : NULL;
    const double power[2] = {sg ? sg->optim.p1 : 1, sg ? sg->optim.p2 : 1};
    put_word(b, (uint64_t)s->updates);
    for (int k = 0; k < TASK_LEVELS; k++) put_word(b, (uint64_t)s->t->level[k]);
    put_word(b, (uint64_t)s->sg_off);
    put_word(b, synth_size(s));
    put_numbers(b, power, 2);
    if (!sg) return;
    put_numbers(b, sg->theta, sg->n);
    put_numbers(b, sg->optim.m, sg->n);
    put_numbers(b, sg->optim.v, sg->n);
}

/* false: another size. */
static bool parse_windows(bytes *b, task_state *s)
{
    double power[2];
    s->updates = (long)get_word(b);
    for (int k = 0; k < TASK_LEVELS; k++) s->t->level[k] = (long)get_word(b);
    s->sg_off = (long)get_word(b);
    if (get_word(b) != synth_size(s)) return false;
    get_numbers(b, power, 2);
    if (!s->future) return true;
    task_synth *sg = &s->future->sg;
    sg->optim.p1 = power[0];
    sg->optim.p2 = power[1];
    get_numbers(b, sg->theta, sg->n);
    get_numbers(b, sg->optim.m, sg->n);
    get_numbers(b, sg->optim.v, sg->n);
    s->future->off = s->sg_off >= 0;
    task_synth_load(sg);
    return true;
}

static void compose(const task_state *s, const char *text, size_t n, bytes *b)
{
    const double power[2] = {s->optim.p1, s->optim.p2};
    memcpy(b->p, magic, sizeof magic);
    b->n = sizeof magic;
    put_word(b, n);
    memcpy(b->p + b->n, text, n);
    b->n += n;
    put_word(b, (uint64_t)s->iteration);
    put_word(b, (uint64_t)s->stopped_at);
    put_word(b, s->model.n);
    put_word(b, s->model.n_fb);
    put_numbers(b, power, 2);
    put_numbers(b, s->model.w, s->model.n);
    put_numbers(b, s->model.fb, s->model.n_fb);
    put_numbers(b, s->optim.m, s->model.n);
    put_numbers(b, s->optim.v, s->model.n);
    compose_windows(s, b);
    put_word(b, ep_hash(EP_HASH, b->p, b->n));
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

static ep_status io_failed(char why[TASK_WHY], const char *path, const char *what)
{
    (void)snprintf(why, TASK_WHY, "%.300s: %s: %s", path, what, strerror(errno));
    return EP_IO;
}

static bool write_all(int fd, const unsigned char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static void sync_folder(const char *path)
{
    char copy[PATH];
    (void)snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY);
    if (fd < 0) return;
    (void)fsync(fd);
    (void)close(fd);
}

bool task_is_special(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && !S_ISREG(s.st_mode);
}

static ep_status store(const char *path, const bytes *b, char why[TASK_WHY])
{
    char tmp[PATH];
    if (task_is_special(path)) {
        errno = EEXIST;
        return io_failed(why, path, "checkpoint: expected a regular file or none");
    }
    if (snprintf(tmp, sizeof tmp, "%s.tmp", path) >= PATH) {
        errno = ENAMETOOLONG;
        return io_failed(why, path, "cannot be written");
    }
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) return io_failed(why, tmp, "cannot be created");
    bool good = write_all(fd, b->p, b->n) && fsync(fd) == 0;
    int saved = errno;
    if (close(fd) != 0 && good) {
        good = false;
        saved = errno;
    }
    if (good && rename(tmp, path) != 0) {
        good = false;
        saved = errno;
    }
    if (!good) {
        (void)unlink(tmp);
        errno = saved;
        return io_failed(why, path, "checkpoint not written, the one before stays");
    }
    sync_folder(path);
    return EP_OK;
}

ep_status task_checkpoint_write(const char *path, const task_state *s, char why[TASK_WHY])
{
    char text[IDENTITY];
    size_t n = identity(s, text);
    bytes b = {.p = malloc(room(s, n))};
    if (!b.p) return EP_NOMEM;
    compose(s, text, n, &b);
    ep_status st = store(path, &b, why);
    free(b.p);
    return st;
}

static ep_status load(const char *path, size_t most, bytes *b, char why[TASK_WHY])
{
    FILE *f = fopen(path, "rb");
    if (!f) return io_failed(why, path, "checkpoint cannot be read");
    b->p = malloc(most + 1);
    if (b->p) b->n = fread(b->p, 1, most + 1, f);
    bool bad = ferror(f);
    (void)fclose(f);
    if (!b->p) return EP_NOMEM;
    return bad ? io_failed(why, path, "checkpoint cannot be read") : EP_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* First line in which two identities differ. */
static ep_status foreign(const char *path, const char *found, size_t n_found, const char *want, char why[TASK_WHY])
{
    size_t line = 0;
    for (size_t k = 0; k < n_found && found[k] == want[k]; k++)
        if (found[k] == '\n') line = k + 1;
    int a = (int)strcspn(found + line, "\n"), b = (int)strcspn(want + line, "\n");
    if ((size_t)a > n_found - line) a = (int)(n_found - line);
    (void)snprintf(why, TASK_WHY, "%.200s: a checkpoint of another run: found '%.*s', expected '%.*s'", path, a < 80 ? a : 80, found + line,
                   b < 80 ? b : 80, want + line);
    return EP_FORMAT;
}

static ep_status damaged(const char *path, const char *what, char why[TASK_WHY])
{
    (void)snprintf(why, TASK_WHY, "%.300s: %s", path, what);
    return EP_FORMAT;
}

static ep_status parse(const char *path, bytes *b, task_state *s, char why[TASK_WHY])
{
    char want[IDENTITY];
    size_t n = identity(s, want);
    double power[2];
    if (b->n < sizeof magic + 16 || memcmp(b->p, magic, sizeof magic) != 0)
        return damaged(path, "no checkpoint of eprop-train: expected it to begin with EPROPCK2", why);
    bytes tail = {.p = b->p, .at = b->n - 8};
    if (ep_hash(EP_HASH, b->p, b->n - 8) != get_word(&tail)) return damaged(path, "damaged or cut short: its checksum does not fit", why);
    b->at = sizeof magic;
    uint64_t text = get_word(b);
    if (text > b->n - b->at) return damaged(path, "damaged: text longer than the file", why);
    if (text != n || memcmp(b->p + b->at, want, n) != 0) return foreign(path, (char *)b->p + b->at, text, want, why);
    b->at += n;
    if (b->n != room(s, n)) return damaged(path, "damaged: wrong length", why);
    long iteration = (long)get_word(b), stopped_at = (long)get_word(b);
    if (get_word(b) != s->model.n || get_word(b) != s->model.n_fb) return damaged(path, "damaged: wrong number of weights", why);
    get_numbers(b, power, 2);
    s->iteration = iteration;
    s->stopped_at = stopped_at;
    s->optim.p1 = power[0];
    s->optim.p2 = power[1];
    get_numbers(b, s->model.w, s->model.n);
    get_numbers(b, s->model.fb, s->model.n_fb);
    get_numbers(b, s->optim.m, s->model.n);
    get_numbers(b, s->optim.v, s->model.n);
    return parse_windows(b, s) ? EP_OK : damaged(path, "damaged: wrong number of the synthesiser's parameters", why);
}

ep_status task_checkpoint_read(const char *path, task_state *s, char why[TASK_WHY])
{
    bytes b = {0};
    ep_status st = load(path, room(s, IDENTITY), &b, why);
    if (st == EP_OK) {
        b.p[b.n] = 0;
        st = parse(path, &b, s, why);
    }
    free(b.p);
    return st;
}
