/* The integer core behind opt.h: what it computes, against the core by hand and against doubles.
 * SPDX-License-Identifier: MIT */
#include "fixed_job.h"

static const char *const names[] = {"q15", "s16.15", "w8", "reckon"};
static const fix_profile *const profiles[] = {&fix_q15, &fix_s16_15, &fix_w8, &fix_reckon};

static void same(const rig *a, const rig *b, int quantity)
{
    size_t n, m;
    int32_t *p = read_all(a, quantity, &n), *q = read_all(b, quantity, &m);
    ck_assert_uint_eq(n, m);
    for (size_t k = 0; k < n; k++) ck_assert_msg(p[k] == q[k], "quantity 0x%x [%zu]: %d and %d", (unsigned)quantity, k, p[k], q[k]);
    free(p);
    free(q);
}

static ep_status run(const rig *r, const job *j, int B, size_t first)
{
    int32_t *x = encoded(r, OPT_FIXED_X, j->x + first * STEPS * IN, (size_t)B * STEPS * IN);
    int32_t *target = encoded(r, OPT_FIXED_TARGET, j->target + first * STEPS * OUT, (size_t)B * STEPS * OUT);
    opt_trials tr = {.T = STEPS, .B = B, .x = x, .target = target, .mask = j->flags};
    ep_status st = r->e->grad(r->s, &tr);
    free(x);
    free(target);
    return st;
}


/* The core alone, on numbers rounded here. */
static void by_hand(const job *j, const fix_profile *p, uint64_t *mem, size_t bytes, fix_state **s)
{
    static int32_t W[REC * SYN], WO[OUT * (REC + 1)], FB[REC * OUT], rho[REC], beta[REC];
    const ep_net *net = &j->k.net;
    for (int n = 0; n < REC; n++) {
        rho[n] = rounded(p, FIX_D, net->theta[EP_RHO][n]);
        beta[n] = rounded(p, FIX_B, net->theta[EP_BETA][n]);
        for (int i = 0; i < IN; i++) W[n * SYN + i] = rounded(p, FIX_W, net->Win[n * IN + i]);
        for (int i = 0; i < REC; i++) W[n * SYN + IN + i] = rounded(p, FIX_W, net->Wrec[n * REC + i]);
        W[n * SYN + SYN - 1] = rounded(p, FIX_W, net->b[n]);
        for (int k = 0; k < OUT; k++) FB[n * OUT + k] = rounded(p, FIX_FB, net->B[n * OUT + k]);
    }
    for (int k = 0; k < OUT; k++)
        for (int n = 0; n <= REC; n++) WO[k * (REC + 1) + n] = rounded(p, FIX_WO, n < REC ? net->Wout[k * REC + n] : net->bout[k]);
    fix_config c = {.profile = p, .n_in = IN, .n_rec = REC, .n_out = OUT, .delay = 2, .n_ref = 2, .alif = true,
                    .feedback = j->cfg.rule == EP_EPROP1_RANDOM ? FIX_RANDOM : j->cfg.rule == EP_EPROP1_ADAPTIVE ? FIX_ADAPTIVE : FIX_SYMMETRIC,
                    .alpha = rounded(p, FIX_D, 0.875), .kappa = rounded(p, FIX_D, net->kappa), .keep = rounded(p, FIX_D, 1 - 0.03125),
                    .v_th = rounded(p, FIX_V, net->v_th), .slope = rounded(p, FIX_S, net->gamma / (net->v_th * net->v_th)),
                    .eta = rounded(p, FIX_N, 0.0078125), .rho = rho, .beta = beta, .W = W, .WO = WO, .FB = FB, .seed = 77};
    ck_assert_uint_le(fix_state_size(&c), bytes);
    ck_assert_int_eq(fix_init(s, &c, mem, bytes), FIX_OK);
    for (int t = 0; t < STEPS; t++) {
        int32_t x[IN], target[OUT];
        for (int i = 0; i < IN; i++) x[i] = rounded(p, FIX_X, j->x[t * IN + i]);
        for (int k = 0; k < OUT; k++) target[k] = rounded(p, FIX_Y, j->target[t * OUT + k]);
        ck_assert_int_eq(fix_step(*s, x, target), FIX_OK);
    }
}

static void equal(const rig *r, int quantity, const fix_state *s, int q, size_t k, size_t i)
{
    size_t n;
    int32_t *v = read_all(r, quantity, &n);
    ck_assert_uint_lt(k, n);
    ck_assert_msg(v[k] == fix_get(s, q, i), "quantity 0x%x [%zu]: %d, the core has %d", (unsigned)quantity, k, v[k], fix_get(s, q, i));
    free(v);
}

