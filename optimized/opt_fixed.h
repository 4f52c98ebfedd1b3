/* opt_fixed.h: the integer core (fixed/fix.h) as an engine of opt.h, and what integers need beside it.
 *
 * Arrays hold integers n of the profile's formats: x of X, targets of Y or PR, parameters of W and WO, gradients of G and GO, and so on
 * (reference/FIXED.md, section 3); masks and weights of steps are 0 or 1. Gains are folded into what they multiply:
 *
 *   W' = c g_in W, Win, b likewise;   beta' = c g_a beta, a' = a / g_a;   v_th' = c v_th;   Wout' = g_out Wout, bout, B likewise
 *
 * so the engine holds, and gets and sets, the primed numbers; encode and decode know the gains. c = 2^v_shift is another unit of potential:
 * no spike depends on it, only how much of format V a threshold uses. Numbers are rounded to the nearest, ties to even.
 *
 * The rule is e-prop 1, the models LIF, ALIF, LSNN with one alpha for all neurons, and LSTM (phi = tanh, no regulariser, profiles with
 * formats for it: q15, s16.15). Of LSTM, parameters, gradients, c, z, y, err, L, zbar and ebar can be read; the rest has count 0.
 *
 * A mean over steps or trials divides numbers that integers could not hold any more. So grad lets each trial learn from its sum, and what it
 * learnt is weighted when it is added to the others', in binary64, rounded once to the gradient's format; decode divides by the least divisor.
 * Errors that grad is given are those of the sum; mask is read beside them, for the number of steps. step and learn know no such weights.
 *
 * A state keeps one core a trial; they share the weights. Trial b draws with seed + b.
 * SPDX-License-Identifier: MIT */
#ifndef OPT_FIXED_H
#define OPT_FIXED_H

#include "fixed/fix.h"
#include "opt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For encode only: x, and targets in the format of Y or (classification) of PR. */
enum { OPT_FIXED_X = 0x200, OPT_FIXED_TARGET };

/* The engine whose profile is q15, s16.15, w8 or reckon, unless opt_config has one of its own. Any other name: NULL.
 * No name: the engine that takes its profile from opt_config alone. It does not have: OPT_FBAR, OPT_LOSS, gradients of theta,
 * free-running psi and z, e of LIF; delay_L is refused with EP_NOTIMPL. */
const opt_engine *opt_fixed(const char *profile);

/* What init would answer, and why: an option or rule that integers don't have (EP_NOTIMPL), or a constant or weight outside its
 * format (EP_DOMAIN). own: the engine's profile where opt_config has none. why: >= 160 bytes, or NULL. */
EP_MUST_USE ep_status opt_fixed_check(const opt_config *cfg, const fix_profile *own, char *why, size_t n);

/* to[k] = number of quantity nearest to from[k], n numbers laid out as in get or, for X, targets, Y and ERR, any number of rows.
 * What does not fit becomes the nearer end of the format (NaN: 0). Returns how many did not fit; quantities that the state does not
 * have: n. */
size_t opt_fixed_encode(const opt_state *s, int quantity, const double *from, int32_t *to, size_t n);
/* to[k] = what from[k] stands for, gains divided out: gradients are by the parameters of ep_net. */
void opt_fixed_decode(const opt_state *s, int quantity, const int32_t *from, double *to, size_t n);

/* E of the steps learnt by target since the gradient's last reset, without E_reg; in binary64, by y and not by the fitted err. */
double opt_fixed_loss(const opt_state *s);
/* Values of quantity q (FIX_X..) that left their format since init, over all trials. */
uint64_t opt_fixed_events(const opt_state *s, int q);
/* Ends trials of T steps each: adds the rate regulariser's part of the gradient, c_reg (fbar_j - f*) / (T B) sum e, fbar over all trials in use.
 * grad has done it; step by step, call it before the gradient is read. Without c_reg nothing. EP_DOMAIN: c_reg / (T B)^2 or f* T B
 * outside the formats C, CN. */
EP_MUST_USE ep_status opt_fixed_end(opt_state *s, int T);
/* The core's own update (section 5 of FIXED.md) by the gradient summed over the trials, which becomes 0. On folded weights: a rate
 * eta / (c g_in)^2 in Win, Wrec, b, and eta / g_out^2 in the readout. eprop1-adaptive: lambda of Kolen and Pollack.
 * EP_DOMAIN: eta over the least divisor of loss_norm outside format N, 1 - lambda outside D. */
EP_MUST_USE ep_status opt_fixed_update(opt_state *s, double eta, double lambda);

#ifdef __cplusplus
}
#endif
#endif
