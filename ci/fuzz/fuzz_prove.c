/* The result file of `eprop-verify prove`, as the report reads it.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "rep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    rep_prove p = {0};
    rep_error err = {""};
    if (rep_prove_read(fuzz_file(data, n), &p, &err) == EP_OK) FUZZ_HOLDS(rep_prove_worst(&p) < REP_N_VERDICT);
    else FUZZ_HOLDS(err.text[0]);
    rep_prove_clear(&p);
    return 0;
}
