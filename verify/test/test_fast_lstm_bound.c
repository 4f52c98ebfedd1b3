/* The fast engine's LSTM in binary32 within a bound that holds for every order of evaluation.
 *
 * A gradient entry is a sum of products ("paths") of numbers that every form computes alike: inputs, weights, gates,
 * c, their local derivatives, err. Scans, chunks and plain traces multiply and add the same paths in different orders.
 * A path that passes k roundings comes out times (1 + d)^k, |d| <= u, so |error| <= u sum over paths of
 * (k |path| + sum over factors |path / factor| error(factor)) + O(u^2). Each number here carries
 *   v  its value, a  the sum of |path| (at least |v|), e  the bound in units of u
 *   product   e = a1 e2 + a2 e1 + a1 a2;     sum of n terms in any order   e = sum e + n sum a
 *   common    a number that every form rounds to one value: a = |v|
 *   sigmoid   e = s(1-s) e + 6 s, tanh e = (1-g^2) e + 8 |g|: 3 and 4 ulp, 1 ulp at most 2 u (test_fast_lstm_math.c)
 *   decay     one step of a scan, f S + w L: at most 6 roundings on a path in any form: in a scan 1 product and 1 sum; by
 *             chunks the products with F and with the coefficient, the sums over the steps of a chunk (on average one a
 *             step), and at its end the carry's product, its sum and the product with mu or nu, in chunks of 1 too
 * The final sum over steps and trials has B T terms, and 3 more a chunk. Underflow adds 2^-126 a rounding.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../optimized/opt.h"
#include "test/run.h"

enum { N = 5, I = 3, K = 2, T = 40, B = 2, U = N + I + 1, N_CASE = 60 };

typedef struct num {
    double v, a, e;
} num;

static num exact(double v) { return (num){v, fabs(v), 0}; }
static num common(num x) { return (num){x.v, fabs(x.v), x.e}; }
static num mul(num x, num y) { return (num){x.v * y.v, x.a * y.a, x.a * y.e + y.a * x.e + x.a * y.a}; }
static num add(num x, num y) { return (num){x.v + y.v, x.a + y.a, x.e + y.e + x.a + y.a}; }
static num from_one(num x) { return common((num){1 - x.v, fabs(1 - x.v), x.e + fabs(1 - x.v)}); }
static num decay(num f, num S, num in)
{
    num p = mul(f, S), r = add(p, in);
    r.e += 4 * r.a;
    return r;
}

typedef struct sum {
    num s;
    double n;
} sum;

static void put(sum *s, num x)
{
    s->s.v += x.v;
    s->s.a += x.a;
    s->s.e += x.e;
    s->n++;
}
static num total(sum s, double more) { return (num){s.s.v, s.s.a, s.s.e + (s.n + more) * s.s.a}; }

static num sigmoid(num x)
{
    double s = 1 / (1 + exp(-x.v));
    return (num){s, s, s * (1 - s) * x.e + 6 * s};
}
static num tangent(num x)
{
    double g = tanh(x.v);
    return (num){g, fabs(g), (1 - g * g) * x.e + 8 * fabs(g)};
}

/* One trial. */
typedef struct record {
    num u[T + 2][U], q[T + 1][4][N], c[T + 1][N], phi[T + 1][N], y[T + 1][K], err[T + 1][K];
} record;

typedef struct subject {
    ep_net net;
    double w[4 * N * U + 2 * N * K + K], x[B * T * I], target[B * T * K];
} subject;

static double dyadic(uint64_t seed, uint64_t *k, double scale)
{
    return scale * nearbyint(ldexp(2 * ep_rng_uniform(seed, 3, (*k)++) - 1, 12)) * 0x1p-12;
}

