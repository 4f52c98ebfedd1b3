/* origin.h: where, when and with what a result was made: the facts that every manifest has.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_ORIGIN_H
#define TASK_ORIGIN_H

#include <jansson.h>

/* A flat object: commit (of the build; "-dirty" where it had changes), compiler, flags, mpfr, gmp, date (UTC), cpu, cores, machine, kernel, host,
 * load_at_start. What the system does not say is "unknown". NULL: no memory. The caller owns it. */
json_t *task_origin(void);

#endif
