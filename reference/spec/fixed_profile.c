/* The profiles of FIXED.md, section 8.
 * SPDX-License-Identifier: MIT */
#include "fixed_profile.h"

#include <string.h>

/* "bits.frac" of a constant, or that and two letters: f floor, e nearest-even, u nearest-up, s stochastic; S, W. */
static const struct {
    const char *name;
    int clip;
    const char *formats[RQ_COUNT]; /* by number; none: not there */
} profiles[] = {
    {"q15", 0, {"16.8", "16.15", "16.12", "16.8", "16.15", "16.12eS", "16.12eS", "16.12eS", "32.12eS", "16.10eS", "16.12eS", "16.12eS",
                "16.14eS", "16.10eS", "16.10eS", "16.10eS", "16.12eS", "16.10eS", "16.11eS", "16.11eS", "16.12eS", "16.10eS", "32.16eS", "32.16eS",
                [RQ_EX] = "32.24eS", "16.14", "24.24", "24.8fS", "32.12eS", "24.20eS",
                [RQ_GA] = "16.14", "16.12eS", "16.14", "16.14eS", "16.13eS", "16.14eS", "16.12eS", [RQ_z] = "16.14eS"}},
    {"s16.15", 0, {"16.8", "32.28", "24.15", "24.15", "24.23", "32.15eS", "24.15eS", "24.15eS", "32.15fW", "32.15fW", "32.15fW", "32.15fS",
                   "32.15fS", "32.15fS", "32.15fS", "32.15fS", "32.15fS", "32.15fS", "32.15fW", "28.15fS", "28.15fS", "32.15fS", "32.15fS", "32.15fS",
                   [RQ_EX] = "32.24fS", "32.15", "24.24", "24.8fS", "32.15fS", "24.20fS",
                   [RQ_GA] = "32.15", "32.15fS", "32.15", "24.15fS", "32.15fS", "24.15fS", "32.15fS", [RQ_z] = "18.15fS"}},
    {"w8", 0, {"8.0", "13.12", "8.6", "8.4", "16.15", "8.6sS", "8.6sS", "8.6sS", "24.6fS", "24.12fS", "24.12fS", "24.12fS",
               "8.6uS", "8.2sS", "8.2sS", "8.2sS", "8.4sS", "8.2sS", "24.12fS", "16.8fS", "16.8fS", "8.2sS", "32.14fS", "32.14fS",
               [RQ_EX] = "32.24fS", "16.12", "24.24", "24.8fS", "16.4fS", "24.20fS"}},
    {"reckon", 1, {"8.0", "13.12", "8.6", "8.4", "16.15", "8.6sS", "8.6sS", "8.6sS", "16.6fS", "16.8fS", "16.8fS", "16.8fS",
                   "8.6uS", "12.6fS", "12.6fS", "12.6fS", "10.6fS", "10.4fS", "16.8fS", "16.8fS", "16.8fS", "12.6fS", "32.14fS", "32.14fS",
                   [RQ_EX] = "32.24fS", "16.12", "24.24", "24.8fS", "16.6fS", "24.20fS"}},
};

static ref_format parse(const char *s)
{
    ref_format f = {0, 0, REF_FLOOR, REF_SATURATE};
    if (!s) return f;
    while (*s >= '0' && *s <= '9') f.bits = 10 * f.bits + (*s++ - '0');
    s++;
    while (*s >= '0' && *s <= '9') f.frac = 10 * f.frac + (*s++ - '0');
    if (*s) {
        f.rounding = *s == 'e' ? REF_NEAREST_EVEN : *s == 'u' ? REF_NEAREST_UP : *s == 's' ? REF_STOCHASTIC : REF_FLOOR;
        f.overflow = s[1] == 'W' ? REF_WRAP : REF_SATURATE;
    }
    return f;
}

ep_status ep_fixed_profile(const char *name, ref_profile *p)
{
    for (size_t k = 0; k < sizeof profiles / sizeof *profiles; k++) {
        if (strcmp(name, profiles[k].name) != 0) continue;
        p->clip = profiles[k].clip;
        for (int q = 0; q < RQ_COUNT; q++) p->q[q] = parse(profiles[k].formats[q]);
        return EP_OK;
    }
    return EP_DOMAIN;
}

const char *ep_fixed_profile_name(int k)
{
    return k >= 0 && (size_t)k < sizeof profiles / sizeof *profiles ? profiles[k].name : NULL;
}

static const char *const quantity_names[RQ_COUNT] = {"X",  "D",  "B",  "S", "N",  "W",  "WO", "FB", "I", "A", "V",  "U",  "P",  "EV", "EA", "T",
                                                     "E",  "EB", "Y",  "ER", "L", "ZB", "G",  "GO", "z", "r", "EX", "PR", "C",  "CN", "ES", "R",
                                                     "GA", "CC", "H",  "SD", "LD", "OP", "EL"};

const char *ep_fixed_quantity_name(int q) { return q >= 0 && q < RQ_COUNT ? quantity_names[q] : "?"; }

bool ep_fixed_is_constant(int q) { return q <= RQ_N || q == RQ_PR || q == RQ_C || q == RQ_GA || q == RQ_H; }

bool ep_fixed_format_valid(const ref_format *f, int q)
{
    if (f->bits < 2 || f->bits > 32 || f->frac < 0 || f->frac > 40) return false;
    if (q == RQ_D && f->frac > 30) return false;
    bool up_to_one = q == RQ_EX || q == RQ_PR || q == RQ_GA || q == RQ_H;
    if (up_to_one && (f->frac > 30 || f->frac > f->bits - 2)) return false;
    return (unsigned)f->rounding <= REF_STOCHASTIC && (unsigned)f->overflow <= REF_WRAP;
}
