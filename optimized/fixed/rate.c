/* The rate regulariser: spikes and eligibility traces are summed over a trial.
 * SPDX-License-Identifier: MIT */
#include "core.h"

void fix_rate_count(fix_state *s)
{
    for (size_t j = 0; j < s->q[FIX_CN].n; j++) fix_accumulate(s, FIX_CN, j, fix_load(&s->q[FIX_z], j), 0, j, 0);
}

void fix_end(fix_state *s)
{
    size_t n = (size_t)s->n_rec, M = (size_t)s->M;
    fix_array *count = &s->q[FIX_CN], *sum = &s->q[FIX_ES];
    if (count->n == 0) return;
    for (size_t j = 0; j < n; j++) {
        int64_t more = (int64_t)fix_load(count, j) - s->n_star;
        int32_t r = fix_fit(s, FIX_R, s->c_reg * more, fix_frac(s, FIX_C) + fix_frac(s, FIX_CN), (uint32_t)j, 0);
        fix_store(&s->q[FIX_R], j, r);
        fix_store(count, j, 0);
        for (size_t k = j * M; k < (j + 1) * M; k++) { /* the sum is 0 on the diagonal */
            fix_accumulate(s, FIX_G, k, (int64_t)r * fix_load(sum, k), fix_frac(s, FIX_R) + fix_frac(s, FIX_ES), j, k - j * M);
            fix_store(sum, k, 0);
        }
    }
}