static void equal_groups(const rig *r, int first, const fix_state *s, int q, int q_out)
{
    for (size_t n = 0; n < REC; n++) {
        for (size_t i = 0; i < IN; i++) equal(r, first + EP_G_WIN, s, q, n * IN + i, n * SYN + i);
        for (size_t i = 0; i < REC; i++) equal(r, first + EP_G_WREC, s, q, n * REC + i, n * SYN + IN + i);
        equal(r, first + EP_G_BIAS, s, q, n, n * SYN + SYN - 1);
        for (size_t k = 0; k < OUT; k++) equal(r, first + EP_G_WOUT, s, q_out, k * REC + n, k * (REC + 1) + n);
    }
    for (size_t k = 0; k < OUT; k++) equal(r, first + EP_G_BOUT, s, q_out, k, k * (REC + 1) + REC);
}

START_TEST(test_is_the_core)
{
    static const ep_rule rules[] = {EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE};
    static uint64_t mem[2048];
    job *j = job_make(EP_LSNN, EP_PAPER2019, rules[_i % 3], (uint64_t)_i);
    fix_state *core;
    j->cfg.B = 1;
    rig r = rig_open(opt_fixed(names[_i % 4]), &j->cfg);
    ck_assert_int_eq(run(&r, j, 1, 0), EP_OK);
    by_hand(j, profiles[_i % 4], mem, sizeof mem, &core);
    equal_groups(&r, OPT_GRAD_0, core, FIX_G, FIX_GO);
    ck_assert_int_gt(magnitude(&r, OPT_GRAD(EP_G_WREC)), 0);
    ck_assert_int_gt(magnitude(&r, OPT_GRAD(EP_G_WOUT)), 0);
    ck_assert_int_gt(magnitude(&r, OPT_ALL(OPT_Z)), 5);
    for (size_t n = 0; n < REC; n++) equal(&r, OPT_V, core, FIX_V, n, n);
    ck_assert_int_eq(opt_fixed_update(r.s, 0.0078125, 0.03125), EP_OK);
    fix_update(core);
    equal_groups(&r, OPT_PARAM_0, core, FIX_W, FIX_WO);
    ck_assert_int_eq(magnitude(&r, OPT_GRAD(EP_G_WREC)), 0);
    rig_close(&r);
    job_free(j);
}
END_TEST

START_TEST(test_online_is_offline)
{
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 3);
    const opt_engine *e = opt_fixed(names[_i]);
    rig a = rig_open(e, &j->cfg), b = rig_open(e, &j->cfg);
    ck_assert_int_eq(run(&a, j, TRIALS, 0), EP_OK);
    int32_t *x = encoded(&b, OPT_FIXED_X, j->x, TRIALS * STEPS * IN), *target = encoded(&b, OPT_Y, j->target, TRIALS * STEPS * OUT);
    for (size_t t = 0; t < STEPS; t++) {
        int32_t now[TRIALS * IN], wanted[TRIALS * OUT];
        for (size_t k = 0; k < TRIALS * IN; k++) now[k] = x[(k / IN * STEPS + t) * IN + k % IN];
        for (size_t k = 0; k < TRIALS * OUT; k++) wanted[k] = target[(k / OUT * STEPS + t) * OUT + k % OUT];
        ck_assert_int_eq(e->step(b.s, now), EP_OK);
        ck_assert_int_eq(e->learn(b.s, &(opt_signal){.target = wanted}), EP_OK);
        ck_assert_int_eq(e->learn(b.s, &(opt_signal){.target = wanted}), EP_DOMAIN); /* once a step */
    }
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) same(&a, &b, OPT_GRAD(g));
    same(&a, &b, OPT_EBAR(EP_G_WIN));
    same(&a, &b, OPT_EPS(EP_G_WREC));
    ck_assert_double_eq(opt_fixed_loss(a.s), opt_fixed_loss(b.s));
    ck_assert_double_gt(opt_fixed_loss(a.s), 1);
    free(x);
    free(target);
    rig_close(&a);
    rig_close(&b);
    job_free(j);
}
END_TEST

