/* What FIXED.md, section 6, refuses.
 * SPDX-License-Identifier: MIT */
#include "model.h"

/* One term's magnitude: count times the product of up to two quantities; RQ_COUNT stands for 1. */
typedef struct {
    int64_t count;
    int a, b;
} term;

static void magnitude(mpz_t m, const ref_profile *p, int q)
{
    mpz_set_ui(m, 0);
    mpz_setbit(m, q == RQ_COUNT ? 0 : q == RQ_D || q == RQ_PR || q == RQ_GA || q == RQ_H ? (mp_bitcnt_t)p->q[q].frac : (mp_bitcnt_t)p->q[q].bits - 1);
}

static int fraction(const ref_profile *p, int q) { return q == RQ_COUNT ? 0 : p->q[q].frac; }

/* n terms end in quantity dst; dst = RQ_COUNT: the sum alone. */
static bool fits(const ref_profile *p, int dst, const term *terms, int n)
{
    ref_sum sum;
    mpz_t a, b;
    ref_sum_init(&sum);
    mpz_inits(a, b, (mpz_ptr)0);
    for (int k = 0; k < n; k++) {
        magnitude(a, p, terms[k].a);
        magnitude(b, p, terms[k].b);
        mpz_mul(a, a, b);
        ref_sum_add(&sum, terms[k].count, a, fraction(p, terms[k].a) + fraction(p, terms[k].b));
    }
    int shift = dst == RQ_COUNT ? 0 : sum.frac - p->q[dst].frac;
    if (shift < 0) mpz_mul_2exp(sum.n, sum.n, (mp_bitcnt_t)-shift);
    mpz_set_ui(a, 0);
    mpz_setbit(a, 62);
    bool ok = shift <= 62 && mpz_cmp(sum.n, a) <= 0;
    mpz_clears(a, b, (mpz_ptr)0);
    ref_sum_clear(&sum);
    return ok;
}

#define ONE RQ_COUNT
#define FITS(dst, ...) fits(p, dst, (const term[]){__VA_ARGS__}, (int)(sizeof((const term[]){__VA_ARGS__}) / sizeof(term)))

static bool psi_fits(const ref_profile *p)
{
    int f = p->q[RQ_V].frac > p->q[RQ_U].frac ? p->q[RQ_V].frac : p->q[RQ_U].frac, up = f - p->q[RQ_V].frac;
    mpz_t m, limit;
    mpz_inits(m, limit, (mpz_ptr)0);
    magnitude(m, p, RQ_V);
    mpz_mul_2exp(m, m, (mp_bitcnt_t)(p->q[RQ_S].bits - 1 + up));
    int shift = p->q[RQ_S].frac + f - p->q[RQ_P].frac;
    if (shift < 0) mpz_mul_2exp(m, m, (mp_bitcnt_t)-shift);
    mpz_setbit(limit, 62);
    bool ok = shift <= 62 && mpz_cmp(m, limit) <= 0 && FITS(RQ_COUNT, {1, RQ_V, ONE}, {1, RQ_U, ONE});
    mpz_clears(m, limit, (mpz_ptr)0);
    return ok;
}

static bool clip_fits(const ref_profile *p, int dst, int g)
{
    if (p->clip == 0) return true;
    int up = p->q[RQ_N].frac + p->q[g].frac - p->q[dst].frac;
    if (up < 0 || up > 62) return false;
    return p->clip <= INT64_C(1) << (62 - up);
}

bool ref_model_uses(const ref_fixed_net *net, int q)
{
    switch (q) {
    case RQ_r: return false;
    case RQ_EX: case RQ_PR: return net->softmax;
    case RQ_C: case RQ_CN: case RQ_ES: case RQ_R: return net->c_reg > 0;
    case RQ_z: case RQ_GA: case RQ_CC: case RQ_H: case RQ_SD: case RQ_LD: case RQ_OP: case RQ_EL: return net->lstm;
    default: return q >= 0 && q < RQ_COUNT;
    }
}

static bool formats_valid(const ref_fixed_net *net)
{
    for (int q = 0; q < RQ_COUNT; q++)
        if (ref_model_uses(net, q) && !ep_fixed_format_valid(&net->profile.q[q], q)) return false;
    return net->profile.clip >= 0 && net->profile.clip <= 255;
}

static bool spiking_fits(const ref_profile *p, int n_in, int n_rec)
{
    return FITS(RQ_EV, {1, RQ_D, RQ_EV}, {1, RQ_X, ONE}, {1, ONE, ONE}) && FITS(RQ_EA, {1, RQ_D, RQ_EA}, {1, RQ_E, ONE}) &&
           FITS(RQ_I, {n_in, RQ_W, RQ_X}, {n_rec + 1, RQ_W, ONE}) && FITS(RQ_A, {1, RQ_D, RQ_A}, {1, ONE, ONE}) &&
           FITS(RQ_V, {1, RQ_D, RQ_V}, {1, RQ_I, ONE}, {1, RQ_V, ONE}) && FITS(RQ_U, {2, RQ_V, ONE}, {1, RQ_B, RQ_A}) &&
           psi_fits(p) && FITS(RQ_T, {1, RQ_EV, ONE}, {1, RQ_B, RQ_EA}) && FITS(RQ_E, {1, RQ_P, RQ_T}) &&
           FITS(RQ_ZB, {1, RQ_D, RQ_ZB}, {1, ONE, ONE}) && FITS(RQ_Y, {1, RQ_D, RQ_Y}, {n_rec + 1, RQ_WO, ONE});
}

