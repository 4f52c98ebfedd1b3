/* The profiles, and the proof that no sum of a profile can leave 64 bits.
 * SPDX-License-Identifier: MIT */
#include "core.h"

enum { E = FIX_NEAREST_EVEN, F = FIX_FLOOR, U = FIX_NEAREST_UP, R = FIX_STOCHASTIC, S = FIX_SATURATE, W = FIX_WRAP };

const fix_profile fix_q15 = {
    {[FIX_X] = {16, 8, F, S},   [FIX_D] = {16, 15, F, S},  [FIX_B] = {16, 12, F, S},  [FIX_S] = {16, 8, F, S},
     [FIX_N] = {16, 15, F, S},  [FIX_W] = {16, 12, E, S},  [FIX_WO] = {16, 12, E, S}, [FIX_FB] = {16, 12, E, S},
     [FIX_I] = {32, 12, E, S},  [FIX_A] = {16, 10, E, S},  [FIX_V] = {16, 12, E, S},  [FIX_U] = {16, 12, E, S},
     [FIX_P] = {16, 14, E, S},  [FIX_EV] = {16, 10, E, S}, [FIX_EA] = {16, 10, E, S}, [FIX_T] = {16, 10, E, S},
     [FIX_E] = {16, 12, E, S},  [FIX_EB] = {16, 10, E, S}, [FIX_Y] = {16, 11, E, S},  [FIX_ER] = {16, 11, E, S},
     [FIX_L] = {16, 12, E, S},  [FIX_ZB] = {16, 10, E, S}, [FIX_G] = {32, 16, E, S},  [FIX_GO] = {32, 16, E, S},
     [FIX_EX] = {32, 24, E, S}, [FIX_PR] = {16, 14, F, S}, [FIX_C] = {24, 24, F, S},  [FIX_CN] = {24, 8, F, S},
     [FIX_ES] = {32, 12, E, S}, [FIX_R] = {24, 20, E, S},
     [FIX_z] = {16, 14, E, S},  [FIX_GA] = {16, 14, F, S}, [FIX_CC] = {16, 12, E, S}, [FIX_H] = {16, 14, F, S},
     [FIX_SD] = {16, 14, E, S}, [FIX_LD] = {16, 13, E, S}, [FIX_OP] = {16, 14, E, S}, [FIX_EL] = {16, 12, E, S}},
    0};

const fix_profile fix_s16_15 = {
    {[FIX_X] = {16, 8, F, S},   [FIX_D] = {32, 28, F, S},  [FIX_B] = {24, 15, F, S},  [FIX_S] = {24, 15, F, S},
     [FIX_N] = {24, 23, F, S},  [FIX_W] = {32, 15, E, S},  [FIX_WO] = {24, 15, E, S}, [FIX_FB] = {24, 15, E, S},
     [FIX_I] = {32, 15, F, W},  [FIX_A] = {32, 15, F, W},  [FIX_V] = {32, 15, F, W},  [FIX_U] = {32, 15, F, S},
     [FIX_P] = {32, 15, F, S},  [FIX_EV] = {32, 15, F, S}, [FIX_EA] = {32, 15, F, S}, [FIX_T] = {32, 15, F, S},
     [FIX_E] = {32, 15, F, S},  [FIX_EB] = {32, 15, F, S}, [FIX_Y] = {32, 15, F, W},  [FIX_ER] = {28, 15, F, S},
     [FIX_L] = {28, 15, F, S},  [FIX_ZB] = {32, 15, F, S}, [FIX_G] = {32, 15, F, S},  [FIX_GO] = {32, 15, F, S},
     [FIX_EX] = {32, 24, F, S}, [FIX_PR] = {32, 15, F, S}, [FIX_C] = {24, 24, F, S},  [FIX_CN] = {24, 8, F, S},
     [FIX_ES] = {32, 15, F, S}, [FIX_R] = {24, 20, F, S},
     [FIX_z] = {18, 15, F, S},  [FIX_GA] = {32, 15, F, S}, [FIX_CC] = {32, 15, F, S}, [FIX_H] = {32, 15, F, S},
     [FIX_SD] = {24, 15, F, S}, [FIX_LD] = {32, 15, F, S}, [FIX_OP] = {24, 15, F, S}, [FIX_EL] = {32, 15, F, S}},
    0};

