/* bench-windows: e-prop 3 beside truncated BPTT, times in the same rounds, with copy-repeat's network.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lines.h"
#include "lstm_subject.h"
#include "roofline.h"

enum { N_REC = 100, N_IN = 10, N_OUT = 9, TRIALS = 100, SIDES = 6, ROW = N_REC + N_IN + 1, TRACES = 3 * N_REC * ROW };

/* Windows one by one, the gradient read after each, as where weights change with every window. */
static bool run_updates(void *arg)
{
    static float gradient[4 * N_REC * N_REC];
    const lstm_worker *w = arg;
    opt_trials tr = {.B = w->tr.B, .x = w->tr.x, .target = w->tr.target};
    bool good = true;
    w->e->reset(w->s, OPT_RESET_ALL);
    for (int from = 0; good && from < w->tr.T; from += tr.T) {
        tr.T = w->tr.T - from < w->window ? w->tr.T - from : w->window;
        good = w->e->forward(w->s, &tr) == EP_OK && w->e->backward(w->s, &tr) == EP_OK &&
               w->e->get(w->s, OPT_GRAD(EP_G_WREC), gradient, sizeof gradient / sizeof *gradient) == EP_OK;
        w->e->reset(w->s, OPT_RESET_GRAD);
    }
    return good;
}

/* Seconds in which all traces are read and written once, wherever this machine keeps them. */
static double traces_pass(void)
{
    size_t n = (size_t)TRIALS * TRACES;
    float *v = calloc(n, sizeof *v);
    double best = INFINITY;
    for (int round = 0; v && round < 6; round++) {
        double start = bench_wall_seconds();
        for (size_t i = 0; i < n; i++) v[i] = v[i] * 0.5f + 1;
        best = fmin(best, bench_wall_seconds() - start);
    }
    free(v);
    return best;
}

/* What e-prop 3 must take in units of truncated BPTT whose gradient takes `seconds`, if its multiply-adds ran at the same speed and
 * nothing else took time: a step and trial has 4N(N + n_in + 1) of them forward and as many for the weights, 4 N^2 back but for a
 * window's first step, and 3N(N + n_in + 1) that enter the traces, of all chunks but a trial's last one. With an update after each
 * window every window reads and writes all traces. */
static void put_least(const lstm_subject *k, int window, bool update, double seconds, bench_out *out)
{
    char what[96];
    double w = window, windows = ceil(k->T / w), same = 8.0 * N_REC * ROW + 4.0 * N_REC * N_REC * (1 - 1 / w);
    (void)snprintf(what, sizeof what, "at least, windows of %d, %s", window, update ? "an update each" : "in a long stream");
    bench_line l = {.subject = k->name, .what = what, .unit = "x", .got = 1 + TRACES / same};
    if (update) l.got += windows * traces_pass() / seconds;
    if (!out->targets) bench_put(out, &l);
}

/* e-prop 3 beside truncated BPTT with windows of `window` steps, the first `forms` of: whole trials, one by one, an update each. */
static bool compare_window(const lstm_subject *k, int window, int forms, bench_out *out)
{
    static const char *const how[] = {"whole trials", "one by one", "an update each"};
    static const ep_rule rule[] = {EP_TBPTT, EP_EPROP3};
    lstm_worker w[SIDES] = {{0}};
    bench_side s[SIDES] = {{0}};
    int rounds = out->rounds ? out->rounds : 5;
    bool good = true;
    for (int n = 0; good && n < 2 * forms; n++) {
        good = bench_lstm_open(k, opt_fast_f32(), rule[n % 2], n / 2, window, 1, &w[n]);
        s[n] = (bench_side){.run = n / 2 < 2 ? bench_lstm_run : run_updates, .arg = &w[n]};
    }
    if (good) bench_paired(s, 2 * forms, rounds, 1);
    for (int n = 0; good && n < forms; n++) {
        char what[80];
        (void)snprintf(what, sizeof what, "e-prop 3 / truncated BPTT, windows of %d, %s", window, how[n]);
        bench_line l = bench_line_of(k->name, what, bench_side_ratio(&s[2 * n + 1], &s[2 * n], rounds));
        l.target = 1.3;
        l.at_most = true;
        l.judged = n < 2;
        l.error = n < 2 ? bench_lstm_error(k, &w[2 * n + 1]) : 0;
        good = l.error < 1e-4;
        bench_put(out, &l);
    }
    if (good) put_least(k, window, forms > 2, bench_seconds(&s[2 * forms - 2], rounds), out);
    for (int n = 0; n < 2 * forms; n++) bench_lstm_close(&w[n]);
    return good;
}

static bool compare_windows(int steps, int forms, bench_out *out)
{
    static const int windows[] = {1, 4, 20};
    lstm_subject k;
    bool good = bench_lstm_make(N_REC, N_IN, N_OUT, steps, TRIALS, &k);
    (void)printf("\n%s: time of e-prop 3 in units of truncated BPTT's\n", k.name);
    for (int n = 0; good && n < 3; n++) good = compare_window(&k, windows[n], forms, out);
    bench_lstm_free(&k);
    return good;
}

int main(int argc, char **argv)
{
    bench_out out;
    int code = bench_lines_open(argc, argv, "Rules in windows: e-prop 3 beside truncated BPTT, one core, float32.", &out);
    if (code >= 0) return code;
    bool good = compare_windows(100, 3, &out) && compare_windows(300, 2, &out);
    if (!good) (void)fprintf(stderr, "bench-windows: out of memory, or a result off by more than rounding\n");
    code = bench_lines_close(&out);
    return good ? code : 1;
}
