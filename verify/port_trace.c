/* port_trace.c: every number of some steps of a case, the port's beside the certified one.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "port_verdict.h"

typedef struct row { int t; const vfy_want *w; } row;

static int by_flow(const void *a, const void *b)
{
    const row *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    if (x->w->q != y->w->q) return x->w->q < y->w->q ? -1 : 1;
    return x->w->at < y->w->at ? -1 : x->w->at > y->w->at;
}

static void print_row(FILE *f, const vfy_epv_case *c, const vfy_answer *a, const row *r, double limit)
{
    char where[64], got[17] = "-", want[24] = "0", bits[17];
    vfy_shape s = vfy_quantity_shape(r->w->q, &c->net, c->batch.T, c->batch.B, c->updates);
    double x = vfy_answer_value(a, r->w->q, r->w->at), e = vfy_error_ratio(c->format, x, r->w);
    double y = r->w->kind == VFY_VALUE ? vfy_bits_value(c->format, r->w->bits) : r->w->kind == VFY_ZERO ? 0 : r->w->lo;
    uint64_t b;
    vfy_position_text(vfy_quantity_name(r->w->q), &s, r->w->at, where, sizeof where);
    if (vfy_bits_of(c->format, x, &b)) vfy_bits_text(c->format, b, got);
    if (r->w->kind == VFY_VALUE) {
        vfy_bits_text(c->format, r->w->bits, bits);
        if (vfy_format_is_fixed(c->format)) (void)snprintf(want, sizeof want, "%s", bits);
        else (void)snprintf(want, sizeof want, "%s.%03x", bits, r->w->extra & 0xfffu);
    } else if (r->w->kind == VFY_UNDECIDED) {
        (void)snprintf(want, sizeof want, "from");
    }
    fprintf(f, "%5d  %-16s %-16s %-20s %13.6g %13.6g %9.3g%s\n", r->t, where, got, want, x, y, e, e > limit ? "  <-" : "");
}

/* Rows of steps from..to; what has no time stands behind step T. */
static ep_status print_rows(FILE *f, const vfy_epv_case *c, const vfy_answer *a, int from, int to)
{
    size_t n = 0;
    row *rows = malloc((c->n_want + 1) * sizeof *rows);
    if (!rows) return EP_NOMEM;
    for (size_t i = 0; i < c->n_want; i++) {
        const vfy_want *w = &c->want[i];
        vfy_shape s = vfy_quantity_shape(w->q, &c->net, c->batch.T, c->batch.B, c->updates);
        int t = vfy_shape_step(&s, w->at);
        bool late = t == 0 && to >= c->batch.T;
        if (a->q[w->q] && (late || (t >= from && t <= to))) rows[n++] = (row){late ? c->batch.T + 1 : t, w};
    }
    qsort(rows, n, sizeof *rows, by_flow);
    fprintf(f, "%5s  %-16s %-16s %-20s %13s %13s %9s\n", c->updates ? "u" : "t", "number", "got", "want", "got", "want", "r");
    for (size_t i = 0; i < n; i++) print_row(f, c, a, &rows[i], vfy_error_limit(c));
    fprintf(f, "%zu numbers of %s %d to %d; r: error in units of u mag, limit %.6g\n", n, c->updates ? "updates" : "steps", from, to,
            vfy_error_limit(c));
    free(rows);
    return EP_OK;
}

ep_status vfy_port_trace(const vfy_port_args *a, const vfy_oracle *oracle, const vfy_epv_case *c, int from, int to, FILE *f, char *err, size_t n)
{
    vfy_epv_case full = *c;
    vfy_certainty sure;
    vfy_claims claims;
    vfy_outcome o;
    bool whole = oracle && !c->updates; /* every quantity of every step, whatever the file expects */
    if (whole) {
        full.want = NULL;
        full.n_want = full.cap_want = 0;
        if (oracle->expect(&full, ~UINT64_C(0), &sure) != EP_OK) {
            free(full.want);
            full = *c;
            whole = false;
        }
    }
    ep_status st = vfy_port_ask(a, &full, &claims, &o, err, n);
    if (st == EP_OK && o.end != VFY_ANSWERED) {
        fprintf(f, "no answer: %s\n", o.reason);
        st = o.end == VFY_BROKE ? EP_PORT : EP_NOTIMPL;
        if (n) (void)snprintf(err, n, "%.300s", o.reason);
    } else if (st == EP_OK) {
        st = print_rows(f, &full, &o.answer, from, to);
        vfy_answer_clear(&o.answer);
    }
    if (whole) free(full.want);
    return st;
}