START_TEST(test_batch_adds)
{
    job *j = job_make(EP_LSNN, EP_PAPER2019, EP_EPROP1_RANDOM, 5);
    const opt_engine *e = opt_fixed(names[_i]);
    rig all = rig_open(e, &j->cfg);
    size_t n;
    long long sum[REC * REC] = {0};
    ck_assert_int_eq(run(&all, j, TRIALS, 0), EP_OK);
    j->cfg.B = 1;
    for (size_t b = 0; b < TRIALS; b++) {
        j->cfg.seed = 77 + b;
        rig one = rig_open(e, &j->cfg);
        ck_assert_int_eq(run(&one, j, 1, b), EP_OK);
        int32_t *g = read_all(&one, OPT_GRAD(EP_G_WREC), &n);
        for (size_t k = 0; k < n; k++) sum[k] += g[k];
        free(g);
        rig_close(&one);
    }
    int32_t *g = read_all(&all, OPT_GRAD(EP_G_WREC), &n);
    for (size_t k = 0; k < n; k++) ck_assert_int_eq(g[k], (int)sum[k]);
    free(g);
    rig_close(&all);
    job_free(j);
}
END_TEST

/* Gains folded and divided out again: the decoded gradient is that of doubles. s16.15 has 15 bits of fraction: traces of about 1 summed over
 * 30 steps and 3 trials with about ten roundings each leave some 1000 units of 2^-15 in the worst case, 3 %. */
enum { SOFTMAX = 3, REGULARISED, OTHER_UNIT, MEAN, MEAN_LSTM, N_CLOSE };

static job *close_job(int kind, double *mask, int32_t *flags)
{
    static const ep_preset presets[N_CLOSE] = {[1] = EP_OFFICIAL_LIGHTLIF};
    job *j = job_make(kind == 1 ? EP_LIF : kind == MEAN_LSTM ? EP_LSTM : EP_ALIF, presets[kind], EP_EPROP1_RANDOM, 11);
    ep_options *o = &j->k.net.opt;
    if (kind == 2) {
        o->g_a = o->g_out = EP_GAIN_COMPLEMENT;
        o->psi_scale = EP_SCALE_GAMMA;
    }
    if (kind == SOFTMAX) j->cfg.loss = EP_CLASSIFICATION;
    for (size_t k = 0; k < TRIALS * STEPS * OUT && kind == SOFTMAX; k++) j->target[k] = fabs(j->target[k]) / 2;
    if (kind == OTHER_UNIT) j->cfg.v_shift = 2;
    for (size_t k = 0; k < TRIALS * STEPS; k++) mask[k] = flags[k] = k % STEPS % 4 < 1 + k / STEPS; /* other numbers of steps in each trial */
    if (kind >= MEAN) {
        o->loss_norm = EP_NORM_BOTH;
        j->mask = mask;
        j->flags = flags;
    }
    if (kind == MEAN_LSTM) o->delay = 1;
    j->cfg.c_reg = kind == REGULARISED ? 1000 : kind == MEAN ? 20 : 0;
    j->cfg.f_target = 0.05;
    return j;
}

/* The decoded state is that of doubles; false: it is all 0. */
static bool state_is_close(const rig *r, const rig *d, int quantity)
{
    size_t n, m;
    int32_t *raw = read_all(r, quantity, &n);
    double *want = rig_get(d, quantity, &m), *got = malloc((n + 1) * sizeof *got), off = 0, size = 0;
    ck_assert_uint_eq(n, m);
    opt_fixed_decode(r->s, quantity, raw, got, n);
    for (size_t k = 0; k < n; k++) {
        off = fmax(off, fabs(got[k] - want[k]));
        size = fmax(size, fabs(want[k]));
    }
    ck_assert_msg(off <= 0.03 * size, "quantity 0x%x: off by %g of %g", (unsigned)quantity, off, size);
    free(raw);
    free(want);
    free(got);
    return size > 0;
}

