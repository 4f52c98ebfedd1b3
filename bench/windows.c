/* bench-windows: e-prop 3 beside truncated BPTT, times in the same rounds, with copy-repeat's network.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "lines.h"
#include "lstm_subject.h"

enum { N_REC = 100, N_IN = 10, N_OUT = 9, TRIALS = 100, SIDES = 6 };

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