static void subject_make(subject *s, uint64_t seed)
{
    uint64_t k = 0;
    for (size_t i = 0; i < sizeof s->w / sizeof *s->w; i++) s->w[i] = dyadic(seed, &k, 1);
    for (size_t i = 0; i < B * T * I; i++) s->x[i] = dyadic(seed, &k, 2);
    for (size_t i = 0; i < B * T * K; i++) s->target[i] = dyadic(seed, &k, 1);
    const double *w = s->w;
    s->net = (ep_net){.model = EP_LSTM, .opt = ep_preset_options(EP_PAPER2019), .n_in = I, .n_rec = N, .n_out = K,
                      .Win = w, .Wrec = w + 4 * N * I, .b = w + 4 * N * (I + N), .Wout = w + 4 * N * U,
                      .bout = w + 4 * N * U + N * K, .kappa = seed % 2 ? 0.75 : 0, .b_forget = 0.5, .v_th = 1, .gamma = 1};
}

/* Weight of channel ch, row j, column n of u = [z; x; 1]. */
static double weight(const ep_net *net, int ch, int j, int n)
{
    int row = ch * N + j;
    return n < N ? net->Wrec[row * N + n] : n < N + I ? net->Win[row * I + n - N] : net->b[row];
}

static void forward(const subject *s, int b, record *r)
{
    *r = (record){.c = {{{0, 0, 0}}}};
    for (int t = 1; t <= T; t++) {
        for (int i = 0; i < I; i++) r->u[t][N + i] = exact(s->x[(b * T + t - 1) * I + i]);
        r->u[t][N + I] = exact(1);
        for (int j = 0; j < N; j++) {
            num z[4];
            for (int ch = 0; ch < 4; ch++) {
                sum in = {.n = 0};
                for (int n = 0; n < U; n++) put(&in, mul(exact(weight(&s->net, ch, j, n)), r->u[t][n]));
                if (ch == 1) put(&in, exact(s->net.b_forget));
                z[ch] = ch == 2 ? tangent(total(in, 1)) : sigmoid(total(in, 1));
                r->q[t][ch][j] = z[ch];
            }
            r->c[t][j] = common(add(mul(z[1], r->c[t - 1][j]), mul(z[0], z[2])));
            r->phi[t][j] = tangent(r->c[t][j]);
            r->u[t + 1][j] = common(mul(z[3], r->phi[t][j]));
        }
        for (int k = 0; k < K; k++) {
            sum y = {.n = 0};
            for (int j = 0; j < N; j++) put(&y, mul(exact(s->net.Wout[k * N + j]), r->u[t + 1][j]));
            put(&y, exact(s->net.bout[k]));
            put(&y, mul(exact(s->net.kappa), r->y[t - 1][k]));
            r->y[t][k] = common(total(y, 1));
            r->err[t][k] = common(add(r->y[t][k], exact(-s->target[(b * T + t - 1) * K + k])));
        }
    }
}

/* dI^t from L and the carried (f S)^{t+1}, which moves on. */
static void backward_neuron(const record *r, int t, int j, num L, num *S, num dI[4])
{
    num i = r->q[t][0][j], f = r->q[t][1][j], g = r->q[t][2][j], o = r->q[t][3][j], phi = r->phi[t][j];
    num w = common(mul(o, from_one(common(mul(phi, phi)))));
    num later = t < T ? *S : exact(0);
    *S = decay(t < T ? r->q[t + 1][1][j] : exact(0), later, mul(w, L));
    dI[0] = mul(common(mul(g, common(mul(i, from_one(i))))), *S);
    dI[1] = mul(common(mul(r->c[t - 1][j], common(mul(f, from_one(f))))), *S);
    dI[2] = mul(common(mul(i, from_one(common(mul(g, g))))), *S);
    dI[3] = mul(common(mul(phi, common(mul(o, from_one(o))))), L);
}

