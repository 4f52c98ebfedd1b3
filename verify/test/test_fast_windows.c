/* Engines in windows with given seeds against the reference: gradients, and what windows deliver, in one call and as a stream
 * of windows. Scalar: every entry within u mag, the running bound of the same operations in the same order, in binary32 and
 * binary64. Fast, whose sums have another order: binary64, within 1e-12 of the largest of its kind.
 * SPDX-License-Identifier: MIT */
#include "scalar_port.h"
#include "synth.h"
#include "test/run.h"
#include "wide_libm.h"

static const ep_model models[] = {EP_LSTM, EP_ALIF, EP_LIF, EP_LSNN, EP_SYNAPTIC};
static const ep_rule rules[] = {EP_TBPTT_SG, EP_EPROP3_SG, EP_TBPTT, EP_EPROP3};
static const ref_seed kinds[] = {REF_SEED_ZC, REF_SEED_C, REF_SEED_Z, REF_SEED_ZC};
enum { N_MODEL = 5, N_RULE = 4, N_CASE = 80, N_PART = 4, LONGEST = 9 };

/* ---- seeds of both sides --------------------------------------------------------------------------------- */

typedef struct pair {
    size_t M, n[N_PART];        /* boundaries; numbers of h, z, z_loc, y at one of them */
    int B;
    ref_seeds *given, *back;    /* [B] */
    double *drawn[N_PART];      /* [M][B][n] */
} pair;

static ref_num *part_of(const ref_seeds *s, int k)
{
    ref_num *const all[] = {s->h, s->z, s->z_loc, s->y};
    return all[k];
}

/* Dyadic numbers of 12 bits, the same on both sides; z of steps before the window stays 0. */
static pair draw(truth *r, int window, uint64_t seed)
{
    const ref_net *net = &r->net;
    size_t N = (size_t)net->n_rec, d = (size_t)net->opt.delay;
    pair p = {.M = (size_t)ref_boundaries(r->run.T, window), .B = r->run.B,
              .n = {N * (size_t)net->nh, N * d, N, (size_t)net->n_out}};
    p.given = ref_bytes(&r->c, (size_t)p.B * sizeof *p.given);
    p.back = ref_bytes(&r->c, (size_t)p.B * sizeof *p.back);
    for (int b = 0; b < p.B; b++) {
        ck_assert_int_eq(ref_seeds_init(&r->c, net, r->run.T, window, &p.given[b]), EP_OK);
        ck_assert_int_eq(ref_seeds_init(&r->c, net, r->run.T, window, &p.back[b]), EP_OK);
    }
    for (int k = 0; k < N_PART; k++) {
        p.drawn[k] = calloc(p.M * (size_t)p.B * p.n[k] + 1, sizeof(double));
        ck_assert_ptr_nonnull(p.drawn[k]);
        for (size_t i = 0; i < p.M * (size_t)p.B * p.n[k]; i++) {
            size_t m = i / p.n[k] / (size_t)p.B, b = i / p.n[k] % (size_t)p.B, at = i % p.n[k];
            if (k == 1 && at / N >= (size_t)window) continue;
            if (k == 2 && net->model == EP_LSTM) continue; /* no local path */
            p.drawn[k][i] = ldexp(rint(ldexp(ep_rng_uniform(seed, (uint64_t)k, i) - 0.5, 12)), -12);
            ref_set_d(&r->c, &part_of(&p.given[b], k)[m * p.n[k] + at], p.drawn[k][i]);
        }
    }
    return p;
}

/* ---- the judge --------------------------------------------------------------------------------------------- */

typedef struct judge {
    const vfy_case *k;
    const char *what;
    int bits;       /* 24, 53: u mag; 0: 1e-12 of the largest */
    double worst;
    bool alive;
} judge;

static double worst_bound, worst_fast;

