/* External truth, as rows of the evidence table.
 * SPDX-License-Identifier: MIT */
#include "evidence_e.h"

#include <stdio.h>

static void table_a_rows(const vfy_table_a_row *got, vfy_e_row *rows)
{
    static const char *const names[] = {"Table A, loss 1", "Table A, loss 2", "Table A, loss 3", "Table A, loss 4",
                                        "Table A, loss 5"};
    vfy_e_row *tf = &rows[VFY_TABLE_A_LOSSES];
    *tf = (vfy_e_row){.name = "Table A, float32", .limit = 1e-6};
    for (int u = 0; u < VFY_TABLE_A_LOSSES; u++) {
        rows[u] = (vfy_e_row){.name = names[u], .value = got[u].rel_nest, .limit = 1e-12};
        rows[u].holds = rows[u].value <= rows[u].limit;
        snprintf(rows[u].note, sizeof rows[u].note, "%.15g, NEST %.15g, %ld spikes", got[u].loss, got[u].nest,
                 got[u].spikes);
        if (got[u].rel_tf > tf->value) tf->value = got[u].rel_tf;
    }
    tf->holds = tf->value <= tf->limit;
    snprintf(tf->note, sizeof tf->note, "largest relative distance of the five from TensorFlow 1.15 in float32");
}

static ep_status paper_row(size_t k, vfy_e_row *row)
{
    int mismatches = 0, compared = 0;
    ep_status st = vfy_handworked_run(k, NULL, &mismatches, &compared);
    if (st != EP_OK) return st;
    *row = (vfy_e_row){.name = vfy_handworked_name(k), .value = mismatches, .holds = mismatches == 0 && compared > 0};
    snprintf(row->note, sizeof row->note, "worked on paper: %d of %d numbers differ", mismatches, compared);
    return EP_OK;
}

static bool wanted(ep_model only, ep_model m) { return only == EP_N_MODEL || only == m; }

ep_status vfy_evidence_e(ep_model only, vfy_e_row *rows, size_t most, size_t *n)
{
    vfy_table_a_row table[VFY_TABLE_A_LOSSES];
    size_t cases = vfy_handworked_count(), used = wanted(only, EP_LIF) ? VFY_TABLE_A_LOSSES + 1 : 0, need = used;
    for (size_t k = 0; k < cases; k++) need += wanted(only, vfy_handworked_model(k));
    if (most < need) return EP_DOMAIN;
    if (used) {
        ep_status st = vfy_table_a(ref_arith_binary64(), 53, 1, VFY_TABLE_A_LOSSES, table);
        if (st != EP_OK) return st;
        table_a_rows(table, rows);
    }
    for (size_t k = 0; k < cases; k++) {
        if (!wanted(only, vfy_handworked_model(k))) continue;
        ep_status st = paper_row(k, &rows[used++]);
        if (st != EP_OK) return st;
    }
    *n = used;
    return EP_OK;
}
