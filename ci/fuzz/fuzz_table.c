/* Tables of a run directory.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "rep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const rep_column want[] = {{"model", REP_TEXT}, {"T", REP_INT}, {"value", REP_NUM}};
    rep_buf text = {0};
    rep_table t = {0};
    rep_error err = {""};
    rep_put_bytes(&text, (const char *)data, n);
    if (rep_table_parse(&text, "input", want, 3, &t, &err) != EP_OK) FUZZ_HOLDS(err.text[0]);
    else if (t.present)
        for (int k = 0; k < t.rows * t.cols; k++) FUZZ_HOLDS(t.cell[k] && rep_cell(&t, k / t.cols, k % t.cols) == t.cell[k]);
    rep_table_clear(&t);
    rep_buf_clear(&text);
    return 0;
}
