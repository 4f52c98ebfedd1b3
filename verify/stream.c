/* stream.c: the reference beside the port: intervals and the running bound, one step at a time (ref_online), each line compared when
 * it comes.
 *
 * A spike test within rounding's reach may be decided either way: if the port's decision is another, the comparison ends with the
 * step before. The same holds at the foot of psi, where 0 and next to 0 both are right.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "trunc.h"

enum { BITS = 128, N_ROW = VFY_Q_EBAR - VFY_Q_EPS_S + 1 };

typedef struct side {
    ref_ctx c;
    ref_net net;
    ref_online o;
    ref_num *row[N_ROW]; /* [n_rec][columns] traces of this step */
    vfy_side view;
    const vfy_stream *of;
} side;

struct vfy_stream {
    const vfy_epv_case *k;
    ref_arith running;
    side side[2];                       /* intervals, running bound */
    uint64_t mask;
    int t, columns;                     /* t: the step that the reference has done */
    bool ended;                         /* the reference is at the end: gradients are complete */
    bool stopped;                       /* at a flip */
    unsigned char *seen[VFY_N_QUANTITY]; /* of this step */
    size_t count[VFY_N_QUANTITY];
    vfy_certainty sure;                 /* of this step's tests */
    vfy_streamed out, before;           /* before: as it was when the step began */
};

static bool is_row(int q) { return q >= VFY_Q_EPS_S && q <= VFY_Q_EBAR; }

/* Numbers of one step; of what has no time, all. */
static size_t width_of(const vfy_stream *s, vfy_quantity q)
{
    vfy_shape shape = vfy_quantity_shape(q, &s->k->net, s->k->batch.T, 1, 0);
    size_t n = vfy_shape_size(&shape);
    return q <= VFY_Q_L && q != VFY_Q_LOSS ? n / (size_t)s->k->batch.T : n;
}
static bool has_time(vfy_quantity q) { return q <= VFY_Q_L && q != VFY_Q_LOSS; }

static void see(void *user, ref_ctx *c, int t, int j, int col, const ref_num *eps, const ref_num *e, const ref_num *ebar)
{
    const side *d = user;
    const vfy_epv_case *k = d->of->k;
    int m = vfy_trace_column(k, col);
    (void)t;
    if (m < 0) return;
    size_t at = (size_t)j * (size_t)d->of->columns + (size_t)m;
    for (int h = 0; h < d->net.nh; h++) {
        int row = vfy_component_row(&d->net, h);
        if (row >= 0 && d->row[row]) ref_set(c, &d->row[row][at], &eps[h]);
    }
    if (d->row[VFY_Q_E - VFY_Q_EPS_S]) ref_set(c, &d->row[VFY_Q_E - VFY_Q_EPS_S][at], e);
    if (d->row[VFY_Q_EBAR - VFY_Q_EPS_S] && ebar) ref_set(c, &d->row[VFY_Q_EBAR - VFY_Q_EPS_S][at], ebar);
}

static ep_status open_side(vfy_stream *s, const ref_arith *ar, side *d)
{
    ep_status st = ref_ctx_init(&d->c, ar, BITS);
    if (st != EP_OK) return st;
    d->of = s;
    st = ref_net_load(&d->c, &s->k->net, &d->net);
    d->net.z_given = s->k->given[0];
    d->net.psi_given = s->k->given[1];
    if (st == EP_OK) st = ref_online_init(&d->c, &d->net, &d->o);
    for (int q = VFY_Q_EPS_S; q <= VFY_Q_EBAR; q++)
        if (s->mask >> q & 1) d->row[q - VFY_Q_EPS_S] = ref_vec(&d->c, width_of(s, (vfy_quantity)q));
    d->o.watch = (ref_trace_watch){see, d};
    d->view = (vfy_side){&d->c, &d->net, &d->o.tr, ref_vec(&d->c, 2)};
    return st == EP_OK ? d->c.status : st;
}

static void stream_close(vfy_stream *s)
{
    if (!s) return;
    for (int i = 0; i < 2; i++)
        if (s->side[i].of) ref_ctx_clear(&s->side[i].c);
    for (int q = 0; q < VFY_N_QUANTITY; q++) free(s->seen[q]);
    free(s);
}

