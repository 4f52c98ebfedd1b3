/* arith.h: the exchangeable arithmetics. Each algorithm of the reference is written once over this interface.
 *
 *   binary64   IEEE double, round to nearest
 *   mpfr       MPFR at any precision from 2 to 65,536 bits, round to nearest
 *   mpfi       intervals on MPFR: every result encloses the exact one
 *   field      a prime field; nonlinear functions return fresh uniform elements (free symbols)
 *   degree     an upper bound of a result's degree as a polynomial in those symbols
 *   running    MPFR with a first-order running error bound `mag` beside each value, in units of u
 *   rational   GMP rationals: exact
 *   binary32   IEEE float, round to nearest
 *
 * SPDX-License-Identifier: MIT */
#ifndef REF_ARITH_H
#define REF_ARITH_H

#include <gmp.h>
#include <mpfr.h>
#include <mpfi.h>

#include "eprop.h"

typedef union ref_num {
    double d;
    float s;
    uint64_t f;
    int64_t deg;
    mpfr_t r;
    mpfi_t i;
    mpq_t q;
    struct { mpfr_t r; double mag; } e;
} ref_num;

enum { REF_NEG = -1, REF_ZERO = 0, REF_POS = 1, REF_UNDECIDED = 2, REF_FREE = 3 };

#define REF_MIN_PREC 2
#define REF_MAX_PREC 65536
#define REF_PRIME_1 UINT64_C(2305843009213693951) /* 2^61 - 1 */
#define REF_PRIME_2 UINT64_C(2305843009213693921) /* the next prime below it */

typedef struct ref_ctx ref_ctx;

/* r may alias a or b in every operation. Operations an arithmetic does not have are NULL. */
typedef struct ref_arith {
    const char *name;
    bool symbolic;  /* spikes, psi and nonlinear functions are free symbols: forward passes draw them */
    size_t limbs_per_num; /* significands that `place` needs per number (0, 1, 2) */
    void (*place)(ref_ctx *c, ref_num *x, mp_limb_t *limbs); /* initialise in caller's memory, value 0 */
    void (*clear)(ref_num *x);                               /* NULL where nothing is owned */
    void (*set)(ref_ctx *c, ref_num *r, const ref_num *a);
    void (*set_d)(ref_ctx *c, ref_num *r, double a); /* exact when the precision holds it; field: needs a dyadic a */
    void (*add)(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b);
    void (*sub)(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b);
    void (*mul)(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b);
    void (*div)(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b);
    void (*neg)(ref_ctx *c, ref_num *r, const ref_num *a);
    void (*abs)(ref_ctx *c, ref_num *r, const ref_num *a);
    void (*pos)(ref_ctx *c, ref_num *r, const ref_num *a); /* max(0, a) */
    void (*exp)(ref_ctx *c, ref_num *r, const ref_num *a);
    void (*log)(ref_ctx *c, ref_num *r, const ref_num *a);
    void (*tanh)(ref_ctx *c, ref_num *r, const ref_num *a);
    void (*sigmoid)(ref_ctx *c, ref_num *r, const ref_num *a);
    void (*pi)(ref_ctx *c, ref_num *r);
    int (*sign)(const ref_num *a);      /* REF_NEG, REF_ZERO, REF_POS, REF_UNDECIDED, REF_FREE */
    bool (*is_zero)(const ref_num *a);  /* exactly zero, proved */
    bool (*is_one)(const ref_num *a);
    double (*to_d)(const ref_num *a);   /* nearest double, for reports */
} ref_arith;

const ref_arith *ref_arith_binary64(void);
const ref_arith *ref_arith_binary32(void);
const ref_arith *ref_arith_mpfr(void);
const ref_arith *ref_arith_mpfi(void);
const ref_arith *ref_arith_field(void);
const ref_arith *ref_arith_degree(void);
const ref_arith *ref_arith_running(void);
const ref_arith *ref_arith_rational(void);

