/* What quantisation costs: states, traces and gradients of the integer core against the real-valued recursions of the
 * same quantised network with the core's own spikes, and an error bound that follows the core step by step.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "fixed_pair.h"

enum { T = 40 };

/* A real-valued quantity and the bound on the core's distance from it. */
typedef struct real {
    double x, bound;
} real;

typedef struct shadow {
    real A[MAX_REC], V[MAX_REC], P[MAX_REC], EV[MAX_M], EA[MAX_REC][MAX_M], E[MAX_REC][MAX_M], EB[MAX_REC][MAX_M];
    real Y[MAX_OUT], PR[MAX_OUT], ER[MAX_OUT], L[MAX_REC], ZB[MAX_REC + 1], G[MAX_REC][MAX_M], GO[MAX_OUT][MAX_REC + 1];
    int z[5][MAX_REC]; /* z^{t-1}, z^{t-2}, ... */
    int r[MAX_REC];
    double worst;      /* largest distance / bound */
    double dot, norm_core, norm_real;
} shadow;

static double value(const pair *p, int q, double n) { return ldexp(n, -p->profile.q[q].frac); }
static double kept(const pair *p, int q, size_t i) { return value(p, q, fix_get(p->core, q, i)); }

/* The farthest that rounding moves: half a unit to nearest, less than a unit else. */
static double unit(const pair *p, int q)
{
    bool nearest = p->profile.q[q].rounding == FIX_NEAREST_EVEN || p->profile.q[q].rounding == FIX_NEAREST_UP;
    return value(p, q, nearest ? 0.5 : 1);
}

/* The shadow's own doubles: a few hundred operations on numbers below 2^20, each within 2^-53 of its result. */
static const double own_error = 0x1p-24;

static void judge(const pair *p, shadow *s, int q, size_t i, real r, int t)
{
    double off = fabs(kept(p, q, i) - r.x);
    if (off > r.bound + own_error)
        ck_abort_msg("seed %llu, step %d, quantity %d [%zu]: off by %a, bound %a", (unsigned long long)p->seed, t, q, i, off, r.bound);
    if (r.bound > 0) s->worst = fmax(s->worst, off / r.bound);
}

static real leak(real old, double decay, double x, double bound, double u)
{
    return (real){decay * old.x + x, decay * old.bound + bound + u};
}

/* a b, with the core's numbers for a and b. */
static double product_bound(real a, double core_a, real b, double core_b)
{
    return fabs(core_a) * b.bound + fabs(core_b) * a.bound + a.bound * b.bound;
}

static double source(const pair *p, const shadow *s, const int32_t *x, int i)
{
    if (i < p->c.n_in) return value(p, FIX_X, x[i]);
    i -= p->c.n_in;
    return i < p->c.n_rec ? s->z[p->c.delay - 1][i] : 1;
}

static void follow_neuron(const pair *p, shadow *s, const int32_t *x, int j, int t)
{
    const fix_config *c = &p->c;
    double current = 0, th = value(p, FIX_V, c->v_th), beta = c->alif ? value(p, FIX_B, p->beta[j]) : 0;
    double slope = value(p, FIX_S, c->slope);
    int M = c->n_in + c->n_rec + 1;
    for (int i = 0; i < M; i++) current += value(p, FIX_W, p->W[j * M + i]) * source(p, s, x, i);
    s->V[j] = leak(s->V[j], value(p, FIX_D, c->alpha), current - th * s->z[0][j], unit(p, FIX_I), unit(p, FIX_V));
    if (c->alif) s->A[j] = leak(s->A[j], value(p, FIX_D, p->rho[j]), s->z[0][j], 0, unit(p, FIX_A));
    double d = s->V[j].x - th - beta * s->A[j].x, bound = s->V[j].bound + beta * s->A[j].bound + unit(p, FIX_U);
    s->P[j] = s->r[j] ? (real){0, 0} : (real){slope * fmax(0, th - fabs(d)), slope * bound + unit(p, FIX_P)};
    judge(p, s, FIX_V, (size_t)j, s->V[j], t);
    judge(p, s, FIX_P, (size_t)j, s->P[j], t);
    if (c->alif) judge(p, s, FIX_A, (size_t)j, s->A[j], t);
    s->r[j] = fix_get(p->core, FIX_r, (size_t)j);
}

