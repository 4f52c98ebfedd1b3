/* Fourteen small networks of the integer core and the digests they must end in, on every machine. Needs the core alone:
 * no library, no floating point.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEST_FIXED_GOLDEN_H
#define VFY_TEST_FIXED_GOLDEN_H

#include "../../optimized/fixed/fix.h"

enum { G_IN = 8, G_REC = 24, G_OUT = 2, G_M = G_IN + G_REC + 1, G_T = 150, G_CASES = 14, G_LSTM = 12, G_LSTM_REC = 8, G_MEMORY = 24 * 1024 };

static const uint64_t golden_digest[G_CASES] = {
    UINT64_C(0x5f855dbdf0489749), UINT64_C(0xd445778d4ece5ab9), UINT64_C(0x3fbf9d9f9c12c388), UINT64_C(0x8401f78d7685f885),
    UINT64_C(0xe116683316b345e9), UINT64_C(0x163d00efa6ed2279), UINT64_C(0x5919c74968fddc66), UINT64_C(0x95a8c8d1759e7f64),
    UINT64_C(0x572e7038a20672a9), UINT64_C(0x10a4f6c8c45f2da6), UINT64_C(0xeed09676d74b0061), UINT64_C(0xecb0f630067d26be),
    UINT64_C(0x5b90f60c48532345), UINT64_C(0x98c2a3ae0d5f4f78),
};

typedef struct golden {
    fix_config c;
    int32_t rho[G_REC], beta[G_REC], W[G_REC * G_M], WO[G_OUT * (G_REC + 1)], FB[G_REC * G_OUT];
    uint32_t random;
} golden;

/* low..high in units of 1/64. */
static inline int32_t golden_number(golden *g, unsigned q, int32_t low, int32_t high)
{
    g->random = g->random * 1664525u + 1013904223u;
    int32_t n = low + (int32_t)((g->random >> 16) % (uint32_t)(high - low + 1));
    return (int32_t)(n * ((int64_t)1 << g->c.profile->q[q].frac) / 64);
}

/* Small LSTM networks in q15 and s16.15, softmax error in the second. */
static inline void golden_lstm(golden *g, int k)
{
    g->c.n_rec = G_LSTM_REC;
    g->c.delay = 1;
    g->c.n_ref = 0;
    g->c.alif = false;
    g->c.lstm = true;
    g->c.softmax = k > G_LSTM;
    g->c.b_forget = golden_number(g, FIX_I, 48, 48);
    for (int n = 0; n < 4 * G_LSTM_REC * (G_IN + G_LSTM_REC + 1); n++) g->W[n] = golden_number(g, FIX_W, -60, 60);
}

/* Profiles in turn; the first four ALIF with adaptive feedback, the next LIF with symmetric feedback, then softmax error and rate
 * regulariser with random feedback (one with global feedback and regression: softmax errors sum to 0), then LSTM. */
static inline void golden_network(golden *g, int k)
{
    static const fix_profile *const profiles[4] = {&fix_q15, &fix_s16_15, &fix_w8, &fix_reckon};
    g->c = (fix_config){.profile = profiles[k % 4], .n_in = G_IN, .n_rec = G_REC, .n_out = G_OUT, .delay = 1 + k % 3, .n_ref = 3,
                        .alif = k < 4 || k == 8 || k == 11, .softmax = k >= 8 && k != 9,
                        .feedback = k < 4 ? FIX_ADAPTIVE : k < 8 ? FIX_SYMMETRIC : k == 9 ? FIX_GLOBAL : FIX_RANDOM, .rho = g->rho, .beta = g->beta,
                        .W = g->W, .WO = g->WO, .FB = g->FB, .seed = UINT64_C(0x123456789ABCDEF0) + (uint64_t)k};
    g->random = (uint32_t)k;
    g->c.alpha = golden_number(g, FIX_D, 58, 58);
    g->c.kappa = golden_number(g, FIX_D, 56, 56);
    g->c.keep = golden_number(g, FIX_D, 63, 63);
    g->c.v_th = golden_number(g, FIX_V, 48, 48);
    g->c.slope = golden_number(g, FIX_S, 40, 40);
    g->c.eta = golden_number(g, FIX_N, 1, 1);
    for (int j = 0; j < G_REC; j++) {
        g->rho[j] = golden_number(g, FIX_D, 60, 63);
        g->beta[j] = golden_number(g, FIX_B, 0, 32);
        for (int i = 0; i < G_M; i++) {
            int32_t w = golden_number(g, FIX_W, -24, 24);
            g->W[j * G_M + i] = i == G_IN + j ? 0 : i == G_M - 1 ? w / 16 : w;
        }
    }
    for (int n = 0; n < G_OUT * (G_REC + 1); n++) g->WO[n] = golden_number(g, FIX_WO, -30, 30);
    for (int n = 0; n < G_REC * G_OUT; n++) g->FB[n] = golden_number(g, FIX_FB, -60, 60);
    if (k >= 8) g->c.eta = golden_number(g, FIX_N, 12, 12);
    if (k >= G_LSTM) golden_lstm(g, k);
    else if (k >= 8) {
        g->c.c_reg = golden_number(g, FIX_C, 1, 1);
        g->c.n_star = golden_number(g, FIX_CN, 192, 192);
    }
}

/* Inputs stop after 90 steps: what follows is decay. Step 70 starts a trial, after ending one; every tenth step ends in an update. */
static inline void golden_input(golden *g, int t, int32_t *x, int32_t *target)
{
    for (int i = 0; i < G_IN; i++) x[i] = t <= 90 && golden_number(g, FIX_X, 0, 255) < golden_number(g, FIX_X, 64, 64)
                                              ? golden_number(g, FIX_X, 64, 64) : 0;
    for (int k = 0; k < G_OUT; k++) target[k] = g->c.softmax ? golden_number(g, FIX_PR, 0, 64) : golden_number(g, FIX_Y, -100, 100);
}

/* The digest of case k; 0 where the core refuses. mem: G_MEMORY bytes, aligned to FIX_ALIGN. */
static inline uint64_t golden_run(int k, golden *g, void *mem)
{
    fix_state *s;
    int32_t x[G_IN], target[G_OUT];
    golden_network(g, k);
    if (fix_init(&s, &g->c, mem, G_MEMORY) != FIX_OK) return 0;
    for (int t = 1; t <= G_T; t++) {
        golden_input(g, t, x, target);
        if (t == 70) {
            fix_end(s);
            fix_begin(s);
        }
        if (fix_step(s, x, t % 7 ? target : 0) != FIX_OK) return 0;
        if (t % 10 == 0) fix_update(s);
    }
    return fix_digest(s);
}

#endif
