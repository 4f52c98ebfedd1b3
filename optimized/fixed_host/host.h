/* The engine around the integer core: its state, and what its files share.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FIXED_HOST_H
#define OPT_FIXED_HOST_H

#include "../fixed/core.h"
#include "../opt_fixed.h"

/* What a grad records of each step, [B][T][width]. */
enum { REC_V, REC_A, REC_Z, REC_PSI, REC_I, REC_Y, REC_ERR, REC_COUNT };

typedef struct host {
    opt_config cfg; /* cfg.net is not kept */
    ep_net net;     /* sizes, options, constants; its arrays are not kept */
    fix_profile profile;
    size_t n_in, n_rec, n_out, M;
    size_t nb;      /* trials in use */
    uint64_t T_all; /* steps of the last grad */
    double loss, g_out, c;  /* c: 2^v_shift */
    double *g_in, *g_a;     /* [n_rec]; g_in with c */
    double *divisor, least; /* [B] of loss_norm, and the smallest of the trials in use */
    int32_t *rho, *beta; /* [n_rec] */
    int32_t *silence;    /* [max(n_in, n_out)] zeros */
    int32_t *record[REC_COUNT];
    fix_state **core;    /* [B] */
    bool learnt;
} host;

/* Constants of a network in a profile's formats. */
typedef struct host_constants {
    int32_t alpha, kappa, v_th, slope, n_ref, c_reg, n_star, b_forget;
} host_constants;

static inline host *host_of(opt_state *s) { return (host *)(void *)s; }
static inline const host *host_of_const(const opt_state *s) { return (const host *)(const void *)s; }

static inline bool host_is_lstm(const host *h) { return h->net.model == EP_LSTM; }
/* Where number k of group g lies in the core's W or G (WO or GO for the readout); *j its neuron, LSTM: its row. */
size_t host_place(const host *h, ep_group g, size_t k, size_t *j);
/* The format of a quantity's number k. */
unsigned host_format(const host *h, int quantity, size_t k);
static inline bool host_has_fraction(const host *h, unsigned q) { return (q != FIX_z || host_is_lstm(h)) && q != FIX_r && q < FIX_COUNT; }
/* Numbers that record r keeps of a step and trial. */
size_t host_width(const host *h, int r);
/* What one unit of number k stands for. */
double host_unit(const host *h, int quantity, size_t k);
int host_group(int quantity, int first); /* -1: not of this class */
size_t host_count(const host *h, int quantity);

/* c_reg divisor / (T B)^2 and f* T B for T steps of B trials; false: outside their formats, or the first rounds to 0. */
bool host_regulariser(const opt_config *cfg, const fix_profile *p, size_t T, size_t B, double divisor, int32_t *c_reg, int32_t *n_star);
/* What loss_norm divides a trial of `steps` unmasked steps by. */
double host_divisor(ep_loss_norm norm, size_t steps, size_t B);
/* n = v 2^f to the nearest, ties to even; false: outside the format, n is the nearer end. */
bool host_round(const fix_profile *p, unsigned q, double v, int32_t *n);
double host_gain_in(const ep_net *net, size_t j); /* without c */
double host_gain_a(const ep_net *net, size_t j);
double host_gain_out(const ep_net *net);
/* Everything that depends on the network's numbers, k always; with h, whose cores exist, its arrays and weights too. */
ep_status host_convert(const opt_config *cfg, const fix_profile *p, host *h, host_constants *k, char *why, size_t n);

/* Sum of G or GO over the trials, weighted by least / divisor, within its format. */
int32_t host_summed(const host *h, unsigned q, size_t i);
/* Divisors of the trials in use by their masks [nb][T]; T = 0: 1 each. */
void host_divide(host *h, const int32_t *mask, size_t T);
void host_reset(opt_state *s, unsigned what);
ep_status host_step(opt_state *s, const void *x);
ep_status host_learn(opt_state *s, const opt_signal *sig);
ep_status host_grad(opt_state *s, const opt_trials *tr);
size_t host_count_of(const opt_state *s, int quantity);
ep_status host_get(const opt_state *s, int quantity, void *out, size_t n);
ep_status host_set(opt_state *s, int quantity, const void *in, size_t n);

#endif