const fix_profile fix_w8 = {
    {[FIX_X] = {8, 0, F, S},    [FIX_D] = {13, 12, F, S},  [FIX_B] = {8, 6, F, S},    [FIX_S] = {8, 4, F, S},
     [FIX_N] = {16, 15, F, S},  [FIX_W] = {8, 6, R, S},    [FIX_WO] = {8, 6, R, S},   [FIX_FB] = {8, 6, R, S},
     [FIX_I] = {24, 6, F, S},   [FIX_A] = {24, 12, F, S},  [FIX_V] = {24, 12, F, S},  [FIX_U] = {24, 12, F, S},
     [FIX_P] = {8, 6, U, S},    [FIX_EV] = {8, 2, R, S},   [FIX_EA] = {8, 2, R, S},   [FIX_T] = {8, 2, R, S},
     [FIX_E] = {8, 4, R, S},    [FIX_EB] = {8, 2, R, S},   [FIX_Y] = {24, 12, F, S},  [FIX_ER] = {16, 8, F, S},
     [FIX_L] = {16, 8, F, S},   [FIX_ZB] = {8, 2, R, S},   [FIX_G] = {32, 14, F, S},  [FIX_GO] = {32, 14, F, S},
     [FIX_EX] = {32, 24, F, S}, [FIX_PR] = {16, 12, F, S}, [FIX_C] = {24, 24, F, S},  [FIX_CN] = {24, 8, F, S},
     [FIX_ES] = {16, 4, F, S}, [FIX_R] = {24, 20, F, S}},
    0};

const fix_profile fix_reckon = {
    {[FIX_X] = {8, 0, F, S},    [FIX_D] = {13, 12, F, S},  [FIX_B] = {8, 6, F, S},    [FIX_S] = {8, 4, F, S},
     [FIX_N] = {16, 15, F, S},  [FIX_W] = {8, 6, R, S},    [FIX_WO] = {8, 6, R, S},   [FIX_FB] = {8, 6, R, S},
     [FIX_I] = {16, 6, F, S},   [FIX_A] = {16, 8, F, S},   [FIX_V] = {16, 8, F, S},   [FIX_U] = {16, 8, F, S},
     [FIX_P] = {8, 6, U, S},    [FIX_EV] = {12, 6, F, S},  [FIX_EA] = {12, 6, F, S},  [FIX_T] = {12, 6, F, S},
     [FIX_E] = {10, 6, F, S},   [FIX_EB] = {10, 4, F, S},  [FIX_Y] = {16, 8, F, S},   [FIX_ER] = {16, 8, F, S},
     [FIX_L] = {16, 8, F, S},   [FIX_ZB] = {12, 6, F, S},  [FIX_G] = {32, 14, F, S},  [FIX_GO] = {32, 14, F, S},
     [FIX_EX] = {32, 24, F, S}, [FIX_PR] = {16, 12, F, S}, [FIX_C] = {24, 24, F, S},  [FIX_CN] = {24, 8, F, S},
     [FIX_ES] = {16, 6, F, S}, [FIX_R] = {24, 20, F, S}},
    1};

/* A term: count times 2^exponent with a fraction. */
typedef struct term {
    uint32_t count;
    unsigned exponent, frac;
} term;

static unsigned exponent(const fix_profile *p, unsigned q) { return q == FIX_D || q == FIX_PR || q == FIX_GA || q == FIX_H ? p->q[q].frac : p->q[q].bits - 1u; }

static term single(const fix_profile *p, uint32_t count, unsigned q) { return (term){count, exponent(p, q), p->q[q].frac}; }
static term product(const fix_profile *p, uint32_t count, unsigned a, unsigned b)
{
    return (term){count, exponent(p, a) + exponent(p, b), (unsigned)p->q[a].frac + p->q[b].frac};
}

