/* The data behind the report's figures, one TSV each.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "approx.h"
#include "epv.h"
#include "outfile.h"
#include "prove.h"
#include "slips.h"

/* One table: writes its rows into f. */
typedef ep_status (*table_fn)(FILE *f, const vfy_prove_args *a);

/* The models a figure can show. */
static bool wanted(const vfy_prove_args *a, int m) { return a->model[m]; }

static ep_status live_case(ep_model m, int n_rec, int T, int delay, int n_ref, bool no_reg, uint64_t seed, vfy_case *k)
{
    vfy_case_spec s = {.model = m, .n_in = 6, .n_rec = n_rec, .n_out = 2, .T = T, .delay = delay, .n_ref = n_ref, .B = 1,
                       .no_reg = no_reg, .seed = seed};
    return vfy_case_make(&s, k);
}

/* Error against precision, and the same with a seeded bug: psi^t for psi^{t-1}, or where there is no adaptation, x a
 * step off in the traces. */
static ep_status precision(FILE *f, const vfy_prove_args *a)
{
    static const long bits[] = {24, 32, 53, 80, 113, 160, 256, 384, 512, 768, 1024};
    fprintf(f, "# model\tbits\terr\tbound\tslip_err\n");
    for (int m = 0; m < EP_N_MODEL; m++) {
        vfy_case k;
        bool adapts = ep_model_has((ep_model)m, EP_RHO);
        vfy_bug bug = {.slip = adapts ? VFY_SLIP_PSI_NOW : VFY_SLIP_X_OFF, .place = VFY_IN_TRACES};
        vfy_views w = vfy_bug_views(&bug);
        if (!wanted(a, m)) continue;
        ep_status st = live_case((ep_model)m, 8, 50, 1, 3, false, 21, &k);
        for (size_t b = 0; st == EP_OK && b < sizeof bits / sizeof *bits; b++) {
            vfy_scaling good, bad;
            st = vfy_measure_scaling(&k, bits[b], NULL, &good);
            if (st == EP_OK) st = vfy_measure_scaling(&k, bits[b], &w, &bad);
            if (st == EP_OK)
                fprintf(f, "%s\t%ld\t%.6g\t%.6g\t%.6g\n", ep_model_name((ep_model)m), bits[b], good.err, good.bound, bad.err);
        }
        vfy_case_free(&k);
        if (st != EP_OK) return st;
    }
    return EP_OK;
}

typedef struct watcher { double *e; int T, row; } watcher;

static void see(void *user, ref_ctx *c, int t, int j, int col, const ref_num *eps, const ref_num *e, const ref_num *ebar)
{
    watcher *w = user;
    (void)eps;
    (void)ebar;
    if (col == 0) w->e[(size_t)j * (size_t)(w->T + 1) + (size_t)t] = c->ar->to_d(e);
}

/* v, psi, e (from input 0) and the true L of every neuron of one ALIF trial. */
static ep_status raster(FILE *f, const vfy_prove_args *a)
{
    enum { N = 6, T = 100 };
    static double e[N * (T + 1)];
    vfy_case k;
    vfy_session s;
    ref_grad g;
    ref_adjoint adj = {.every_L = true};
    watcher w = {.e = e, .T = T};
    ref_trace_watch watch = {.see = see, .user = &w};
    (void)a;
    ep_status st = live_case(EP_ALIF, N, T, 1, 3, false, 5, &k);
    if (st == EP_OK) st = vfy_session_open(&k, ref_arith_mpfr(), 128, 0, 0, &s);
    if (st != EP_OK) {
        vfy_case_free(&k);
        return st;
    }
    ref_view v = ref_view_plain(&s.net, &s.run.tr[0]);
    st = ref_grad_init(&s.c, &s.net, &g);
    if (st == EP_OK) st = ref_adjoint_run(&s.c, &v, s.run.reg, NULL, &adj);
    ref_signal sig = {.L_e = adj.L};
    if (st == EP_OK) st = ref_grad_traces(&s.c, &v, &sig, &g, &watch, 1);
    fprintf(f, "# t\tj\tz\tv\tpsi\te\tL\n");
    for (int j = 0; st == EP_OK && j < N; j++)
        for (int t = 1; t <= T; t++) {
            ref_spot at = ref_traj_spot(&s.run.tr[0], t, j);
            fprintf(f, "%d\t%d\t%.0f\t%.9g\t%.9g\t%.9g\t%.9g\n", t, j, s.c.ar->to_d(at.z), s.c.ar->to_d(&at.h[0]),
                    s.c.ar->to_d(&at.q[REF_Q_PSI]), e[(size_t)j * (T + 1) + (size_t)t],
                    s.c.ar->to_d(ref_at2(adj.L, N, t, j)));
        }
    vfy_session_close(&s);
    vfy_case_free(&k);
    return st;
}

