/* Layout of the caller's memory, initialisation, reading.
 * SPDX-License-Identifier: MIT */
#include "core.h"

static size_t lstm_elements(size_t n, size_t M, unsigned q)
{
    switch (q) {
    case FIX_I: case FIX_GA: case FIX_LD: return 4 * n;
    case FIX_CC: case FIX_H: case FIX_OP: return n;
    case FIX_SD: return 5 * n;
    case FIX_EL: return 3 * n * M;
    default: return 0;
    }
}

static size_t spiking_elements(const fix_config *c, size_t n, size_t M, unsigned q)
{
    switch (q) {
    case FIX_I: case FIX_V: case FIX_U: case FIX_P: case FIX_r: return n;
    case FIX_A: return c->alif ? n : 0;
    case FIX_EV: return M;
    case FIX_EA: case FIX_E: return c->alif ? n * M : 0;
    case FIX_CN: case FIX_R: return c->c_reg > 0 ? n : 0;
    case FIX_ES: return c->c_reg > 0 ? n * M : 0;
    default: return 0;
    }
}

static size_t elements(const fix_config *c, unsigned q)
{
    size_t n = (size_t)c->n_rec, M = (size_t)c->n_in + n + 1, K = (size_t)c->n_out;
    switch (q) {
    case FIX_W: case FIX_EB: case FIX_G: return (c->lstm ? 4 : 1) * n * M;
    case FIX_WO: case FIX_GO: return K * (n + 1);
    case FIX_FB: return c->feedback == FIX_SYMMETRIC ? 0 : c->feedback == FIX_GLOBAL ? 1 : n * K;
    case FIX_L: case FIX_z: return n;
    case FIX_Y: case FIX_ER: return K;
    case FIX_ZB: return n + 1;
    case FIX_EX: case FIX_PR: return c->softmax ? K : 0;
    default: return c->lstm ? lstm_elements(n, M, q) : spiking_elements(c, n, M, q);
    }
}

static uint32_t bytes_of(const fix_config *c, unsigned q)
{
    unsigned bits = c->profile->q[q].bits;
    if (q == FIX_z && !c->lstm) return 1;
    if (q == FIX_r || bits > 16) return 4;
    return bits > 8 ? 2 : 1;
}

static size_t sources(const fix_config *c) { return (size_t)c->n_in + (size_t)c->n_rec + 1; }
static size_t padded(size_t n) { return (n + FIX_ALIGN - 1) / FIX_ALIGN * FIX_ALIGN; }

size_t fix_state_size(const fix_config *c)
{
    if (!fix_profile_fits(c) || (unsigned)c->feedback > FIX_ADAPTIVE) return 0;
    if (c->lstm && (c->delay != 1 || c->n_ref != 0)) return 0;
    if (c->delay < 1 || c->delay > 255 || c->n_ref < 0 || c->n_ref > 65535) return 0;
    size_t size = padded(sizeof(fix_state)) + padded((size_t)c->delay * (size_t)c->n_rec) + padded(2 * sources(c));
    for (unsigned q = 0; q < FIX_COUNT; q++) size += padded(elements(c, q) * bytes_of(c, q));
    return size;
}

bool fix_in_format(const fix_profile *p, unsigned q, const int32_t *v, size_t n)
{
    int64_t end = (int64_t)1 << (p->q[q].bits - 1);
    if (!v) return false;
    for (size_t k = 0; k < n; k++)
        if (v[k] < -end || v[k] >= end) return false;
    return true;
}

static bool is_decay(const fix_profile *p, int32_t n, int32_t past_one)
{
    return n >= 0 && n < ((int32_t)1 << p->q[FIX_D].frac) + past_one;
}

static bool one_in(const fix_config *c, unsigned q, int32_t n, int32_t least)
{
    return n >= least && fix_in_format(c->profile, q, &n, 1);
}

static bool neurons_valid(const fix_config *c)
{
    const fix_profile *p = c->profile;
    if (c->lstm) return fix_in_format(p, FIX_I, &c->b_forget, 1);
    if (!is_decay(p, c->alpha, 0) || !one_in(c, FIX_V, c->v_th, 1) || !one_in(c, FIX_S, c->slope, 0) || c->c_reg < 0) return false;
    if (c->c_reg > 0 && (!one_in(c, FIX_C, c->c_reg, 1) || !one_in(c, FIX_CN, c->n_star, 0))) return false;
    if (!c->alif) return true;
    if (!c->rho || !fix_in_format(p, FIX_B, c->beta, (size_t)c->n_rec)) return false;
    for (int32_t j = 0; j < c->n_rec; j++)
        if (!is_decay(p, c->rho[j], 0) || c->beta[j] < 0) return false;
    return true;
}

static bool constants_valid(const fix_config *c)
{
    const fix_profile *p = c->profile;
    size_t n = (size_t)c->n_rec, M = (size_t)c->n_in + n + 1;
    if (!is_decay(p, c->kappa, 0) || !is_decay(p, c->keep, 1) || !one_in(c, FIX_N, c->eta, 0) || !neurons_valid(c)) return false;
    if (c->W && !fix_in_format(p, FIX_W, c->W, elements(c, FIX_W))) return false;
    if (c->WO && !fix_in_format(p, FIX_WO, c->WO, elements(c, FIX_WO))) return false;
    for (size_t j = 0; c->W && !c->lstm && j < n; j++)
        if (c->W[j * M + (size_t)c->n_in + j] != 0) return false;
    return !c->FB || fix_in_format(p, FIX_FB, c->FB, elements(c, FIX_FB));
}

