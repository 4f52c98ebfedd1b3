/* Collecting verdicts.
 * SPDX-License-Identifier: MIT */
#include "result.h"

#include <math.h>
#include <stdlib.h>

const char *vfy_verdict_name(vfy_verdict v)
{
    static const char *const names[] = {"holds", "vacuous", "undecided", "fails"};
    return names[v];
}

void vfy_results_add(vfy_results *r, const vfy_row *row)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 64;
        vfy_row *rows = realloc(r->rows, cap * sizeof *rows);
        if (!rows) {
            r->status = EP_NOMEM;
            return;
        }
        r->rows = rows;
        r->cap = cap;
    }
    r->rows[r->n++] = *row;
}

void vfy_results_clear(vfy_results *r)
{
    free(r->rows);
    *r = (vfy_results){0};
}

vfy_verdict vfy_results_worst(const vfy_results *r)
{
    vfy_verdict worst = VFY_HOLDS;
    for (size_t k = 0; k < r->n; k++)
        if (r->rows[k].verdict > worst) worst = r->rows[k].verdict;
    return r->n ? worst : VFY_VACUOUS;
}

void vfy_log2_text(double value, char *buf, size_t n)
{
    if (value == 0.0) snprintf(buf, n, "0");
    else if (!isfinite(value)) snprintf(buf, n, "inf");
    else snprintf(buf, n, "2^%.1f", log2(value));
}

void vfy_say(const vfy_progress *p, const char *what, double done)
{
    if (p && p->say) p->say(p->user, what, done);
}
