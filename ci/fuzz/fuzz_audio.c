/* Audio files: NIST SPHERE and RIFF.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "speech/timit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    int16_t *x = NULL;
    size_t samples = 0;
    char err[512] = "";
    if (task_audio_read(fuzz_file(data, n), &x, &samples, err, sizeof err) == EP_OK)
        FUZZ_HOLDS(samples >= TASK_WINDOW && 2 * samples <= 8 * n);
    else
        FUZZ_HOLDS(!x && err[0]);
    free(x);
    return 0;
}
