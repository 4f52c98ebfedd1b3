/* One step and the weight update. Where an operation can't change anything, it is left out.
 * SPDX-License-Identifier: MIT */
#include "core.h"

/* Value of source i, and its fraction. */
static int32_t source(const fix_state *s, const int32_t *x, int32_t i, unsigned *f)
{
    *f = 0;
    if (i < s->n_in) {
        *f = fix_frac(s, FIX_X);
        return x[i];
    }
    i -= s->n_in;
    return i < s->n_rec ? s->past[s->row * (uint32_t)s->n_rec + (uint32_t)i] : 1;
}

static void source_traces(fix_state *s, const int32_t *x)
{
    fix_array *ev = &s->q[FIX_EV];
    unsigned fd = fix_frac(s, FIX_D) + fix_frac(s, FIX_EV), f;
    for (int32_t i = 0; i < s->M; i++) {
        int32_t p = source(s, x, i, &f);
        int64_t old = (int64_t)s->alpha * fix_load(ev, (size_t)i);
        fix_store(ev, (size_t)i, fix_fit2(s, FIX_EV, old, fd, p, f, 0, (uint32_t)i));
    }
}

static void currents(fix_state *s, const int32_t *x)
{
    const fix_array *w = &s->q[FIX_W];
    uint16_t *list = s->active;
    unsigned f, fx = fix_frac(s, FIX_X);
    size_t inputs = 0, all;
    for (int32_t i = 0; i < s->n_in; i++)
        if (x[i] != 0) list[inputs++] = (uint16_t)i;
    all = inputs;
    for (int32_t i = s->n_in; i < s->M; i++)
        if (source(s, x, i, &f) != 0) list[all++] = (uint16_t)i;
    for (int32_t j = 0; j < s->n_rec; j++) {
        size_t row = (size_t)j * (size_t)s->M;
        int64_t in = 0, rec = 0;
        for (size_t k = 0; k < inputs; k++) in += (int64_t)x[list[k]] * fix_load(w, row + list[k]);
        for (size_t k = inputs; k < all; k++) rec += fix_load(w, row + list[k]);
        int32_t n = fix_fit(s, FIX_I, in + fix_up(rec, fx), fx + fix_frac(s, FIX_W), (uint32_t)j, 0);
        fix_store(&s->q[FIX_I], (size_t)j, n);
    }
}

/* U and P from the exact distance d with fraction f. */
static void psi(fix_state *s, uint32_t j, int64_t d, unsigned f)
{
    unsigned fv = fix_frac(s, FIX_V), fu = fix_frac(s, FIX_U), top = fix_max(fv, fu);
    int64_t u = fix_fit(s, FIX_U, d, f, j, 0);
    int64_t room = fix_up(s->v_th, top - fv) - fix_up(u < 0 ? -u : u, top - fu);
    int64_t n = room > 0 ? s->slope * room : 0;
    fix_store(&s->q[FIX_U], j, (int32_t)u);
    fix_store(&s->q[FIX_P], j, fix_fit(s, FIX_P, n, top + fix_frac(s, FIX_S), j, 0));
}

static void neuron(fix_state *s, uint32_t j)
{
    unsigned fv = fix_frac(s, FIX_V), fi = fix_frac(s, FIX_I), fd = fix_frac(s, FIX_D) + fv, f = fix_max(fd, fi);
    int32_t z = s->past[s->newest * (uint32_t)s->n_rec + j], r = fix_load(&s->q[FIX_r], j);
    int64_t d = (int64_t)s->alpha * fix_load(&s->q[FIX_V], j);
    d = fix_up(d, f - fd) + fix_up(fix_load(&s->q[FIX_I], j), f - fi) - (z ? fix_up(s->v_th, f - fv) : 0);
    int32_t v = fix_fit(s, FIX_V, d, f, j, 0);
    fix_store(&s->q[FIX_V], j, v);
    d = (int64_t)v - s->v_th;
    f = fv;
    if (s->alif) {
        fix_array *a = &s->q[FIX_A];
        unsigned fa = fix_frac(s, FIX_A), fb = fa + fix_frac(s, FIX_B);
        int32_t n = fix_fit2(s, FIX_A, (int64_t)s->rho[j] * fix_load(a, j), fa + fix_frac(s, FIX_D), z, 0, j, 0);
        fix_store(a, j, n);
        f = fix_max(fv, fb);
        d = fix_up(d, f - fv) - fix_up((int64_t)s->beta[j] * n, f - fb);
    }
    bool spike = d > 0 && r == 0;
    fix_store(&s->q[FIX_z], j, spike);
    if (r == 0) psi(s, j, d, f);
    else {
        fix_store(&s->q[FIX_U], j, 0);
        fix_store(&s->q[FIX_P], j, 0);
    }
    fix_store(&s->q[FIX_r], j, spike && s->n_ref > 0 ? s->n_ref - 1 : r > 0 ? r - 1 : 0);
}

