/* flags.h: the bugs that cases are made to catch, and which case can show which.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_FLAGS_H
#define VFY_FLAGS_H

#include "epv.h"

/* Bugs that cases are made to catch. */
typedef struct vfy_flag {
    const char *name;
    vfy_quantity q;      /* where it shows first; VFY_N_QUANTITY: anywhere */
    unsigned needs;      /* of a case: VFY_NEEDS_* */
    const char *what;    /* the bug */
    const char *effect;
    const char *equation;
} vfy_flag;
enum {
    VFY_NEEDS_BETA = 1, VFY_NEEDS_NREF = 2, VFY_NEEDS_DELAY = 4, VFY_NEEDS_TRACES = 8, VFY_NEEDS_REG = 16,
    VFY_NEEDS_MASK = 32, VFY_NEEDS_LATE = 64, VFY_NEEDS_CLASSES = 128, VFY_NEEDS_TRIALS = 256, VFY_NEEDS_STATES = 512,
    VFY_NEEDS_SPIKES = 1024, VFY_NEEDS_EPROP1 = 2048, VFY_NEEDS_CHAIN = 4096, VFY_NEEDS_ONLINE = 8192, VFY_NEEDS_BATCH = 16384,
    VFY_NEEDS_CARRY = 32768, VFY_NEEDS_RESET = 65536, VFY_NEEDS_SYMMETRIC = 1 << 17, VFY_NEEDS_ADAPTIVE = 1 << 18,
    VFY_NEEDS_GIVEN = 1 << 19, VFY_NEEDS_FIXED = 1 << 20, VFY_NEEDS_EDGE = 1 << 21, VFY_NEEDS_DRAWS = 1 << 22,
    VFY_NEEDS_FLUSH = 1 << 23 /* an answer that is 0 where a subnormal number is wanted: no case has it, a port does */
};
size_t vfy_flag_count(void);
const vfy_flag *vfy_flag_at(size_t n);
/* Can this case, with its expected lines, show the bug? */
bool vfy_flag_applies(const vfy_flag *f, const vfy_epv_case *c);
/* The flags that apply, into c->flags, as many as there is room for. */
void vfy_flags_fill(vfy_epv_case *c);
bool vfy_flags_has(const char *flags, const char *name);

#endif
