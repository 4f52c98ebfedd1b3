/* Windows by several routes: exact seeds against BPTT, parts of them against what they leave out, any seeds against the tape.
 *
 * A gradient in windows is affine in its seeds. With all of them exact it is BPTT's; so what is missing when some are left
 * out is what these would contribute by themselves, with no error inside the windows and no regulariser.
 * SPDX-License-Identifier: MIT */
#include "windows.h"

#include <math.h>

/* A recorded case, its windows, and seeds of each trial [B]: exact ones, arbitrary ones, those delivered, by both routes. */
typedef struct bench {
    const vfy_case *k;
    ref_ctx *c;
    const ref_net *net;
    const ref_run *run;
    int window, B;
    ref_seeds *exact, *any, *got, *want;
    ref_grad bptt;
} bench;

/* ---- comparing ------------------------------------------------------------------------------------------ */

/* scale: whose largest entry counts as 1. */
static void compare(ref_ctx *c, const ref_num *a, const ref_num *b, const ref_num *scale, size_t n, bool lives, vfy_gap *out)
{
    double top = 0.0, most = 0.0;
    bool alive = false;
    for (size_t i = 0; i < n; i++) {
        ref_sub(c, &c->tmp, &a[i], &b[i]);
        alive = alive || !c->ar->is_zero(&a[i]) || !c->ar->is_zero(&b[i]);
        out->differ += !c->ar->is_zero(&c->tmp);
        if (c->ar == ref_arith_degree() && c->tmp.deg > out->degree) out->degree = c->tmp.deg; /* of a - b: the larger one */
        most = fmax(most, fabs(c->ar->to_d(&c->tmp)));
        top = fmax(top, fabs(c->ar->to_d(&scale[i])));
    }
    out->entries += n;
    out->dead += n && lives && !alive;
    if (most > 0.0) out->distance = fmax(out->distance, top > 0.0 ? most / top : INFINITY);
}

static bool is_readout(int group) { return group == EP_G_WOUT || group == EP_G_BOUT; }

static void compare_gradients(ref_ctx *c, const ref_grad *a, const ref_grad *b, vfy_gap *out)
{
    for (int k = 0; k < EP_N_GROUP; k++) compare(c, a->g[k], b->g[k], b->g[k], a->n[k], true, out);
}

static void compare_seeds(bench *w, const ref_seeds *a, const ref_seeds *b, vfy_gap *out)
{
    const ref_net *net = w->net;
    size_t M = (size_t)ref_boundaries(w->run->T, w->window), n = (size_t)net->n_rec;
    compare(w->c, a->h, b->h, b->h, M * n * (size_t)net->nh, true, out);
    compare(w->c, a->z, b->z, b->z, M * n * (size_t)net->opt.delay, true, out);
    compare(w->c, a->z_loc, b->z_loc, b->z_loc, M * n, ep_model_has(net->model, EP_BETA), out);
    compare(w->c, a->y, b->y, b->y, M * (size_t)net->n_out, true, out);
}

/* ---- exact seeds ------------------------------------------------------------------------------------------ */

static ep_status gradient(bench *w, ref_rule_args a, ref_grad *g)
{
    a.window = w->window;
    a.threads = 1;
    ep_status st = ref_grad_init(w->c, w->net, g);
    return st == EP_OK ? ref_gradient(w->c, w->run, &a, g) : st;
}

static ep_status exact_seeds(bench *w, vfy_windows *out)
{
    ref_grad g;
    ep_status st = gradient(w, (ref_rule_args){.rule = EP_BPTT}, &w->bptt);
    for (int b = 0; st == EP_OK && b < w->B; b++) {
        ref_view v = ref_view_plain(w->net, &w->run->tr[b]);
        st = ref_seeds_exact(w->c, &v, w->run->reg, w->window, &w->exact[b]);
    }
    ref_rule_args a = {.rule = EP_TBPTT_SG, .seed = REF_SEED_ZC, .given = w->exact, .delivered = w->got};
    if (st == EP_OK) st = gradient(w, a, &g);
    if (st != EP_OK) return st;
    compare_gradients(w->c, &g, &w->bptt, &out->tbptt);
    for (int b = 0; b < w->B; b++) compare_seeds(w, &w->got[b], &w->exact[b], &out->delivered);
    return EP_OK;
}

/* e-prop 3's gradient by the seeds alone: no error, no regulariser. */
static ep_status by_themselves(bench *w, const ref_seeds *given, ref_grad *g)
{
    ref_run silent = *w->run;
    ref_traj *tr = ref_bytes(w->c, (size_t)w->B * sizeof *tr);
    ref_num *no_err = ref_vec(w->c, ((size_t)w->run->T + 2) * (size_t)w->net->n_out);
    if (!tr || !no_err) return w->c->status;
    for (int b = 0; b < w->B; b++) {
        tr[b] = w->run->tr[b];
        tr[b].err = no_err;
    }
    silent.tr = tr;
    ref_rule_args a = {.rule = EP_EPROP3_SG, .window = w->window, .seed = REF_SEED_ZC, .given = given, .reg_off = true, .threads = 1};
    ep_status st = ref_grad_init(w->c, w->net, g);
    return st == EP_OK ? ref_gradient(w->c, &silent, &a, g) : st;
}

