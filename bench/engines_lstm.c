/* bench-lstm: the fast engine's LSTM: rules and forms in the same rounds, against the processor's limit, over sizes; the
 * error of the same run on the same line.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "lstm_subject.h"
#include "roofline.h"

enum { WINDOW = 20 };

typedef struct form {
    const char *name;
    ep_rule rule;
    int chunk, threads;
    bool transmitted; /* has the products Wrec^T dI */
} form;

static const form forms[] = {{"BPTT", EP_BPTT, 0, 1, true},
                             {"e-prop 1, scan", EP_EPROP1_SYMMETRIC, 0, 1, false},
                             {"e-prop 1, chunks of 50", EP_EPROP1_SYMMETRIC, 50, 1, false},
                             {"e-prop 3, windows of 20, whole trials", EP_EPROP3, 0, 1, true},
                             {"e-prop 3, windows of 20, one by one", EP_EPROP3, 1, 1, true},
                             {"truncated BPTT, windows of 20, one by one", EP_TBPTT, 1, 1, true}};
enum { N_FORM = sizeof forms / sizeof *forms };
enum { BPTT, SCAN, CHUNKS, E3_WHOLE, E3_WINDOWS, TBPTT_WINDOWS };

/* Floating-point operations of one gradient: forward, weights, transmitted, readout three ways. */
static double work_of(const lstm_subject *k, const form *f)
{
    double rows = 2.0 * k->T * k->B, n = k->net.n_rec;
    return rows * 4 * n * (2 * (n + k->net.n_in + 1) + (f->transmitted ? n : 0)) + 3 * rows * n * k->net.n_out;
}

static bool report_form(const lstm_subject *k, const lstm_worker *w, const bench_side *s, const form *f, int rounds, double peak,
                        bench_out *out)
{
    double t = bench_seconds(s, rounds), error = bench_lstm_error(k, w);
    bench_line seconds = {.subject = k->name, .what = f->name, .unit = "s", .got = t, .judged = true, .error = error};
    bench_line share = {.subject = k->name, .what = "share of the multiply-add peak", .unit = "%", .got = 1e-7 * work_of(k, f) / t / peak,
                        .judged = true, .error = error};
    if (f == &forms[BPTT]) share.target = 55, share.stretch = 65;
    char memory[80];
    (void)snprintf(memory, sizeof memory, "%s, memory", f->name);
    bench_line mb = {.subject = k->name, .what = memory, .unit = "MB", .got = (double)w->bytes * 1e-6};
    bench_put(out, &seconds);
    bench_put(out, &mb);
    if (!f->chunk && f->rule != EP_EPROP3) bench_put(out, &share);
    return error < 1e-4;
}

static void put_ratio(bench_out *out, const lstm_subject *k, const char *what, const bench_side *a, const bench_side *b, int rounds,
                      double target, double stretch, bool at_most)
{
    bench_line l = bench_line_of(k->name, what, bench_side_ratio(a, b, rounds));
    l.target = target;
    l.stretch = stretch;
    l.at_most = at_most;
    bench_put(out, &l);
}

/* All forms at the size of the targets. */
static bool compare_forms(double peak, bench_out *out)
{
    lstm_subject k;
    lstm_worker w[N_FORM] = {{0}};
    bench_side s[N_FORM] = {{0}};
    int rounds = out->rounds ? out->rounds : 5;
    bool good = bench_lstm_make(256, 64, 61, 200, 64, &k);
    for (int n = 0; good && n < N_FORM; n++) {
        good = bench_lstm_open(&k, opt_fast_f32(), forms[n].rule, forms[n].chunk, WINDOW, 1, &w[n]);
        s[n] = (bench_side){.run = bench_lstm_run, .arg = &w[n]};
    }
    if (good) {
        char line[400];
        w[0].e->describe(w[0].s, line, sizeof line);
        (void)printf("\n%s, float32\n[%s]\n", k.name, line);
        bench_paired(s, N_FORM, rounds, 1);
        for (int n = 0; n < N_FORM; n++) good = report_form(&k, &w[n], &s[n], &forms[n], rounds, peak, out) && good;
        put_ratio(out, &k, "e-prop, speed relative to own BPTT", &s[BPTT], &s[SCAN], rounds, 1.3, 0, false);
        put_ratio(out, &k, "chunks, time relative to the scan", &s[CHUNKS], &s[SCAN], rounds, 2.5, 0, true);
        put_ratio(out, &k, "e-prop 3 one by one, time relative to BPTT", &s[E3_WINDOWS], &s[BPTT], rounds, 0, 0, true);
        put_ratio(out, &k, "truncated BPTT one by one, time relative to BPTT", &s[TBPTT_WINDOWS], &s[BPTT], rounds, 0, 0, true);
    }
    for (int n = 0; n < N_FORM; n++) bench_lstm_close(&w[n]);
    bench_lstm_free(&k);
    return good;
}