START_TEST(test_close_to_doubles)
{
    double mask[TRIALS * STEPS];
    int32_t flags[TRIALS * STEPS];
    job *j = close_job(_i, mask, flags);
    char why[160] = "";
    ck_assert_msg(opt_fixed_check(&j->cfg, &fix_s16_15, why, sizeof why) == EP_OK, "%s", why);
    rig r = rig_open(opt_fixed("s16.15"), &j->cfg), d = rig_open(opt_scalar_f64(), &j->cfg);
    ck_assert_int_eq(run(&r, j, TRIALS, 0), EP_OK);
    ck_assert_int_eq(rig_grad(&d, STEPS, TRIALS, j->x, j->target, j->mask), EP_OK);
    size_t steps, as_many;
    int32_t *z = read_all(&r, OPT_ALL(OPT_Z), &steps);
    double *spikes = rig_get(&d, OPT_ALL(OPT_Z), &as_many);
    ck_assert_uint_eq(steps, as_many);
    for (size_t k = 0; k < steps && _i != MEAN_LSTM; k++) ck_assert_msg(z[k] == spikes[k], "spike %zu differs: choose a network without ties", k);
    ck_assert_int_gt(magnitude(&r, OPT_ALL(OPT_Z)), 20);
    free(z);
    free(spikes);
    double loss[2];
    size_t one;
    double *want_loss = rig_get(&d, OPT_LOSS, &one);
    loss[0] = opt_fixed_loss(r.s);
    loss[1] = *want_loss;
    free(want_loss);
    if (!(j->cfg.c_reg > 0)) ck_assert_double_eq_tol(loss[0], loss[1], 0.01 * loss[1]);
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        size_t n, m;
        int32_t *raw = read_all(&r, OPT_GRAD(g), &n);
        double *want = rig_get(&d, OPT_GRAD(g), &m), *got = malloc(n * sizeof *got), off = 0, size = 0;
        ck_assert_uint_eq(n, m);
        opt_fixed_decode(r.s, OPT_GRAD(g), raw, got, n);
        for (size_t k = 0; k < n; k++) {
            off = fmax(off, fabs(got[k] - want[k]));
            size = fmax(size, fabs(want[k]));
        }
        ck_assert_double_gt(size, 0);
        ck_assert_msg(off <= 0.03 * size, "group %d: off by %g of %g", g, off, size);
        free(raw);
        free(want);
        free(got);
    }
    static const int spiking[] = {OPT_V, OPT_A, OPT_Y, OPT_ZBAR, OPT_PSI, OPT_EPS(EP_G_WIN), OPT_EPS(EP_G_BIAS)}, lstm[] = {OPT_C, OPT_Y, OPT_ZBAR};
    const int *state = _i == MEAN_LSTM ? lstm : spiking;
    for (size_t k = 0, n = _i == MEAN_LSTM ? 3 : 7; k < n; k++) {
        bool alive = (state[k] == OPT_A && j->k.net.model == EP_LIF) || state_is_close(&r, &d, state[k]);
        ck_assert_msg(alive, "quantity 0x%x is all 0", (unsigned)state[k]);
    }
    rig_close(&r);
    rig_close(&d);
    job_free(j);
}
END_TEST

/* Numbers without a fraction are whole ones from 0 to 65535; what is not of the format is counted, by encode, by grad and by the core. */
START_TEST(test_what_does_not_fit)
{
    static const double steps[] = {0, 3, 2.25, -1, 70000, NAN};
    static const int32_t want[] = {0, 3, 2, 0, 65535, 0};
    int32_t to[6];
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 21);
    const opt_engine *e = opt_fixed("q15");
    rig r = rig_open(e, &j->cfg);
    ck_assert_uint_eq(opt_fixed_encode(r.s, OPT_REFR, steps, to, 6), 3);
    for (int k = 0; k < 6; k++) ck_assert_msg(to[k] == want[k], "%g: %d", steps[k], to[k]);
    ck_assert_uint_eq(opt_fixed_encode(r.s, OPT_GATES, steps, to, 6), 6); /* a quantity that it does not have */
    ck_assert_uint_eq(e->count(r.s, OPT_ALL(OPT_L)), 0);
    int32_t *x = encoded(&r, OPT_FIXED_X, j->x, TRIALS * STEPS * IN);
    x[7] = INT32_MAX;
    ck_assert_int_eq(e->grad(r.s, &(opt_trials){.T = STEPS, .B = TRIALS, .x = x}), EP_DOMAIN);
    int32_t wild[TRIALS * OUT] = {0, INT32_MIN};
    ck_assert_int_eq(e->learn(r.s, &(opt_signal){.target = wild}), EP_DOMAIN);
    ck_assert_uint_eq(opt_fixed_events(r.s, FIX_V), 0);
    for (size_t k = 0; k < TRIALS * IN; k++) x[k] = 32767; /* 128: the potential leaves its format, in each of the trials */
    ck_assert_int_eq(e->step(r.s, x), EP_OK);
    uint64_t after = opt_fixed_events(r.s, FIX_V) + opt_fixed_events(r.s, FIX_I);
    ck_assert_uint_ge(after, TRIALS);
    ck_assert_uint_eq(after % TRIALS, 0);
    free(x);
    rig_close(&r);
    job_free(j);
}
END_TEST