/* How operations 2, 8, 9, 10 and 18 are done. */
typedef struct trace_plans {
    fix_plan ea, t, e, eb, es;
} trace_plans;

static void plan_traces(const fix_state *s, trace_plans *k)
{
    unsigned fd = fix_frac(s, FIX_D), d = fix_exponent(s, FIX_D), ev = fix_exponent(s, FIX_EV), fv = fix_frac(s, FIX_EV);
    unsigned b = fix_exponent(s, FIX_B) + fix_exponent(s, FIX_EA), fb = fix_frac(s, FIX_B) + fix_frac(s, FIX_EA);
    unsigned p = fix_exponent(s, FIX_P) + fix_exponent(s, FIX_T), fp = fix_frac(s, FIX_P) + fix_frac(s, FIX_T);
    unsigned e = fix_exponent(s, FIX_E), fe = fix_frac(s, FIX_E);
    k->ea = fix_plan_sum(s, FIX_EA, d + fix_exponent(s, FIX_EA), fd + fix_frac(s, FIX_EA), e, fe);
    k->t = s->alif ? fix_plan_sum(s, FIX_T, b, fb, ev, fv) : fix_plan_one(s, FIX_T, ev, fv);
    k->e = fix_plan_one(s, FIX_E, p, fp);
    k->eb = fix_plan_sum(s, FIX_EB, d + fix_exponent(s, FIX_EB), fd + fix_frac(s, FIX_EB), e, fe);
    if (s->q[FIX_ES].n) k->es = fix_plan_add(s, FIX_ES, e, fe);
}

static bool all_zero(const int32_t *a, const int32_t *b, const int32_t *c, size_t n)
{
    int32_t any = 0;
    for (size_t k = 0; k < n; k++) any |= a[k] | b[k] | c[k];
    return any == 0;
}

/* Sources i.. of neuron j. On the diagonal eps^v counts as 0, so that all stays 0 there without an event. LIF: eps^a is 0. */
static void trace_block(fix_state *s, const trace_plans *p, fix_place at, int32_t psi_j)
{
    int32_t ea[FIX_BLOCK], e[FIX_BLOCK], bar[FIX_BLOCK], x[FIX_BLOCK], y[FIX_BLOCK];
    size_t k = (size_t)at.j * (size_t)s->M + at.i, diagonal = (size_t)s->n_in + at.j - at.i;
    fix_array *eps = &s->q[FIX_EA], *kept = &s->q[FIX_E], *filtered = &s->q[FIX_EB], *sum = &s->q[FIX_ES];
    for (size_t n = 0; n < at.n; n++) ea[n] = e[n] = 0;
    if (s->alif) {
        fix_read(eps, k, x, at.n);
        fix_read(kept, k, e, at.n);
    }
    fix_read(filtered, k, bar, at.n);
    if (psi_j == 0 && all_zero(s->alif ? x : e, e, bar, at.n)) return;
    if (s->alif) {
        fix_combine(s, &p->ea, s->rho[at.j], x, e, ea, at);
        fix_write(eps, k, ea, at.n);
    }
    if (psi_j != 0) {
        fix_read(&s->q[FIX_EV], at.i, x, at.n);
        if (diagonal < at.n) x[diagonal] = 0;
        if (s->alif) fix_combine(s, &p->t, -s->beta[at.j], ea, x, y, at);
        else fix_combine(s, &p->t, 1, x, NULL, y, at);
        fix_combine(s, &p->e, psi_j, y, NULL, e, at);
    } else
        for (size_t n = 0; n < at.n; n++) e[n] = 0;
    if (s->alif) fix_write(kept, k, e, at.n);
    if (sum->n) {
        fix_read(sum, k, x, at.n);
        fix_add(s, &p->es, 1, e, x, at);
        fix_write(sum, k, x, at.n);
    }
    fix_combine(s, &p->eb, s->kappa, bar, e, y, at);
    fix_write(filtered, k, y, at.n);
}

static void traces(fix_state *s)
{
    trace_plans p;
    plan_traces(s, &p);
    for (uint32_t j = 0; j < (uint32_t)s->n_rec; j++) {
        int32_t psi_j = fix_load(&s->q[FIX_P], j);
        for (uint32_t i = 0, M = (uint32_t)s->M; i < M; i += FIX_BLOCK)
            trace_block(s, &p, (fix_place){j, i, M - i < FIX_BLOCK ? M - i : FIX_BLOCK}, psi_j);
    }
}