/* Two threads against one, by wall time; the results are the same numbers. */
static bool compare_threads(bench_out *out)
{
    lstm_subject k;
    bool good = bench_lstm_make(256, 64, 61, 200, 64, &k);
    (void)printf("\nTwo threads against one, wall time\n");
    for (int n = BPTT; good && n <= SCAN; n++) {
        lstm_worker w[2] = {{0}};
        good = bench_lstm_open(&k, opt_fast_f32(), forms[n].rule, 0, 0, 1, &w[0]) &&
               bench_lstm_open(&k, opt_fast_f32(), forms[n].rule, 0, 0, 2, &w[1]);
        if (good) {
            int rounds = out->rounds ? out->rounds : 5;
            bench_side s[2] = {{.run = bench_lstm_run, .arg = &w[0], .wall = true}, {.run = bench_lstm_run, .arg = &w[1], .wall = true}};
            bench_paired(s, 2, rounds, 2);
            bench_line l = bench_line_of(k.name, n == BPTT ? "two threads, BPTT" : "two threads, e-prop", bench_side_ratio(&s[0], &s[1], rounds));
            l.target = 1.7;
            l.stretch = 1.9;
            l.judged = true;
            l.error = bench_lstm_difference(&w[0], &w[1]);
            good = l.error == 0;
            bench_put(out, &l);
        }
        bench_lstm_close(&w[0]);
        bench_lstm_close(&w[1]);
    }
    bench_lstm_free(&k);
    return good;
}

/* One gradient over sizes, and what power of the size it takes. */
static bool scale(const char *name, const int (*size)[3], int n, int by, ep_rule rule, double limit, double peak, bench_out *out)
{
    double x[8], t[8];
    bool good = true;
    for (int i = 0; good && i < n; i++) {
        lstm_subject k;
        lstm_worker w = {0};
        good = bench_lstm_make(size[i][0], 40, 10, size[i][1], size[i][2], &k) &&
               bench_lstm_open(&k, opt_fast_f32(), rule, 0, 0, 1, &w);
        if (good) {
            bench_side s = {.run = bench_lstm_run, .arg = &w};
            bench_paired(&s, 1, 3, 3);
            x[i] = size[i][by];
            t[i] = bench_seconds(&s, 3);
            form f = {.transmitted = rule == EP_BPTT};
            (void)printf("  %-46s %10.4g s     %.0f %% of peak\n", k.name, t[i], 1e-7 * work_of(&k, &f) / t[i] / peak);
        }
        bench_lstm_close(&w);
        bench_lstm_free(&k);
    }
    if (!good) return false;
    bench_line l = {.subject = "LSTM", .what = name, .got = bench_exponent(x, t, n, 1).mid, .unit = "", .target = limit, .at_most = true};
    bench_put(out, &l);
    return true;
}

static bool scaling(double peak, bench_out *out)
{
    static const int by_N[][3] = {{100, 50, 16}, {200, 50, 16}, {400, 50, 16}, {800, 20, 16}, {1600, 10, 16}};
    static const int by_T[][3] = {{100, 100, 8}, {100, 1000, 8}, {100, 10000, 8}}, by_B[][3] = {{100, 200, 1}, {100, 200, 8}, {100, 200, 32}, {100, 200, 64}, {100, 200, 256}};
    (void)printf("\nScaling, n_in=40 n_out=10\n");
    bool good = scale("BPTT, exponent in T, 100 to 10000", by_T, 3, 1, EP_BPTT, 1.1, peak, out);
    good = good && scale("e-prop, exponent in T, 100 to 10000", by_T, 3, 1, EP_EPROP1_SYMMETRIC, 1.1, peak, out);
    good = good && scale("e-prop, exponent in B, 1 to 256", by_B, 5, 2, EP_EPROP1_SYMMETRIC, 0, peak, out);
    return good && scale("e-prop, exponent in N, 100 to 400", by_N, 3, 0, EP_EPROP1_SYMMETRIC, 0, peak, out);
}

int main(int argc, char **argv)
{
    bench_out out;
    int code = bench_lines_open(argc, argv, "The fast engine's LSTM: rules, threads and sizes, one core, float32.", &out);
    if (code >= 0) return code;
    bench_machine m = bench_machine_measure();
    bench_machine_print(&m, stdout);
    bool good = compare_forms(m.fma, &out) && (out.targets || (compare_threads(&out) && scaling(m.fma, &out)));
    if (!good) (void)fprintf(stderr, "bench-lstm: out of memory, or a result off by more than rounding\n");
    code = bench_lines_close(&out);
    return good ? code : 1;
}
