/* eprop.h: the types of the specification, shared by every folder.
 *
 * C11, no allocation, no MPFR. Indices everywhere: t = 1..T time step, j postsynaptic (row),
 * i presynaptic (column), k output, c input channel (1 for spiking cells, 4 gates for LSTM).
 * Arrays are row-major; a shape is written [T][n_rec]. States at t = 0 and before are 0.
 * SPDX-License-Identifier: MIT */
#ifndef EPROP_H
#define EPROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __FAST_MATH__
#error "eprop-verify must not be compiled with -ffast-math: its results are proofs about IEEE arithmetic"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define EP_VERSION "0.1.0"

/* ---- status ---------------------------------------------------------------------------- */

typedef enum ep_status {
    EP_OK = 0,
    EP_DOMAIN,  /* the caller broke a stated range */
    EP_UNABLE,  /* the precision at hand cannot decide */
    EP_NOMEM,
    EP_IO,
    EP_FORMAT,  /* malformed file or message */
    EP_PORT,    /* a port crashed, timed out or broke the protocol */
    EP_NOTIMPL
} ep_status;

#if defined(__GNUC__)
#define EP_MUST_USE __attribute__((warn_unused_result))
#else
#define EP_MUST_USE
#endif

const char *ep_status_name(ep_status s);

/* ---- models, rules, groups ------------------------------------------------------------- */

typedef enum ep_model { EP_LIF, EP_ALIF, EP_LSNN, EP_LSTM, EP_RATE, EP_SYNAPTIC, EP_N_MODEL } ep_model;

typedef enum ep_rule {
    EP_BPTT, EP_RTRL, EP_EPROP1_SYMMETRIC, EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE, EP_EPROP1_GLOBAL,
    EP_TBPTT, EP_TBPTT_SG, EP_EPROP3, EP_EPROP3_SG, EP_EPROP2, EP_N_RULE
} ep_rule;

/* Per-neuron constants theta_p,j of a cell. Which of them a cell has: ep_model_has(). */
typedef enum ep_theta {
    EP_ALPHA,   /* membrane decay */
    EP_RHO,     /* adaptation decay */
    EP_BETA,    /* adaptation strength */
    EP_ALPHA_S, /* decay of the synaptic current */
    EP_N_THETA
} ep_theta;

/* Parameter groups, in the order of files and reports. EP_G_THETA + p is the gradient by theta_p. */
typedef enum ep_group {
    EP_G_WIN,  /* [n_ch][n_rec][n_in]  */
    EP_G_WREC, /* [n_ch][n_rec][n_rec] */
    EP_G_BIAS, /* [n_ch][n_rec]        */
    EP_G_WOUT, /* [n_out][n_rec]       */
    EP_G_BOUT, /* [n_out]              */
    EP_G_THETA,
    EP_N_GROUP = EP_G_THETA + EP_N_THETA
} ep_group;

typedef enum ep_loss { EP_REGRESSION, EP_CLASSIFICATION, EP_N_LOSS } ep_loss;

/* ---- options: the first value of each is the convention of the 2019 paper ----------------- */

typedef enum { EP_GAIN_ONE, EP_GAIN_COMPLEMENT /* 1 - decay */, EP_GAIN_VALUE } ep_gain;
typedef enum { EP_WIDTH_VTH, EP_WIDTH_A /* v_th + beta a */ } ep_psi_width;
typedef enum { EP_DZDA_PSI /* -beta psi */, EP_DZDA_AUTOGRAD /* -beta psi v/A */ } ep_dz_da;
typedef enum { EP_SCALE_GAMMA_VTH /* gamma/v_th */, EP_SCALE_GAMMA /* gamma */ } ep_psi_scale;
typedef enum { EP_TRIANGLE, EP_FAST_SIGMOID, EP_EXPONENTIAL, EP_ARCTAN } ep_psi_shape;
typedef enum { EP_TEST_GT, EP_TEST_GE } ep_spike_test;
typedef enum { EP_FROM_NEW_V, EP_FROM_OLD_V } ep_spike_from;
typedef enum { EP_REFR_N, EP_REFR_N_PLUS_1 } ep_ref_count;
typedef enum { EP_RESET_VTH_NEXT, EP_RESET_A_NEXT, EP_RESET_VTH_SAME } ep_reset;
typedef enum { EP_ADAPT_Z, EP_ADAPT_Z_UNMASKED, EP_ADAPT_RHO_SUM /* rho (a + z) */ } ep_adapt_source;
typedef enum { EP_PSI_ZERO, EP_PSI_UNMASKED } ep_psi_refractory;
typedef enum { EP_RESET_TRANSMITTED, EP_RESET_LOCAL, EP_RESET_DETACHED } ep_reset_path;
typedef enum { EP_NORM_SUM, EP_NORM_STEPS, EP_NORM_BATCH, EP_NORM_BOTH } ep_loss_norm;
typedef enum { EP_PHI_TANH, EP_PHI_IDENTITY } ep_phi;

