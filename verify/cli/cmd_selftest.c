/* eprop-verify selftest: can the judge fail? Every port of the catalogue, wrong by one line, must be caught, and at the
 * right quantity.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "outfile.h"
#include "port_verdict.h"
#include "ports/c/template.h"
#include "vectors.h"

/* A template and its catalogue. */
typedef struct catalogue {
    const char *name;
    const vfy_mutant *mutants;
    void (*choose)(int k);
    int (*main)(void);
} catalogue;
static const catalogue catalogues[] = {{"template port", vfy_mutants, vfy_template_choose, vfy_template_main},
                                       {"integer template", vfy_fixed_mutants, vfy_fixed_template_choose, vfy_fixed_template_main}};
enum { N_CATALOGUE = sizeof catalogues / sizeof *catalogues };
/* One port of a catalogue. */
typedef struct member {
    const catalogue *of;
    int mutant; /* 0: the template itself */
} member;

typedef struct bench {
    vfy_vectors v;
    const vfy_epv_case **list;
    vfy_judged *judged;
    size_t n;
} bench;

typedef struct result {
    bool caught, named;
    char found[24], id[20];
} result;

static void print_help(void)
{
    printf("usage: eprop-verify selftest [--table FILE]\n\n"
           "Runs the template ports, float and integer, which must pass, and every port of their catalogues that is wrong by one line,\n"
           "which must be caught: all of them, and 95 %% at the quantity that the wrong line computes. --table writes the list.\n\n"
           "Exit code: 0 so it is, 1 it is not.\n");
}

static int run_template(void *user)
{
    const member *m = user;
    m->of->choose(m->mutant);
    return m->of->main();
}

static void done(void *user, size_t i, vfy_outcome *o)
{
    bench *k = user;
    vfy_judge(k->list[i], o, VFY_CLASS_BOUND, &k->judged[i]);
}

static bool named_in(const char *list, const char *found, vfy_quantity q)
{
    bool gradient = vfy_quantity_is_gradient(q), chain = vfy_quantity_of_chain(q);
    for (const char *s = list; *s;) {
        size_t len = strcspn(s, "|");
        if (len == strlen(found) && !strncmp(s, found, len)) return true;
        if (gradient && len == 4 && !strncmp(s, "grad", 4)) return true;
        if (chain && len == 5 && !strncmp(s, "chain", 5)) return true;
        s += len;
        s += *s == '|';
    }
    return false;
}

static ep_status try_member(bench *k, member m, result *r, vfy_tally *t)
{
    vfy_port_args a = {.way = VFY_WAY_FUNCTION, .function = run_template, .user = &m, .timeout = 10};
    vfy_claims claims = {0};
    char err[512] = "";
    memset(k->judged, 0, k->n * sizeof *k->judged);
    ep_status st = vfy_port_run(&a, k->list, k->n, &claims, done, k, err, sizeof err);
    if (st != EP_OK) return st;
    *t = vfy_judge_tally(k->judged, k->n);
    const vfy_judged *first = vfy_judge_first(k->judged, k->n);
    r->caught = vfy_tally_code(t) != 0;
    (void)snprintf(r->found, sizeof r->found, "%s", first ? vfy_quantity_name(first->q) : t->broke ? "protocol" : "-");
    (void)snprintf(r->id, sizeof r->id, "%s", first ? first->c->id : "-");
    if (m.mutant) r->named = r->caught && named_in(m.of->mutants[m.mutant - 1].at, r->found, first ? first->q : VFY_Q_I);
    return EP_OK;
}

static ep_status prepare(bench *k, char *err, size_t n)
{
    vfy_vectors_args a = {.level = 0, .seed = 1, .threads = cli_threads()};
    ep_status st = vfy_vectors_make(&a, &k->v, err, n);
    if (st == EP_OK) st = vfy_vectors_name(&k->v);
    if (st != EP_OK) return st;
    k->n = k->v.n;
    k->list = calloc(k->n, sizeof *k->list);
    k->judged = calloc(k->n, sizeof *k->judged);
    for (size_t i = 0; k->list && i < k->n; i++) k->list[i] = &k->v.made[i].c;
    return k->list && k->judged ? EP_OK : EP_NOMEM;
}

