/* Profiles of fixed point: what was accepted reads back as the same profile.
 * SPDX-License-Identifier: MIT */
#include "fixed_profile.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    ref_profile one, two;
    char err[512] = "", *text = NULL;
    size_t size;
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    FILE *f = fuzz_stream(data, n);
    ep_status st = ep_fixed_profile_read(f, "input", &one, err, sizeof err);
    fclose(f);
    if (st != EP_OK) {
        FUZZ_HOLDS(err[0]);
        return 0;
    }
    f = open_memstream(&text, &size);
    FUZZ_HOLDS(f && ep_fixed_profile_write(f, &one) == EP_OK);
    fclose(f);
    f = fuzz_stream((const uint8_t *)text, size);
    FUZZ_HOLDS(ep_fixed_profile_read(f, "written", &two, err, sizeof err) == EP_OK);
    fclose(f);
    free(text);
    FUZZ_HOLDS(one.clip == two.clip);
    for (int k = 0; k < RQ_COUNT; k++)
        FUZZ_HOLDS(one.q[k].bits == two.q[k].bits && one.q[k].frac == two.q[k].frac && one.q[k].rounding == two.q[k].rounding &&
                   one.q[k].overflow == two.q[k].overflow);
    return 0;
}