static ep_status stream_open(const vfy_epv_case *c, uint64_t mask, vfy_stream **out)
{
    vfy_stream *s = calloc(1, sizeof *s);
    if (!s) return EP_NOMEM;
    s->running = vfy_running_in(c->format);
    s->k = c;
    s->mask = mask;
    s->columns = vfy_trace_columns(&c->net);
    s->out.r.limit = vfy_error_limit(c);
    s->out.exact = true;
    ep_status st = open_side(s, ref_arith_mpfi(), &s->side[0]);
    if (st == EP_OK) st = open_side(s, &s->running, &s->side[1]);
    for (int q = 0; st == EP_OK && q < VFY_N_QUANTITY; q++)
        if (mask >> q & 1 && !(s->seen[q] = calloc(width_of(s, (vfy_quantity)q) / 8 + 1, 1))) st = EP_NOMEM;
    if (st == EP_OK) *out = s;
    else stream_close(s);
    return st;
}

/* ---- the reference's numbers -------------------------------------------------------------------------------------- */

static const ref_num *number(const side *d, vfy_quantity q, size_t i)
{
    const ref_traj *tr = &d->o.tr;
    size_t n = (size_t)d->net.n_rec, r = (size_t)d->o.row, nc = (size_t)d->net.nc;
    static const char *const state[] = {[VFY_Q_S] = "s", [VFY_Q_V] = "v", [VFY_Q_A] = "a", [VFY_Q_C] = "c"};
    if (q >= VFY_Q_GRAD) return &d->o.g.g[q - VFY_Q_GRAD][i];
    if (is_row((int)q)) return &d->row[q - VFY_Q_EPS_S][i];
    switch (q) {
    case VFY_Q_LOSS: return tr->loss;
    case VFY_Q_I: return &tr->I[r * n * nc + i % n * nc + i / n];
    case VFY_Q_Z: return &tr->z[r * n + i];
    case VFY_Q_PSI: return &tr->q[(r * n + i) * (size_t)d->net.nq + REF_Q_PSI];
    case VFY_Q_Y: return ref_at2(tr->y, d->net.n_out, d->o.row, (int)i);
    case VFY_Q_ERR: return ref_at2(tr->err, d->net.n_out, d->o.row, (int)i);
    case VFY_Q_L: return &d->o.L[i];
    default: {
        int h = vfy_component_of(&d->net, state[q]);
        return h < 0 ? NULL : &tr->h[(r * n + i) * (size_t)d->net.nh + (size_t)h];
    }
    }
}

/* Element i of this step as an expected line would have it; what may be 0 and may be not becomes bounds. */
static bool expected(const vfy_stream *s, vfy_quantity q, size_t i, vfy_want *w)
{
    const side *in = &s->side[0], *err = &s->side[1];
    w->kind = VFY_VALUE;
    if (q == VFY_Q_R) return vfy_bits_of(s->k->format, in->o.tr.refr[(size_t)in->o.row * (size_t)s->k->net.n_rec + i], &w->bits);
    const ref_num *x = number(in, q, i), *y = number(err, q, i);
    if (!x || !y) return false;
    if (vfy_write_down(s->k->format, x, y, w)) return true;
    /* The enclosure holds a number of few bits, at which truncation jumps: the end away from 0 is it but for 2^-100. */
    mpfr_srcptr far = mpfr_sgn(&x->i->left) > 0 ? &x->i->right : &x->i->left;
    if (mpfr_sgn(&x->i->left) * mpfr_sgn(&x->i->right) > 0 && isfinite(w->mag) && vfy_trunc12_bits(s->k->format, far, &w->bits, &w->extra) == EP_OK) return true;
    w->kind = VFY_UNDECIDED;
    w->lo = mpfr_get_d(&x->i->left, MPFR_RNDD);
    w->hi = mpfr_get_d(&x->i->right, MPFR_RNDU);
    return true;
}

/* ---- steps -------------------------------------------------------------------------------------------------------- */

static void note(vfy_stream *s, vfy_quantity q, size_t at, double got, double r, const vfy_want *w)
{
    vfy_divergence *d = &s->out.r.first;
    int t = has_time(q) ? s->t : s->k->batch.T + 1;
    if (d->found && (t != d->t ? t > d->t : q != d->q ? q > d->q : at > d->at)) return;
    *d = (vfy_divergence){.found = true, .t = t, .q = q, .at = at, .got = got, .r = r};
    s->out.want = *w;
}

static size_t place(const vfy_stream *s, vfy_quantity q, size_t i) { return has_time(q) ? (size_t)(s->t - 1) * width_of(s, q) + i : i; }