static void follow_trace(const pair *p, shadow *s, int j, int i, int t)
{
    const fix_config *c = &p->c;
    size_t k = (size_t)(j * (c->n_in + c->n_rec + 1) + i);
    double beta = c->alif ? value(p, FIX_B, p->beta[j]) : 0, P = kept(p, FIX_P, (size_t)j);
    if (c->alif) {
        s->EA[j][i] = leak(s->EA[j][i], value(p, FIX_D, p->rho[j]), s->E[j][i].x, s->E[j][i].bound, unit(p, FIX_EA));
        judge(p, s, FIX_EA, k, s->EA[j][i], t);
    }
    real T_ = {s->EV[i].x - beta * s->EA[j][i].x, s->EV[i].bound + beta * s->EA[j][i].bound + (P != 0 ? unit(p, FIX_T) : 0)};
    /* |T| of the core without its rounding; that is in the bound. */
    double core_T = kept(p, FIX_EV, (size_t)i) - (c->alif ? beta * kept(p, FIX_EA, k) : 0);
    double spread = P != 0 ? unit(p, FIX_T) : 0;
    s->E[j][i] = (real){s->P[j].x * T_.x, product_bound(s->P[j], P, T_, fabs(core_T) + spread) + (P != 0 ? unit(p, FIX_E) : 0)};
    if (c->alif) judge(p, s, FIX_E, k, s->E[j][i], t);
    s->EB[j][i] = leak(s->EB[j][i], value(p, FIX_D, c->kappa), s->E[j][i].x, s->E[j][i].bound, unit(p, FIX_EB));
    judge(p, s, FIX_EB, k, s->EB[j][i], t);
}

/* FIXED.md, section 4.2, from the core's y; and each probability moves by at most half of what y moves. */
static void follow_softmax(const pair *p, shadow *s, const int32_t *target, int t)
{
    int n = p->c.n_out;
    double top = s->Y[0].x, moved = 0, sum = 0, mass = 0;
    for (int k = 0; k < n; k++) {
        top = fmax(top, s->Y[k].x);
        moved = fmax(moved, s->Y[k].bound);
        mass += value(p, FIX_PR, target[k]);
    }
    for (int k = 0; k < n; k++) sum += exp(s->Y[k].x - top);
    for (int k = 0; k < n; k++) {
        s->PR[k] = (real){exp(s->Y[k].x - top) / sum, moved / 2 + n * (unit(p, FIX_EX) + 0x1p-25) + value(p, FIX_PR, 0.5)};
        s->ER[k] = (real){s->PR[k].x * mass - value(p, FIX_PR, target[k]), s->PR[k].bound * mass + unit(p, FIX_ER)};
        judge(p, s, FIX_PR, (size_t)k, s->PR[k], t);
        judge(p, s, FIX_ER, (size_t)k, s->ER[k], t);
    }
}

static void follow_readout(const pair *p, shadow *s, const int32_t *target, int t)
{
    const fix_config *c = &p->c;
    int n = c->n_rec;
    double kappa = value(p, FIX_D, c->kappa);
    for (int j = 0; j <= n; j++) {
        s->ZB[j] = leak(s->ZB[j], kappa, j == n ? 1 : s->z[0][j], 0, unit(p, FIX_ZB));
        judge(p, s, FIX_ZB, (size_t)j, s->ZB[j], t);
    }
    for (int k = 0; k < c->n_out; k++) {
        double sum = 0;
        for (int j = 0; j <= n; j++) sum += value(p, FIX_WO, p->WO[k * (n + 1) + j]) * (j == n ? 1 : s->z[0][j]);
        s->Y[k] = leak(s->Y[k], kappa, sum, 0, unit(p, FIX_Y));
        judge(p, s, FIX_Y, (size_t)k, s->Y[k], t);
    }
    if (c->softmax) {
        follow_softmax(p, s, target, t);
        return;
    }
    for (int k = 0; k < c->n_out; k++) {
        s->ER[k] = (real){s->Y[k].x - value(p, FIX_Y, target[k]), s->Y[k].bound + unit(p, FIX_ER)};
        judge(p, s, FIX_ER, (size_t)k, s->ER[k], t);
    }
}

