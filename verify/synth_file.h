/* synth_file.h: a synthesiser's parameters from a text file.
 *
 *   synth 1              version
 *   sees z | state       what it looks at (reference/synth.h)
 *   hidden N             units of the hidden layer; 0: linear
 *   numbers              V [N][n_u], p [N], W [n_s][N], q [n_s]; linear: W [n_s][n_u], q [n_s]. Decimal or hexadecimal, between blanks
 *
 * SPDX-License-Identifier: MIT */
#ifndef VFY_SYNTH_FILE_H
#define VFY_SYNTH_FILE_H

#include "synth.h"

typedef struct vfy_synth {
    int n_hid;
    ref_sees sees;
    size_t n;      /* numbers in the file */
    double *theta;
} vfy_synth;

/* EP_IO, EP_FORMAT with file, line, found, expected in err; EP_NOMEM. Free with vfy_synth_free. */
EP_MUST_USE ep_status vfy_synth_read(const char *path, vfy_synth *out, char *err, size_t n);
void vfy_synth_free(vfy_synth *s);
/* Numbers that a network needs of it, to say seeds of this kind; 0 for REF_SEED_NONE. EP_NOMEM. */
EP_MUST_USE ep_status vfy_synth_needs(const vfy_synth *s, const ep_net *net, ref_seed says, size_t *n);
/* Its gradient's and its own place in c. EP_DOMAIN: s->n is not what the network needs; EP_NOTIMPL: a hidden layer where the arithmetic has no tanh. */
EP_MUST_USE ep_status vfy_synth_load(ref_ctx *c, const vfy_synth *s, const ref_net *net, ref_seed says, ref_synth *sg, ref_synth_use *use);

#endif
