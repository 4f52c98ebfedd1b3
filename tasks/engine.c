/* Engines by name.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixed_profile.h"
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

/* FNV-1a of a profile's formats: files of one name can differ. */
static uint32_t mark(const fix_profile *p)
{
    uint64_t h = EP_HASH;
    for (int q = 0; q < FIX_COUNT; q++) h = ep_hash(h, (uint8_t[]){p->q[q].bits, p->q[q].frac, p->q[q].rounding, p->q[q].overflow}, 4);
    return (uint32_t)(ep_hash(h, &p->clip, 1) >> 16);
}

static ep_status fixed_file(const char *path, task_engine *out, char why[TASK_WHY])
{
    ref_profile p;
    const char *slash = strrchr(path, '/');
    FILE *f = fopen(path, "r");
    if (!f) {
        (void)snprintf(why, TASK_WHY, "engine fixed:%.80s: expected profile q15, s16.15, w8, reckon or a profile file (%s)", path, strerror(errno));
        return EP_DOMAIN;
    }
    ep_status st = ep_fixed_profile_read(f, path, &p, why, TASK_WHY);
    fclose(f);
    if (st != EP_OK) return st;
    *out = (task_engine){.kind = TASK_FIXED, .opt = opt_fixed(NULL), .profile.clip = (uint8_t)p.clip};
    for (int q = 0; q < FIX_COUNT; q++)
        out->profile.q[q] = (fix_format){(uint8_t)p.q[q].bits, (uint8_t)p.q[q].frac, (uint8_t)p.q[q].rounding, (uint8_t)p.q[q].overflow};
    (void)snprintf(out->name, sizeof out->name, "fixed:%.20s#%08lx", slash ? slash + 1 : path, (unsigned long)mark(&out->profile));
    return EP_OK;
}

static ep_status fixed(const char *profile, task_engine *out, char why[TASK_WHY])
{
    static const struct { const char *name; const fix_profile *p; } known[] = {
        {"q15", &fix_q15}, {"s16.15", &fix_s16_15}, {"w8", &fix_w8}, {"reckon", &fix_reckon}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(profile, known[k].name) == 0) {
            *out = (task_engine){.kind = TASK_FIXED, .opt = opt_fixed(profile), .profile = *known[k].p};
            return EP_OK;
        }
    return fixed_file(profile, out, why);
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
        (void)snprintf(why, TASK_WHY, "engine '%.40s': expected reference[:BITS], scalar[:f32|f64], fast[:f32|f64] or fixed:PROFILE|FILE", text);
    }
    if (st == EP_OK && !out->name[0]) (void)snprintf(out->name, sizeof out->name, "%s", text);
    return st;
}
