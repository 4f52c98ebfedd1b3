/* Runs the paper's cases through the reference and counts what differs.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "handworked.h"

enum { BITS = 256 };

/* One case in flight. */
typedef struct desk {
    const vfy_paper *p;
    ref_ctx c;
    ref_net net;
    ref_run run;
    int mismatches, compared;
} desk;

/* r += the term s[0..len): `p/q` or `p/q*lnN`. */
static ep_status add_term(ref_ctx *c, ref_num *r, const char *s, size_t len)
{
    char text[64];
    ref_num *factor = &c->tmp, *value = &c->tmp2;
    if (len >= sizeof text) return EP_FORMAT;
    memcpy(text, s, len);
    text[len] = '\0';
    char *log_of = strstr(text, "*ln");
    if (log_of) *log_of = '\0';
    mpq_t q;
    mpq_init(q);
    bool ok = mpq_set_str(q, text, 10) == 0 && mpz_sgn(mpq_denref(q)) != 0;
    if (ok) mpq_canonicalize(q);
    if (ok && c->ar == ref_arith_rational()) mpq_set(value->q, q);
    else if (ok) mpfr_set_q(value->r, q, MPFR_RNDN);
    mpq_clear(q);
    if (!ok || (log_of && (!c->ar->log || !strchr("23", log_of[3])))) return EP_FORMAT;
    if (log_of) {
        ref_set_d(c, factor, log_of[3] - '0');
        c->ar->log(c, factor, factor);
        ref_mul(c, value, value, factor);
    }
    ref_add(c, r, r, value);
    return EP_OK;
}

/* The next entry of a list into r, the list moved on; EP_FORMAT at its end. */
static ep_status next_entry(ref_ctx *c, ref_num *r, const char **list)
{
    const char *s = *list;
    ref_set(c, r, &c->zero);
    if (!s || !*s) return EP_FORMAT;
    while (*s && *s != ',') {
        size_t len = strcspn(s, " ,");
        ep_status st = len ? add_term(c, r, s, len) : EP_OK;
        if (st != EP_OK) return st;
        s += len;
        s += strspn(s, " ");
    }
    if (*s == ',') s++;
    *list = s + strspn(s, " ");
    return EP_OK;
}

static ep_status read_list(ref_ctx *c, const char *list, ref_num *to, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        ep_status st = next_entry(c, &to[k], &list);
        if (st != EP_OK) return st;
    }
    return list && *list ? EP_FORMAT : EP_OK;
}

static bool same(ref_ctx *c, const ref_num *got, ref_num *want)
{
    ref_sub(c, want, got, want);
    if (c->ar->is_zero(want)) return true;
    c->ar->abs(c, want, want);
    return c->ar != ref_arith_rational() && c->ar->to_d(want) <= 0x1p-200;
}

/* Rows of `used` numbers, `stride` apart, against a list. */
static ep_status compare(desk *d, const char *list, const ref_num *got, size_t rows, size_t used, size_t stride)
{
    ref_num *want = ref_vec(&d->c, 1);
    if (!want) return d->c.status;
    for (size_t row = 0; row < rows; row++)
        for (size_t k = 0; k < used; k++) {
            ep_status st = next_entry(&d->c, want, &list);
            if (st != EP_OK) return st;
            d->mismatches += !same(&d->c, &got[row * stride + k], want);
            d->compared++;
        }
    return list && *list ? EP_FORMAT : EP_OK;
}

static ep_status load(desk *d)
{
    const vfy_paper *p = d->p;
    ep_status st = ref_net_load(&d->c, &p->net, &d->net);
    ref_num *to[EP_N_GROUP] = {[EP_G_WIN] = d->net.Win, [EP_G_WREC] = d->net.Wrec, [EP_G_BIAS] = d->net.b,
                               [EP_G_WOUT] = d->net.Wout, [EP_G_BOUT] = d->net.bout};
    for (int k = 0; k < EP_N_THETA; k++) to[EP_G_THETA + k] = d->net.theta[k];
    for (int g = 0; st == EP_OK && g < EP_N_GROUP; g++)
        if (p->param[g]) st = read_list(&d->c, p->param[g], to[g], ref_group_size(&d->net, (ep_group)g));
    return st == EP_OK ? ref_run_batch(&d->c, &d->net, &p->batch, &d->run) : st;
}

static ep_status compare_states(desk *d)
{
    const ref_traj *tr = &d->run.tr[0];
    size_t T = (size_t)tr->T, n = (size_t)tr->n_rec, nh = (size_t)tr->nh, nq = (size_t)tr->nq, K = (size_t)tr->n_out;
    ep_status st = compare(d, d->p->h, tr->h + n * nh, T * n, nh, nh);
    if (st == EP_OK) st = compare(d, d->p->z, tr->z + n, T * n, 1, 1);
    if (st == EP_OK && d->p->q) st = compare(d, d->p->q, tr->q + n * nq, T * n, (size_t)d->p->n_q, nq);
    if (st == EP_OK) st = compare(d, d->p->y, tr->y + K, T * K, 1, 1);
    return st == EP_OK ? compare(d, d->p->E, d->run.E, 1, 1, 1) : st;
}

