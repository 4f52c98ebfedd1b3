/* The model's memory: what is kept, reading it, the digest of FIXED.md, section 7.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "model.h"

bool ref_model_in_format(const ref_profile *p, int q, int64_t n)
{
    int64_t end = INT64_C(1) << (p->q[q].bits - 1);
    return n >= -end && n < end;
}

static bool all_in(const ref_profile *p, int q, const int64_t *v, size_t n)
{
    if (!v) return false;
    for (size_t k = 0; k < n; k++)
        if (!ref_model_in_format(p, q, v[k])) return false;
    return true;
}

static bool is_decay(const ref_profile *p, int64_t n, bool up_to_one)
{
    int64_t one = INT64_C(1) << p->q[RQ_D].frac;
    return n >= 0 && (n < one || (up_to_one && n == one));
}

static bool neurons_valid(const ref_fixed_net *net)
{
    const ref_profile *p = &net->profile;
    if (net->lstm) return net->delay == 1 && net->n_ref == 0 && ref_model_in_format(p, RQ_I, net->b_forget);
    if (net->delay < 1 || net->delay > 255 || net->n_ref < 0 || net->n_ref > 65535) return false;
    if (!is_decay(p, net->alpha, false) || !ref_model_in_format(p, RQ_V, net->v_th) || net->v_th <= 0) return false;
    if (!ref_model_in_format(p, RQ_S, net->slope) || net->slope < 0) return false;
    if (net->c_reg < 0 || (net->c_reg > 0 && !ref_model_in_format(p, RQ_C, net->c_reg))) return false;
    if (net->c_reg > 0 && (net->n_star < 0 || !ref_model_in_format(p, RQ_CN, net->n_star))) return false;
    if (!net->alif) return true;
    if (!net->rho || !all_in(p, RQ_B, net->beta, (size_t)net->n_rec)) return false;
    for (int j = 0; j < net->n_rec; j++)
        if (!is_decay(p, net->rho[j], false) || net->beta[j] < 0) return false;
    return true;
}

static bool constants_valid(const ref_fixed_net *net)
{
    const ref_profile *p = &net->profile;
    size_t n = (size_t)net->n_rec, M = (size_t)(net->n_in + net->n_rec + 1), rows = net->lstm ? 4 * n : n;
    if ((unsigned)net->feedback > REF_FB_ADAPTIVE || !neurons_valid(net)) return false;
    if (!is_decay(p, net->kappa, false) || !is_decay(p, net->keep, true)) return false;
    if (!ref_model_in_format(p, RQ_N, net->eta) || net->eta < 0) return false;
    if (!all_in(p, RQ_W, net->W, rows * M) || !all_in(p, RQ_WO, net->WO, (size_t)net->n_out * (n + 1))) return false;
    for (size_t j = 0; !net->lstm && j < n; j++)
        if (net->W[j * M + (size_t)net->n_in + j] != 0) return false;
    size_t words = net->feedback == REF_FB_GLOBAL ? 1 : n * (size_t)net->n_out;
    return net->feedback == REF_FB_SYMMETRIC || all_in(p, RQ_FB, net->FB, words);
}

static void lstm_sizes(size_t *c, size_t n, size_t M)
{
    c[RQ_I] = c[RQ_GA] = c[RQ_LD] = 4 * n;
    c[RQ_CC] = c[RQ_H] = c[RQ_OP] = n;
    c[RQ_SD] = 5 * n;
    c[RQ_EL] = 3 * n * M;
}

static void spiking_sizes(size_t *c, size_t n, size_t M, bool alif, bool rate)
{
    c[RQ_I] = c[RQ_V] = c[RQ_U] = c[RQ_P] = c[RQ_r] = n;
    c[RQ_A] = alif ? n : 0;
    c[RQ_EA] = c[RQ_E] = alif ? n * M : 0;
    c[RQ_EV] = M;
    c[RQ_CN] = c[RQ_R] = rate ? n : 0;
    c[RQ_ES] = rate ? n * M : 0;
}

static void sizes(ref_fixed *s)
{
    const ref_fixed_net *net = &s->net;
    size_t n = (size_t)net->n_rec, M = (size_t)s->M, K = (size_t)net->n_out, *c = s->count;
    if (net->lstm) lstm_sizes(c, n, M);
    else spiking_sizes(c, n, M, net->alif, net->c_reg > 0);
    c[RQ_W] = c[RQ_EB] = c[RQ_G] = (size_t)s->rows * M;
    c[RQ_WO] = c[RQ_GO] = K * (n + 1);
    c[RQ_FB] = net->feedback == REF_FB_SYMMETRIC ? 0 : net->feedback == REF_FB_GLOBAL ? 1 : n * K;
    c[RQ_L] = c[RQ_z] = n;
    c[RQ_Y] = c[RQ_ER] = K;
    c[RQ_ZB] = n + 1;
    c[RQ_EX] = c[RQ_PR] = net->softmax ? K : 0;
}

static void set(mpz_t z, int64_t n)
{
    ref_sum a;
    ref_sum_init(&a);
    ref_sum_add_si(&a, n, 0);
    mpz_set(z, a.n);
    ref_sum_clear(&a);
}

static bool allocate(ref_fixed *s)
{
    s->past = calloc((size_t)s->net.delay, (size_t)s->net.n_rec);
    if (!s->past) return false;
    for (int q = 0; q < RQ_COUNT; q++) {
        if (s->count[q] == 0) continue;
        s->v[q] = malloc(s->count[q] * sizeof *s->v[q]);
        if (!s->v[q]) return false;
        for (size_t k = 0; k < s->count[q]; k++) mpz_init(s->v[q][k]);
    }
    if (s->net.lstm) {
        s->fu = calloc((size_t)s->M, sizeof *s->fu);
        s->u = malloc((size_t)s->M * sizeof *s->u);
        for (int i = 0; s->u && i < s->M; i++) mpz_init(s->u[i]);
        return s->u && s->fu;
    }
    if (!s->net.alif) return true;
    size_t bytes = (size_t)s->net.n_rec * sizeof(int64_t);
    s->rho = malloc(bytes);
    s->beta = malloc(bytes);
    if (!s->rho || !s->beta) return false;
    memcpy(s->rho, s->net.rho, bytes);
    memcpy(s->beta, s->net.beta, bytes);
    return true;
}

ep_status ref_fixed_new(ref_fixed **out, const ref_fixed_net *net)
{
    ep_status ok = ref_fixed_check(net);
    if (ok != EP_OK) return ok;
    if (!constants_valid(net)) return EP_DOMAIN;
    ref_fixed *s = calloc(1, sizeof *s);
    if (!s) return EP_NOMEM;
    s->net = *net;
    s->M = net->n_in + net->n_rec + 1;
    s->rows = net->lstm ? 4 * net->n_rec : net->n_rec;
    sizes(s);
    if (!allocate(s)) {
        ref_fixed_free(s);
        return EP_NOMEM;
    }
    for (size_t k = 0; k < s->count[RQ_W]; k++) set(s->v[RQ_W][k], net->W[k]);
    for (size_t k = 0; k < s->count[RQ_WO]; k++) set(s->v[RQ_WO][k], net->WO[k]);
    for (size_t k = 0; k < s->count[RQ_FB]; k++) set(s->v[RQ_FB][k], net->FB[k]);
    s->net.rho = s->net.beta = s->net.W = s->net.WO = s->net.FB = NULL;
    *out = s;
    return EP_OK;
}

void ref_fixed_free(ref_fixed *s)
{
    if (!s) return;
    for (int q = 0; q < RQ_COUNT; q++) {
        for (size_t k = 0; s->v[q] && k < s->count[q]; k++) mpz_clear(s->v[q][k]);
        free(s->v[q]);
    }
    for (int i = 0; s->u && i < s->M; i++) mpz_clear(s->u[i]);
    free(s->u);
    free(s->fu);
    free(s->past);
    free(s->rho);
    free(s->beta);
    free(s);
}

void ref_fixed_begin(ref_fixed *s)
{
    for (int q = 0; q < RQ_COUNT; q++) {
        if (q == RQ_W || q == RQ_WO || q == RQ_FB || q == RQ_G || q == RQ_GO) continue;
        for (size_t k = 0; k < s->count[q]; k++) mpz_set_ui(s->v[q][k], 0);
    }
    memset(s->past, 0, (size_t)s->net.delay * (size_t)s->net.n_rec);
}

size_t ref_fixed_count(const ref_fixed *s, int q) { return q >= 0 && q < RQ_COUNT ? s->count[q] : 0; }

int64_t ref_fixed_get(const ref_fixed *s, int q, size_t i)
{
    if (i >= ref_fixed_count(s, q)) return 0;
    uint64_t m = 0; /* below 2^32: every format has at most 32 bits */
    mpz_export(&m, NULL, 1, sizeof m, 0, 0, s->v[q][i]);
    return mpz_sgn(s->v[q][i]) < 0 ? -(int64_t)m : (int64_t)m;
}

uint64_t ref_fixed_events(const ref_fixed *s, int q) { return q >= 0 && q < RQ_COUNT ? s->events[q] : 0; }

static uint64_t hash(uint64_t h, uint64_t n)
{
    for (int k = 0; k < 8; k++, n >>= 8) h = (h ^ (n & 255)) * UINT64_C(1099511628211);
    return h;
}

uint64_t ref_fixed_digest(const ref_fixed *s)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (int q = RQ_W; q < RQ_COUNT; q++)
        for (size_t k = 0; k < s->count[q]; k++) h = hash(h, (uint64_t)ref_fixed_get(s, q, k));
    for (int q = 0; q < RQ_COUNT; q++)
        if (ref_model_uses(&s->net, q)) h = hash(h, s->events[q]);
    return h;
}
