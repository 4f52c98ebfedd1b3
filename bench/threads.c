/* SPDX-License-Identifier: MIT */
#include "threads.h"

typedef struct form {
    const char *name;
    ep_rule rule;
    int chunk;
} form;

static const form forms[] = {{"e-prop scan", EP_EPROP1_SYMMETRIC, 0}, {"e-prop chunks", EP_EPROP1_SYMMETRIC, 256}, {"BPTT", EP_BPTT, 0}};
enum { N_FORM = 3 };

static bool run(void *arg) { return bench_worker_run(arg); }

bool bench_threads(bench_out *out)
{
    subject s;
    bool good = bench_subject_make(100, 100, 2, 1000, 32, 0.018, &s);
    printf("\nTwo threads against one, N=100 T=1000 B=32, wall time\n");
    for (size_t k = 0; good && k < N_FORM; k++) {
        worker w[2] = {{0}};
        good = bench_worker_open(&s, opt_fast_f32(), forms[k].rule, forms[k].chunk, 1, &w[0]) &&
               bench_worker_open(&s, opt_fast_f32(), forms[k].rule, forms[k].chunk, 2, &w[1]);
        if (good) {
            char what[64];
            bench_side side[2] = {{.run = run, .arg = &w[0], .wall = true}, {.run = run, .arg = &w[1], .wall = true}};
            bench_paired(side, 2, 9, 4);
            (void)snprintf(what, sizeof what, "two threads, %s", forms[k].name);
            bench_line l = bench_line_of("ALIF N=100 n_in=100 n_out=2 T=1000 B=32", what, bench_side_ratio(&side[0], &side[1], 9));
            l.target = 1.7, l.stretch = 1.9, l.judged = true, l.error = bench_worker_error(&w[0], &w[1]);
            bench_put(out, &l);
        }
        bench_worker_close(&w[0]);
        bench_worker_close(&w[1]);
    }
    bench_subject_free(&s);
    return good;
}
