/* Engines by name.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

static ep_status reference(const char *bits, task_engine *out, char why[TASK_WHY])
{
    char *end = NULL;
    long prec = bits ? strtol(bits, &end, 10) : 0;
    if (bits && (end == bits || *end || prec < 24 || prec > 4096)) {
        (void)snprintf(why, TASK_WHY, "engine reference:%.40s: expected bits from 24 to 4096", bits);
        return EP_DOMAIN;
    }
    *out = (task_engine){.kind = TASK_REFERENCE, .prec = prec};
    return EP_OK;
}

static ep_status fixed(const char *profile, task_engine *out, char why[TASK_WHY])
{
    static const struct { const char *name; const fix_profile *p; } known[] = {
        {"q15", &fix_q15}, {"s16.15", &fix_s16_15}, {"w8", &fix_w8}, {"reckon", &fix_reckon}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(profile, known[k].name) == 0) {
            *out = (task_engine){.kind = TASK_FIXED, .opt = opt_fixed(profile), .profile = known[k].p};
            return EP_OK;
        }
    (void)snprintf(why, TASK_WHY, "engine fixed:%.40s: expected profile q15, s16.15, w8 or reckon", profile);
    return EP_DOMAIN;
}

ep_status task_engine_parse(const char *text, task_engine *out, char why[TASK_WHY])
{
    const char *colon = strchr(text, ':'), *detail = colon ? colon + 1 : NULL;
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    bool f32 = detail && strcmp(detail, "f32") == 0, f64 = detail && strcmp(detail, "f64") == 0;
    ep_status st = EP_DOMAIN;
    if (n == 9 && strncmp(text, "reference", n) == 0) st = reference(detail, out, why);
    else if (n == 6 && strncmp(text, "scalar", n) == 0 && (!detail || f32 || f64)) {
        *out = (task_engine){.kind = TASK_SCALAR, .opt = f32 ? opt_scalar_f32() : opt_scalar_f64()};
        st = EP_OK;
    } else if (n == 4 && strncmp(text, "fast", n) == 0 && (!detail || f32 || f64)) {
        *out = (task_engine){.kind = TASK_FAST, .opt = f64 ? opt_fast_f64() : opt_fast_f32()};
        st = EP_OK;
    } else if (n == 5 && strncmp(text, "fixed", n) == 0 && detail) {
        st = fixed(detail, out, why);
    } else {
        (void)snprintf(why, TASK_WHY, "engine '%.40s': expected reference[:BITS], scalar[:f32|f64], fast[:f32|f64] or fixed:PROFILE", text);
    }
    if (st == EP_OK) (void)snprintf(out->name, sizeof out->name, "%s", text);
    return st;
}
