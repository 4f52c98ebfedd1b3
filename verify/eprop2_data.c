/* Tables of e-prop 2 for the report.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eprop2_evidence.h"
#include "outfile.h"

/* How far one order's gradient is from the full one, over one group or several. */
typedef struct cost { double cosine, rel_norm, rel_err; } cost;

static const struct { const char *name; int net, group, last; } part[] = {
    {"main Win", 0, EP_G_WIN, EP_G_WIN}, {"main Wrec", 0, EP_G_WREC, EP_G_WREC}, {"main bias", 0, EP_G_BIAS, EP_G_BIAS},
    {"main Wout", 0, EP_G_WOUT, EP_G_WOUT}, {"module Win, Wrec, bias", 1, EP_G_WIN, EP_G_BIAS}, {"module P", 1, EP_G_WOUT, EP_G_WOUT}};
static const double step[] = {0.003, 0.01, 0.03, 0.1, 0.3, 1.0};
enum { N_PART = sizeof part / sizeof *part, N_STEP = sizeof step / sizeof *step, SEEDS = 9 };
typedef struct costs { cost of[REF_E2_N_ORDER][N_PART][N_STEP][SEEDS]; } costs;

static cost measure(const ref_grad *a, const ref_grad *b, int group, int last)
{
    double ab = 0.0, aa = 0.0, bb = 0.0, dd = 0.0;
    for (int k = group; k <= last; k++)
        for (size_t i = 0; i < a->n[k]; i++) {
            double x = a->g[k][i].d, y = b->g[k][i].d;
            ab += x * y;
            aa += x * x;
            bb += y * y;
            dd += (x - y) * (x - y);
        }
    return (cost){aa > 0.0 ? ab / sqrt(aa * bb) : 0.0, sqrt(aa / bb), sqrt(dd / bb)};
}

/* The report's networks. */
static const vfy_e2_spec usual = {.main = EP_LIF, .module = EP_LIF, .n_in = 6, .n_rec = 20, .n_out = 2, .n_mod = 15, .n_code = 8,
                                  .T = 100, .n_ref = 5, .B = 2, .seed = 200};

