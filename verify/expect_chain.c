/* expect_chain.c: what a chain of updates must compute.
 *
 * Intervals and the running arithmetic walk side by side, each with its own weights. An update adds to mag what it does in
 * any port: eta mag(g) and one rounding of the weight, mag(W) <- mag(W) + eta mag(g) + |eta g| + |W|; the next trial starts from weights of that
 * mag. So mag grows with the number of updates, not with its power, as long as eta times the gradient's sensitivity is
 * small, and the spike tests of every step are held against the mag that they then have.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "expect.h"

enum { BITS = 128, MORE_BITS = 512 };

typedef struct side {
    ref_ctx c;
    ref_net net;
    ref_online o;
    ref_num *eta, *lambda;
    vfy_side view;
} side;

typedef struct chain {
    vfy_epv_case *k;
    side side[2];  /* intervals, running bound */
    size_t *count; /* [n_rec] spikes since the start */
    vfy_certainty *out;
} chain;

static ep_status open_side(const vfy_epv_case *k, const ref_arith *ar, long bits, side *s)
{
    ep_status st = ref_ctx_init(&s->c, ar, bits);
    if (st != EP_OK) return st;
    st = ref_net_load(&s->c, &k->net, &s->net);
    if (st == EP_OK) st = ref_online_init(&s->c, &s->net, &s->o);
    s->eta = ref_vec(&s->c, 4);
    if (st == EP_OK) st = s->c.status;
    if (st == EP_OK) {
        s->lambda = s->eta + 1;
        ref_set_d(&s->c, s->eta, k->eta);
        ref_set_d(&s->c, s->lambda, k->lambda);
        s->view = (vfy_side){&s->c, &s->net, &s->o.tr, s->eta + 2};
        return EP_OK;
    }
    ref_ctx_clear(&s->c);
    return st;
}

static ep_status step(chain *h, int b, int t)
{
    const vfy_epv_case *k = h->k;
    for (int i = 0; i < 2; i++) {
        side *s = &h->side[i];
        ep_status st = ref_online_step(&s->c, &s->o, k->rule, &k->batch, b, t, NULL);
        if (st != EP_OK) return st;
    }
    const side *err = &h->side[1];
    const ref_num *z = ref_at2(err->o.tr.z, k->net.n_rec, err->o.row, 0);
    for (int j = 0; ep_model_spikes(k->net.model) && j < k->net.n_rec; j++) h->count[j] += err->c.ar->to_d(&z[j]) > 0.5;
    if (ep_model_spikes(k->net.model)) vfy_certify_step(k, &h->side[0].view, &h->side[1].view, err->o.row, h->out);
    for (int i = 0; i < 2 && k->online; i++)
        ref_online_update(&h->side[i].c, &h->side[i].o, k->rule, h->side[i].eta, h->side[i].lambda);
    return EP_OK;
}

/* One update; stops at the first spike that is not robust. */
static ep_status one_update(chain *h, int update)
{
    const vfy_epv_case *k = h->k;
    for (int i = 0; i < 2; i++) ref_set(&h->side[i].c, h->side[i].o.tr.loss, &h->side[i].c.zero);
    for (int b = 0; b < k->batch.B; b++) {
        for (int i = 0; i < 2 && (!k->carry || update == 1); i++) ref_online_reset(&h->side[i].c, &h->side[i].o);
        for (int t = 1; t <= k->batch.T && h->out->robust; t++) {
            ep_status st = step(h, b, t);
            if (st != EP_OK) return st;
        }
    }
    for (int i = 0; i < 2 && !k->online; i++) {
        ref_online_regularise(&h->side[i].c, &h->side[i].o, &k->batch);
        ref_online_update(&h->side[i].c, &h->side[i].o, k->rule, h->side[i].eta, h->side[i].lambda);
    }
    return EP_OK;
}

/* The n numbers of quantity q after an update. */
static ep_status add(chain *h, vfy_quantity q, int update, size_t n, const ref_num *in, const ref_num *err)
{
    ep_status st = EP_OK;
    for (size_t i = 0; i < n && st == EP_OK; i++) {
        vfy_want w = {.q = q, .at = (size_t)(update - 1) * n + i};
        if (vfy_write_down(h->k->format, &in[i], &err[i], &w)) st = vfy_epv_add(h->k, &w);
        else h->out->left_out++;
    }
    return st;
}

static const ref_num *weights(const ref_net *net, int group)
{
    const ref_num *const w[] = {net->Win, net->Wrec, net->b, net->Wout, net->bout, net->B};
    return w[group];
}

static ep_status report(chain *h, int update)
{
    const vfy_epv_case *k = h->k;
    const side *in = &h->side[0], *err = &h->side[1];
    size_t n = (size_t)k->net.n_rec;
    ep_status st = EP_OK;
    for (size_t j = 0; st == EP_OK && ep_model_spikes(k->net.model) && j < n; j++) {
        vfy_want w = {.q = VFY_Q_COUNT, .kind = VFY_VALUE, .at = (size_t)(update - 1) * n + j};
        if (!vfy_bits_of(k->format, (double)h->count[j], &w.bits)) h->out->left_out++;
        else st = vfy_epv_add(h->k, &w);
    }
    if (st == EP_OK) st = add(h, VFY_Q_ULOSS, update, 1, in->o.tr.loss, err->o.tr.loss);
    for (int g = EP_G_WIN; g <= EP_G_BOUT + (k->rule == EP_EPROP1_ADAPTIVE) && st == EP_OK; g++) {
        size_t size = g > EP_G_BOUT ? in->o.g.n[EP_G_WOUT] : in->o.g.n[g];
        st = add(h, (vfy_quantity)(VFY_Q_WEIGHT + g), update, size, weights(&in->net, g), weights(&err->net, g));
    }
    return st;
}

static ep_status expect_at(vfy_epv_case *k, long bits, vfy_certainty *out)
{
    chain h = {.k = k, .out = out};
    const ref_arith ar = vfy_running_in(k->format);
    *out = (vfy_certainty){.margin = ep_model_spikes(k->net.model) ? (double)INFINITY : 0, .robust = true};
    ep_status st = open_side(k, ref_arith_mpfi(), bits, &h.side[0]);
    if (st != EP_OK) return st;
    st = open_side(k, &ar, bits, &h.side[1]);
    if (st != EP_OK) {
        ref_ctx_clear(&h.side[0].c);
        return st;
    }
    h.count = ref_bytes(&h.side[0].c, (size_t)k->net.n_rec * sizeof *h.count);
    if (!h.count) st = EP_NOMEM;
    for (int u = 1; st == EP_OK && out->robust && u <= k->updates; u++) {
        st = one_update(&h, u);
        if (st == EP_OK && out->robust && vfy_epv_reports(k, u)) st = report(&h, u);
    }
    for (int i = 0; i < 2; i++) ref_ctx_clear(&h.side[i].c);
    return st;
}

ep_status vfy_expect_chain(vfy_epv_case *c, vfy_certainty *out)
{
    size_t had = c->n_want;
    ep_status st = expect_at(c, BITS, out);
    if (st == EP_OK && out->robust && out->left_out) {
        c->n_want = had;
        st = expect_at(c, MORE_BITS, out);
    }
    if (st != EP_OK || !out->robust) c->n_want = had;
    c->has_margin = st == EP_OK && out->robust && isfinite(out->margin) && ep_model_spikes(c->net.model);
    c->margin = c->has_margin ? out->margin : 0;
    return st;
}