/* W -= eta dE/dW by the sum over all trials, which is then 0 in each of them. */
START_TEST(test_update_of_a_batch)
{
    size_t n, m;
    const double eta = 0.0078125;
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 3);
    rig r = rig_open(opt_fixed("s16.15"), &j->cfg);
    ck_assert_int_eq(run(&r, j, TRIALS, 0), EP_OK);
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) ck_assert_int_gt(magnitude(&r, OPT_GRAD(g)), 0);
    int32_t *raw = read_all(&r, OPT_GRAD(EP_G_WOUT), &n), *before = read_all(&r, OPT_PARAM(EP_G_WOUT), &m);
    double grad[OUT * REC], was[OUT * REC], is[OUT * REC], moved = 0;
    ck_assert(n == OUT * REC && m == n);
    opt_fixed_decode(r.s, OPT_GRAD(EP_G_WOUT), raw, grad, n);
    opt_fixed_decode(r.s, OPT_PARAM(EP_G_WOUT), before, was, n);
    ck_assert_int_eq(opt_fixed_update(r.s, eta, 0), EP_OK);
    int32_t *after = read_all(&r, OPT_PARAM(EP_G_WOUT), &m);
    opt_fixed_decode(r.s, OPT_PARAM(EP_G_WOUT), after, is, n);
    for (size_t k = 0; k < n; k++) { /* 15 bits of fraction: the product is rounded once */
        ck_assert_msg(fabs(was[k] - eta * grad[k] - is[k]) <= 0x1p-15, "Wout[%zu]: %g - %g is %g", k, was[k], eta * grad[k], is[k]);
        moved = fmax(moved, fabs(is[k] - was[k]));
    }
    ck_assert_double_gt(moved, 0x1p-12);
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) ck_assert_int_eq(magnitude(&r, OPT_GRAD(g)), 0);
    ck_assert_int_eq(opt_fixed_update(r.s, eta, 2), EP_DOMAIN); /* keeps -1 of each weight */
    free(raw);
    free(before);
    free(after);
    rig_close(&r);
    job_free(j);
}
END_TEST

/* Everything that can be set, set into a second state: the next step is the same. */
START_TEST(test_forced_step)
{
    static const int carried[] = {OPT_V, OPT_A, OPT_REFR, OPT_Y, OPT_ZBAR, OPT_Z_PAST, OPT_E(EP_G_WIN), OPT_E(EP_G_WREC), OPT_E(EP_G_BIAS),
                                  OPT_EBAR(EP_G_WIN), OPT_EBAR(EP_G_WREC), OPT_EBAR(EP_G_BIAS), OPT_PARAM(EP_G_WREC), OPT_FEEDBACK};
    static const int seen[] = {OPT_V, OPT_A, OPT_Z, OPT_I, OPT_Y, OPT_REFR, OPT_Z_PAST, OPT_ZBAR};
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 21);
    const opt_engine *e = opt_fixed("q15");
    rig a = rig_open(e, &j->cfg), b = rig_open(e, &j->cfg);
    ck_assert_int_eq(run(&a, j, TRIALS, 0), EP_OK);
    ck_assert_int_gt(magnitude(&a, OPT_V), 0);
    for (size_t k = 0; k < sizeof carried / sizeof *carried; k++) {
        size_t n;
        int32_t *v = read_all(&a, carried[k], &n);
        ck_assert_int_eq(e->set(b.s, carried[k], v, n), EP_OK);
        same(&a, &b, carried[k]);
        free(v);
    }
    same(&a, &b, OPT_Z);
    int32_t *x = encoded(&a, OPT_FIXED_X, j->x, TRIALS * IN);
    ck_assert_int_eq(e->step(a.s, x), EP_OK);
    ck_assert_int_eq(e->step(b.s, x), EP_OK);
    for (size_t k = 0; k < sizeof seen / sizeof *seen; k++) same(&a, &b, seen[k]);
    free(x);
    rig_close(&a);
    rig_close(&b);
    job_free(j);
}
END_TEST

