/* epv_parse.h: inside the reader of vector files: lines, words and the head of a case.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_EPV_PARSE_H
#define VFY_EPV_PARSE_H

#include "epv.h"
#include "sha256.h"

enum { VFY_MAX_WORDS = 12, VFY_MAX_OPTIONS = 32 };

typedef struct vfy_reader {
    FILE *f;
    const char *name;
    long line;
    bool at_end;               /* no further line */
    char text[VFY_EPV_MAX_LINE + 1]; /* the line as read */
    char words[VFY_EPV_MAX_LINE + 1];
    char *word[VFY_MAX_WORDS];
    int n_words;
    bool hashing;              /* lines are part of a case's body */
    vfy_sha256 sha;
    char *err;
    size_t n_err;
} vfy_reader;

/* Writes NAME:LINE: MESSAGE and returns s. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
ep_status vfy_reader_fail(vfy_reader *r, ep_status s, long line, const char *format, ...);
/* The next line into text and word[]; at_end when there is none. */
EP_MUST_USE ep_status vfy_reader_next(vfy_reader *r);
/* Decimal digits without sign or leading zero, at most max. */
bool vfy_integer_parse(const char *s, uint64_t max, uint64_t *out);

enum vfy_key {
    VFY_K_MODEL, VFY_K_PRESET, VFY_K_RULE, VFY_K_FORMAT, VFY_K_T, VFY_K_B, VFY_K_N_IN, VFY_K_N_REC, VFY_K_N_OUT,
    VFY_K_LOSS, VFY_K_N_REF, VFY_K_KAPPA, VFY_K_V_TH, VFY_K_GAMMA, VFY_K_B_FORGET, VFY_K_C_REG, VFY_K_F_TARGET,
    VFY_K_WINDOW, VFY_K_SEED, VFY_K_REG, VFY_K_UPDATES, VFY_K_REGIME, VFY_K_CARRY, VFY_K_ETA, VFY_K_LAMBDA, VFY_K_REPORT,
    VFY_K_GIVEN, VFY_K_SLOPE, VFY_K_DRAWS, VFY_K_FAMILY, VFY_K_MARGIN, VFY_K_RNG, VFY_K_FLAGS, VFY_N_KEY
};
extern const char *const vfy_key_name[VFY_N_KEY];

/* The head of a case as text, until all of it is known. */
typedef struct vfy_head {
    char value[VFY_N_KEY][VFY_EPV_MAX_FLAGS + 1];
    long line[VFY_N_KEY]; /* 0 = absent */
    char option[VFY_MAX_OPTIONS][40];
    long option_line[VFY_MAX_OPTIONS];
} vfy_head;

/* Takes one line `key value` or `option NAME VALUE`. */
EP_MUST_USE ep_status vfy_head_add(vfy_reader *r, vfy_head *h);
/* The complete head into c: required keys, values, limits. */
EP_MUST_USE ep_status vfy_head_finish(vfy_reader *r, const vfy_head *h, vfy_epv_case *c);

static inline bool vfy_rule_has_window(ep_rule r)
{
    return r == EP_TBPTT || r == EP_TBPTT_SG || r == EP_EPROP3 || r == EP_EPROP3_SG;
}
static inline bool vfy_rule_has_seed(ep_rule r) { return r == EP_TBPTT_SG || r == EP_EPROP3 || r == EP_EPROP3_SG; }
static inline bool vfy_rule_is_eprop1(ep_rule r) { return r >= EP_EPROP1_SYMMETRIC && r <= EP_EPROP1_GLOBAL; }
static inline bool vfy_rule_has_feedback(ep_rule r)
{
    return r == EP_EPROP1_RANDOM || r == EP_EPROP1_ADAPTIVE || r == EP_EPROP1_GLOBAL;
}

#endif
