/* The network that the reference is timed on.
 * SPDX-License-Identifier: MIT */
#include "net.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SEED = 20190109, GRID = 20 };

double bench_peak_mb(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 ? (double)u.ru_maxrss / 1024.0 : 0.0;
}

static double dyadic(double v) { return nearbyint(ldexp(v, GRID)) * ldexp(1.0, -GRID); }

static double *fill(double **at, uint64_t stream, size_t n, double scale)
{
    double *v = *at;
    *at += n;
    for (size_t i = 0; i < n; i++) v[i] = dyadic(scale * ep_rng_normal(SEED, stream, i, 24));
    return v;
}

static double *constant(double **at, size_t n, double value)
{
    double *v = *at;
    *at += n;
    for (size_t i = 0; i < n; i++) v[i] = dyadic(value);
    return v;
}

static void build(bench_net *b, double gain)
{
    ep_net *net = &b->net;
    size_t n = (size_t)net->n_rec, in = (size_t)net->n_in, out = (size_t)net->n_out, T = (size_t)b->batch.T;
    double *at = b->store;
    net->Win = fill(&at, 1, n * in, gain * 1.2 / sqrt((double)in));
    double *rec = fill(&at, 2, n * n, gain * 0.6 / sqrt((double)n));
    for (size_t j = 0; j < n; j++) rec[j * n + j] = 0.0;
    net->Wrec = rec;
    net->b = constant(&at, n, 0.0);
    net->Wout = fill(&at, 3, out * n, 1.0 / sqrt((double)n));
    net->bout = constant(&at, out, 0.0);
    net->theta[EP_ALPHA] = constant(&at, n, exp(-1.0 / 20.0));
    net->theta[EP_RHO] = constant(&at, n, exp(-1.0 / 200.0));
    net->theta[EP_BETA] = constant(&at, n, 0.05);
    double *x = at;
    for (size_t i = 0; i < T * in; i++) x[i] = ep_rng_uniform(SEED, 4, i) < 0.02 ? 1.0 : 0.0;
    at += T * in;
    b->batch.x = x;
    b->batch.target = fill(&at, 5, T * out, 0.5);
}

static ep_status measure(bench_net *b)
{
    ref_ctx c;
    ref_net net;
    ref_run run;
    ep_status st = ref_ctx_init(&c, ref_arith_binary64(), 53);
    if (st != EP_OK) return st;
    st = ref_net_load(&c, &b->net, &net);
    if (st == EP_OK) st = ref_run_batch(&c, &net, &b->batch, &run);
    b->rate = b->psi_share = 0.0;
    double steps = (double)b->batch.T * (double)b->net.n_rec;
    for (int t = 1; st == EP_OK && t <= b->batch.T; t++)
        for (int j = 0; j < b->net.n_rec; j++) {
            ref_spot s = ref_traj_spot(&run.tr[0], t, j);
            b->rate += s.z->d / steps;
            b->psi_share += (s.q[REF_Q_PSI].d > 0.0 ? 1.0 : 0.0) / steps;
        }
    ref_ctx_clear(&c);
    return st;
}

ep_status bench_net_make(int n_rec, int n_in, int T, bench_net *out)
{
    size_t n = (size_t)n_rec, in = (size_t)n_in, K = 3;
    *out = (bench_net){.net = {.model = EP_ALIF, .n_in = n_in, .n_rec = n_rec, .n_out = (int)K, .v_th = 0.625, .gamma = 0.3125,
                               .n_ref = 3},
                       .batch = {.T = T, .B = 1, .c_reg = 0.0}};
    out->net.opt = ep_preset_options(EP_PAPER2019);
    out->net.kappa = dyadic(exp(-1.0 / 20.0));
    out->store = malloc((n * (in + n + 1) + K * (n + 1) + 3 * n + (size_t)T * (in + K)) * sizeof *out->store);
    if (!out->store) return EP_NOMEM;
    double gain = 0.3;
    for (int k = 0; k < 40; k++) {
        build(out, gain);
        ep_status st = measure(out);
        if (st != EP_OK) return st;
        if (fabs(out->rate - 0.02) < 0.002) return EP_OK;
        gain *= out->rate < 0.02 ? 1.08 : 0.95;
    }
    return EP_OK;
}

void bench_net_free(bench_net *b) { free(b->store); }
