/* Labels of the official one-shot runs.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "omniglot/glyph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static glyph_labels l;
    char why[TASK_WHY] = "";
    if (glyph_read_labels(fuzz_file(data, n), &l, why) != EP_OK) {
        FUZZ_HOLDS(why[0]);
        return 0;
    }
    FUZZ_HOLDS(l.n_way >= 2 && l.n_way <= l.n_test && l.n_test <= GLYPH_MOST_WAY);
    for (int k = 1; k < l.n_way; k++) FUZZ_HOLDS(strcmp(l.class[k - 1], l.class[k]) < 0);
    for (int k = 0; k < l.n_test; k++) {
        int which = glyph_find_label(&l, l.example[k]);
        FUZZ_HOLDS(which >= 0 && which < l.n_way && l.test[k][0]);
    }
    return 0;
}