void fix_fill(fix_array *a, const int32_t *v)
{
    for (size_t k = 0; k < a->n; k++) fix_store(a, k, v ? v[k] : 0);
}

/* volatile: no call of memset, which a freestanding program may not have. */
static void zero(uint8_t *p, size_t n)
{
    for (volatile uint8_t *v = p; n > 0; n--) *v++ = 0;
}

fix_status fix_init(fix_state **out, const fix_config *c, void *mem, size_t size)
{
    size_t need = fix_state_size(c);
    if (need == 0) return FIX_PROFILE;
    if (!constants_valid(c)) return FIX_RANGE;
    if (!mem || (uintptr_t)mem % FIX_ALIGN != 0 || size < need) return FIX_MEMORY;
    uint8_t *at = mem;
    fix_state *s = mem;
    zero(at, need);
    s->profile = c->profile;
    s->rho = c->rho;
    s->beta = c->beta;
    s->seed = c->seed;
    s->n_in = c->n_in;
    s->n_rec = c->n_rec;
    s->n_out = c->n_out;
    s->M = c->n_in + c->n_rec + 1;
    s->n_ref = c->n_ref;
    s->alpha = c->alpha;
    s->kappa = c->kappa;
    s->keep = c->keep;
    s->v_th = c->v_th;
    s->slope = c->slope;
    s->eta = c->eta;
    s->rows = c->lstm ? 4 * c->n_rec : c->n_rec;
    s->b_forget = c->b_forget;
    s->c_reg = c->c_reg;
    s->n_star = c->n_star;
    s->delay = (uint32_t)c->delay;
    s->newest = s->delay - 1;
    s->feedback = c->feedback;
    s->alif = c->alif;
    s->lstm = c->lstm;
    s->softmax = c->softmax;
    at += padded(sizeof *s);
    s->past = at;
    at += padded((size_t)c->delay * (size_t)c->n_rec);
    s->active = (uint16_t *)(void *)at;
    at += padded(2 * sources(c));
    for (unsigned q = 0; q < FIX_COUNT; q++) {
        s->q[q].p = at;
        s->q[q].n = (uint32_t)elements(c, q);
        s->q[q].bytes = bytes_of(c, q);
        at += padded(elements(c, q) * s->q[q].bytes);
        if (fix_uses(c, q)) s->uses |= (uint64_t)1 << q;
    }
    fix_fill(&s->q[FIX_W], c->W);
    fix_fill(&s->q[FIX_WO], c->WO);
    if (s->q[FIX_FB].n) fix_fill(&s->q[FIX_FB], c->FB);
    *out = s;
    return FIX_OK;
}

void fix_begin(fix_state *s)
{
    for (unsigned q = 0; q < FIX_COUNT; q++)
        if (q != FIX_W && q != FIX_WO && q != FIX_FB && q != FIX_G && q != FIX_GO) fix_fill(&s->q[q], 0);
    zero(s->past, (size_t)s->delay * (size_t)s->n_rec);
}

size_t fix_elements(const fix_state *s, int q) { return q >= 0 && q < FIX_COUNT ? s->q[q].n : 0; }
int32_t fix_get(const fix_state *s, int q, size_t i) { return i < fix_elements(s, q) ? fix_load(&s->q[q], i) : 0; }

static bool masked(const fix_state *s, int q, size_t i)
{
    size_t M = (size_t)s->M;
    bool pairs = q == FIX_W || q == FIX_EA || q == FIX_E || q == FIX_EB || q == FIX_G || q == FIX_ES;
    return pairs && !s->lstm && i % M == (size_t)s->n_in + i / M;
}

fix_status fix_set(fix_state *s, int q, size_t i, int32_t n)
{
    bool bare = (q == FIX_z && !s->lstm) || q == FIX_r;
    int32_t top = q == FIX_z ? 1 : 65535;
    if (i >= fix_elements(s, q) || (masked(s, q, i) && n != 0)) return FIX_RANGE;
    if (!bare ? !fix_in_format(s->profile, (unsigned)q, &n, 1) : n < 0 || n > top) return FIX_RANGE;
    fix_store(&s->q[q], i, n);
    if (q == FIX_z && !s->lstm) s->past[s->newest * (uint32_t)s->n_rec + (uint32_t)i] = (uint8_t)n;
    return FIX_OK;
}

uint64_t fix_events(const fix_state *s, int q) { return q >= 0 && q < FIX_COUNT ? s->events[q] : 0; }

static uint64_t hash(uint64_t h, uint64_t n)
{
    for (int k = 0; k < 8; k++, n >>= 8) h = (h ^ (n & 255)) * UINT64_C(1099511628211);
    return h;
}

uint64_t fix_digest(const fix_state *s)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (unsigned q = 0; q < FIX_COUNT; q++)
        for (size_t k = 0; k < s->q[q].n; k++) h = hash(h, (uint64_t)(int64_t)fix_load(&s->q[q], k));
    for (unsigned q = 0; q < FIX_COUNT; q++)
        if (s->uses >> q & 1) h = hash(h, s->events[q]);
    return h;
}