/* dE/dWrec entry by entry: BPTT, e-prop 1 with symmetric feedback, and their difference. */
static ep_status gradients(FILE *f, const vfy_prove_args *a)
{
    enum { N = 12 };
    vfy_case k;
    vfy_session s;
    ref_grad g[2];
    (void)a;
    ep_status st = live_case(EP_ALIF, N, 100, 1, 3, false, 9, &k);
    if (st == EP_OK) st = vfy_session_open(&k, ref_arith_mpfr(), 128, 0, 0, &s);
    if (st != EP_OK) {
        vfy_case_free(&k);
        return st;
    }
    for (int r = 0; st == EP_OK && r < 2; r++) {
        ref_rule_args rule = {.rule = r ? EP_EPROP1_SYMMETRIC : EP_BPTT, .threads = 1};
        st = ref_grad_init(&s.c, &s.net, &g[r]);
        if (st == EP_OK) st = ref_gradient(&s.c, &s.run, &rule, &g[r]);
    }
    fprintf(f, "# j\ti\tbptt\teprop1\tdiff\n");
    for (int i = 0; st == EP_OK && i < N * N; i++) {
        double b = s.c.ar->to_d(&g[0].g[EP_G_WREC][i]), e = s.c.ar->to_d(&g[1].g[EP_G_WREC][i]);
        fprintf(f, "%d\t%d\t%.9g\t%.9g\t%.9g\n", i / N, i % N, b, e, e - b);
    }
    vfy_session_close(&s);
    vfy_case_free(&k);
    return st;
}

static ep_status approximations(FILE *f, const vfy_prove_args *a)
{
    fprintf(f, "# model\trule\twindow\tseed\tcosine\trel_norm\trel_err\n");
    for (int m = 0; m < EP_N_MODEL; m++) {
        enum { MOST = 32 };
        vfy_case k;
        vfy_distance d[MOST];
        size_t n = 0;
        if (!wanted(a, m)) continue;
        ep_status st = vfy_distance_case((ep_model)m, &k);
        if (st == EP_OK) st = vfy_measure_distances(&k, d, MOST, &n);
        for (size_t i = 0; st == EP_OK && i < n; i++)
            fprintf(f, "%s\t%s\t%d\t%s\t%.9g\t%.9g\t%.6g\n", ep_model_name((ep_model)m), ep_rule_name(d[i].rule), d[i].window,
                    d[i].rule == EP_EPROP3 ? vfy_seed_name((vfy_seed)d[i].seed) : "-", d[i].cosine, d[i].rel_norm, d[i].rel_err);
        vfy_case_free(&k);
        if (st != EP_OK) return st;
    }
    return EP_OK;
}

/* The boundary fact: e-prop 3 with exact seeds is BPTT if and only if the seeds cover all that crosses. */
static ep_status boundary(FILE *f, const vfy_prove_args *a)
{
    static const struct { ep_model m; int window, delay; } what[] = {{EP_LSTM, 7, 1}, {EP_ALIF, 7, 3}};
    fprintf(f, "# model\twindow\tseed\trel_err\tcosine\n");
    for (size_t i = 0; i < 2; i++) {
        vfy_case k;
        if (!wanted(a, (int)what[i].m)) continue;
        ep_status st = live_case(what[i].m, 10, 60, what[i].delay, 2, true, 41, &k);
        for (int s = REF_SEED_NONE; st == EP_OK && s <= REF_SEED_ZC; s++) {
            vfy_distance d;
            st = vfy_measure_distance(&k, EP_EPROP3, what[i].window, (ref_seed)s, &d);
            if (st == EP_OK)
                fprintf(f, "%s\t%d\t%s\t%.6g\t%.9g\n", ep_model_name(what[i].m), what[i].window, vfy_seed_name((vfy_seed)s),
                        d.rel_err, d.cosine);
        }
        vfy_case_free(&k);
        if (st != EP_OK) return st;
    }
    return EP_OK;
}

static ep_status slips(FILE *f, const vfy_prove_args *a)
{
    (void)a;
    return vfy_slips_write(f, NULL);
}

