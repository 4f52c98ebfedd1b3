/* tape_eprop2.h: e-prop 2 on the tape, with forward equations and traces of its own.
 * SPDX-License-Identifier: MIT */
#ifndef REF_TAPE_EPROP2_H
#define REF_TAPE_EPROP2_H

#include "../eprop2.h"
#include "../tape.h"

/* The outer gradient of p, overwritten, from the tape's own two trials, traces and update; order as in
 * ref_e2_gradient. Ordered arithmetics take parameters and batches from p alone, and the spikes must agree with p's (status
 * EP_DOMAIN, rep->spike_mismatch); symbolic ones take states, psi, its slope, err and reg from p. rep may be NULL; its E is
 * not set. Memory: about 5 nodes a synapse and step. */
EP_MUST_USE ep_status ref_tape_eprop2(ref_ctx *c, const ref_e2 *p, ref_e2_order order, ref_e2_grad *g, ref_tape_report *rep);

#endif
