/* sha256.h: SHA-256 (FIPS 180-4), for content ids.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_SHA256_H
#define VFY_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct vfy_sha256 {
    uint32_t h[8];
    uint64_t bytes;
    unsigned char block[64];
} vfy_sha256;

void vfy_sha256_init(vfy_sha256 *s);
void vfy_sha256_add(vfy_sha256 *s, const void *data, size_t n);
/* The digest; s must be initialised again before further use. */
void vfy_sha256_end(vfy_sha256 *s, unsigned char digest[32]);

#endif
