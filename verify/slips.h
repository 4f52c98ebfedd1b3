/* slips.h: the slips that ports of e-prop make, seeded one at a time into the traces, the learning signal, or the
 * cell's Jacobians. Which evidence sees which slip is what the evidence is worth.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_SLIPS_H
#define VFY_SLIPS_H

#include "evidence.h"

typedef enum vfy_slip {
    VFY_SLIP_PSI_NOW,        /* psi^t for psi^{t-1} in eps^a */
    VFY_SLIP_EPSA_AFTER,     /* eps^a used after its update */
    VFY_SLIP_Z_OFF,          /* z^{t-d+1} for z^{t-d} */
    VFY_SLIP_X_OFF,          /* x^{t-1} for x^t */
    VFY_SLIP_PSI_REFRACTORY, /* psi not zeroed while refractory */
    VFY_SLIP_RESET,          /* reset path missing */
    VFY_SLIP_DECAYS,         /* alpha and rho swapped */
    VFY_SLIP_BETA_EPSA,      /* beta term missing in eps^a */
    VFY_SLIP_BETA_E,         /* beta term missing in e */
    VFY_SLIP_F_BEFORE,       /* LSTM: f^{t-1} for f^t */
    VFY_SLIP_LSTM_Z_OFF,     /* LSTM: z^t for z^{t-1} */
    VFY_SLIP_WINDOW_LATE,    /* windows: the seed of a step after the boundary */
    VFY_SLIP_WINDOW_NEXT,    /* the seed of the next window's end */
    VFY_SLIP_WINDOW_BARE,    /* dh^{s+1} itself, not multiplied with dh^{s+1}/dh^s */
    VFY_SLIP_WINDOW_PSI,     /* psi^{s+1} for psi^s where the seed joins */
    VFY_SLIP_WINDOW_LOCAL,   /* the adaptation's part of dE/dz^s left out */
    VFY_SLIP_WINDOW_READOUT, /* the filtered readout's part left out */
    VFY_SLIP_WINDOW_TRACES,  /* traces start anew with each window */
    VFY_N_SLIP
} vfy_slip;

typedef enum vfy_place { VFY_IN_TRACES, VFY_IN_L, VFY_IN_CELL, VFY_N_PLACE } vfy_place;

const char *vfy_slip_name(vfy_slip s);
const char *vfy_place_name(vfy_place p);

/* A bug: what and where. */
typedef struct vfy_bug { vfy_slip slip; vfy_place place; int window; } vfy_bug; /* window: 0 = VFY_SLIP_WINDOW */

/* The views that hold it; *bug must live as long as they. In windows: of e-prop 3 with exact seeds, windows of bug->window. */
vfy_views vfy_bug_views(const vfy_bug *bug);
enum { VFY_SLIP_WINDOW = 7 };
bool vfy_slip_in_windows(vfy_slip s);
vfy_place vfy_slip_window_place(vfy_slip s); /* the one place where it has a meaning */
vfy_views vfy_window_bug_views(const vfy_bug *bug);

enum { VFY_SEES_A, VFY_SEES_B, VFY_SEES_C, VFY_SEES_D, VFY_SEES_E, VFY_SEES_RTRL, VFY_N_SEES };
typedef enum vfy_sight { VFY_UNSEEN, VFY_SEEN, VFY_NO_CASE } vfy_sight;

typedef struct vfy_slip_row {
    vfy_bug bug;
    bool applies;                      /* some slips have no meaning in some places */
    vfy_sight seen[VFY_N_SEES];
    vfy_sight predicted[VFY_N_SEES];   /* from the blind spots */
    bool as_predicted, caught;         /* caught: by at least one of A..E, and in the cell by D or E */
} vfy_slip_row;

/* The whole table slip x place x evidence as TSV; *bad (may be NULL) counts rows that are not as predicted or that
 * nothing caught. About 10 s. */
EP_MUST_USE ep_status vfy_slips_write(FILE *f, int *bad);

/* Seeds one bug and asks every kind of evidence. */
EP_MUST_USE ep_status vfy_slip_try(vfy_bug bug, vfy_slip_row *out);

#endif