/* What a kind of seed leaves out. */
static ref_seeds others(const ref_seeds *s, ref_seed which)
{
    ref_seeds rest = *s;
    if (which == REF_SEED_C) rest.h = NULL;
    else rest.z = rest.z_loc = NULL;
    return rest;
}

static ep_status what_is_left(bench *w, vfy_windows *out)
{
    static const ref_seed which[2] = {REF_SEED_C, REF_SEED_Z};
    ref_seeds *rest = ref_bytes(w->c, (size_t)w->B * sizeof *rest);
    if (!rest) return w->c->status;
    for (int p = 0; p < 2; p++) {
        ref_grad g, own;
        ref_rule_args a = {.rule = EP_EPROP3_SG, .seed = which[p], .given = w->exact};
        for (int b = 0; b < w->B; b++) rest[b] = others(&w->exact[b], which[p]);
        ep_status st = gradient(w, a, &g);
        if (st == EP_OK) st = by_themselves(w, rest, &own);
        if (st != EP_OK) return st;
        compare_gradients(w->c, &g, &w->bptt, &out->part[p]);
        for (int k = 0; k < EP_N_GROUP; k++)
            for (size_t i = 0; i < g.n[k]; i++) ref_sub(w->c, &g.g[k][i], &w->bptt.g[k][i], &g.g[k][i]);
        for (int k = 0; k < EP_N_GROUP; k++)
            compare(w->c, g.g[k], own.g[k], w->bptt.g[k], g.n[k], !is_readout(k), &out->rest[p]); /* the readout's is exact anyway */
    }
    return EP_OK;
}

/* ---- any seeds, by the tape --------------------------------------------------------------------------------- */

static void draw(ref_ctx *c, ref_num *v, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        if (c->ar->symbolic) ref_draw(c, &v[i]);
        else ref_set_d(c, &v[i], ldexp(rint(ldexp(ep_rng_uniform(83, stream, i) - 0.5, 12)), -12));
}

static void draw_seeds(bench *w)
{
    const ref_net *net = w->net;
    size_t M = (size_t)ref_boundaries(w->run->T, w->window), n = (size_t)net->n_rec;
    for (int b = 0; b < w->B; b++) {
        uint64_t s = 4 * (uint64_t)b;
        draw(w->c, w->any[b].h, M * n * (size_t)net->nh, s);
        draw(w->c, w->any[b].z, M * n * (size_t)net->opt.delay, s + 1);
        draw(w->c, w->any[b].z_loc, M * n, s + 2);
        draw(w->c, w->any[b].y, M * (size_t)net->n_out, s + 3);
    }
}

static ep_status tape(bench *w, ref_tape_args a, ref_grad *g)
{
    ep_status st = ref_grad_init(w->c, w->net, g);
    return st == EP_OK ? ref_tape_run(w->c, w->net, &w->k->batch, w->run, &a, g, NULL) : st;
}

/* e-prop 3 on the tape: what the windows send to z by transmitted paths, then that upon z with all these paths cut. */
static ep_status against_tape(bench *w, vfy_windows *out)
{
    ref_grad ours, theirs, sum;
    ref_num **Ltr = ref_bytes(w->c, (size_t)w->B * sizeof *Ltr);
    const ref_num **on_z = ref_bytes(w->c, (size_t)w->B * sizeof *on_z);
    for (int b = 0; w->c->status == EP_OK && b < w->B; b++)
        on_z[b] = Ltr[b] = ref_vec(w->c, ((size_t)w->run->T + 2) * (size_t)w->net->n_rec);
    if (w->c->status != EP_OK) return w->c->status;
    draw_seeds(w);
    ref_rule_args a = {.rule = EP_TBPTT_SG, .seed = REF_SEED_ZC, .given = w->any, .delivered = w->got};
    ep_status st = gradient(w, a, &ours);
    if (st == EP_OK)
        st = tape(w, (ref_tape_args){.window = w->window, .given = w->any, .delivered = w->want, .Ltr = Ltr}, &theirs);
    if (st != EP_OK) return st;
    compare_gradients(w->c, &ours, &theirs, &out->tape_tbptt);
    for (int b = 0; b < w->B; b++) compare_seeds(w, &w->got[b], &w->want[b], &out->tape_delivered);
    a.rule = EP_EPROP3_SG;
    st = gradient(w, a, &ours);
    if (st == EP_OK) st = tape(w, (ref_tape_args){.flags = REF_TAPE_CUT, .on_z = on_z}, &sum);
    if (st == EP_OK) compare_gradients(w->c, &ours, &sum, &out->tape_eprop3);
    return st;
}

