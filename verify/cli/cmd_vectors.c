/* eprop-verify vectors.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "fixed_profile.h"
#include "sha256.h"
#include "vectors.h"

static void print_help(void)
{
    printf("usage: eprop-verify vectors DIR [OPTION]...\n\n"
           "Writes vector files: networks, their trials, and the certified values of what they must compute. DIR must not\n"
           "exist, or be empty; it appears whole or not at all. The same options give the same bytes.\n\n"
           "  --level N     1 (default): a pairwise cover of models, presets, rules, formats and families; 2: twelve covers\n"
           "  --seed N      another set of networks (default 1)\n"
           "  --preset P    only cases of this preset\n"
           "  --profile F   only cases of fixed point by the profile file F (reference/FIXED.md, section 8.1): format fixed:HASH\n"
           "  --threads N   threads, 1 to 64 (default: all processors)\n"
           "  --help        this text\n\n"
           "Exit code: 0 written, 2 usage or the disk, 5 a case could not be decided.\n");
}

/* The profile in a file, and its hash: of the text that `eprop-verify profile` prints. */
static int load_profile(const char *path, ref_profile *p, vfy_vectors_args *a)
{
    char err[VFY_EPV_ERR] = "", *text = NULL;
    unsigned char digest[32];
    vfy_sha256 sha;
    size_t size = 0;
    FILE *f = fopen(path, "r");
    if (!f) return cli_usage("%.200s: cannot be read", path);
    ep_status st = ep_fixed_profile_read(f, path, p, err, sizeof err);
    (void)fclose(f);
    if (st != EP_OK) return cli_usage("%s", err);
    FILE *m = open_memstream(&text, &size);
    st = m ? ep_fixed_profile_write(m, p) : EP_NOMEM;
    if (m && fclose(m) && st == EP_OK) st = EP_NOMEM;
    vfy_sha256_init(&sha);
    if (st == EP_OK) vfy_sha256_add(&sha, text, size);
    vfy_sha256_end(&sha, digest);
    free(text);
    for (int i = 0; i < 8; i++) (void)snprintf(a->profile_id + 2 * i, 3, "%02x", digest[i]);
    a->profile = p;
    return st == EP_OK ? CLI_HOLDS : cli_status(st, path);
}

/* Is there something already? Asked before the work as well as after it. */
static bool is_taken(const char *dir)
{
    DIR *d = opendir(dir);
    bool taken = !d && errno != ENOENT;
    for (struct dirent *e; d && !taken && (e = readdir(d));) taken = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d) (void)closedir(d);
    return taken;
}

int cmd_vectors(int argc, char **argv)
{
    static const struct option longs[] = {{"level", 1, 0, 'l'}, {"seed", 1, 0, 's'}, {"preset", 1, 0, 'p'}, {"profile", 1, 0, 'f'}, {"threads", 1, 0, 't'}, {"help", 0, 0, 'h'},
                                          {0, 0, 0, 0}};
    vfy_progress progress = cli_progress();
    vfy_vectors_args a = {.level = 1, .seed = 1, .threads = cli_threads(), .progress = &progress};
    char err[512] = "";
    ref_profile profile;
    long n;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'l' && (!cli_number(optarg, 1, 2, &n) || (a.level = (int)n, false)))
            return cli_usage("--level: found '%.40s', expected 1 or 2", optarg);
        if (c == 's' && (!cli_number(optarg, 1, 1000000, &n) || (a.seed = (uint64_t)n, false)))
            return cli_usage("--seed: found '%.40s', expected 1 to 1000000", optarg);
        if (c == 't' && (!cli_number(optarg, 1, 64, &n) || (a.threads = (int)n, false)))
            return cli_usage("--threads: found '%.40s', expected 1 to 64", optarg);
        if (c == 'p' && !(a.one_preset = ep_preset_parse(optarg, &a.preset)))
            return cli_usage("--preset: found '%.40s', expected a preset's name", optarg);
        if (c == 'f' && load_profile(optarg, &profile, &a) != CLI_HOLDS) return CLI_USAGE;
        if (c == 'h') {
            print_help();
            return CLI_HOLDS;
        }
        if (c == '?') return cli_usage("vectors: found '%.60s', expected an option of `vectors --help`", argv[optind - 1]);
        if (c == ':') return cli_usage("vectors: %.60s: expected a value", argv[optind - 1]);
    }
    if (optind + 1 != argc) return cli_usage("vectors: found %d directories, expected one", argc - optind);
    if (is_taken(argv[optind])) return cli_usage("%.200s: exists and is not an empty directory", argv[optind]);
    vfy_vectors v;
    double start = cli_seconds();
    ep_status st = vfy_vectors_make(&a, &v, err, sizeof err);
    cli_progress_end();
    if (st != EP_OK) return cli_status(st, *err ? err : "vectors");
    size_t lines = 0;
    for (size_t i = 0; i < v.n; i++) lines += v.made[i].c.n_want;
    st = vfy_vectors_write(argv[optind], &a, &v, err, sizeof err);
    if (st == EP_OK)
        fprintf(stderr, "%s: %zu cases, %zu expected values, %.1f s\n", argv[optind], v.n, lines, cli_seconds() - start);
    vfy_vectors_free(&v);
    return st == EP_OK ? CLI_HOLDS : cli_usage("%s", *err ? err : ep_status_name(st));
}
