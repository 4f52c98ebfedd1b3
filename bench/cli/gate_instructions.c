/* gate_instructions.c: counted instructions against a baseline. A count depends on compiler, flags, C library and the vector
 * instructions that the processor offers, so a baseline file has a section for each, and a machine without one is told so.
 *
 *   # gcc 12.2.0, -O2 -ffp-contract=off, glibc 2.36, x86-64 avx2
 *   CASE SUBJECT COUNT
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

#include "gate.h"

#define MORE_INSTRUCTIONS 1.01
#define SMALL "N40-I20-O3-T100-B1-r4"
static const struct { const char *id, *who; } counted[] = {
    {"gradient/alif/bptt/" SMALL, "scalar:f32"},
    {"gradient/alif/bptt/" SMALL, "fast:f32"},
    {"gradient/alif/eprop1-symmetric/" SMALL, "scalar:f32"},
    {"gradient/alif/eprop1-symmetric/" SMALL, "fast:f32"},
    {"gradient/lstm/bptt/N20-I10-O3-T50-B4", "scalar:f32"},
    {"gradient/lstm/bptt/N20-I10-O3-T50-B4", "fast:f32"},
    {"gradient/lstm/eprop1-symmetric/N20-I10-O3-T50-B4", "fast:f32"},
    {"fixed/alif/eprop1-symmetric/N16-I10-O3-T50-B1-r4", "fixed:q15"},
    {"reference/alif/bptt/N10-I10-O3-T30-B1-r5", "mpfr:256"},
};
enum { N_COUNTED = sizeof counted / sizeof *counted, HEAD = 400 };

static void head_line(char head[HEAD])
{
    const char *compiler = "gcc", *libc = "another C library", *machine = "another processor";
    char version[64] = "";
#if defined(__clang__)
    compiler = "clang";
    snprintf(version, sizeof version, "%d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
    snprintf(version, sizeof version, "%d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
#if defined(__GLIBC__)
    libc = gnu_get_libc_version();
#endif
#if defined(__x86_64__)
    __builtin_cpu_init(); /* valgrind has avx2 where the processor has, and never avx512 */
    machine = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "x86-64 avx2" : "x86-64";
#elif defined(__aarch64__)
    machine = "aarch64";
#endif
    snprintf(head, HEAD, "# %s %s, %s, libc %s, %s\n", compiler, version, BENCH_FLAGS, libc, machine);
}

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = f ? calloc(1, 65536) : NULL;
    if (text) text[fread(text, 1, 65535, f)] = '\0';
    if (f) fclose(f);
    return text;
}

/* The section of this head: from after its line to the next one that starts with #, or the end; NULL: there is none. */
static const char *section(const char *text, const char *head, size_t *n)
{
    const char *at = text ? strstr(text, head) : NULL;
    if (!at) return NULL;
    at += strlen(head);
    const char *end = strchr(at, '#');
    *n = end ? (size_t)(end - at) : strlen(at);
    return at;
}

/* The line of the section for one case: "CASE SUBJECT COUNT"; 0: none. */
static double baseline_of(const char *text, size_t n, const char *id, const char *who)
{
    char want[200];
    snprintf(want, sizeof want, "%s %s ", id, who);
    const char *at = text ? strstr(text, want) : NULL;
    return at && at < text + n ? strtod(at + strlen(want), NULL) : 0;
}

static int count_all(const gate *g, const char *old, size_t n, double *count)
{
    char why[BENCH_WHY] = "";
    int rc = CLI_OK;
    for (int k = 0; k < N_COUNTED; k++) {
        bench_spawn a = {.program = g->base, .dir = g->dir, .cpu = -1, .callgrind = true, .timeout = 600};
        bench_sample s;
        cli_progress(counted[k].id, k, N_COUNTED);
        ep_status st = bench_spawn_run(&a, counted[k].id, counted[k].who, 0, &s, why);
        cli_progress_end();
        if (st != EP_OK) return cli_failed(st, why);
        count[k] = s.cpu;
        double was = baseline_of(old, n, counted[k].id, counted[k].who);
        bool more = was > 0 && s.cpu > MORE_INSTRUCTIONS * was && !g->accept, wrong = !cli_right(&s, counted[k].who, why);
        printf("%-52s %-11s %12.0f  %s%.3f%s%s\n", counted[k].id, counted[k].who, s.cpu, was > 0 ? "x " : "new ", was > 0 ? s.cpu / was : 1.0,
               more ? "  more than before" : "", wrong ? "  WRONG RESULT" : "");
        if (more || wrong) rc = CLI_FAILED;
    }
    return rc;
}

/* The file with this head's section replaced or added. */
static int accept(const gate *g, const char *old, const char *head, const double *count)
{
    char tmp[4096];
    size_t n = 0;
    const char *own = section(old, head, &n);
    if ((size_t)snprintf(tmp, sizeof tmp, "%s.tmp", g->baseline) >= sizeof tmp) return cli_usage("%.60s..: the path is too long", g->baseline);
    FILE *f = fopen(tmp, "w");
    bool bad = !f || fputs(head, f) < 0;
    for (int k = 0; !bad && k < N_COUNTED; k++) bad = fprintf(f, "%s %s %.0f\n", counted[k].id, counted[k].who, count[k]) < 0;
    if (!bad && own) bad = fprintf(f, "%.*s%s", (int)(own - strlen(head) - old), old, own + n) < 0;
    if (!bad && !own && old) bad = fputs(old, f) < 0;
    if (f) bad = fclose(f) != 0 || bad;
    if (!bad) bad = rename(tmp, g->baseline) != 0;
    if (bad) (void)remove(tmp);
    return bad ? cli_failed(EP_IO, "cannot write the baseline") : CLI_OK;
}

int gate_by_instructions(const gate *g)
{
    char head[HEAD], *old = read_text(g->baseline);
    double count[N_COUNTED];
    size_t n = 0;
    head_line(head);
    if (!old && !g->accept) return cli_usage("%s: no baseline; write one with --accept", g->baseline);
    const char *own = section(old, head, &n);
    if (!own && !g->accept) {
        printf("skipped: %s has no counts for %.*s; to add them: eprop-bench gate --instructions %s --accept\n", g->baseline, (int)strlen(head) - 3, head + 2,
               g->baseline);
        free(old);
        return CLI_MACHINE;
    }
    int rc = count_all(g, own, n, count);
    if (rc == CLI_OK && g->accept) rc = accept(g, old, head, count);
    else if (rc == CLI_FAILED) printf("to accept these counts: eprop-bench gate --instructions %s --accept\n", g->baseline);
    free(old);
    return rc;
}
