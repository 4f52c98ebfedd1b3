/* SPDX-License-Identifier: MIT */
#include "eprop.h"

uint64_t ep_hash(uint64_t h, const void *data, size_t n)
{
    const unsigned char *byte = data;
    for (size_t k = 0; k < n; k++) h = (h ^ byte[k]) * UINT64_C(1099511628211);
    return h;
}