static void readout(fix_state *s)
{
    size_t n = (size_t)s->n_rec;
    unsigned fd = fix_frac(s, FIX_D), fb = fd + fix_frac(s, FIX_ZB), fy = fd + fix_frac(s, FIX_Y), fz = s->lstm ? fix_frac(s, FIX_z) : 0;
    const fix_array *z = &s->q[FIX_z], *w = &s->q[FIX_WO];
    fix_array *zb = &s->q[FIX_ZB], *y = &s->q[FIX_Y];
    for (size_t j = 0; j <= n; j++) {
        int64_t old = (int64_t)s->kappa * fix_load(zb, j);
        fix_store(zb, j, fix_fit2(s, FIX_ZB, old, fb, j == n ? 1 : fix_load(z, j), j == n ? 0 : fz, 0, (uint32_t)j));
    }
    for (size_t k = 0; k < (size_t)s->n_out; k++) {
        int64_t sum = fix_up(fix_load(w, k * (n + 1) + n), fz);
        for (size_t j = 0; j < n; j++)
            if (fix_load(z, j)) sum += (int64_t)fix_load(z, j) * fix_load(w, k * (n + 1) + j);
        fix_store(y, k, fix_fit2(s, FIX_Y, (int64_t)s->kappa * fix_load(y, k), fy, sum, fz + fix_frac(s, FIX_WO), (uint32_t)k, 0));
    }
}

static void errors(fix_state *s, const int32_t *target)
{
    for (size_t k = 0; k < (size_t)s->n_out; k++) {
        int64_t d = (int64_t)fix_load(&s->q[FIX_Y], k) - target[k];
        fix_store(&s->q[FIX_ER], k, fix_fit(s, FIX_ER, d, fix_frac(s, FIX_Y), (uint32_t)k, 0));
    }
}

static void feed_back(fix_state *s)
{
    size_t n = (size_t)s->n_rec, K = (size_t)s->n_out;
    bool sym = s->feedback == FIX_SYMMETRIC, global = s->feedback == FIX_GLOBAL;
    const fix_array *w = &s->q[sym ? FIX_WO : FIX_FB], *er = &s->q[FIX_ER];
    unsigned f = fix_frac(s, sym ? FIX_WO : FIX_FB) + fix_frac(s, FIX_ER);
    for (size_t j = 0; j < n; j++) {
        int64_t sum = 0;
        for (size_t k = 0; k < K; k++)
            sum += (int64_t)fix_load(w, sym ? k * (n + 1) + j : global ? 0 : j * K + k) * fix_load(er, k);
        fix_store(&s->q[FIX_L], j, fix_fit(s, FIX_L, sum, f, (uint32_t)j, 0));
    }
}

void fix_accumulate(fix_state *s, unsigned q, size_t k, int64_t m, unsigned f, size_t j, size_t i)
{
    if (m == 0) return;
    fix_store(&s->q[q], k, fix_fit2(s, q, fix_load(&s->q[q], k), fix_frac(s, q), m, f, (uint32_t)j, (uint32_t)i));
}

/* Operation 15; ebar is 0 on the diagonal. */
static void recurrent_gradient(fix_state *s)
{
    const fix_plan p = fix_plan_add(s, FIX_G, fix_exponent(s, FIX_L) + fix_exponent(s, FIX_EB), fix_frac(s, FIX_L) + fix_frac(s, FIX_EB));
    int32_t g[FIX_BLOCK], bar[FIX_BLOCK];
    for (uint32_t j = 0; j < (uint32_t)s->rows; j++) {
        int32_t l = fix_load(&s->q[FIX_L], j % (uint32_t)s->n_rec);
        for (uint32_t i = 0, M = (uint32_t)s->M; l != 0 && i < M; i += FIX_BLOCK) {
            const fix_place at = {j, i, M - i < FIX_BLOCK ? M - i : FIX_BLOCK};
            size_t k = (size_t)j * M + i;
            fix_read(&s->q[FIX_EB], k, bar, at.n);
            if (all_zero(bar, bar, bar, at.n)) continue;
            fix_read(&s->q[FIX_G], k, g, at.n);
            fix_add(s, &p, l, bar, g, at);
            fix_write(&s->q[FIX_G], k, g, at.n);
        }
    }
}

static void gradients(fix_state *s)
{
    size_t n = (size_t)s->n_rec;
    unsigned fo = fix_frac(s, FIX_ER) + fix_frac(s, FIX_ZB);
    recurrent_gradient(s);
    for (size_t k = 0; k < (size_t)s->n_out; k++) {
        int64_t err = fix_load(&s->q[FIX_ER], k);
        for (size_t j = 0; j <= n; j++) fix_accumulate(s, FIX_GO, k * (n + 1) + j, err * fix_load(&s->q[FIX_ZB], j), fo, k, j);
    }
}

