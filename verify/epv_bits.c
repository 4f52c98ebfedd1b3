/* epv_bits.c: raw bits as text and as numbers; small names.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "epv.h"

static const char *const seed_names[VFY_N_SEED] = {"none", "c", "z", "zc"};
static const char *const family_names[VFY_N_FAMILY] = {"grad", "step", "trace", "loop", "chain", "edge", "reject"};

const char *vfy_seed_name(vfy_seed s) { return s < VFY_N_SEED ? seed_names[s] : "?"; }
const char *vfy_family_name(vfy_family f) { return f < VFY_N_FAMILY ? family_names[f] : "?"; }

double vfy_bits_value(vfy_format f, uint64_t bits)
{
    double d;
    if (vfy_format_is_fixed(f)) {
        d = (double)(bits & 0x7fffffff) - (bits & 0x80000000 ? 0x1p31 : 0);
    } else if (f == VFY_F32) {
        uint32_t low = (uint32_t)bits;
        float s;
        memcpy(&s, &low, sizeof s);
        d = (double)s;
    } else {
        memcpy(&d, &bits, sizeof d);
    }
    return d;
}

bool vfy_bits_of(vfy_format f, double v, uint64_t *bits)
{
    if (!isfinite(v)) return false;
    if (vfy_format_is_fixed(f)) {
        if (v != floor(v) || !(v >= -2147483648.0 && v <= 2147483647.0)) return false;
        *bits = (uint64_t)(int64_t)v & 0xffffffff;
        return true;
    }
    if (f == VFY_F64) {
        memcpy(bits, &v, sizeof v);
        return true;
    }
    if (fabs(v) > 0x1.fffffep127) return false;
    float s = (float)v;
    uint32_t low;
    if ((double)s != v) return false;
    memcpy(&low, &s, sizeof low);
    *bits = low;
    return true;
}

bool vfy_bits_finite(vfy_format f, uint64_t bits)
{
    if (vfy_format_is_fixed(f)) return true;
    uint64_t exponent = f == VFY_F32 ? UINT64_C(0x7f800000) : UINT64_C(0x7ff0000000000000);
    return (bits & exponent) != exponent;
}

bool vfy_bits_parse(vfy_format f, const char *s, uint64_t *bits)
{
    static const char hex[] = "0123456789abcdef";
    size_t digits = vfy_format_is_short(f) ? 8 : 16;
    uint64_t v = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *d = s[i] ? strchr(hex, s[i]) : NULL;
        if (!d) return false;
        v = v << 4 | (uint64_t)(d - hex);
    }
    if (s[digits]) return false;
    *bits = v;
    return true;
}

void vfy_bits_text(vfy_format f, uint64_t bits, char text[17])
{
    int digits = vfy_format_is_short(f) ? 8 : 16;
    for (int i = 0; i < digits; i++) text[i] = "0123456789abcdef"[bits >> 4 * (digits - 1 - i) & 15];
    text[digits] = '\0';
}

const char *vfy_epv_format(const vfy_epv_case *c, char buf[24])
{
    if (c->format == VFY_FIXED_USER) (void)snprintf(buf, 24, "fixed:%.16s", c->profile);
    else (void)snprintf(buf, 24, "%s", vfy_format_name(c->format));
    return buf;
}