static ep_status compare_gradient(desk *d, const char *const *want, const ref_grad *g)
{
    ep_status st = EP_OK;
    for (int k = 0; st == EP_OK && k < EP_N_GROUP; k++)
        if (g->n[k]) st = compare(d, want[k], g->g[k], g->n[k], 1, 1);
    return st;
}

static ref_view look(const desk *d, const vfy_views *w, bool traces)
{
    ref_view (*make)(const ref_net *, const ref_traj *, void *) = w ? (traces ? w->e : w->L) : NULL;
    return make ? make(&d->net, &d->run.tr[0], w->user) : ref_view_plain(&d->net, &d->run.tr[0]);
}

/* The adjoint form, and the trace form with the same L; L at every step, so that a trace that is wrong where psi is 0
 * meets the L that shows it. */
static ep_status compare_routes(desk *d, const vfy_views *w)
{
    ref_ctx *c = &d->c;
    ref_view L = look(d, w, false), e = look(d, w, true);
    ref_adjoint adj = {.every_L = true};
    ref_grad by_adjoint, by_traces;
    ep_status st = ref_grad_init(c, &d->net, &by_adjoint);
    if (st == EP_OK) st = ref_grad_init(c, &d->net, &by_traces);
    if (st == EP_OK) st = ref_adjoint_run(c, &L, d->run.reg, NULL, &adj);
    if (st == EP_OK) st = ref_grad_adjoint(c, &L, &adj, &by_adjoint);
    ref_signal s = {.L_e = adj.L};
    if (st == EP_OK) st = ref_grad_traces(c, &e, &s, &by_traces, NULL, 1);
    if (st != EP_OK) return st;
    ref_grad_readout(c, &e, adj.dy, &by_traces);
    st = compare_gradient(d, d->p->want, &by_adjoint);
    return st == EP_OK ? compare_gradient(d, d->p->want, &by_traces) : st;
}

size_t vfy_handworked_count(void) { return vfy_paper_count(); }

const char *vfy_handworked_name(size_t n)
{
    const vfy_paper *p = vfy_paper_at(n);
    return p ? p->name : NULL;
}

ep_model vfy_handworked_model(size_t n)
{
    const vfy_paper *p = vfy_paper_at(n);
    return p ? p->net.model : EP_N_MODEL;
}

static ep_status open_desk(size_t n, desk *d)
{
    *d = (desk){.p = vfy_paper_at(n)};
    if (!d->p) return EP_DOMAIN;
    ep_status st = ref_ctx_init(&d->c, d->p->logs ? ref_arith_mpfr() : ref_arith_rational(), BITS);
    if (st == EP_OK && (st = load(d)) != EP_OK) ref_ctx_clear(&d->c);
    return st;
}

ep_status vfy_paper_judge(size_t n, vfy_paper_make make, void *user, const char *const *want, int *mismatches, int *compared)
{
    desk d;
    ref_grad g;
    ep_status st = open_desk(n, &d);
    if (st != EP_OK) return st;
    st = ref_grad_init(&d.c, &d.net, &g);
    if (st == EP_OK) st = make(user, &d.c, &d.run, &g);
    if (st == EP_OK) st = compare_gradient(&d, want, &g);
    if (st == EP_OK) st = d.c.status;
    ref_ctx_clear(&d.c);
    if (st != EP_OK) return st;
    *mismatches = d.mismatches;
    if (compared) *compared = d.compared;
    return EP_OK;
}

ep_status vfy_handworked_run(size_t n, const vfy_views *w, int *mismatches, int *compared)
{
    desk d;
    ep_status st = open_desk(n, &d);
    if (st != EP_OK) return st;
    st = compare_states(&d);
    if (st == EP_OK) st = compare_routes(&d, w);
    if (st == EP_OK) st = d.c.status;
    ref_ctx_clear(&d.c);
    if (st != EP_OK) return st;
    *mismatches = d.mismatches;
    if (compared) *compared = d.compared;
    return EP_OK;
}

ep_status vfy_handworked(const vfy_views *w, ep_model only, int *mismatches)
{
    int all = 0;
    bool any = false;
    for (size_t n = 0; n < vfy_paper_count(); n++) {
        int here = 0;
        if (only != EP_N_MODEL && vfy_handworked_model(n) != only) continue;
        ep_status st = vfy_handworked_run(n, w, &here, NULL);
        if (st != EP_OK) return st;
        all += here;
        any = true;
    }
    if (!any) return EP_NOTIMPL;
    *mismatches = all;
    return EP_OK;
}