/* The sum of n terms' magnitudes, at the finest of their fractions and dst's, is at most 2^62, and at most 62 bits are dropped. */
static bool fits(unsigned dst, const term *t, unsigned n)
{
    const uint64_t limit = (uint64_t)1 << 62;
    unsigned finest = dst;
    uint64_t sum = 0;
    for (unsigned k = 0; k < n; k++) finest = fix_max(finest, t[k].frac);
    for (unsigned k = 0; k < n; k++) {
        unsigned up = t[k].exponent + finest - t[k].frac;
        if (up > 62 || t[k].count > (limit - sum) >> up) return false;
        sum += (uint64_t)t[k].count << up;
    }
    return finest - dst <= 62;
}

#define LEAK(q) product(p, 1, FIX_D, q)
#define ONE(q) single(p, 1, q)
#define TIMES(a, b) product(p, 1, a, b)
#define FITS(dst, ...) fits(p->q[dst].frac, (const term[]){__VA_ARGS__}, sizeof((const term[]){__VA_ARGS__}) / sizeof(term))
static const term one = {1, 0, 0};

bool fix_uses(const fix_config *c, unsigned q)
{
    switch (q) {
    case FIX_r: return false;
    case FIX_z: case FIX_GA: case FIX_CC: case FIX_H: case FIX_SD: case FIX_LD: case FIX_OP: case FIX_EL: return c->lstm;
    case FIX_EX: case FIX_PR: return c->softmax;
    case FIX_C: case FIX_CN: case FIX_ES: case FIX_R: return c->c_reg > 0;
    default: return true;
    }
}

static bool formats_valid(const fix_config *c)
{
    for (unsigned q = 0; q < FIX_COUNT; q++) {
        const fix_format *f = &c->profile->q[q];
        if (!fix_uses(c, q)) continue;
        if (f->bits < 2 || f->bits > 32 || f->frac > 40 || f->rounding > FIX_STOCHASTIC || f->overflow > FIX_WRAP) return false;
        if (q == FIX_D && f->frac > 30) return false;
        bool up_to_one = q == FIX_EX || q == FIX_PR || q == FIX_GA || q == FIX_H;
        if (up_to_one && (f->frac > 30 || f->frac + 2 > f->bits)) return false;
    }
    return true;
}

static bool clip_fits(const fix_profile *p, unsigned dst, unsigned g)
{
    int up = p->q[FIX_N].frac + p->q[g].frac - p->q[dst].frac;
    return p->clip == 0 || (up >= 0 && up <= 62 && p->clip <= ((uint64_t)1 << 62) >> up);
}

/* S times v_th - |U|: the difference first, at the finer of both fractions. */
static bool psi_fits(const fix_profile *p)
{
    unsigned top = fix_max(p->q[FIX_V].frac, p->q[FIX_U].frac);
    const term m = {1, exponent(p, FIX_S) + exponent(p, FIX_V) + top - p->q[FIX_V].frac, p->q[FIX_S].frac + top};
    const term apart[] = {ONE(FIX_V), ONE(FIX_U)};
    return fits(p->q[FIX_P].frac, &m, 1) && fits(top, apart, 2);
}

static bool spiking_fits(const fix_profile *p, uint32_t in, uint32_t rec)
{
    return FITS(FIX_EV, LEAK(FIX_EV), ONE(FIX_X), one) && FITS(FIX_EA, LEAK(FIX_EA), ONE(FIX_E)) &&
           FITS(FIX_I, product(p, in, FIX_W, FIX_X), single(p, rec + 1, FIX_W)) && FITS(FIX_A, LEAK(FIX_A), one) &&
           FITS(FIX_V, LEAK(FIX_V), ONE(FIX_I), ONE(FIX_V)) && FITS(FIX_U, single(p, 2, FIX_V), TIMES(FIX_B, FIX_A)) &&
           psi_fits(p) && FITS(FIX_T, ONE(FIX_EV), TIMES(FIX_B, FIX_EA)) && FITS(FIX_E, TIMES(FIX_P, FIX_T)) &&
           FITS(FIX_ZB, LEAK(FIX_ZB), one) && FITS(FIX_Y, LEAK(FIX_Y), single(p, rec + 1, FIX_WO));
}