static double as_double(const port *p, const void *v, size_t i)
{
    return p->e->format == OPT_BINARY32 ? (double)((const float *)v)[i] : ((const double *)v)[i];
}

static void judge_one(judge *j, double got, const ref_num *want, double top, const char *name, size_t i)
{
    double ref = mpfr_get_d(want->e.r, MPFR_RNDN), tiny = j->bits == 24 ? 0x1p-126 : 0x1p-1000;
    double limit = j->bits ? ldexp(want->e.mag, -j->bits) + tiny : 1e-12 * top, off = fabs(got - ref);
    if (limit > 0) j->worst = fmax(j->worst, off / limit);
    ck_assert_msg(isfinite(limit) && off <= limit, "%s %s %s[%zu]: got %a want %a limit %a", j->k->name, j->what, name, i, got,
                  ref, limit);
    j->alive = j->alive || ref != 0.0;
}

static double largest(const ref_num *v, size_t n)
{
    double top = 0;
    for (size_t i = 0; i < n; i++) top = fmax(top, fabs(mpfr_get_d(v[i].e.r, MPFR_RNDN)));
    return top;
}

static void judge_gradient(judge *j, const port *p, const ref_grad *want)
{
    for (int g = 0; g < (int)EP_N_GROUP; g++) {
        size_t n;
        double *got = port_get(p, OPT_GRAD(g), &n), top = largest(want->g[g], n);
        ck_assert_uint_eq(n, want->n[g]);
        j->alive = false;
        for (size_t i = 0; i < n; i++) judge_one(j, got[i], &want->g[g][i], top, ep_group_name((ep_group)g), i);
        ck_assert_msg(!n || j->alive, "%s %s: gradient of %s is 0", j->k->name, j->what, ep_group_name((ep_group)g));
        free(got);
    }
}

/* Is z^{s-q} at boundary m judged? In one call a term counts where its own window ends. In a stream it is handed from window to
 * window, so what lies beyond the next one is what was given at that one's end. */
static bool judged(const pair *s, size_t m, size_t q, size_t d, size_t window, size_t T, bool stream)
{
    size_t next = m + 1 < s->M ? window : T - s->M * window;
    return q < window && (!stream || q + next >= d);
}

static void judge_delivered(judge *j, const port *p, const truth *r, const pair *s, void *const got[N_PART], int window, bool stream)
{
    size_t N = (size_t)r->net.n_rec, d = (size_t)r->net.opt.delay, T = (size_t)r->run.T;
    static const char *const names[] = {"delivered h", "delivered z", "delivered z_loc", "delivered y"};
    for (int k = 0; k < N_PART; k++) {
        double top = 0;
        for (int b = 0; b < s->B; b++) top = fmax(top, largest(part_of(&s->back[b], k), s->M * s->n[k]));
        j->alive = k == 2 || s->M == 0 || (k == 1 && d > (size_t)window);
        for (size_t i = 0; i < s->M * (size_t)s->B * s->n[k]; i++) {
            size_t m = i / s->n[k] / (size_t)s->B, b = i / s->n[k] % (size_t)s->B, at = i % s->n[k];
            if (k == 1 && !judged(s, m, at / N, d, (size_t)window, T, stream)) continue;
            judge_one(j, as_double(p, got[k], i), &part_of(&s->back[b], k)[m * s->n[k] + at], top, names[k], i);
        }
        ck_assert_msg(j->alive, "%s %s: %s is 0", j->k->name, j->what, names[k]);
    }
}

/* ---- an engine at work ----------------------------------------------------------------------------------------- */

static void numbers(const port *p, const pair *s, void *out[N_PART], bool fill)
{
    for (int k = 0; k < N_PART; k++) {
        size_t n = s->M * (size_t)s->B * s->n[k];
        out[k] = fill ? port_numbers(p->e, s->drawn[k], n) : calloc(n + 1, sizeof(double));
        ck_assert_ptr_nonnull(out[k]);
    }
}

