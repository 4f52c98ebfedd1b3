/* eprop2_case.h: seeded problems of e-prop 2 that are alive.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EPROP2_CASE_H
#define VFY_EPROP2_CASE_H

#include "cases.h"
#include "eprop2.h"

/* What to make; 0 takes the default in brackets. */
typedef struct vfy_e2_spec {
    ep_model main, module;
    ep_reset_path reset_path;
    ep_psi_shape psi_shape;
    ep_psi_refractory psi_refractory;
    ep_gain g_in; /* and g_out */
    ep_loss loss;
    int n_in, n_rec, n_out, n_mod, n_code, T, T_test, B; /* [2, 4, 2, 4, 2, 24, T, 1] */
    int delay, n_ref;                                    /* [1, 0] */
    double step;                                         /* |eta dW| / |W| [0.25] */
    uint64_t seed;
} vfy_e2_spec;

/* How alive a problem is. */
typedef struct vfy_e2_live {
    double rate[3], rate_min[3]; /* training trial, module, test trial: share of steps with a spike; of the quietest neuron */
    double update;               /* |eta dW| / |W| */
    double second;               /* |full - first order| / |full| over all groups */
    int silent_L;                /* neurons whose learning signal is 0 throughout */
    int dead_groups;             /* groups with a gradient of zeros alone */
    bool moved;                  /* the update changes a spike of the test trial */
    bool alive;
} vfy_e2_live;

typedef struct vfy_e2_case {
    vfy_e2_spec spec;
    vfy_case main, module; /* where weights and inputs come from */
    double *store;         /* codes and the test trial */
    ref_e2_source src;
    char name[160];
    vfy_e2_live live;
} vfy_e2_case;

/* Tries seeds derived from spec->seed until a problem is alive: every neuron of both networks spikes, at 1 to 20 % of all
 * steps in the mean; every neuron hears a learning signal; the update changes a spike; second-order terms are at
 * least 1 % of the gradient, no group's gradient is zero. All numbers are dyadic. EP_UNABLE: none found; *out holds the last. */
EP_MUST_USE ep_status vfy_e2_case_make(const vfy_e2_spec *spec, vfy_e2_case *out);
void vfy_e2_case_free(vfy_e2_case *k);
EP_MUST_USE ep_status vfy_e2_liveness(const ref_e2_source *s, vfy_e2_live *out);

#endif
