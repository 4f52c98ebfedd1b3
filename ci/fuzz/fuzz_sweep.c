/* A list of trainings: patterns with choices. Every run that it stands for has a name and words.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    sweep s = {0};
    char why[SWEEP_WHY] = "";
    if (sweep_read(fuzz_file(data, n), &s, why) != EP_OK) FUZZ_HOLDS(why[0]);
    sweep_free(&s);
    return 0;
}
