/* bench-reference: the MPFR reference beside a naive dense MPFR program, in the same run.
 * usage: bench-reference [N] [T] [BITS]        default 100 1000 256
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "naive.h"
#include "roofline.h"

typedef struct timing { double forward, bptt, traces, traces_wall_2, distance, mb; } timing;

static double distance(const ref_ctx *c, const ref_grad *g, int group, const double *want)
{
    double most = 0.0, diff = 0.0;
    for (size_t i = 0; i < g->n[group]; i++) {
        most = fmax(most, fabs(want[i]));
        diff = fmax(diff, fabs(c->ar->to_d(&g->g[group][i]) - want[i]));
    }
    return most > 0.0 ? diff / most : INFINITY;
}

static ep_status traces(ref_ctx *c, const ref_view *v, const ref_adjoint *adj, int threads, ref_grad *g)
{
    ref_signal s = {.L_e = adj->L};
    ep_status st = ref_grad_init(c, v->net, g);
    return st == EP_OK ? ref_grad_traces(c, v, &s, g, NULL, threads) : st;
}

static ep_status time_reference(const bench_net *b, long bits, const bench_naive *naive, timing *out)
{
    ref_ctx c;
    ref_net net;
    ref_run run;
    ref_grad bptt, e, again;
    ref_adjoint adj = {0};
    double t0 = bench_cpu_seconds();
    ep_status st = ref_ctx_init(&c, ref_arith_mpfr(), bits);
    if (st != EP_OK) return st;
    st = ref_net_load(&c, &b->net, &net);
    if (st == EP_OK) st = ref_run_batch(&c, &net, &b->batch, &run);
    double t1 = bench_cpu_seconds();
    ref_view v = ref_view_plain(&net, st == EP_OK ? &run.tr[0] : NULL);
    if (st == EP_OK) st = ref_grad_init(&c, &net, &bptt);
    if (st == EP_OK) st = ref_adjoint_run(&c, &v, NULL, NULL, &adj);
    if (st == EP_OK) st = ref_grad_adjoint(&c, &v, &adj, &bptt);
    double t2 = bench_cpu_seconds();
    if (st == EP_OK) st = traces(&c, &v, &adj, 1, &e);
    double t3 = bench_cpu_seconds(), w3 = bench_wall_seconds();
    out->mb = bench_peak_mb();
    if (st == EP_OK) st = traces(&c, &v, &adj, 2, &again);
    if (st == EP_OK) {
        double w4 = bench_wall_seconds();
        double d = naive ? fmax(distance(&c, &bptt, EP_G_WREC, naive->bptt_rec), distance(&c, &e, EP_G_WIN, naive->trace_in)) : 0.0;
        *out = (timing){t1 - t0, t2 - t1, t3 - t2, w4 - w3, d, out->mb};
    }
    ref_ctx_clear(&c);
    return st;
}

static int argument(int argc, char **argv, int k, int fallback)
{
    return argc > k && atoi(argv[k]) > 0 ? atoi(argv[k]) : fallback;
}

int main(int argc, char **argv)
{
    int n = argument(argc, argv, 1, 100), T = argument(argc, argv, 2, 1000), bits = argument(argc, argv, 3, 256);
    bench_net b;
    bench_naive naive;
    timing t = {0};
    if (bench_net_make(n, n, T, &b) != EP_OK || time_reference(&b, bits, NULL, &t) != EP_OK ||
        bench_naive_run(&b, bits, &naive) != EP_OK || time_reference(&b, bits, &naive, &t) != EP_OK) {
        fprintf(stderr, "bench-reference: out of memory\n");
        return 3;
    }
    printf("ALIF, N = n_in = %d, T = %d, %d bits, one core; %.1f %% spikes, psi > 0 in %.0f %% of the steps\n", n, T, bits,
           100.0 * b.rate, 100.0 * b.psi_share);
    printf("  %-34s %10s %10s %8s\n", "", "reference", "naive", "ratio");
    printf("  %-34s %8.2f s %8.2f s %7.1fx\n", "forward", t.forward, naive.forward_s, naive.forward_s / t.forward);
    printf("  %-34s %8.2f s %8.2f s %7.1fx\n", "BPTT", t.bptt, naive.bptt_s, naive.bptt_s / t.bptt);
    printf("  %-34s %8.2f s %8.2f s %7.1fx\n", "factorization, explicit traces", t.traces, naive.traces_s, naive.traces_s / t.traces);
    double ours = t.bptt + t.traces, theirs = naive.bptt_s + naive.traces_s;
    printf("  %-34s %8.2f s %8.2f s %7.1fx   (target at most 3 s, 2.5x)\n", "both", ours, theirs, theirs / ours);
    printf("  factorization on two threads: %.2f s of wall time\n", t.traces_wall_2);
    printf("  peak memory of the first reference run: %.0f MB (target under 200 MB); largest relative difference %.1e\n", t.mb,
           t.distance);
    bool right = t.distance < 1e-15;
    bench_naive_free(&naive);
    bench_net_free(&b);
    mpfr_free_cache();
    return right ? 0 : 1;
}