/* All orders of one problem in binary64. */
static ep_status orders(const ref_e2_source *src, int s, int n, costs *out)
{
    ref_ctx c;
    ref_e2 p;
    ref_e2_grad g[REF_E2_N_ORDER];
    ep_status st = ref_ctx_init(&c, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_e2_run(&c, src, 1, &p);
    for (int o = 0; st == EP_OK && o < REF_E2_N_ORDER; o++) {
        st = ref_e2_grad_init(&c, &p, &g[o]);
        if (st == EP_OK) st = ref_e2_gradient(&c, &p, (ref_e2_order)o, NULL, &g[o]);
        for (int k = 0; st == EP_OK && k < N_PART; k++)
            out->of[o][k][s][n] = measure(part[k].net ? &g[o].module : &g[o].main, part[k].net ? &g[0].module : &g[0].main,
                                          part[k].group, part[k].last);
    }
    ref_ctx_clear(&c);
    return st;
}

static ep_status all_costs(const vfy_e2_spec *of, const vfy_progress *p, costs *out)
{
    for (int n = 0; n < SEEDS; n++) {
        vfy_e2_spec spec = *of;
        vfy_e2_case k;
        spec.seed += (uint64_t)n;
        ep_status st = vfy_e2_case_make(&spec, &k);
        double eta = k.src.eta / k.live.update;
        for (int s = 0; st == EP_OK && s < N_STEP; s++) {
            k.src.eta = eta * step[s];
            st = orders(&k.src, s, n, out);
        }
        vfy_e2_case_free(&k);
        if (st != EP_OK) return st;
        vfy_say(p, "e-prop 2: what second-order terms are worth", (double)(n + 1) / SEEDS);
    }
    return EP_OK;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const cost *c, size_t offset)
{
    double v[SEEDS];
    for (int n = 0; n < SEEDS; n++) memcpy(&v[n], (const char *)&c[n] + offset, sizeof v[n]);
    qsort(v, SEEDS, sizeof *v, ascending);
    return v[SEEDS / 2];
}

/* For the figure each seed's cosine, relative norm and error where they are not trivial, else their medians for every group. */
static void write_orders(FILE *f, bool figure, const costs *all)
{
    if (figure) fprintf(f, "# series\tseed\tupdate\tcosine\trel_norm\trel_err\n");
    else fprintf(f, "# group\torder\tupdate\tcosine\trel_norm\trel_err\tseeds\n");
    for (int o = REF_E2_PSI_DETACHED; o < REF_E2_N_ORDER; o++)
        for (int k = 0; k < N_PART; k++)
            for (int s = 0; s < N_STEP; s++) {
                const cost *c = all->of[o][k][s];
                if (!figure)
                    fprintf(f, "%s\t%s\t%g\t%.4f\t%.4f\t%.3g\t%d\n", part[k].name, ref_e2_order_name((ref_e2_order)o), step[s],
                            median(c, offsetof(cost, cosine)), median(c, offsetof(cost, rel_norm)),
                            median(c, offsetof(cost, rel_err)), SEEDS);
                for (int n = 0; figure && n < SEEDS && o == REF_E2_FIRST && part[k].group < EP_G_WOUT && part[k].net == 0; n++)
                    fprintf(f, "%s, %s\t%d\t%g\t%.9g\t%.9g\t%.6g\n", part[k].name, ref_e2_order_name((ref_e2_order)o), n,
                            step[s], c[n].cosine, c[n].rel_norm, c[n].rel_err);
            }
}

ep_status vfy_e2_write_precision(FILE *f)
{
    static const long bits[] = {24, 32, 53, 80, 113, 160, 256, 384, 512, 768, 1024};
    static const vfy_e2_slip slip = VFY_E2_TRACE_Z_FIXED;
    ref_e2_wrap w = vfy_e2_slip_wrap(&slip);
    vfy_e2_spec spec[8];
    size_t n = vfy_e2_cases(VFY_QUICK, spec, 8);
    fprintf(f, "# case\tbits\terr\tbound\tslip_err\n");
    for (size_t k = 0; k < n; k++) {
        vfy_e2_case kase;
        if (spec[k].psi_shape != EP_TRIANGLE || spec[k].psi_refractory != EP_PSI_ZERO || spec[k].g_in != EP_GAIN_ONE) continue;
        ep_status st = vfy_e2_case_make(&spec[k], &kase);
        for (size_t b = 0; st == EP_OK && b < sizeof bits / sizeof *bits; b++) {
            vfy_scaling good, bad;
            st = vfy_e2_measure_scaling(&kase, bits[b], NULL, &good);
            if (st == EP_OK) st = vfy_e2_measure_scaling(&kase, bits[b], &w, &bad);
            if (st == EP_OK)
                fprintf(f, "%s/%s\t%ld\t%.6g\t%.6g\t%.6g\n", ep_model_name(spec[k].main), ep_model_name(spec[k].module), bits[b],
                        good.err, good.bound, bad.err);
        }
        vfy_e2_case_free(&kase);
        if (st != EP_OK) return st;
    }
    return EP_OK;
}

ep_status vfy_e2_write_liveness(FILE *f, vfy_level level)
{
    vfy_e2_spec spec[32];
    size_t n = vfy_e2_cases(level, spec, 32);
    fprintf(f, "# case\trate_train\trate_module\trate_test\tupdate\tsecond\tsilent_L\tdead_groups\tmoved\talive\n");
    for (size_t k = 0; k < n; k++) {
        vfy_e2_case kase;
        ep_status st = vfy_e2_case_make(&spec[k], &kase);
        const vfy_e2_live *l = &kase.live;
        if (st == EP_OK || st == EP_UNABLE)
            fprintf(f, "%s\t%.4f\t%.4f\t%.4f\t%.3f\t%.3f\t%d\t%d\t%d\t%d\n", kase.name, l->rate[0], l->rate[1], l->rate[2],
                    l->update, l->second, l->silent_L, l->dead_groups, l->moved, l->alive);
        vfy_e2_case_free(&kase);
        if (st != EP_OK && st != EP_UNABLE) return st;
    }
    return EP_OK;
}

void vfy_e2_write_rows(FILE *f, const vfy_results *r)
{
    fprintf(f, "# evidence\tcompared\tcase\tbound\tvalue\tverdict\tnote\n");
    for (size_t k = 0; k < r->n; k++) {
        const vfy_row *x = &r->rows[k];
        fprintf(f, "%c\t%s\t%s\t%s\t%s\t%s\t%s\n", x->evidence, x->compared, x->subject, x->bound, x->value,
                vfy_verdict_name(x->verdict), *x->note ? x->note : "-");
    }
}

typedef struct tables { const vfy_e2_report *what; costs *costs; } tables;

static ep_status write_one(FILE *f, const tables *t, int which)
{
    switch (which) {
    case 0: vfy_e2_write_rows(f, t->what->rows); return EP_OK;
    case 1: return vfy_e2_write_precision(f);
    case 2: write_orders(f, true, t->costs); return EP_OK;
    case 3: write_orders(f, false, t->costs); return EP_OK;
    case 4: return vfy_e2_slips_write(f, NULL);
    case 5: return vfy_e2_write_liveness(f, t->what->level);
    default:
        fprintf(f, "{\"program\": \"eprop-verify eprop2\", \"version\": \"%s\", \"level\": \"%s\"}\n", EP_VERSION,
                t->what->level == VFY_FULL ? "full" : "quick");
        return EP_OK;
    }
}

static ep_status write_all(const char *dir, const tables *t, char *err, size_t n)
{
    static const char *const name[] = {"data/eprop2_evidence.tsv", "data/eprop2_precision.tsv", "data/eprop2_orders.tsv",
                                       "data/eprop2_cost.tsv", "data/eprop2_slips.tsv", "data/eprop2_liveness.tsv", "manifest.json"};
    enum { N = sizeof name / sizeof *name };
    char path[4096];
    ep_status st = EP_OK;
    for (int k = 0; st == EP_OK && k < N; k++) {
        vfy_outfile o;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name[k]) >= sizeof path) return EP_DOMAIN;
        st = vfy_outfile_open(path, &o, err, n);
        if (st != EP_OK) return st;
        st = write_one(o.f, t, k);
        if (st == EP_OK) st = vfy_outfile_commit(&o, err, n);
        else vfy_outfile_abort(&o);
        vfy_say(t->what->progress, "tables of e-prop 2", (double)(k + 1) / N);
    }
    return st;
}

ep_status vfy_e2_write_data(const char *dir, const vfy_e2_report *what, char *err, size_t n)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/data", dir) >= sizeof path) return EP_DOMAIN;
    ep_status st = vfy_make_dir(path, err, n);
    if (st != EP_OK) return st;
    const tables t = {what, calloc(1, sizeof *t.costs)};
    st = t.costs ? all_costs(what->of ? what->of : &usual, what->progress, t.costs) : EP_NOMEM;
    if (st == EP_OK) st = write_all(dir, &t, err, n);
    free(t.costs);
    return st;
}
