/* A run directory as the report reads it: what lies before a byte 0xff is manifest.json, what lies behind is data/fuzz.tsv.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "rep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint8_t *end = n ? memchr(data, 0xff, n) : NULL;
    size_t len = end ? (size_t)(end - data) : n;
    const char *folder = fuzz_folder("data/fuzz.tsv", end ? end + 1 : data, end ? n - len - 1 : 0);
    folder = fuzz_folder("manifest.json", data, len);
    rep_input in;
    rep_error err = {""};
    rep_buf out = {0};
    if (rep_input_read(&folder, 1, &in, &err) != EP_OK) FUZZ_HOLDS(err.text[0]);
    else {
        rep_write(&in, true, &out);
        FUZZ_HOLDS(out.n > 0);
    }
    rep_buf_clear(&out);
    rep_input_clear(&in);
    return 0;
}
