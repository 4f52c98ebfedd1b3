/* replay: runs a fuzz target on every file of its seed folder, without a fuzzer: what was once found stays a test.
 * With arguments, on those files or folders.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t n = 0, cap = 0;
    if (!f) return 0;
    for (size_t k = 1; k > 0;) {
        if (n == cap) {
            uint8_t *more = realloc(data, cap = 2 * cap + 4096);
            FUZZ_HOLDS(more);
            data = more;
        }
        n += k = fread(data + n, 1, cap - n, f);
    }
    fclose(f);
    (void)LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 1;
}

static int run(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0) return 0;
    if (!S_ISDIR(s.st_mode)) return run_file(path);
    DIR *d = opendir(path);
    int count = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        char name[1024];
        if (e->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        count += run_file(name);
    }
    if (d) closedir(d);
    return count;
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    char seeds[1024];
    snprintf(seeds, sizeof seeds, "%s/%s", FUZZ_SEEDS, name);
    int count = argc > 1 ? 0 : run(seeds);
    for (int k = 1; k < argc; k++) count += run(argv[k]);
    printf("%s: %d inputs, each read or refused\n", name, count);
    return count == 0;
}
