/* The lines of the protocol in the other direction: what the judge says, read for a port in a shared object.
 * SPDX-License-Identifier: MIT */
#include <dlfcn.h>

#include "fuzz.h"
#include "port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void *stays; /* loaded once: a fuzzer counts in what it has seen loaded, and must not find it gone */
    if (!stays) stays = dlopen(FUZZ_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    FUZZ_HOLDS(stays);
    FILE *in = fuzz_stream(data, n), *out = fopen("/dev/null", "w");
    FUZZ_HOLDS(out);
    int rc = vfy_host(FUZZ_PLUGIN, in, out, stderr);
    FUZZ_HOLDS(rc == 0 || rc == 3);
    fclose(in);
    fclose(out);
    return 0;
}
