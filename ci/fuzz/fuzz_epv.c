/* Vector files. What was accepted is written and read again: the same bytes must come out.
 * SPDX-License-Identifier: MIT */
#include "epv.h"
#include "fuzz.h"

static char *print(vfy_epv_file *f, size_t *n, ep_status *st)
{
    char *text = NULL, err[VFY_EPV_ERR];
    FILE *out = open_memstream(&text, n);
    FUZZ_HOLDS(out);
    *st = vfy_epv_print(out, f->cases, f->n, err, sizeof err);
    fclose(out);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    vfy_epv_file *first = NULL, *second = NULL;
    char err[VFY_EPV_ERR] = "";
    FILE *f = fuzz_stream(data, n);
    ep_status st = vfy_epv_read_stream(f, "input", &first, err, sizeof err), again;
    fclose(f);
    if (st != EP_OK) {
        FUZZ_HOLDS(!first && err[0]);
        return 0;
    }
    size_t n1, n2;
    char *one = print(first, &n1, &again), *two = NULL;
    if (again == EP_OK) {
        f = fuzz_stream((const uint8_t *)one, n1);
        FUZZ_HOLDS(vfy_epv_read_stream(f, "written", &second, err, sizeof err) == EP_OK);
        fclose(f);
        two = print(second, &n2, &again);
        FUZZ_HOLDS(again == EP_OK && n1 == n2 && memcmp(one, two, n1) == 0);
    }
    free(one);
    free(two);
    vfy_epv_free(first);
    vfy_epv_free(second);
    return 0;
}
