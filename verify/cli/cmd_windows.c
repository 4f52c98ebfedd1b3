/* eprop-verify windows: how far rules in windows are from BPTT.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "approx.h"
#include "cli.h"
#include "epv.h"
#include "outfile.h"

enum { MOST_NETWORKS = 1000 };

typedef struct options {
    bool model[EP_N_MODEL];
    long neurons, steps, networks;
    const char *json, *out;
    bool done;
} options;

/* All rows of a model, networks one after the other. */
typedef struct table {
    ep_model model;
    vfy_window_row *row;
    size_t n, lengths, per; /* rows; window lengths; rows a network */
} table;

static void print_help(void)
{
    printf("usage: eprop-verify windows [OPTION]...\n\n"
           "How far rules that cut time into windows are from BPTT, for every length that divides a trial: truncated BPTT and\n"
           "e-prop 3, without seeds and with exact seeds for the hidden state (c), for z, and for all that crosses (zc). Errors at\n"
           "every step, and in the last eighth of the trial alone. Prints the median over random networks.\n\n"
           "  --model M      lif, alif, lsnn, lstm, synaptic, or all of them (default lstm and lsnn)\n"
           "  --neurons N    (default 16)\n"
           "  --steps T      length of a trial, 8 to 100000 (default 60)\n"
           "  --networks K   random networks (default 5)\n"
           "  --json FILE    every row, for machines\n"
           "  --out DIR      manifest.json and data/windows_MODEL.tsv, for the report\n"
           "  --help         this text\n\n"
           "Exit code: 0 measured, 2 usage, 5 no live network.\n");
}

static int parse_model(const char *text, options *o)
{
    ep_model m;
    bool all = !strcmp(text, "all");
    if (!all && (!ep_model_parse(text, &m) || m == EP_RATE))
        return cli_usage("--model: found '%.40s', expected lif, alif, lsnn, lstm, synaptic or all", text);
    for (int k = 0; k < EP_N_MODEL; k++) o->model[k] = all ? k != EP_RATE : k == (int)m;
    return CLI_HOLDS;
}