/* Precision needed to certify, against T and N. */
static ep_status certified(FILE *f, const vfy_prove_args *a)
{
    static const struct { ep_model m; int n, T; } size[] = {
        {EP_ALIF, 10, 50},  {EP_ALIF, 10, 100}, {EP_ALIF, 10, 200},  {EP_ALIF, 10, 400},   {EP_ALIF, 50, 50},
        {EP_ALIF, 50, 100}, {EP_ALIF, 50, 200}, {EP_ALIF, 50, 400},  {EP_ALIF, 20, 100},   {EP_ALIF, 100, 100},
        {EP_LIF, 10, 50},   {EP_LIF, 10, 100},  {EP_LIF, 10, 200},   {EP_LIF, 10, 400},    {EP_LSTM, 10, 25},
        {EP_LSTM, 10, 50},  {EP_LSTM, 10, 100}, {EP_LSTM, 20, 50},   {EP_LSTM, 40, 50},    {EP_RATE, 10, 50},
        {EP_RATE, 10, 100}, {EP_RATE, 10, 200}, {EP_ALIF, 100, 300}, {EP_ALIF, 100, 1000}, {EP_LSTM, 50, 100},
        {EP_LSTM, 100, 200}};
    enum { QUICK = 22 };
    size_t n = a->level == VFY_FULL ? sizeof size / sizeof *size : QUICK;
    fprintf(f, "# model\tn_rec\tT\tbits_needed\tq\tseconds\n");
    for (size_t i = 0; i < n; i++) {
        vfy_case k;
        vfy_certificate ct;
        if (!wanted(a, (int)size[i].m)) continue;
        ep_status st = live_case(size[i].m, size[i].n, size[i].T, 1, 3, true, 51, &k);
        if (st == EP_OK || st == EP_UNABLE) st = vfy_certify(&k, 53.0, NULL, a->threads, NULL, &ct);
        if (st == EP_OK)
            fprintf(f, "%s\t%d\t%d\t%.0f\t53\t%.3f\n", ep_model_name(size[i].m), size[i].n, size[i].T, ceil(ct.bits_lost + 53.0),
                    ct.seconds);
        vfy_case_free(&k);
        if (st != EP_OK) return st;
        vfy_say(a->progress, "data: certified", (double)(i + 1) / (double)n);
    }
    return EP_OK;
}

static ep_status liveness(FILE *f, const vfy_prove_args *a)
{
    fprintf(f, "# model\tcase\trate\trate_min\tpsi_share\ttransmitted\tsuppressed\tadapted\tdead_groups\talive\n");
    for (int m = 0; m < EP_N_MODEL; m++) {
        vfy_variant v[64];
        size_t n = wanted(a, m) ? vfy_variants((ep_model)m, a->level, v, 64) : 0;
        for (size_t i = 0; i < n; i++) {
            vfy_case k;
            ep_status st = vfy_variant_case((ep_model)m, &v[i], 6, 40, 300 + i, &k);
            const vfy_live *l = &k.live;
            if (st == EP_OK || st == EP_UNABLE)
                fprintf(f, "%s\t%s\t%.4f\t%.4f\t%.3f\t%.3f\t%d\t%d\t%d\t%d\n", ep_model_name((ep_model)m), k.name, l->rate,
                        l->rate_min, l->psi_share, l->transmitted, l->suppressed, l->adapted, l->dead_groups, l->alive);
            vfy_case_free(&k);
            if (st != EP_OK && st != EP_UNABLE) return st;
        }
    }
    return EP_OK;
}

static ep_status write_table(const char *dir, const char *name, table_fn fn, const vfy_prove_args *a, char *err, size_t n)
{
    char path[4096];
    vfy_outfile o;
    if ((size_t)snprintf(path, sizeof path, "%s/data/%s.tsv", dir, name) >= sizeof path) return EP_DOMAIN;
    ep_status st = vfy_outfile_open(path, &o, err, n);
    if (st != EP_OK) return st;
    st = fn(o.f, a);
    if (st == EP_OK) return vfy_outfile_commit(&o, err, n);
    if (n) snprintf(err, n, "%s: cannot be computed: %s", path, ep_status_name(st));
    vfy_outfile_abort(&o);
    return st;
}

ep_status vfy_prove_write_data(const char *dir, const vfy_prove_args *a, char *err, size_t n)
{
    static const struct { const char *name; table_fn fn; } table[] = {
        {"precision", precision}, {"raster", raster}, {"gradients", gradients}, {"approx", approximations},
        {"boundary", boundary}, {"slips", slips}, {"certified", certified}, {"liveness", liveness}};
    enum { N = sizeof table / sizeof *table };
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/data", dir) >= sizeof path) return EP_DOMAIN;
    ep_status st = vfy_make_dir(path, err, n);
    for (size_t i = 0; st == EP_OK && i < N; i++) {
        st = write_table(dir, table[i].name, table[i].fn, a, err, n);
        vfy_say(a->progress, "data for the figures", (double)(i + 1) / N);
    }
    return st;
}
