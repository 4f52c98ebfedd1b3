/* expect.h: what the makers of expected values share.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EXPECT_H
#define VFY_EXPECT_H

#include "algo.h"
#include "vectors.h"

/* The running arithmetic with room for underflow of the format and for the errors of C libraries. */
ref_arith vfy_running_in(vfy_format f);
/* One entry from its enclosure and its running bound; false: not decided at this precision. */
bool vfy_write_down(vfy_format f, const ref_num *in, const ref_num *err, vfy_want *w);

/* Column of the vector format that column col of a row is, or -1 for a constant that the model lacks. */
int vfy_trace_column(const vfy_epv_case *k, int col);
/* Which eligibility vector, from VFY_Q_EPS_S on, is that of component h; -1: none. */
int vfy_component_row(const ref_net *net, int h);
/* Component of the hidden state by name, or -1. */
int vfy_component_of(const ref_net *net, const char *name);

/* One arithmetic's view of a step. */
typedef struct vfy_side {
    ref_ctx *c;
    const ref_net *net;
    const ref_traj *tr;
    ref_num *work; /* 2 */
} vfy_side;
/* Takes the spike tests of step (row) t into account: in in intervals, err in the running arithmetic. */
void vfy_certify_step(const vfy_epv_case *k, vfy_side *in, vfy_side *err, int t, vfy_certainty *out);

/* vfy_expect of a chain. It stops at the first spike test that is not robust: then *out says so and nothing is added. */
EP_MUST_USE ep_status vfy_expect_chain(vfy_epv_case *c, vfy_certainty *out);

/* vfy_expect of fixed point: the integers of the slow model, word for word. events (may be NULL): [RQ_COUNT] numbers that
 * left their format. EP_DOMAIN: the model refuses the network; EP_NOTIMPL: its profile file is not here. */
EP_MUST_USE ep_status vfy_expect_fixed(vfy_epv_case *c, uint64_t mask, uint64_t *events);

#endif