static void release(void *v[N_PART])
{
    for (int k = 0; k < N_PART; k++) free(v[k]);
}

static opt_seeds kind_of(void *const v[N_PART], ref_seed kind)
{
    bool h = kind == REF_SEED_C || kind == REF_SEED_ZC, z = kind == REF_SEED_Z || kind == REF_SEED_ZC;
    return (opt_seeds){h ? v[0] : NULL, z ? v[1] : NULL, z ? v[2] : NULL, kind == REF_SEED_ZC ? v[3] : NULL};
}

static void *behind(void *v, size_t element, size_t n) { return v ? (unsigned char *)v + n * element : NULL; }

/* Boundary m of all arrays. */
static opt_seeds boundary(const pair *s, opt_seeds all, size_t element, size_t m)
{
    size_t b = m * (size_t)s->B;
    return (opt_seeds){behind(all.h, element, b * s->n[0]), behind(all.z, element, b * s->n[1]),
                       behind(all.z_loc, element, b * s->n[2]), behind(all.y, element, b * s->n[3])};
}

/* Steps from .. from + T - 1 of all trials, side by side. */
static void *steps_of(const port *p, const void *v, size_t from, size_t T, size_t n)
{
    size_t row = n * p->e->element, whole = (size_t)p->tr.T;
    unsigned char *out = malloc((size_t)p->tr.B * T * row + 1);
    ck_assert_ptr_nonnull(out);
    for (size_t b = 0; b < (size_t)p->tr.B; b++)
        memcpy(out + b * T * row, (const unsigned char *)v + (b * whole + from) * row, T * row);
    return out;
}

static void one_window(const port *p, const vfy_case *k, size_t from, size_t T, const opt_seeds *end, const opt_seeds *start)
{
    void *x = steps_of(p, p->x, from, T, (size_t)k->net.n_in), *target = steps_of(p, p->target, from, T, (size_t)k->net.n_out);
    void *mask = steps_of(p, p->mask, from, T, 1);
    opt_trials tr = {.T = (int)T, .B = p->tr.B, .x = x, .target = target, .mask = mask};
    ck_assert_int_eq(p->e->forward(p->s, &tr), EP_OK);
    tr.seeds = end;
    tr.delivered = start;
    ck_assert_int_eq(p->e->backward(p->s, &tr), EP_OK);
    free(x);
    free(target);
    free(mask);
}

static void as_stream(port *p, const vfy_case *k, const pair *s, int window, opt_seeds given, opt_seeds back)
{
    size_t D = (size_t)window, T = (size_t)k->batch.T;
    for (size_t m = 0; m <= s->M; m++) {
        opt_seeds end = boundary(s, given, p->e->element, m), start = boundary(s, back, p->e->element, m ? m - 1 : 0);
        one_window(p, k, m * D, m < s->M ? D : T - s->M * D, m < s->M ? &end : NULL, m ? &start : NULL);
    }
}

