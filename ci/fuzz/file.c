/* Bytes as a stream, a string, a file, a folder. Files lie in memory where the system has a place for that.
 * SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static char folder[64], held[160];

void fuzz_broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

static void clean(void)
{
    if (held[0]) (void)unlink(held);
    if (folder[0]) (void)rmdir(folder);
}

const char *fuzz_folder(const char *name, const uint8_t *data, size_t n)
{
    struct stat s;
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "%s/eprop-fuzz-XXXXXX", stat("/dev/shm", &s) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(folder)) fuzz_broken("mkdtemp(folder)", __FILE__, __LINE__);
        atexit(clean);
    }
    snprintf(held, sizeof held, "%s/%s", folder, name);
    FILE *f = fopen(held, "wb");
    FUZZ_HOLDS(f && fwrite(data, 1, n, f) == n && fclose(f) == 0);
    return folder;
}

const char *fuzz_file(const uint8_t *data, size_t n)
{
    (void)fuzz_folder("input", data, n);
    return held;
}

FILE *fuzz_stream(const uint8_t *data, size_t n)
{
    static uint8_t none[1] = {0}; /* fmemopen takes no empty buffer */
    FILE *f = n > 0 ? fmemopen((void *)(uintptr_t)data, n, "rb") : fmemopen(none, 1, "rb");
    FUZZ_HOLDS(f);
    if (n == 0) (void)fgetc(f);
    return f;
}

char *fuzz_text(const uint8_t *data, size_t n)
{
    char *s = malloc(n + 1);
    FUZZ_HOLDS(s);
    memcpy(s, data, n);
    s[n] = '\0';
    return s;
}