/* One convention. Zero-initialised = paper2019 except delay, which must be >= 1. */
typedef struct ep_options {
    ep_gain g_in, g_a, g_out;         /* complement: 1 - alpha_j, 1 - rho_j, 1 - kappa */
    double g_in_value, g_a_value, g_out_value; /* used with EP_GAIN_VALUE */
    bool gain_differentiated;         /* dg_in/dalpha = -1 and dg_a/drho = -1 enter dE/dalpha, dE/drho */
    ep_psi_width psi_width;
    ep_dz_da dz_da;
    ep_psi_scale psi_scale;
    ep_psi_shape psi_shape;
    ep_spike_test spike_test;
    ep_spike_from spike_from;
    ep_ref_count ref_count;
    ep_reset reset;
    ep_adapt_source adapt_source;
    ep_psi_refractory psi_refractory;
    ep_reset_path reset_path;
    ep_loss_norm loss_norm;
    ep_phi phi;
    int delay;                        /* d >= 1: transmission delay of recurrent synapses, in steps */
    int delay_L;                      /* e-prop 1: steps by which the learning signal arrives late, >= 0 */
} ep_options;

typedef enum ep_preset {
    EP_PAPER2019, EP_OFFICIAL_ALIF, EP_OFFICIAL_LIGHTLIF, EP_OFFICIAL_LIGHTALIF, EP_LSNN_OFFICIAL,
    EP_NEST_BSSHSLM, EP_MLGENN, EP_EPROP_PYTORCH, EP_N_PRESET
} ep_preset;

/* ---- a network and its trials --------------------------------------------------------------- */

#define EP_MAX_DIM 1048576 /* any of n_in, n_rec, n_out, T, B */

/* A network. The caller owns all arrays; every value is finite. NULL arrays mean all zero, except B
 * (NULL = Wout^T). v_th, gamma > 0 for spiking cells; alpha, rho, alpha_s, kappa in [0, 1). */
typedef struct ep_net {
    ep_model model;
    ep_options opt;
    int n_in, n_rec, n_out;
    const double *Win;             /* [n_ch][n_rec][n_in]; LSTM channels in the order i, f, g, o */
    const double *Wrec;            /* [n_ch][n_rec][n_rec]; diagonal 0 unless LSTM */
    const double *b;               /* [n_ch][n_rec] */
    const double *Wout;            /* [n_out][n_rec] */
    const double *bout;            /* [n_out] */
    const double *B;               /* [n_rec][n_out] feedback of e-prop 1 */
    const double *theta[EP_N_THETA]; /* [n_rec] each */
    double kappa, v_th, gamma, b_forget;
    int n_ref;
} ep_net;

/* A batch of trials of equal length T. */
typedef struct ep_batch {
    int T, B;
    const double *x;      /* [B][T][n_in] */
    const double *target; /* [B][T][n_out]; classification: probabilities p* */
    const double *mask;   /* [B][T], m^t >= 0; NULL = all 1 */
    ep_loss loss;
    double c_reg, f_target; /* E_reg = c_reg/2 sum_j (fbar_j - f_target)^2 */
} ep_batch;

int ep_model_channels(ep_model m);            /* 1, LSTM 4 */
bool ep_model_spikes(ep_model m);
bool ep_model_has(ep_model m, ep_theta p);    /* does the cell have this constant? */
bool ep_model_masks_diagonal(ep_model m);

/* rows * columns (and channels) of a group; 0 if the model does not have it. */
size_t ep_group_size(const ep_net *net, ep_group g);

const char *ep_model_name(ep_model m);
const char *ep_rule_name(ep_rule r);
const char *ep_group_name(ep_group g);
const char *ep_theta_name(ep_theta p);
const char *ep_loss_name(ep_loss l);
const char *ep_preset_name(ep_preset p);
bool ep_model_parse(const char *s, ep_model *out);
bool ep_rule_parse(const char *s, ep_rule *out);
bool ep_loss_parse(const char *s, ep_loss *out);
bool ep_preset_parse(const char *s, ep_preset *out);

/* The options of a named preset. */
ep_options ep_preset_options(ep_preset p);

/* Options by text: `g_in` = `1-alpha`. Names and values are those of ep_option_row(). */
typedef struct ep_option_row {
    const char *name;
    const char *values[6]; /* NULL-terminated; the value's index is the enumerator */
    const char *meaning;   /* one line */
} ep_option_row;
size_t ep_option_count(void);
const ep_option_row *ep_option_at(size_t n);
bool ep_option_set(ep_options *o, const char *name, const char *value);
/* Writes the value's text into buf (at least 32 bytes). */
bool ep_option_get(const ep_options *o, const char *name, char *buf, size_t n);

/* Checks every stated range; on EP_DOMAIN `why` (>= 160 bytes) says what was found and expected. */
EP_MUST_USE ep_status ep_net_check(const ep_net *net, char *why, size_t n);
EP_MUST_USE ep_status ep_batch_check(const ep_net *net, const ep_batch *b, char *why, size_t n);

/* ---- counter-based random numbers: Philox4x32-10 ------------------------------------------------
 * A number is a pure function of (seed, stream, counter): same bits on every machine, any order. */
void ep_rng_block(uint64_t seed, uint64_t stream, uint64_t counter, uint32_t out[4]);
uint64_t ep_rng_u64(uint64_t seed, uint64_t stream, uint64_t counter);
/* k 2^-53 in [0, 1), exact. */
double ep_rng_uniform(uint64_t seed, uint64_t stream, uint64_t counter);
/* Sum of 12 uniforms minus 6, each k 2^-bits with bits <= 32: mean 0, variance 1, a dyadic number, exact. */
double ep_rng_normal(uint64_t seed, uint64_t stream, uint64_t counter, int bits);

/* FNV-1a of 64 bits over n bytes, continued from h; start with EP_HASH. Detects damage, not malice. */
#define EP_HASH UINT64_C(14695981039346656037)
uint64_t ep_hash(uint64_t h, const void *data, size_t n);

#ifdef __cplusplus
}
#endif
#endif
