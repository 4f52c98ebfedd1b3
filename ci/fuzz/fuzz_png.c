/* Pictures: what is accepted is ink or none, some ink, and reduces to cells with ink.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "omniglot/glyph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    unsigned char ink[GLYPH_AREA], cells[28 * 28];
    char why[TASK_WHY] = "";
    size_t dark = 0, grey = 0;
    if (glyph_read_png(fuzz_file(data, n), ink, why) != EP_OK) {
        FUZZ_HOLDS(why[0] && !strchr(why, '\n'));
        return 0;
    }
    glyph_reduce((glyph_form){28, n % 2 != 0}, ink, cells);
    for (size_t k = 0; k < GLYPH_AREA; k++) {
        FUZZ_HOLDS(ink[k] <= 1);
        dark += ink[k];
    }
    for (size_t k = 0; k < sizeof cells; k++) grey += cells[k];
    FUZZ_HOLDS(dark > 0 && grey > 0 && grey <= 255 * sizeof cells);
    return 0;
}