static bool target_valid(const fix_state *s, const int32_t *target)
{
    return s->softmax ? fix_is_distribution(s, target) : fix_in_format(s->profile, FIX_Y, target, (size_t)s->n_out);
}

static void spiking(fix_state *s, const int32_t *x)
{
    source_traces(s, x);
    currents(s, x);
    for (uint32_t j = 0; j < (uint32_t)s->n_rec; j++) neuron(s, j);
    for (uint32_t j = 0; j < (uint32_t)s->n_rec; j++) s->past[s->row * (uint32_t)s->n_rec + j] = (uint8_t)fix_load(&s->q[FIX_z], j);
    s->newest = s->row;
    s->row = s->row + 1 == s->delay ? 0 : s->row + 1;
    traces(s);
}

static void forward(fix_state *s, const int32_t *x)
{
    s->t++;
    if (s->lstm) fix_lstm(s, x);
    else spiking(s, x);
    readout(s);
    fix_fill(&s->q[FIX_ER], 0);
    fix_fill(&s->q[FIX_L], 0);
    fix_fill(&s->q[FIX_EX], 0);
    fix_fill(&s->q[FIX_PR], 0);
    fix_rate_count(s);
}

fix_status fix_forward(fix_state *s, const int32_t *x)
{
    if (!fix_in_format(s->profile, FIX_X, x, (size_t)s->n_in)) return FIX_RANGE;
    forward(s, x);
    return FIX_OK;
}

fix_status fix_learn(fix_state *s, const int32_t *target)
{
    if (!target_valid(s, target)) return FIX_RANGE;
    if (s->softmax) fix_softmax_error(s, target);
    else errors(s, target);
    feed_back(s);
    gradients(s);
    return FIX_OK;
}

fix_status fix_learn_error(fix_state *s, const int32_t *er)
{
    if (!fix_in_format(s->profile, FIX_ER, er, (size_t)s->n_out)) return FIX_RANGE;
    fix_fill(&s->q[FIX_ER], er);
    feed_back(s);
    gradients(s);
    return FIX_OK;
}

fix_status fix_learn_signal(fix_state *s, const int32_t *L)
{
    if (!fix_in_format(s->profile, FIX_L, L, (size_t)s->n_rec)) return FIX_RANGE;
    fix_fill(&s->q[FIX_L], L);
    gradients(s);
    return FIX_OK;
}

fix_status fix_step(fix_state *s, const int32_t *x, const int32_t *target)
{
    if (!fix_in_format(s->profile, FIX_X, x, (size_t)s->n_in)) return FIX_RANGE;
    if (target && !target_valid(s, target)) return FIX_RANGE;
    forward(s, x);
    return target ? fix_learn(s, target) : FIX_OK;
}

/* Element k of q: Q_q(keep w - clipped eta g). */
static void change(fix_state *s, unsigned q, size_t k, bool decay, unsigned qg, int32_t g, size_t j, size_t i)
{
    unsigned fw = fix_frac(s, q), f = fix_frac(s, FIX_N) + fix_frac(s, qg);
    int64_t w = fix_load(&s->q[q], k), delta = (int64_t)s->eta * g;
    if (s->profile->clip > 0) {
        int64_t limit = fix_up(s->profile->clip, f - fw);
        delta = delta > limit ? limit : delta < -limit ? -limit : delta;
    }
    if (decay) {
        w *= s->keep;
        fw += fix_frac(s, FIX_D);
    } else if (delta == 0)
        return;
    fix_store(&s->q[q], k, fix_fit2(s, q, w, fw, -delta, f, (uint32_t)j, (uint32_t)i));
}

void fix_update(fix_state *s)
{
    size_t n = (size_t)s->n_rec, M = (size_t)s->M, K = (size_t)s->n_out;
    for (size_t j = 0; j < (size_t)s->rows; j++)
        for (size_t i = 0; i < M; i++) {
            if (!s->lstm && i == (size_t)s->n_in + j) continue;
            change(s, FIX_W, j * M + i, false, FIX_G, fix_load(&s->q[FIX_G], j * M + i), j, i);
            fix_store(&s->q[FIX_G], j * M + i, 0);
        }
    for (size_t k = 0; k < K; k++)
        for (size_t j = 0; j <= n; j++) {
            bool adaptive = s->feedback == FIX_ADAPTIVE && j < n;
            int32_t g = fix_load(&s->q[FIX_GO], k * (n + 1) + j);
            change(s, FIX_WO, k * (n + 1) + j, adaptive, FIX_GO, g, k, j);
            if (adaptive) change(s, FIX_FB, j * K + k, true, FIX_GO, g, j, k);
            fix_store(&s->q[FIX_GO], k * (n + 1) + j, 0);
        }
}
