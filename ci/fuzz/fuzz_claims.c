/* The line by which a port says what it can.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    vfy_claims one = {0}, two = {0};
    char err[VFY_EPV_ERR] = "", *line = fuzz_text(data, n);
    if (vfy_claims_parse(line, &one, err, sizeof err) == EP_OK) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        FUZZ_HOLDS(f);
        vfy_claims_print(f, &one);
        fclose(f);
        FUZZ_HOLDS(vfy_claims_parse(text, &two, err, sizeof err) == EP_OK);
        FUZZ_HOLDS(one.formats == two.formats && one.models == two.models && one.rules == two.rules && one.losses == two.losses);
        FUZZ_HOLDS(one.quantities == two.quantities && one.given == two.given && one.max_T == two.max_T && one.max_B == two.max_B);
        free(text);
    } else {
        FUZZ_HOLDS(err[0]);
    }
    free(line);
    return 0;
}