/* The first element of the step that did not come. */
static void note_missing(vfy_stream *s, vfy_quantity q)
{
    size_t n = width_of(s, q), i = 0;
    while (i < n && s->seen[q][i / 8] >> i % 8 & 1) i++;
    vfy_want w = {.q = q, .at = place(s, q, i)};
    if (i < n && expected(s, q, i, &w)) note(s, q, w.at, (double)NAN, (double)INFINITY, &w);
}

/* What belongs to the step, or (timeless) to the end, is complete. */
static void close_step(vfy_stream *s, bool timed)
{
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        if (!(s->mask >> q & 1) || has_time((vfy_quantity)q) != timed) continue;
        if (!s->stopped && s->count[q] < width_of(s, (vfy_quantity)q)) note_missing(s, (vfy_quantity)q);
        memset(s->seen[q], 0, width_of(s, (vfy_quantity)q) / 8 + 1);
        s->count[q] = 0;
    }
}

static ep_status next_step(vfy_stream *s)
{
    const vfy_epv_case *k = s->k;
    if (s->t > 0) close_step(s, true);
    s->before = s->out;
    s->t++;
    const double *L = k->given[2] ? k->given[2] + (size_t)(s->t - 1) * (size_t)k->net.n_rec : NULL;
    for (int i = 0; i < 2; i++) {
        ep_status st = ref_online_step(&s->side[i].c, &s->side[i].o, k->rule, &k->batch, 0, s->t, L);
        if (st != EP_OK) return st;
    }
    s->sure = (vfy_certainty){.margin = (double)INFINITY, .robust = true};
    if (ep_model_spikes(k->net.model)) vfy_certify_step(k, &s->side[0].view, &s->side[1].view, s->side[0].o.row, &s->sure);
    s->out.close += !s->sure.robust;
    return EP_OK;
}

static ep_status advance(vfy_stream *s, int t)
{
    ep_status st = EP_OK;
    while (st == EP_OK && s->t < t && !s->stopped) st = next_step(s);
    return st;
}

static ep_status to_the_end(vfy_stream *s)
{
    ep_status st = advance(s, s->k->batch.T);
    if (st != EP_OK || s->ended) return st;
    if (!s->stopped) close_step(s, true);
    for (int i = 0; i < 2 && !s->stopped; i++) ref_online_regularise(&s->side[i].c, &s->side[i].o, &s->k->batch);
    s->ended = true;
    return EP_OK;
}

static void compare(vfy_stream *s, vfy_quantity q, size_t i, double got)
{
    vfy_want w = {.q = q, .at = place(s, q, i)};
    vfy_tensor *x = &s->out.r.q[q];
    if (!expected(s, q, i, &w)) return;
    double r = vfy_error_ratio(s->k->format, got, &w);
    if (r > s->out.r.limit && !s->sure.robust && (q == VFY_Q_Z || q == VFY_Q_PSI) && !s->ended) {
        s->before.flip = s->t;
        s->out = s->before;
        s->stopped = true;
        return;
    }
    if (x->n++ == 0 || r > x->max_r) x->max_r = r, x->at_max = w.at;
    s->out.r.compared++;
    s->out.live += w.kind == VFY_VALUE && vfy_bits_value(s->k->format, w.bits) != 0;
    s->out.exact = s->out.exact && vfy_is_nearest(s->k->format, got, &w);
    if (w.kind == VFY_UNDECIDED) x->undecided++;
    if (r <= s->out.r.limit) return;
    x->over++;
    note(s, q, w.at, got, r, &w);
}

static ep_status stream_take(vfy_stream *s, vfy_quantity q, size_t at, double got)
{
    size_t width = width_of(s, q), i = has_time(q) ? at % width : at;
    int t = has_time(q) ? (int)(at / width) + 1 : 0;
    if (t ? t < s->t || s->ended : false) return EP_FORMAT;
    ep_status st = t ? advance(s, t) : to_the_end(s);
    if (st != EP_OK || s->stopped) return st;
    if (s->seen[q][i / 8] >> i % 8 & 1) return EP_FORMAT;
    s->seen[q][i / 8] = (unsigned char)(s->seen[q][i / 8] | 1u << i % 8);
    s->count[q]++;
    compare(s, q, i, got);
    return EP_OK;
}

static ep_status stream_finish(vfy_stream *s, vfy_streamed *out)
{
    ep_status st = to_the_end(s);
    if (st != EP_OK) return st;
    if (!s->stopped) close_step(s, false);
    *out = s->out;
    return EP_OK;
}

const vfy_streaming *vfy_reference_streaming(void)
{
    static const vfy_streaming streaming = {stream_open, stream_take, stream_finish, stream_close};
    return &streaming;
}