/* The same signal as target, as error and as L; L leaves the readout alone. */
START_TEST(test_signals)
{
    job *j = job_make(EP_ALIF, EP_PAPER2019, EP_EPROP1_RANDOM, 31);
    const opt_engine *e = opt_fixed("q15");
    rig r[3];
    for (int k = 0; k < 3; k++) r[k] = rig_open(e, &j->cfg);
    int32_t *x = encoded(&r[0], OPT_FIXED_X, j->x, TRIALS * STEPS * IN), *target = encoded(&r[0], OPT_Y, j->target, TRIALS * STEPS * OUT);
    for (size_t t = 0; t < STEPS; t++) {
        size_t n;
        for (int k = 0; k < 3; k++) ck_assert_int_eq(e->step(r[k].s, x + t * TRIALS * IN), EP_OK);
        ck_assert_int_eq(e->learn(r[0].s, &(opt_signal){.target = target + t * TRIALS * OUT}), EP_OK);
        int32_t *err = read_all(&r[0], OPT_ERR, &n), *L = read_all(&r[0], OPT_L, &n);
        ck_assert_int_eq(e->learn(r[1].s, &(opt_signal){.err = err}), EP_OK);
        ck_assert_int_eq(e->learn(r[2].s, &(opt_signal){.L = L}), EP_OK);
        free(err);
        free(L);
    }
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        same(&r[0], &r[1], OPT_GRAD(g));
        if (g <= EP_G_BIAS) same(&r[0], &r[2], OPT_GRAD(g));
        else ck_assert_int_eq(magnitude(&r[2], OPT_GRAD(g)), 0);
        ck_assert_int_gt(magnitude(&r[0], OPT_GRAD(g)), 0);
    }
    free(x);
    free(target);
    for (int k = 0; k < 3; k++) rig_close(&r[k]);
    job_free(j);
}
END_TEST

/* Forward alone, then the errors it would have learnt from: the same gradient. */
START_TEST(test_parts_of_a_gradient)
{
    job *j = job_make(_i % 2 ? EP_LSTM : EP_LSNN, EP_PAPER2019, EP_EPROP1_RANDOM, 61);
    int32_t flags[TRIALS * STEPS];
    if (_i % 2) j->k.net.opt.delay = 1;
    for (size_t k = 0; k < TRIALS * STEPS; k++) flags[k] = k % 3 != 0 && k % STEPS < 20 + k / STEPS;
    j->k.net.opt.loss_norm = EP_NORM_STEPS;
    j->flags = flags;
    const opt_engine *e = opt_fixed("q15");
    rig a = rig_open(e, &j->cfg), b = rig_open(e, &j->cfg);
    size_t n;
    ck_assert_int_eq(run(&a, j, TRIALS, 0), EP_OK);
    int32_t *x = encoded(&b, OPT_FIXED_X, j->x, TRIALS * STEPS * IN), *err = read_all(&a, OPT_ALL(OPT_ERR), &n);
    opt_trials tr = {.T = STEPS, .B = TRIALS, .x = x, .part = OPT_FORWARD};
    ck_assert_int_eq(e->grad(b.s, &tr), EP_OK);
    same(&a, &b, OPT_ALL(OPT_Y));
    ck_assert_int_eq(magnitude(&b, OPT_GRAD(EP_G_WIN)) + magnitude(&b, OPT_GRAD(EP_G_WOUT)), 0);
    tr = (opt_trials){.T = STEPS, .B = TRIALS, .x = x, .err = err, .mask = flags, .part = OPT_BACKWARD};
    ck_assert_int_eq(e->grad(b.s, &tr), EP_OK);
    for (int g = EP_G_WIN; g <= EP_G_BOUT; g++) {
        same(&a, &b, OPT_GRAD(g));
        ck_assert_int_gt(magnitude(&a, OPT_GRAD(g)), 0);
    }
    free(x);
    free(err);
    rig_close(&a);
    rig_close(&b);
    job_free(j);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fixed engine");
    TCase *tc = tcase_create("engine");
    tcase_add_loop_test(tc, test_is_the_core, 0, 12);
    tcase_add_loop_test(tc, test_online_is_offline, 0, 4);
    tcase_add_loop_test(tc, test_batch_adds, 0, 4);
    tcase_add_loop_test(tc, test_close_to_doubles, 0, N_CLOSE);
    tcase_add_test(tc, test_what_does_not_fit);
    tcase_add_test(tc, test_update_of_a_batch);
    tcase_add_test(tc, test_forced_step);
    tcase_add_test(tc, test_signals);
    tcase_add_loop_test(tc, test_parts_of_a_gradient, 0, 2);
    suite_add_tcase(suite, tc);
    return test_run(suite);
}
