/* evidence.h: the five kinds of evidence that BPTT and the e-prop factorization are the same gradient.
 *
 *   A  algebraic identity in two prime fields, with the Schwartz-Zippel bound from a measured degree
 *   B  certified enclosures: interval arithmetic with every spike decision proved
 *   C  precision scaling: the difference stays under the running error bound at every precision
 *   D  independent routes: a tape with its own forward equations; central differences; RTRL
 *   E  external truth: published numbers and cases worked on paper
 *
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EVIDENCE_H
#define VFY_EVIDENCE_H

#include "cases.h"
#include "result.h"
#include "tape.h"

typedef enum vfy_level { VFY_QUICK, VFY_FULL } vfy_level;

/* What one kind of evidence can't see, in plain words. */
const char *vfy_blind_spot(char evidence);

/* Both halves of the identity on one recorded batch, through views that may differ: BPTT from the adjoint
 * (view_L), and sum_t L e with the same L over the traces of view_e. In windows the second half is e-prop 3 with exact
 * seeds: the windows' adjoint through view_cut, over the traces of view_e. */
typedef struct vfy_pair { ref_grad bptt, traces; } vfy_pair;
typedef struct vfy_views {
    ref_view (*L)(const ref_net *net, const ref_traj *tr, void *user); /* NULL = plain */
    ref_view (*e)(const ref_net *net, const ref_traj *tr, void *user);
    ref_view (*cut)(const ref_net *net, const ref_traj *tr, void *user);
    int window;    /* steps; 0: no windows */
    ref_seed seed; /* which part of the exact seeds a window's end receives */
    /* Changes the exact seeds; NULL: leaves them. */
    void (*spoil)(ref_ctx *c, const ref_view *v, const ref_num *reg, const ref_adjoint *whole, int window, ref_seeds *s, void *user);
    void *user;
} vfy_views;
EP_MUST_USE ep_status vfy_pair_compute(ref_ctx *c, const ref_run *run, const vfy_views *w, int threads, vfy_pair *out);
/* The adjoints of trial b: BPTT's, and those whose L (in windows: Ltr) meets the traces. every_L set before holds for both. */
EP_MUST_USE ep_status vfy_adjoints(ref_ctx *c, const ref_run *run, int b, const vfy_views *w, ref_adjoint *bptt,
                                   ref_adjoint *heard);
ref_view vfy_view_of(ref_view (*make)(const ref_net *, const ref_traj *, void *), const ref_run *run, int b, void *user);

/* A recorded case in an arithmetic: one call from case to gradients. */
typedef struct vfy_session {
    ref_ctx c;
    ref_net net;
    ref_run run;
} vfy_session;
/* prime is used by the field alone, prec by the others. */
EP_MUST_USE ep_status vfy_session_open(const vfy_case *k, const ref_arith *ar, long prec, uint64_t prime, uint64_t seed,
                                       vfy_session *s);
void vfy_session_close(vfy_session *s);

/* ---- the measures behind the rows; each is a pure function of a case -------------------------------- */

/* A: entries of the two gradients (and of RTRL, the tape and e-prop 3 with full seeds, as asked) that differ
 * in F_p; degree: the largest degree of any entry on either side. */
typedef struct vfy_identity { size_t entries, differ, differ_rtrl, differ_tape, differ_eprop3; int64_t degree; int dead_groups; } vfy_identity;
EP_MUST_USE ep_status vfy_measure_identity(const vfy_case *k, uint64_t prime, uint64_t seed, const vfy_views *w, vfy_identity *out);

/* B: largest possible |BPTT - sum L e| / scale over all entries, scale = the group's largest |gradient|; proved.
 * disjoint: entries whose enclosures exclude each other, a proof that the two differ. */
typedef struct vfy_certificate {
    long bits_L, bits_e;       /* precisions that sufficed */
    double log2_gap;           /* log2 of the proved bound, <= -q */
    double bits_lost;          /* by the adjoint: log2(width / 2^-bits_L / scale) */
    size_t entries, disjoint, spikes, undecided;
    double min_margin;         /* smallest |v - A| that was decided */
    double seconds;
} vfy_certificate;
EP_MUST_USE ep_status vfy_certify(const vfy_case *k, double q, const vfy_views *w, int threads,
                                  const vfy_progress *p, vfy_certificate *out);

/* C: at precision `bits`: err = max |difference| / group scale; ratio = max |difference| / (u (mag_BPTT + mag_e)). */
typedef struct vfy_scaling { double err, bound, ratio; } vfy_scaling;
EP_MUST_USE ep_status vfy_measure_scaling(const vfy_case *k, long bits, const vfy_views *w, vfy_scaling *out);

/* D: largest difference relative to the group's scale, of BPTT and of sum L e against the tape, in MPFR. */
typedef struct vfy_routes { double bptt, traces, rtrl, eprop1_cut, tbptt, fd, fd_limit; bool spikes_differ; } vfy_routes;
EP_MUST_USE ep_status vfy_measure_routes(const vfy_case *k, long bits, const vfy_views *w, vfy_routes *out);

/* ---- the evidence, as rows ------------------------------------------------------------------------------ */

typedef struct vfy_task {
    ep_model model;
    vfy_level level;
    int threads;
    const vfy_progress *progress;
    vfy_results *out;
} vfy_task;
/* The same in windows; whatever the model has crosses the boundaries. */
EP_MUST_USE ep_status vfy_windows_a(const vfy_task *t);
EP_MUST_USE ep_status vfy_windows_b(const vfy_task *t);
EP_MUST_USE ep_status vfy_windows_c(const vfy_task *t);
EP_MUST_USE ep_status vfy_windows_d(const vfy_task *t);
EP_MUST_USE ep_status vfy_windows_e(const vfy_task *t);
EP_MUST_USE ep_status vfy_prove_a(const vfy_task *t);
EP_MUST_USE ep_status vfy_prove_b(const vfy_task *t);
EP_MUST_USE ep_status vfy_prove_c(const vfy_task *t);
EP_MUST_USE ep_status vfy_prove_d(const vfy_task *t);

/* The conventions and options that a model is proved under. */
typedef struct vfy_variant { ep_preset preset; ep_reset_path path; int delay, n_ref; ep_loss loss; int B; } vfy_variant;
size_t vfy_variants(ep_model m, vfy_level level, vfy_variant *out, size_t most);
ep_status vfy_variant_case(ep_model m, const vfy_variant *v, int n_rec, int T, uint64_t seed, vfy_case *out);

/* ---- gradients compared -------------------------------------------------------------------------------------- */

/* Largest |x| of a group. */
double vfy_group_scale(const ref_ctx *c, const ref_grad *g, int group);
/* max over groups of max |a - b| / max |b|, computed in the arithmetic; c: any context of it. */
double vfy_grad_distance(ref_ctx *c, const ref_grad *a, const ref_grad *b);
/* cos and |a| / |b| over weights and biases of the recurrent layer (the groups rules differ in). */
void vfy_grad_direction(ref_ctx *c, const ref_grad *a, const ref_grad *b, double *cosine, double *rel_norm, double *rel_err);

#endif