static bool lstm_fits(const ref_profile *p, int n_in, int n_rec)
{
    return FITS(RQ_I, {n_in, RQ_W, RQ_X}, {n_rec, RQ_W, RQ_z}, {1, RQ_W, ONE}, {1, RQ_I, ONE}) &&
           FITS(RQ_SD, {1, ONE, ONE}, {1, RQ_GA, ONE}, {1, RQ_GA, RQ_GA}) && FITS(RQ_LD, {1, RQ_SD, RQ_GA}) &&
           FITS(RQ_LD, {1, RQ_SD, RQ_CC}) && FITS(RQ_CC, {1, RQ_GA, RQ_CC}, {1, RQ_GA, RQ_GA}) && FITS(RQ_z, {1, RQ_GA, RQ_H}) &&
           FITS(RQ_LD, {1, RQ_SD, RQ_H}) && FITS(RQ_SD, {1, ONE, ONE}, {1, RQ_H, RQ_H}) && FITS(RQ_OP, {1, RQ_GA, RQ_SD}) &&
           FITS(RQ_EL, {1, RQ_GA, RQ_EL}, {1, RQ_LD, RQ_X}, {1, RQ_LD, RQ_z}, {1, RQ_LD, ONE}) && FITS(RQ_E, {1, RQ_OP, RQ_EL}) &&
           FITS(RQ_E, {1, RQ_LD, RQ_X}) && FITS(RQ_E, {1, RQ_LD, RQ_z}) && FITS(RQ_E, {1, RQ_LD, ONE}) &&
           FITS(RQ_ZB, {1, RQ_D, RQ_ZB}, {1, RQ_z, ONE}) && FITS(RQ_Y, {1, RQ_D, RQ_Y}, {n_rec, RQ_WO, RQ_z}, {1, RQ_WO, ONE});
}

static bool error_fits(const ref_fixed_net *net, const ref_profile *p)
{
    if (net->softmax) return FITS(RQ_ER, {net->n_out, RQ_PR, RQ_PR}, {1, RQ_PR, ONE});
    return FITS(RQ_ER, {2, RQ_Y, ONE});
}

static bool rate_fits(const ref_profile *p)
{
    return FITS(RQ_CN, {1, RQ_CN, ONE}, {1, ONE, ONE}) && FITS(RQ_ES, {1, RQ_ES, ONE}, {1, RQ_E, ONE}) &&
           FITS(RQ_R, {2, RQ_C, RQ_CN}) && FITS(RQ_G, {1, RQ_G, ONE}, {1, RQ_R, RQ_ES});
}

ep_status ref_fixed_check(const ref_fixed_net *net)
{
    const ref_profile *p = &net->profile;
    int n_in = net->n_in, n_rec = net->n_rec, n_out = net->n_out;
    if (n_in < 1 || n_rec < 1 || n_out < 1 || n_in > 4096 || n_rec > 4096 || n_out > 4096) return EP_DOMAIN;
    if (net->lstm && (net->alif || net->c_reg != 0)) return EP_DOMAIN;
    if (!formats_valid(net)) return EP_DOMAIN;
    bool ok = (net->lstm ? lstm_fits(p, n_in, n_rec) : spiking_fits(p, n_in, n_rec)) && error_fits(net, p) && (net->c_reg <= 0 || rate_fits(p)) &&
              FITS(RQ_EB, {1, RQ_D, RQ_EB}, {1, RQ_E, ONE}) && FITS(RQ_L, {n_out, RQ_FB, RQ_ER}) && FITS(RQ_L, {n_out, RQ_WO, RQ_ER}) &&
              FITS(RQ_G, {1, RQ_G, ONE}, {1, RQ_L, RQ_EB}) && FITS(RQ_GO, {1, RQ_GO, ONE}, {1, RQ_ER, RQ_ZB}) &&
              FITS(RQ_W, {1, RQ_W, ONE}, {1, RQ_N, RQ_G}) &&
              FITS(RQ_WO, {1, RQ_WO, ONE}, {1, RQ_D, RQ_WO}, {1, RQ_N, RQ_GO}) &&
              FITS(RQ_FB, {1, RQ_FB, ONE}, {1, RQ_D, RQ_FB}, {1, RQ_N, RQ_GO}) && clip_fits(p, RQ_W, RQ_G) &&
              clip_fits(p, RQ_WO, RQ_GO) && clip_fits(p, RQ_FB, RQ_GO);
    return ok ? EP_OK : EP_DOMAIN;
}
