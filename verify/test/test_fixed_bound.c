/* What quantisation costs: every state, trace, signal and gradient of the integer core at every step against the real-valued
 * recursions of the same quantised network with the core's own spikes, within a bound. EPROP_TEST_TSV=FILE writes what was seen.
 * SPDX-License-Identifier: MIT */
#include "fixed_shadow_cell.h"
#include "test/run.h"

enum { T = 40 };

static const fix_profile *const profiles[] = {&fix_q15, &fix_s16_15, &fix_w8, &fix_reckon};
static const char *const names[] = {"q15", "s16.15", "w8", "reckon"};
static const char *const kinds[] = {"spiking", "lstm"};
/* Spiking networks in all four profiles, LSTM in two. */
enum { N_CASE = 6 };

typedef struct account {
    int networks, whole;         /* whole: without an event in T steps */
    ledger of[FIX_COUNT];
    uint64_t events[FIX_COUNT];
    int first[FIX_COUNT];        /* networks whose first event was of that quantity */
    int directed, sure;          /* networks with a gradient; of them with |bound| < |gradient| */
    double cosine, least, least_sure;
} account;

/* The quantity with an event, the earliest in dataflow; -1: none. */
static int first_event(const pair *p)
{
    for (int q = 0; q < FIX_COUNT; q++)
        if (fix_events(p->core, q)) return q;
    return -1;
}

/* The quantity whose event ended the comparison, or -1. */
static int follow(pair *p, shadow *s)
{
    int32_t x[MAX_IN], target[MAX_OUT];
    before b;
    int q;
    for (int t = 1; t <= T; t++) {
        pair_input(p, x, target);
        if (p->c.lstm) remember(p, &b);
        if (fix_step(p->core, x, target) != FIX_OK) ck_abort_msg("step refused");
        if ((q = first_event(p)) >= 0) return q;
        if (p->c.lstm) follow_lstm(p, s, &b, x, t);
        else follow_spiking(p, s, x, t);
        follow_readout(p, s, target, t);
        follow_gradients(p, s, t);
    }
    fix_end(p->core);
    if ((q = first_event(p)) >= 0) return q;
    follow_end(p, s, T);
    return -1;
}

/* Errors of size |d| <= rho |g| leave a cosine of at least sqrt(1 - rho^2). */
static void direction(const pair *p, const shadow *s, account *a)
{
    double dot = 0, core2 = 0, real2 = 0, bound2 = 0;
    int M = p->c.n_in + p->c.n_rec + 1;
    for (int q = 0; q < (p->c.lstm ? 4 : 1) * p->c.n_rec; q++)
        for (int i = 0; i < M; i++) {
            double g = kept(p, FIX_G, (size_t)(q * M + i)), r = s->G[q][i].x;
            dot += g * r;
            core2 += g * g;
            real2 += r * r;
            bound2 += s->G[q][i].bound * s->G[q][i].bound;
        }
    if (!(core2 > 0) || !(real2 > 0x1p-40)) return; /* below: cancelled, as softmax of one output does */
    double c = dot / sqrt(core2 * real2), rho2 = bound2 / real2;
    a->directed++;
    a->cosine += c;
    a->least = fmin(a->least, c);
    if (rho2 >= 1) return;
    a->sure++;
    a->least_sure = fmin(a->least_sure, c);
    if (c < sqrt(1 - rho2) - 1e-9) ck_abort_msg("seed %llu: cosine %.9f, bound %.9f", (unsigned long long)p->seed, c, sqrt(1 - rho2));
}

static void run(account *a, const fix_profile *profile, bool lstm, uint64_t seed)
{
    static const shadow start;
    pair p = {.seed = seed, .profile = *profile, .kind = lstm ? PAIR_LSTM : PAIR_SPIKING};
    shadow s = start;
    pair_network(&p);
    pair_open(&p);
    int event = follow(&p, &s);
    a->networks++;
    if (event < 0) {
        a->whole++;
        direction(&p, &s, a);
    } else
        a->first[event]++;
    for (int q = 0; q < FIX_COUNT; q++) {
        ledger *l = &a->of[q];
        a->events[q] += fix_events(p.core, q);
        l->n += s.of[q].n;
        l->log_bound += s.of[q].log_bound;
        l->sum_off += s.of[q].sum_off;
        l->bound = fmax(l->bound, s.of[q].bound);
        l->off = fmax(l->off, s.of[q].off);
        l->ratio = fmax(l->ratio, s.of[q].ratio);
    }
    pair_close(&p);
}

static void write_table(const account *a, const fix_profile *p, int i)
{
    const char *path = getenv("EPROP_TEST_TSV");
    FILE *f = path ? fopen(path, i ? "a" : "w") : NULL;
    if (!f) return;
    if (i == 0) fprintf(f, "# profile kind networks whole quantity compared typical_bound mean_error largest_bound largest_error largest_ratio overflow first_event events\n");
    const char *name = names[i % 4], *kind = kinds[i / 4];
    for (int q = 0; q < FIX_COUNT; q++)
        if (a->of[q].n)
            fprintf(f, "%s\t%s\t%d\t%d\t%s\t%ld\t%.4g\t%.4g\t%.4g\t%.4g\t%.6f\t%s\t%d\t%llu\n", name, kind, a->networks, a->whole, ep_fixed_quantity_name(q),
                    a->of[q].n, exp(a->of[q].log_bound / (double)a->of[q].n), a->of[q].sum_off / (double)a->of[q].n, a->of[q].bound, a->of[q].off, a->of[q].ratio,
                    ep_fixed_is_constant(q) ? "-" : p->q[q].overflow == FIX_WRAP ? "wrap" : "saturate", a->first[q], (unsigned long long)a->events[q]);
    fclose(f);
}

START_TEST(test_error_within_bound)
{
    int n = test_loops(600);
    account a = {.least = 1, .least_sure = 1};
    double worst = 0;
    for (int k = 0; k < n; k++) run(&a, profiles[_i % 4], _i >= 4, (uint64_t)(3000000 + 1000 * _i + k));
    for (int q = 0; q < FIX_COUNT; q++) worst = fmax(worst, a.of[q].ratio);
    write_table(&a, profiles[_i % 4], _i);
    if (getenv("EPROP_TEST_TABLE"))
        printf("| %s, %s | %d | %.3f | %d | %.6f | %.6f | %d | %.6f |\n", names[_i % 4], kinds[_i / 4], a.whole, worst, a.directed,
               a.cosine / a.directed, a.least, a.sure, a.least_sure);
    if (n < 100) return;
    ck_assert_int_gt(a.whole, n / 4);
    ck_assert_int_gt(a.directed, a.whole / 2);
    /* A bound that is never used to a tenth is not this core's. */
    ck_assert_double_gt(worst, 0.1);
    ck_assert_double_gt(a.of[FIX_G].ratio, 0.01);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed core: error bounds");
    TCase *tc = tcase_create("bounds");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_error_within_bound, 0, N_CASE);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