/* What became of all ports of the catalogues. */
typedef struct totals {
    int all, caught, named;
    bool sound; /* the templates pass */
} totals;

static ep_status run_catalogue(bench *k, const catalogue *c, FILE *table, totals *sum)
{
    vfy_progress progress = cli_progress();
    result r = {0};
    vfy_tally t;
    int n = 0;
    ep_status st = try_member(k, (member){c, 0}, &r, &t);
    if (st != EP_OK) return st;
    sum->sound = sum->sound && !r.caught;
    printf("%s: %zu passed, %zu failed, %zu values, largest error %.1f %% of its limit\n", c->name, t.passed, t.failed, t.compared, t.percent);
    while (c->mutants[n].name) n++;
    for (int m = 1; st == EP_OK && m <= n; m++) {
        const vfy_mutant *u = &c->mutants[m - 1];
        vfy_say(&progress, u->name, (double)m / n);
        st = try_member(k, (member){c, m}, &r, &t);
        if (st != EP_OK) break;
        sum->all++;
        sum->caught += r.caught;
        sum->named += r.named;
        if (!r.named) printf("%s: %s: must be named at %s, found %s (%s)\n", r.caught ? "named elsewhere" : "NOT CAUGHT", u->name, u->at, r.found, u->what);
        if (table) fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", u->name, u->at, r.caught ? "yes" : "NO", r.found, r.named ? "yes" : "no", r.id, u->what);
    }
    cli_progress_end();
    return st;
}

static int run_all(bench *k, FILE *table)
{
    totals sum = {.sound = true};
    double start = cli_seconds();
    if (table) fprintf(table, "# mutant\tcomputes\tcaught\tnamed\tright\tcase\twhat_is_wrong\n");
    for (int i = 0; i < N_CATALOGUE; i++) {
        ep_status st = run_catalogue(k, &catalogues[i], table, &sum);
        if (st != EP_OK) return cli_status(st, catalogues[i].name);
    }
    printf("mutants: %d caught of %d, %d named at the right quantity (%.1f %%), %.1f s\n", sum.caught, sum.all, sum.named,
           sum.all ? 100.0 * sum.named / sum.all : 0, cli_seconds() - start);
    return sum.sound && sum.all > 0 && sum.caught == sum.all && 100 * sum.named >= 95 * sum.all ? CLI_HOLDS : CLI_FAILS;
}

int cmd_selftest(int argc, char **argv)
{
    static const struct option longs[] = {{"table", 1, 0, 't'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    const char *path = NULL;
    char err[512] = "";
    bench k = {0};
    vfy_outfile f = {0};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'h') {
            print_help();
            return CLI_HOLDS;
        }
        if (c != 't') return cli_usage("selftest: found '%.60s', expected --table FILE", argv[optind - 1]);
        path = optarg;
    }
    if (optind < argc) return cli_usage("selftest: found '%.60s', expected no further argument", argv[optind]);
    ep_status st = path ? vfy_outfile_open(path, &f, err, sizeof err) : EP_OK;
    if (st != EP_OK) return cli_usage("%s", err);
    st = prepare(&k, err, sizeof err);
    int code = st == EP_OK ? run_all(&k, f.f) : cli_status(st, *err ? err : "vectors");
    if (f.f && (code == CLI_HOLDS || code == CLI_FAILS)) {
        if (vfy_outfile_commit(&f, err, sizeof err) != EP_OK) code = cli_usage("%s", err);
    } else if (f.f) {
        vfy_outfile_abort(&f);
    }
    free(k.list);
    free(k.judged);
    vfy_vectors_free(&k.v);
    return code;
}