static int parse_number(int c, const char *text, options *o)
{
    const char *name = c == 'n' ? "--neurons" : c == 's' ? "--steps" : "--networks";
    long lo = c == 's' ? 8 : 1, hi = c == 's' ? 100000 : MOST_NETWORKS;
    long *to = c == 'n' ? &o->neurons : c == 's' ? &o->steps : &o->networks;
    if (!cli_number(text, lo, hi, to)) return cli_usage("%s: found '%.40s', expected %ld to %ld", name, text, lo, hi);
    return CLI_HOLDS;
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option longs[] = {{"model", 1, 0, 'm'}, {"neurons", 1, 0, 'n'}, {"steps", 1, 0, 's'}, {"networks", 1, 0, 'k'},
                                          {"json", 1, 0, 'j'}, {"out", 1, 0, 'o'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    int code = CLI_HOLDS;
    opterr = 0;
    for (int c; code == CLI_HOLDS && (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'm') code = parse_model(optarg, o);
        if (c == 'n' || c == 's' || c == 'k') code = parse_number(c, optarg, o);
        if (c == 'j') o->json = optarg;
        if (c == 'o') o->out = optarg;
        if (c == 'h') {
            print_help();
            o->done = true;
            return CLI_HOLDS;
        }
        if (c == '?') return cli_usage("windows: found '%.60s', expected an option of `windows --help`", argv[optind - 1]);
        if (c == ':') return cli_usage("windows: %.60s: expected a value", argv[optind - 1]);
    }
    if (code == CLI_HOLDS && optind < argc) return cli_usage("windows: found '%.60s', expected no further argument", argv[optind]);
    return code;
}

static ep_status measure(const options *o, ep_model m, const vfy_progress *p, table *t)
{
    int length[VFY_MOST_WINDOWS];
    char what[40];
    t->model = m;
    t->lengths = vfy_window_lengths((int)o->steps, length, VFY_MOST_WINDOWS);
    t->per = t->lengths * VFY_N_WINDOW_RULE;
    t->row = calloc(t->per * (size_t)o->networks, sizeof *t->row);
    if (!t->row) return EP_NOMEM;
    snprintf(what, sizeof what, "windows: %s", ep_model_name(m));
    for (int k = 0; k < (int)o->networks; k++) {
        size_t n;
        ep_status st = vfy_window_distances(m, (int)o->neurons, (int)o->steps, k, t->row + t->n, t->per, &n);
        if (st != EP_OK) return st;
        t->n += n;
        vfy_say(p, what, (double)(k + 1) / (double)o->networks);
    }
    return EP_OK;
}

static void series_name(const vfy_window_row *r, char *buf, size_t n)
{
    if (r->seed == REF_SEED_NONE) snprintf(buf, n, "%s", ep_rule_name(r->rule));
    else snprintf(buf, n, "%s %s", ep_rule_name(r->rule), vfy_seed_name((vfy_seed)r->seed));
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median of the cosine over networks; `at`: row within a network. */
static double median(const table *t, size_t at, int place)
{
    double v[MOST_NETWORKS];
    size_t n = t->n / t->per;
    for (size_t k = 0; k < n; k++) v[k] = t->row[k * t->per + at].cosine[place];
    qsort(v, n, sizeof *v, ascending);
    return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

static void print_table(const table *t, const options *o)
{
    static const char *const where[] = {"errors at every step", "errors in the last eighth alone"};
    for (int place = 0; place < VFY_N_PLACE_OF_ERR; place++) {
        printf("%s, %ld neurons, %ld steps, %s: cosine with BPTT, median of %ld networks\n%-8s", ep_model_name(t->model), o->neurons,
               o->steps, where[place], o->networks, "window");
        for (size_t r = 0; r < VFY_N_WINDOW_RULE; r++) {
            char name[40];
            series_name(&t->row[r], name, sizeof name);
            printf("  %12s", name);
        }
        for (size_t i = 0; i < t->per; i++) {
            if (i % VFY_N_WINDOW_RULE == 0) printf("\n%-8d", t->row[i].window);
            printf("  %12.4f", median(t, i, place));
        }
        printf("\n\n");
    }
}

/* ---- files ---------------------------------------------------------------------------------------------- */

static int write_tsv(const char *dir, const table *t)
{
    char path[4096], err[512] = "", name[40];
    vfy_outfile f;
    if ((size_t)snprintf(path, sizeof path, "%s/data/windows_%s.tsv", dir, ep_model_name(t->model)) >= sizeof path)
        return cli_usage("--out: found a path that is too long");
    if (vfy_outfile_open(path, &f, err, sizeof err) != EP_OK) return cli_usage("%s", err);
    fprintf(f.f, "# series\tseed\twindow\tcosine\trel_err\trel_norm\tlate_cosine\tlate_rel_err\tlate_rel_norm\n");
    for (size_t i = 0; i < t->n; i++) {
        const vfy_window_row *r = &t->row[i];
        series_name(r, name, sizeof name);
        fprintf(f.f, "%s\t%d\t%d", name, r->network, r->window);
        for (int p = 0; p < VFY_N_PLACE_OF_ERR; p++) fprintf(f.f, "\t%.6g\t%.6g\t%.6g", r->cosine[p], r->rel_err[p], r->rel_norm[p]);
        fprintf(f.f, "\n");
    }
    if (vfy_outfile_commit(&f, err, sizeof err) != EP_OK) return cli_usage("%s", err);
    return CLI_HOLDS;
}

static int write_json(const char *path, json_t *j)
{
    char err[512] = "";
    vfy_outfile f;
    int code = CLI_HOLDS;
    if (!j) return cli_usage("%s: out of memory", path);
    if (vfy_outfile_open(path, &f, err, sizeof err) != EP_OK) code = cli_usage("%s", err);
    else {
        bool ok = json_dumpf(j, f.f, JSON_INDENT(1)) == 0 && fputc('\n', f.f) != EOF;
        if (!ok) vfy_outfile_abort(&f);
        if (!ok || vfy_outfile_commit(&f, err, sizeof err) != EP_OK) code = cli_usage("%s: %s", path, *err ? err : "cannot be written");
    }
    json_decref(j);
    return code;
}

static json_t *facts(const options *o)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I}", "program", "eprop-verify windows", "version", EP_VERSION, "neurons",
                     (json_int_t)o->neurons, "steps", (json_int_t)o->steps, "networks", (json_int_t)o->networks);
}

static json_t *all_rows(const options *o, const table *t, int n)
{
    json_t *j = facts(o), *rows = json_array();
    for (int m = 0; m < n; m++)
        for (size_t i = 0; i < t[m].n; i++) {
            const vfy_window_row *r = &t[m].row[i];
            json_t *row = json_pack("{s:s, s:s, s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f}", "model", ep_model_name(t[m].model), "rule",
                                    ep_rule_name(r->rule), "seed", vfy_seed_name((vfy_seed)r->seed), "window", r->window, "network",
                                    r->network, "cosine", r->cosine[0], "rel_err", r->rel_err[0], "rel_norm", r->rel_norm[0],
                                    "late_cosine", r->cosine[1], "late_rel_err", r->rel_err[1], "late_rel_norm", r->rel_norm[1]);
            if (!row || json_array_append_new(rows, row) != 0) break;
        }
    if (j && rows) json_object_set_new(j, "rows", rows);
    return j;
}

static int write_run(const options *o, const table *t, int n)
{
    char path[4096], err[512] = "";
    if ((size_t)snprintf(path, sizeof path, "%s/data", o->out) >= sizeof path) return cli_usage("--out: found a path that is too long");
    if (vfy_make_dir(path, err, sizeof err) != EP_OK) return cli_usage("%s", err);
    int code = CLI_HOLDS;
    for (int m = 0; m < n && code == CLI_HOLDS; m++) code = write_tsv(o->out, &t[m]);
    if (code != CLI_HOLDS) return code;
    if ((size_t)snprintf(path, sizeof path, "%s/manifest.json", o->out) >= sizeof path) return cli_usage("--out: found a path that is too long");
    return write_json(path, facts(o));
}

int cmd_windows(int argc, char **argv)
{
    options o = {.neurons = 16, .steps = 60, .networks = 5};
    table t[EP_N_MODEL] = {{0}};
    vfy_progress progress = cli_progress();
    int n = 0;
    ep_status st = EP_OK;
    o.model[EP_LSTM] = o.model[EP_LSNN] = true;
    int code = parse(argc, argv, &o);
    if (code != CLI_HOLDS || o.done) return code;
    for (int m = 0; m < EP_N_MODEL && st == EP_OK; m++)
        if (o.model[m]) st = measure(&o, (ep_model)m, &progress, &t[n++]);
    cli_progress_end();
    if (st != EP_OK) code = cli_status(st, "windows");
    for (int m = 0; m < n && code == CLI_HOLDS; m++) print_table(&t[m], &o);
    if (code == CLI_HOLDS && o.json) code = write_json(o.json, all_rows(&o, t, n));
    if (code == CLI_HOLDS && o.out) code = write_run(&o, t, n);
    for (int m = 0; m < n; m++) free(t[m].row);
    return code;
}