/* ---- seeds that a synthesiser says ----------------------------------------------------------------------------- */

/* The tape's words at every boundary of trial b into said (target NULL), or its gradient towards target into g. */
static ep_status speak(bench *w, const ref_synth *sg, int b, const ref_seeds *target, ref_seeds *said, ref_num *g)
{
    ref_num *u = ref_vec(w->c, (size_t)sg->n_u), *s = ref_vec(w->c, (size_t)sg->n_s), *t = ref_vec(w->c, (size_t)sg->n_s);
    ep_status st = w->c->status;
    for (int m = 0; st == EP_OK && m < ref_boundaries(w->run->T, w->window); m++) {
        ref_sees_read(w->c, w->net, &w->run->tr[b], REF_SEES_STATE, (m + 1) * w->window, u);
        if (target) ref_seed_pack(w->c, w->net, REF_SEED_ZC, target, m, t);
        st = ref_tape_synth(w->c, sg, u, NULL, t, s, g);
        if (st == EP_OK && said) ref_seed_unpack(w->c, w->net, REF_SEED_ZC, s, m, said);
    }
    return st;
}

static ep_status with_synthesiser(bench *w, vfy_windows *out)
{
    ref_synth sg;
    ref_grad ours, theirs;
    int hidden = w->c->ar->symbolic ? 0 : 3;
    ep_status st = ref_synth_init(w->c, ref_sees_width(w->c, w->net, REF_SEES_STATE), hidden,
                                  ref_seed_width(w->c, w->net, REF_SEED_ZC), &sg);
    ref_num *g = st == EP_OK ? ref_vec(w->c, sg.n) : NULL, *want = st == EP_OK ? ref_vec(w->c, sg.n) : NULL;
    if (!g || !want) return st == EP_OK ? w->c->status : st;
    draw(w->c, sg.theta, sg.n, 91);
    ref_synth_use use = {.sg = &sg, .sees = REF_SEES_STATE, .says = REF_SEED_ZC, .g = g};
    st = gradient(w, (ref_rule_args){.rule = EP_TBPTT_SG, .synth = &use}, &ours);
    for (int b = 0; st == EP_OK && b < w->B; b++) {
        st = ref_seeds_init(w->c, w->net, w->run->T, w->window, &w->any[b]); /* what nobody says is 0 */
        if (st == EP_OK) st = speak(w, &sg, b, NULL, &w->any[b], NULL);
    }
    if (st == EP_OK) st = tape(w, (ref_tape_args){.window = w->window, .given = w->any, .delivered = w->want}, &theirs);
    for (int b = 0; st == EP_OK && b < w->B; b++) st = speak(w, &sg, b, &w->want[b], NULL, want);
    if (st != EP_OK) return st;
    compare(w->c, g, want, want, sg.n, true, &out->synth);
    compare_gradients(w->c, &ours, &theirs, &out->by_synth);
    return EP_OK;
}

bool vfy_z_suffices(const ep_net *net, int window)
{
    bool reset = ep_model_spikes(net->model) && net->opt.reset_path == EP_RESET_TRANSMITTED;
    return window <= net->opt.delay && (window == 1 || !reset);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static ep_status open_bench(bench *w)
{
    ref_seeds **sets[] = {&w->exact, &w->any, &w->got, &w->want};
    ep_status st = EP_OK;
    for (int k = 0; k < 4; k++) {
        *sets[k] = ref_bytes(w->c, (size_t)w->B * sizeof **sets[k]);
        for (int b = 0; *sets[k] && st == EP_OK && b < w->B; b++)
            st = ref_seeds_init(w->c, w->net, w->run->T, w->window, *sets[k] + b);
    }
    return st == EP_OK ? w->c->status : st;
}

ep_status vfy_measure_windows(const vfy_case *k, const ref_arith *ar, long prec, uint64_t prime, uint64_t seed, int window,
                              vfy_windows *out)
{
    static ep_status (*const part[])(bench *, vfy_windows *) = {exact_seeds, what_is_left, against_tape, with_synthesiser};
    vfy_session s;
    *out = (vfy_windows){0};
    ep_status st = vfy_session_open(k, ar, prec, prime, seed, &s);
    if (st != EP_OK) return st;
    bench w = {.k = k, .c = &s.c, .net = &s.net, .run = &s.run, .window = window, .B = s.run.B};
    st = open_bench(&w);
    for (int p = 0; p < 4 && st == EP_OK; p++) st = part[p](&w, out);
    if (st == EP_OK) st = s.c.status;
    vfy_session_close(&s);
    return st;
}
