/* suites.c: what is measured, and beside what.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define PAPER "N100-I100-O3-T1000-B1-r2"
#define ENGINES {"scalar:f32", "fast:f32"}
#define THREADS {"scalar:f32", "fast:f32", "fast:f32@2"}
#define PROFILES {"scalar:f32", "fixed:q15", "fixed:s16.15", "fixed:w8", "fixed:reckon"}
#define ARITHMETICS {"binary64", "mpfr:128", "mpfr:256", "mpfr:1024", "mpfi:128", "field", "running:128"}
#define RULES {"bptt", "eprop1-symmetric", "eprop1-random", "eprop1-adaptive"}
static const cli_group quick[] = {
    {"gradient/alif/bptt/" PAPER, {"scalar:f32", "fast:f32", "fast:f64"}},
    {"gradient/alif/eprop1-symmetric/" PAPER, ENGINES},
    {"gradient/lif/eprop1-symmetric/" PAPER, ENGINES},
    {"gradient/lstm/bptt/N100-I10-O10-T100-B16", ENGINES},
    {"gradient/lstm/eprop1-symmetric/N100-I10-O10-T100-B16", ENGINES},
    {"gradient/rate/bptt/N100-I10-O10-T100-B16", ENGINES},
    {"forward/alif/bptt/" PAPER, ENGINES},
    {"forward/lstm/bptt/N100-I10-O10-T100-B16", ENGINES},
    {"fixed/alif/eprop1-symmetric/N64-I100-O2-T100-B1-r2", PROFILES},
    {"reference/alif/bptt/N30-I30-O3-T100-B1-r5", ARITHMETICS},
    {"reference/lstm/bptt/N20-I10-O3-T50-B1", ARITHMETICS},
};
static const cli_group full[] = {
    {"gradient/alif/bptt/N100-I100-O3-T1000-B32-r2", THREADS},
    {"gradient/alif/eprop1-symmetric/N100-I100-O3-T1000-B32-r2", THREADS},
    {"gradient/alif/eprop1-symmetric/N800-I39-O61-T600-B4-r2", THREADS},
    {"gradient/alif/bptt/N800-I39-O61-T600-B4-r2", THREADS},
    {"gradient/lstm/bptt/N256-I64-O64-T200-B16", THREADS},
    {"gradient/lstm/eprop1-symmetric/N256-I64-O64-T200-B16", THREADS},
    {"fixed/alif/eprop1-symmetric/N256-I100-O2-T100-B1-r2", PROFILES},
};
/* With guests only, and small: a port is a template, an emulator, a board. */
static const cli_group ports[] = {
    {"port/alif/eprop1-symmetric/N16-I10-O2-T100-B1-r4", {"scalar:f32"}},
    {"port/lif/eprop1-symmetric/N16-I10-O2-T100-B1-r4", {"scalar:f32"}},
    {"port/alif/bptt/N16-I10-O2-T100-B1-r4", {"scalar:f32"}},
    {"port/lstm/bptt/N10-I5-O2-T30-B2", {"scalar:f32"}},
};
/* What a user would pick instead comes first: at the sizes of the targets, where asked for by name. */
#define OURS {"fast:f32"}
static const cli_group peers[] = {
    {"peer/alif/eprop1-symmetric/N100-I100-O2-T1000-B1-r1.8", OURS}, {"peer/alif/bptt/N100-I100-O2-T1000-B1-r1.8", OURS},
    {"peer/alif/eprop1-symmetric/N100-I100-O2-T1000-B32-r1.8", OURS}, {"peer/alif/bptt/N100-I100-O2-T1000-B32-r1.8", OURS},
    {"peer/lstm/bptt/N256-I64-O61-T200-B64", OURS}, {"peer/lstm/eprop1-symmetric/N256-I64-O61-T200-B64", OURS},
    {"peer/alif/eprop1-symmetric/N800-I39-O61-T600-B32-r1.8", OURS}, {"peer/alif/bptt/N800-I39-O61-T600-B32-r1.8", OURS},
};
/* Minutes; only where asked for by name. */
static const cli_group tasks[] = {
    {"task/store-recall/small", RULES},
    {"task/evidence/small", RULES},
};
static const struct { const cli_group *g; size_t n; bool full_only, named_only, guests_only; } list[] = {
    {quick, sizeof quick / sizeof *quick, false, false, false}, {full, sizeof full / sizeof *full, true, false, false},
    {ports, sizeof ports / sizeof *ports, false, false, true},
    {peers, sizeof peers / sizeof *peers, false, true, true}, {tasks, sizeof tasks / sizeof *tasks, false, true, false}};