static bool lstm_fits(const fix_profile *p, uint32_t in, uint32_t rec)
{
    return FITS(FIX_I, product(p, in, FIX_W, FIX_X), product(p, rec, FIX_W, FIX_z), ONE(FIX_W), ONE(FIX_I)) &&
           FITS(FIX_SD, one, ONE(FIX_GA), TIMES(FIX_GA, FIX_GA)) && FITS(FIX_SD, one, TIMES(FIX_H, FIX_H)) &&
           FITS(FIX_LD, TIMES(FIX_SD, FIX_GA)) && FITS(FIX_LD, TIMES(FIX_SD, FIX_CC)) && FITS(FIX_LD, TIMES(FIX_SD, FIX_H)) &&
           FITS(FIX_CC, TIMES(FIX_GA, FIX_CC), TIMES(FIX_GA, FIX_GA)) && FITS(FIX_z, TIMES(FIX_GA, FIX_H)) &&
           FITS(FIX_OP, TIMES(FIX_GA, FIX_SD)) &&
           FITS(FIX_EL, TIMES(FIX_GA, FIX_EL), TIMES(FIX_LD, FIX_X), TIMES(FIX_LD, FIX_z), ONE(FIX_LD)) &&
           FITS(FIX_E, TIMES(FIX_OP, FIX_EL)) && FITS(FIX_E, TIMES(FIX_LD, FIX_X)) && FITS(FIX_E, TIMES(FIX_LD, FIX_z)) &&
           FITS(FIX_E, ONE(FIX_LD)) && FITS(FIX_ZB, LEAK(FIX_ZB), ONE(FIX_z)) &&
           FITS(FIX_Y, LEAK(FIX_Y), product(p, rec, FIX_WO, FIX_z), ONE(FIX_WO));
}

static bool rate_fits(const fix_profile *p)
{
    return FITS(FIX_CN, ONE(FIX_CN), one) && FITS(FIX_ES, ONE(FIX_ES), ONE(FIX_E)) && FITS(FIX_R, product(p, 2, FIX_C, FIX_CN)) &&
           FITS(FIX_G, ONE(FIX_G), TIMES(FIX_R, FIX_ES));
}

static bool sizes_valid(const fix_config *c)
{
    return c->n_in >= 1 && c->n_rec >= 1 && c->n_out >= 1 && c->n_in <= 4096 && c->n_rec <= 4096 && c->n_out <= 4096;
}

bool fix_profile_fits(const fix_config *c)
{
    const fix_profile *p = c->profile;
    if (!sizes_valid(c) || (c->lstm && (c->alif || c->c_reg != 0)) || !formats_valid(c)) return false;
    const uint32_t in = (uint32_t)c->n_in, rec = (uint32_t)c->n_rec, out = (uint32_t)c->n_out;
    bool error = c->softmax ? FITS(FIX_ER, product(p, out, FIX_PR, FIX_PR), ONE(FIX_PR)) : FITS(FIX_ER, single(p, 2, FIX_Y));
    return error && (c->lstm ? lstm_fits(p, in, rec) : spiking_fits(p, in, rec)) && (c->c_reg <= 0 || rate_fits(p)) &&
           FITS(FIX_EB, LEAK(FIX_EB), ONE(FIX_E)) && FITS(FIX_L, product(p, out, FIX_FB, FIX_ER)) &&
           FITS(FIX_L, product(p, out, FIX_WO, FIX_ER)) && FITS(FIX_G, ONE(FIX_G), TIMES(FIX_L, FIX_EB)) &&
           FITS(FIX_GO, ONE(FIX_GO), TIMES(FIX_ER, FIX_ZB)) && FITS(FIX_W, ONE(FIX_W), TIMES(FIX_N, FIX_G)) &&
           FITS(FIX_WO, ONE(FIX_WO), LEAK(FIX_WO), TIMES(FIX_N, FIX_GO)) &&
           FITS(FIX_FB, ONE(FIX_FB), LEAK(FIX_FB), TIMES(FIX_N, FIX_GO)) && clip_fits(p, FIX_W, FIX_G) &&
           clip_fits(p, FIX_WO, FIX_GO) && clip_fits(p, FIX_FB, FIX_GO);
}
