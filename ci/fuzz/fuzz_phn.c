/* Phoneme labels; the first two bytes are the length of the audio in units of 16 samples.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "speech/timit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2) return 0;
    size_t samples = 16 * ((size_t)data[0] * 256 + data[1]);
    task_labels l = {0};
    char err[512] = "";
    if (task_labels_read(fuzz_file(data + 2, n - 2), samples, &l, err, sizeof err) != EP_OK) {
        FUZZ_HOLDS(err[0]);
        return 0;
    }
    for (size_t k = 0; k < l.n; k++) {
        FUZZ_HOLDS(l.seg[k].start >= 0 && l.seg[k].start <= l.seg[k].end && (size_t)l.seg[k].end <= samples);
        FUZZ_HOLDS(l.seg[k].phone >= 0 && l.seg[k].phone < 61 && (k == 0 || l.seg[k - 1].end <= l.seg[k].start));
    }
    task_labels_free(&l);
    return 0;
}