/* One context: an arithmetic, its precision, an arena that owns every number made through it, a
 * sticky status. Not shared between threads; a thread takes a fork. */
struct ref_ctx {
    const ref_arith *ar;
    long prec;          /* bits; ignored by the others */
    uint64_t prime;     /* field only */
    uint64_t seed, drawn; /* field: key and counter of the free symbols */
    ep_status status;   /* first failure, e.g. EP_NOMEM */
    ref_num zero, one, tmp, tmp2; /* zero and one are constants; tmp, tmp2 belong to the helpers below */
    const ref_num *unit;          /* &one of the first context: what ref_sparse returns for a one; forks share it */
    bool hinted;                  /* an undecided spike test takes `hint` as its sign (proved elsewhere) */
    int hint;
    bool given_z, given_psi;      /* the next spike is z_value, its pseudo-derivative psi_value, whatever v says */
    double z_value, psi_value;
    ref_num *keep_test;           /* if not NULL, receives v - A of the next spike test */
    void (*tick)(void *user, double done); /* told of progress by long algorithms; may be NULL; not inherited by forks */
    void *tick_user;
    struct ref_block *blocks;
    size_t bytes;       /* held by the arena */
};

/* prec in [REF_MIN_PREC, REF_MAX_PREC] for mpfr, mpfi, running; the rest ignore it. */
EP_MUST_USE ep_status ref_ctx_init(ref_ctx *c, const ref_arith *ar, long prec);
void ref_ctx_clear(ref_ctx *c);
/* A context of the same arithmetic for another thread or scratch arena. */
EP_MUST_USE ep_status ref_ctx_fork(ref_ctx *c, const ref_ctx *parent);

/* n numbers, all 0, owned by the arena; NULL and c->status = EP_NOMEM on failure. n = 0 gives a valid pointer. */
ref_num *ref_vec(ref_ctx *c, size_t n);
/* n bytes from the arena, zeroed. */
void *ref_bytes(ref_ctx *c, size_t n);

static inline void ref_tick(const ref_ctx *c, double done) { if (c->tick) c->tick(c->tick_user, done); }

static inline void ref_set(ref_ctx *c, ref_num *r, const ref_num *a) { c->ar->set(c, r, a); }
static inline void ref_set_d(ref_ctx *c, ref_num *r, double a) { c->ar->set_d(c, r, a); }
static inline void ref_add(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { c->ar->add(c, r, a, b); }
static inline void ref_sub(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { c->ar->sub(c, r, a, b); }
static inline void ref_mul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { c->ar->mul(c, r, a, b); }
static inline void ref_div(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b) { c->ar->div(c, r, a, b); }
static inline void ref_neg(ref_ctx *c, ref_num *r, const ref_num *a) { c->ar->neg(c, r, a); }

/* r += a b. NULL is a structural zero and costs nothing; c->unit costs no multiplication. */
static inline void ref_addmul(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b)
{
    if (!a || !b) return;
    if (a == c->unit) { c->ar->add(c, r, r, b); return; }
    if (b == c->unit) { c->ar->add(c, r, r, a); return; }
    c->ar->mul(c, &c->tmp, a, b);
    c->ar->add(c, r, r, &c->tmp);
}

/* r += a b d, for products of three. */
static inline void ref_addmul3(ref_ctx *c, ref_num *r, const ref_num *a, const ref_num *b, const ref_num *d)
{
    if (!a || !b || !d) return;
    c->ar->mul(c, &c->tmp2, a, b);
    ref_addmul(c, r, &c->tmp2, d);
}

/* A fresh free symbol: field: uniform; degree: 1; elsewhere 0. */
void ref_draw(ref_ctx *c, ref_num *r);

/* a as a pointer for ref_addmul: NULL if exactly zero, c->unit if exactly one, else a. */
static inline const ref_num *ref_sparse(const ref_ctx *c, const ref_num *a)
{
    if (!a || c->ar->is_zero(a)) return NULL;
    return c->ar->is_one(a) ? c->unit : a;
}

#endif
