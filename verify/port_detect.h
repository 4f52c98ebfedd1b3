/* port_detect.h: which convention does a port follow, whatever it was asked for?
 * SPDX-License-Identifier: MIT */
#ifndef VFY_PORT_DETECT_H
#define VFY_PORT_DETECT_H

#include "port.h"
#include "result.h"

/* What one option's values came to, the others being those that fit. */
typedef struct vfy_option_found {
    const char *name;
    char value[40];        /* the one that fits */
    char open[120];        /* further values that the cases cannot tell from it; empty: none */
    char excluded[400];    /* the values that do not fit, each with the first quantity that says so */
} vfy_option_found;

enum { VFY_MOST_OPTIONS = 24 };
typedef struct vfy_detected {
    ep_preset label;       /* what the port was asked for */
    bool answered, fits;   /* fits: some combination of options gives every number that it sent */
    ep_options options;    /* the combination, or the nearest one */
    bool is_preset;        /* it is a preset's, as far as it can be told */
    ep_preset preset;
    double share;          /* of the values sent, how many fit */
    char first[200];       /* the first that does not */
    vfy_option_found option[VFY_MOST_OPTIONS];
    int n_option;
} vfy_detected;

/* Shows the port four networks under each preset (or the one given) and searches for the options that explain what it
 * answers: all presets, then one option after another as long as more values fit. out holds EP_N_PRESET. EP_PORT as
 * vfy_port_run. Cost: about 3 s a preset that it answers. */
EP_MUST_USE ep_status vfy_port_detect(const vfy_port_args *a, bool one_preset, ep_preset preset, const vfy_progress *p,
                                      vfy_claims *claims, vfy_detected *out, char *err, size_t n);

#endif