enum { N_LIST = sizeof list / sizeof *list };

static bool in_suite(const char *id, const char *suite)
{
    size_t n = strlen(suite);
    return strncmp(id, suite, n) == 0 && id[n] == '/';
}

bool cli_suite_known(const char *name)
{
    for (int l = 0; l < N_LIST; l++)
        for (size_t k = 0; k < list[l].n; k++)
            if (in_suite(list[l].g[k].id, name)) return true;
    return strcmp(name, "all") == 0;
}

static bool takes_guests(const char *id) { return in_suite(id, "port") || in_suite(id, "gradient") || in_suite(id, "peer"); }

static void add_guests(const plan *p, cli_group *g)
{
    int n = cli_subjects(g);
    bool first = in_suite(g->id, "peer");
    for (int k = 0; takes_guests(g->id) && k < p->n_guest && n < CLI_SUBJECTS; k++) {
        if (!in_suite(g->id, "port") && strncmp(p->guest[k].subject, "peer:", 5) != 0) continue;
        int at = first ? k : n;
        if (first) memmove(&g->subject[at + 1], &g->subject[at], (size_t)(n - at) * sizeof *g->subject);
        g->subject[at] = p->guest[k].subject;
        n++;
    }
}

bool cli_group_at(const plan *p, int k, cli_group *out)
{
    bool all = strcmp(p->suite, "all") == 0;
    for (int l = 0; l < N_LIST; l++)
        for (size_t m = 0; m < list[l].n; m++) {
            const cli_group *g = &list[l].g[m];
            if (p->only && !strstr(g->id, p->only)) continue;
            if (!(all ? !list[l].named_only : in_suite(g->id, p->suite))) continue;
            if ((list[l].full_only && !p->full) || (list[l].guests_only && p->n_guest == 0) || k-- > 0) continue;
            *out = *g;
            add_guests(p, out);
            return true;
        }
    return false;
}

int cli_subjects(const cli_group *g)
{
    int n = 0;
    while (n < CLI_SUBJECTS && g->subject[n]) n++;
    return n;
}

int cli_guest_add(plan *p, const char *kind, const char *text)
{
    const char *is = strchr(text, '=');
    size_t n = is ? (size_t)(is - text) : 0;
    bool good = n > 0 && n <= 32 && is[1] != '\0';
    for (size_t k = 0; good && k < n; k++) good = isalnum((unsigned char)text[k]) || strchr("-_.", text[k]);
    if (!good) return cli_usage("--%.4s: found '%s', expected NAME=COMMAND, NAME of at most 32 letters, digits, -, _ and .", kind, text);
    if (p->n_guest == CLI_GUESTS) return cli_usage("found more than %d of --port and --peer", CLI_GUESTS);
    cli_guest *g = &p->guest[p->n_guest++];
    snprintf(g->subject, sizeof g->subject, "%s%.*s", kind, (int)n, text);
    g->command = is + 1;
    return CLI_OK;
}

const char *cli_command(const plan *p, const cli_group *g, const char *who)
{
    static char train[4200];
    for (int k = 0; k < p->n_guest; k++)
        if (strcmp(who, p->guest[k].subject) == 0) return p->guest[k].command;
    if (!in_suite(g->id, "task")) return NULL;
    const char *self = cli_self(), *slash = strrchr(self, '/');
    snprintf(train, sizeof train, "%.*s/eprop-train", slash ? (int)(slash - self) : 1, slash ? self : ".");
    return train;
}
