/* fix.h: e-prop 1 in integers, freestanding: no allocation, no libm, no stdio, no floating point, no globals.
 *
 * The meaning of every number is reference/FIXED.md; quantities have the numbers of its section 3. The caller owns all
 * memory. Nothing here depends on the width of int beyond 32 bits, on byte order, or on shifts of negative numbers.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FIX_H
#define OPT_FIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { FIX_OK = 0, FIX_PROFILE /* a sum could leave 64 bits */, FIX_RANGE /* a constant or input */, FIX_MEMORY /* size, alignment */ } fix_status;
typedef enum { FIX_FLOOR, FIX_NEAREST_EVEN, FIX_NEAREST_UP, FIX_STOCHASTIC } fix_rounding;
typedef enum { FIX_SATURATE, FIX_WRAP } fix_overflow;
typedef enum { FIX_SYMMETRIC, FIX_RANDOM, FIX_GLOBAL, FIX_ADAPTIVE } fix_feedback;

enum {
    FIX_X, FIX_D, FIX_B, FIX_S, FIX_N, FIX_W, FIX_WO, FIX_FB, FIX_I, FIX_A, FIX_V, FIX_U, FIX_P,
    FIX_EV, FIX_EA, FIX_T, FIX_E, FIX_EB, FIX_Y, FIX_ER, FIX_L, FIX_ZB, FIX_G, FIX_GO,
    FIX_z, FIX_r, /* z has a format for LSTM only, r none */
    FIX_EX, FIX_PR, FIX_C, FIX_CN, FIX_ES, FIX_R,
    FIX_GA, FIX_CC, FIX_H, FIX_SD, FIX_LD, FIX_OP, FIX_EL,
    FIX_COUNT
};

/* A number n of a format stands for n 2^-frac; bits 2..32, frac 0..40. */
typedef struct fix_format {
    uint8_t bits, frac, rounding, overflow;
} fix_format;

typedef struct fix_profile {
    fix_format q[FIX_COUNT]; /* what a network does not use is not looked at */
    uint8_t clip; /* units in the last place that one update may change a weight by; 0 = any */
} fix_profile;

extern const fix_profile fix_q15, fix_s16_15, fix_w8, fix_reckon;

/* A network. The profile, rho and beta are read as long as the state lives; W, WO, FB by fix_init only. */
typedef struct fix_config {
    const fix_profile *profile;
    int32_t n_in, n_rec, n_out; /* 1..4096 */
    int32_t delay;              /* 1..255 */
    int32_t n_ref;              /* 0..65535 */
    bool alif, lstm; /* neither: LIF; LSTM: delay 1, n_ref 0, c_reg 0, and alpha, v_th, slope are not read */
    bool softmax; /* softmax error; targets are probabilities in format PR */
    fix_feedback feedback;
    int32_t alpha, kappa, keep; /* format D */
    int32_t v_th, slope, eta;   /* formats V, S, N */
    int32_t b_forget;           /* format I; LSTM */
    int32_t c_reg, n_star;      /* rate regulariser: c_reg / T^2, wanted spikes a trial; formats C, CN; c_reg = 0: none */
    const int32_t *rho, *beta;  /* [n_rec], formats D, B; ALIF only */
    const int32_t *W;           /* [n_rec][n_in + n_rec + 1]; NULL: 0, as WO and FB; LSTM: [4 n_rec][...], rows of i, f, g, o */
    const int32_t *WO;          /* [n_out][n_rec + 1] */
    const int32_t *FB;          /* [n_rec][n_out]; global: one word; symmetric: not read */
    uint64_t seed;
} fix_config;

typedef struct fix_state fix_state;

enum { FIX_ALIGN = 8 };

/* Bytes that fix_init needs: each array in 1, 2 or 4 bytes a number, by its format. 0 if sizes, profile or enumerations are refused. */
size_t fix_state_size(const fix_config *c);
/* The state before the first step, in mem (size bytes, aligned to FIX_ALIGN). */
fix_status fix_init(fix_state **s, const fix_config *c, void *mem, size_t size);
/* Starts a trial: clears what belongs to one, keeps weights, gradients, counters. */
void fix_begin(fix_state *s);
/* One step: x [n_in] format X, target [n_out] format Y (softmax: PR, each 0..1), or NULL where the step is masked. FIX_RANGE: nothing done.
 * Cost O(n_rec (n_in + n_rec)). */
fix_status fix_step(fix_state *s, const int32_t *x, const int32_t *target);
/* The same in two halves: everything up to the readout, with ER and L = 0; then, at most once a step, the gradient of this step
 * from a target, from given errors ER [n_out], or from given signals L [n_rec] (no gradient by WO). */
fix_status fix_forward(fix_state *s, const int32_t *x);
fix_status fix_learn(fix_state *s, const int32_t *target);
fix_status fix_learn_error(fix_state *s, const int32_t *er);
fix_status fix_learn_signal(fix_state *s, const int32_t *L);
/* Ends a trial: the rate regulariser's part of the gradient, from the spikes since fix_begin. Nothing without c_reg. */
void fix_end(fix_state *s);
/* Weights minus eta times the gradients, which become 0. */
void fix_update(fix_state *s);
/* Elements of quantity q (0: not kept), element i of it row-major, saturations or wraps of q since fix_init. */
size_t fix_elements(const fix_state *s, int q);
int32_t fix_get(const fix_state *s, int q, size_t i);
uint64_t fix_events(const fix_state *s, int q);
/* FIX_RANGE: not kept, not in its format, or not 0 where it is masked. z is that of the step just done. */
fix_status fix_set(fix_state *s, int q, size_t i, int32_t n);
/* FNV-1a over everything above; equal on every machine. */
uint64_t fix_digest(const fix_state *s);

#endif