/* An engine whose streams this test asks for: T = 0. */
static port open_stream(const opt_engine *e, const vfy_case *k, ep_rule rule, int window)
{
    port p = port_open(e, k, rule, window);
    free(p.mem);
    p.cfg.T = 0;
    size_t need = e->state_size(&p.cfg);
    ck_assert_uint_gt(need, 0);
    p.mem = aligned_alloc(OPT_ALIGN, (need + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    ck_assert_int_eq(e->init(&p.cfg, p.mem, need, &p.s), EP_OK);
    return p;
}

static void judge_engine(const vfy_case *k, truth *r, const pair *s, const ref_grad *want, const opt_engine *e, ep_rule rule,
                         ref_seed kind, int window, int bits, bool stream)
{
    void *given[N_PART], *back[N_PART];
    char what[80];
    (void)snprintf(what, sizeof what, "%s %s, windows of %d%s", e->name, ep_rule_name(rule), window, stream ? ", one by one" : "");
    judge j = {.k = k, .what = what, .bits = bits};
    port p = stream ? open_stream(e, k, rule, window) : port_open(e, k, rule, window);
    numbers(&p, s, given, true);
    numbers(&p, s, back, false);
    opt_seeds all = kind_of(given, rule == EP_TBPTT ? REF_SEED_NONE : kind), to = kind_of(back, REF_SEED_ZC);
    if (stream) as_stream(&p, k, s, window, all, to);
    else {
        p.tr.seeds = rule == EP_TBPTT ? NULL : &all;
        p.tr.delivered = &to;
        ck_assert_int_eq(p.e->grad(p.s, &p.tr), EP_OK);
    }
    judge_gradient(&j, &p, want);
    judge_delivered(&j, &p, r, s, back, window, stream);
    if (bits) worst_bound = fmax(worst_bound, j.worst);
    else worst_fast = fmax(worst_fast, j.worst);
    release(given);
    release(back);
    port_close(&p);
}

/* ---- cases --------------------------------------------------------------------------------------------------------- */

static void make_case(int n, vfy_case *k)
{
    vfy_case_spec s = {.model = models[n % N_MODEL], .preset = (ep_preset)(n / N_MODEL % EP_N_PRESET), .n_in = 3, .n_rec = 5, .T = 17,
                       .B = 1 + n % 3, .n_ref = n / 2 % 4, .delay = models[n % N_MODEL] == EP_LSTM ? 1 : 1 + n / 3 % 4, .no_reg = true,
                       .loss = (ep_loss)(n / 4 % EP_N_LOSS), .reset_path = (ep_reset_path)(n / 5 % 3), .seed = 300 + (uint64_t)n};
    ep_status st = vfy_case_make(&s, k);
    ck_assert(st == EP_OK || st == EP_UNABLE);
    k->net.opt.loss_norm = EP_NORM_SUM; /* windows one by one know no other */
}

START_TEST(engines_in_windows)
{
    vfy_case k;
    truth r;
    ref_grad want;
    const ref_arith ar = with_libm();
    make_case(_i, &k);
    ep_rule rule = rules[_i % N_RULE];
    ref_seed kind = kinds[_i / N_RULE % 4];
    int window = 1 + _i * 5 % LONGEST;
    truth_open(&k, &ar, 128, &r);
    pair s = draw(&r, window, 40 + (uint64_t)_i);
    ref_rule_args a = {.rule = rule, .window = window, .seed = kind, .given = s.given, .delivered = s.back, .threads = 1};
    ck_assert_int_eq(ref_grad_init(&r.c, &r.net, &want), EP_OK);
    ck_assert_int_eq(ref_gradient(&r.c, &r.run, &a, &want), EP_OK);
    bool one = k.batch.B == 1; /* over trials, engine and reference sum in different order */
    judge_engine(&k, &r, &s, &want, opt_scalar_f64(), rule, kind, window, one ? 53 : 0, false);
    if (one) judge_engine(&k, &r, &s, &want, opt_scalar_f32(), rule, kind, window, 24, false);
    judge_engine(&k, &r, &s, &want, opt_scalar_f64(), rule, kind, window, 0, true);
    judge_engine(&k, &r, &s, &want, opt_fast_f64(), rule, kind, window, 0, true);
    if (rule == EP_TBPTT_SG || rule == EP_EPROP3_SG) judge_engine(&k, &r, &s, &want, opt_fast_f64(), rule, kind, window, 0, false);
    for (int n = 0; n < N_PART; n++) free(s.drawn[n]);
    ref_ctx_clear(&r.c);
    vfy_case_free(&k);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_windows");
    TCase *t = tcase_create("seeds");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, engines_in_windows, 0, port_loops(N_CASE));
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    if (getenv("CK_FORK")) printf("largest share of the limit: %.3g of u mag, %.3g of 1e-12\n", worst_bound, worst_fast);
    return failed;
}