static void follow_gradients(const pair *p, shadow *s, int t)
{
    const fix_config *c = &p->c;
    int n = c->n_rec, M = c->n_in + n + 1;
    for (int j = 0; j < n; j++) {
        s->L[j] = (real){0, unit(p, FIX_L)};
        for (int k = 0; k < c->n_out; k++) {
            double b = c->feedback == FIX_SYMMETRIC ? value(p, FIX_WO, p->WO[k * (n + 1) + j])
                                                    : value(p, FIX_FB, p->FB[c->feedback == FIX_GLOBAL ? 0 : j * c->n_out + k]);
            s->L[j].x += b * s->ER[k].x;
            s->L[j].bound += fabs(b) * s->ER[k].bound;
        }
        judge(p, s, FIX_L, (size_t)j, s->L[j], t);
        for (int i = 0; i < M; i++) {
            size_t at = (size_t)(j * M + i);
            if (i == c->n_in + j) continue;
            s->G[j][i].x += s->L[j].x * s->EB[j][i].x;
            s->G[j][i].bound += product_bound(s->L[j], kept(p, FIX_L, (size_t)j), s->EB[j][i], kept(p, FIX_EB, at)) + unit(p, FIX_G);
            judge(p, s, FIX_G, at, s->G[j][i], t);
        }
    }
    for (int k = 0; k < c->n_out; k++)
        for (int j = 0; j <= n; j++) {
            s->GO[k][j].x += s->ER[k].x * s->ZB[j].x;
            s->GO[k][j].bound += product_bound(s->ER[k], kept(p, FIX_ER, (size_t)k), s->ZB[j], kept(p, FIX_ZB, (size_t)j)) + unit(p, FIX_GO);
            judge(p, s, FIX_GO, (size_t)(k * (n + 1) + j), s->GO[k][j], t);
        }
}

/* Quantities without an event keep their bounds; any event ends the comparison. */
static bool no_event(const pair *p)
{
    for (int q = 0; q < FIX_COUNT; q++)
        if (fix_events(p->core, q)) return false;
    return true;
}

/* False if a quantity left its range. */
static bool follow(pair *p, shadow *s)
{
    int32_t x[MAX_IN], target[MAX_OUT];
    int n = p->c.n_rec, M = p->c.n_in + n + 1;
    for (int t = 1; t <= T; t++) {
        pair_input(p, x, target);
        if (fix_step(p->core, x, target) != FIX_OK) ck_abort_msg("step refused");
        if (!no_event(p)) return false;
        for (int i = 0; i < M; i++) {
            s->EV[i] = leak(s->EV[i], value(p, FIX_D, p->c.alpha), source(p, s, x, i), 0, unit(p, FIX_EV));
            judge(p, s, FIX_EV, (size_t)i, s->EV[i], t);
        }
        for (int j = 0; j < n; j++) follow_neuron(p, s, x, j, t);
        for (int k = 4; k > 0; k--)
            for (int j = 0; j < n; j++) s->z[k][j] = s->z[k - 1][j];
        for (int j = 0; j < n; j++) s->z[0][j] = fix_get(p->core, FIX_z, (size_t)j);
        for (int j = 0; j < n; j++)
            for (int i = 0; i < M; i++)
                if (i != p->c.n_in + j) follow_trace(p, s, j, i, t);
        follow_readout(p, s, target, t);
        follow_gradients(p, s, t);
    }
    for (int j = 0; j < n; j++)
        for (int i = 0; i < M; i++) {
            double g = kept(p, FIX_G, (size_t)(j * M + i)), r = s->G[j][i].x;
            s->dot += g * r;
            s->norm_core += g * g;
            s->norm_real += r * r;
        }
    return true;
}

static const fix_profile *const profiles[] = {&fix_q15, &fix_s16_15, &fix_w8, &fix_reckon};
static const char *const names[] = {"q15", "s16.15", "w8", "reckon"};

START_TEST(test_error_within_bound)
{
    const char *m = getenv("EPROP_TEST_MULTIPLIER");
    int n = (int)fmax(1, 600 * (m ? atof(m) : 1)), whole = 0;
    double worst = 0, cosine = 0, least = 1;
    for (int k = 0; k < n; k++) {
        pair p = {.seed = (uint64_t)(3000000 + 1000 * _i + k), .profile = *profiles[_i]};
        static const shadow start;
        shadow s = start;
        p.profile.q[FIX_GA].bits = 0; /* spiking */
        pair_network(&p);
        pair_open(&p);
        bool in_range = follow(&p, &s);
        worst = fmax(worst, s.worst);
        if (in_range && s.norm_core > 0 && s.norm_real > 0x1p-40) { /* below: cancelled, as softmax of one output does */
            double c = s.dot / sqrt(s.norm_core * s.norm_real);
            whole++;
            cosine += c;
            least = fmin(least, c);
        }
        pair_close(&p);
    }
    if (getenv("EPROP_TEST_TABLE"))
        printf("%s: %d of %d networks without an event, error/bound %.3f, cosine mean %.6f, least %.6f\n", names[_i], whole, n, worst,
               whole ? cosine / whole : 0, least);
    if (n < 100) return;
    ck_assert_int_gt(whole, 0);
    /* A bound that is never used to a tenth is not this core's. */
    ck_assert_double_gt(worst, 0.1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed core: error bounds");
    TCase *tc = tcase_create("bounds");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_error_within_bound, 0, 4);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