static void gradient_bound(const subject *s, bool bptt, double chunks, num G[4][N][U])
{
    static record r;
    static sum all[4][N][U];
    for (size_t n = 0; n < 4 * N * U; n++) (&all[0][0][0])[n] = (sum){.n = 0};
    for (int b = 0; b < B; b++) {
        num S[N] = {{0, 0, 0}}, eb[K] = {{0, 0, 0}}, dI[N][4] = {{{0, 0, 0}}};
        forward(s, b, &r);
        for (int t = T; t >= 1; t--) {
            num now[N][4];
            for (int k = 0; k < K; k++) eb[k] = decay(exact(s->net.kappa), eb[k], r.err[t][k]);
            for (int j = 0; j < N; j++) {
                sum L = {.n = 0};
                for (int k = 0; k < K; k++) put(&L, mul(exact(s->net.Wout[k * N + j]), eb[k]));
                for (int l = 0; bptt && l < N; l++)
                    for (int ch = 0; ch < 4; ch++) put(&L, mul(exact(weight(&s->net, ch, l, j)), dI[l][ch]));
                backward_neuron(&r, t, j, total(L, 1), &S[j], now[j]);
                for (int ch = 0; ch < 4; ch++)
                    for (int n = 0; n < U; n++) put(&all[ch][j][n], mul(now[j][ch], r.u[t][n]));
            }
            for (int j = 0; j < N; j++)
                for (int ch = 0; ch < 4; ch++) dI[j][ch] = now[j][ch];
        }
    }
    for (size_t n = 0; n < 4 * N * U; n++) (&G[0][0][0])[n] = total((&all[0][0][0])[n], 3 * chunks);
}

static double worst;

static void compare(const subject *s, ep_rule rule, int chunk)
{
    static num G[4][N][U];
    float x[B * T * I], target[B * T * K], got[4 * N * N];
    opt_config cfg = {.net = &s->net, .rule = rule, .B = B, .T = T, .chunk = chunk};
    const opt_engine *e = opt_fast_f32();
    opt_trials tr = {.T = T, .B = B, .x = x, .target = target};
    size_t bytes = e->state_size(&cfg);
    void *mem = aligned_alloc(OPT_ALIGN, (bytes + OPT_ALIGN - 1) / OPT_ALIGN * OPT_ALIGN);
    opt_state *st;
    for (size_t i = 0; i < B * T * I; i++) x[i] = (float)s->x[i];
    for (size_t i = 0; i < B * T * K; i++) target[i] = (float)s->target[i];
    ck_assert_int_eq(e->init(&cfg, mem, bytes, &st), EP_OK);
    ck_assert_int_eq(e->grad(st, &tr), EP_OK);
    gradient_bound(s, rule == EP_BPTT, chunk ? (double)T / chunk : 0, G);
    for (int g = EP_G_WIN; g <= EP_G_BIAS; g++) {
        size_t per = g == EP_G_WIN ? I : g == EP_G_WREC ? N : 1, first = g == EP_G_WREC ? 0 : g == EP_G_WIN ? N : N + I;
        ck_assert_int_eq(e->get(st, OPT_GRAD(g), got, 4 * N * per), EP_OK);
        for (size_t at = 0; at < 4 * N * per; at++) {
            num want = G[at / per / N][at / per % N][first + at % per];
            double off = fabs((double)got[at] - want.v), limit = ldexp(want.e, -24) + 0x1p-100;
            worst = fmax(worst, off / limit);
            ck_assert_msg(off <= limit, "%s chunk %d %s[%zu]: got %a want %a limit %a", ep_rule_name(rule), chunk,
                          ep_group_name((ep_group)g), at, (double)got[at], want.v, limit);
        }
    }
    free(mem);
}

START_TEST(gradients_in_binary32)
{
    static const char *const sets[] = {"avx512", "avx2", "base"};
    static subject s;
    ck_assert_int_eq(setenv("EPROP_FAST_ISA", sets[_i % 3], 1), 0);
    subject_make(&s, (uint64_t)_i);
    compare(&s, EP_BPTT, 0);
    compare(&s, EP_EPROP1_SYMMETRIC, 0);
    compare(&s, EP_EPROP1_SYMMETRIC, 1);
    compare(&s, EP_EPROP1_SYMMETRIC, 7);
}
END_TEST

int main(void)
{
    int loops = test_loops(N_CASE);
    Suite *suite = suite_create("fast_lstm_bound");
    TCase *t = tcase_create("gradients");
    tcase_set_timeout(t, 600);
    tcase_add_loop_test(t, gradients_in_binary32, 0, loops < 3 ? 3 : loops);
    suite_add_tcase(suite, t);
    int failed = test_run(suite);
    if (getenv("CK_FORK")) printf("largest share of the limit: %.3g\n", worst);
    return failed;
}
