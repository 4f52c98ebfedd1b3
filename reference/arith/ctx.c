/* ctx.c: contexts and the arena that owns their numbers.
 *
 * Blocks are zeroed when made and never reused, so neither ref_bytes nor numbers in machine words
 * have to be cleared again. Significands of MPFR numbers lie behind the vector they belong to.
 * SPDX-License-Identifier: MIT */
#include <stdalign.h>
#include <stdlib.h>

#include "internal.h"

/* A vector whose numbers own memory outside the arena (rational). */
typedef struct owned { struct owned *next; ref_num *v; size_t n; } owned;

struct ref_block {
    struct ref_block *next;
    size_t size, used; /* bytes behind this header */
    owned *list;
    alignas(max_align_t) unsigned char data[];
};

/* Under AddressSanitizer each piece is a block of its own, to the byte, so that nobody reaches into the next one unseen. */
#if defined(__SANITIZE_ADDRESS__)
#define EACH_ALONE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EACH_ALONE 1
#endif
#endif
#ifndef EACH_ALONE
#define EACH_ALONE 0
#endif
enum { ALIGN = alignof(max_align_t), ROUND = EACH_ALONE ? 1 : ALIGN, FIRST_BLOCK = 4096, MAX_BLOCK = 1 << 20 };

static struct ref_block *block_new(ref_ctx *c, size_t size)
{
    struct ref_block *b = NULL;
    if (size <= SIZE_MAX - sizeof *b) b = calloc(1, sizeof *b + size);
    if (!b) {
        ref_fail(c, EP_NOMEM);
        return NULL;
    }
    b->size = size;
    c->bytes += (EACH_ALONE ? 0 : sizeof *b) + size;
    return b;
}

/* n bytes, aligned for any type; *where is the block that holds them. Amortised O(1). */
static void *arena_take(ref_ctx *c, size_t n, struct ref_block **where)
{
    struct ref_block *b = c->blocks;
    if (n > SIZE_MAX - ROUND) {
        ref_fail(c, EP_NOMEM);
        return NULL;
    }
    n = n ? (n + ROUND - 1) / ROUND * ROUND : ROUND;
    if (!b || EACH_ALONE || b->size - b->used < n) {
        size_t grow = b && b->size >= FIRST_BLOCK ? 2 * b->size : FIRST_BLOCK;
        if (grow > MAX_BLOCK) grow = MAX_BLOCK;
        bool alone = EACH_ALONE || n > grow / 4; /* keeps the rest of the current block in use */
        struct ref_block *fresh = block_new(c, alone ? n : grow);
        if (!fresh) return NULL;
        if (alone && b) {
            fresh->next = b->next;
            b->next = fresh;
        } else {
            fresh->next = b;
            c->blocks = fresh;
        }
        b = fresh;
    }
    void *p = b->data + b->used;
    b->used += n;
    *where = b;
    return p;
}

void *ref_bytes(ref_ctx *c, size_t n)
{
    struct ref_block *b;
    return arena_take(c, n, &b);
}

/* Bytes of all significands of one number. */
static size_t limb_bytes(const ref_ctx *c)
{
    return c->ar->limbs_per_num ? c->ar->limbs_per_num * mpfr_custom_get_size(c->prec) : 0;
}

ref_num *ref_vec(ref_ctx *c, size_t n)
{
    size_t limbs = limb_bytes(c), per = sizeof(ref_num) + limbs;
    size_t head = c->ar->clear ? (sizeof(owned) + ALIGN - 1) / ALIGN * ALIGN : 0;
    if (n > (SIZE_MAX - head) / per) {
        ref_fail(c, EP_NOMEM);
        return NULL;
    }
    struct ref_block *b;
    unsigned char *p = arena_take(c, head + n * per, &b);
    if (!p) return NULL;
    ref_num *v = (ref_num *)(void *)(p + head);
    mp_limb_t *l = (mp_limb_t *)(void *)(v + n);
    for (size_t i = 0; i < n; i++) c->ar->place(c, v + i, limbs ? l + i * (limbs / sizeof *l) : NULL);
    if (c->ar->clear) {
        owned *o = (owned *)(void *)p;
        *o = (owned){ b->list, v, n };
        b->list = o;
    }
    return v;
}

static bool prec_matters(const ref_arith *ar)
{
    return ar->limbs_per_num > 0;
}

ep_status ref_ctx_init(ref_ctx *c, const ref_arith *ar, long prec)
{
    if (prec_matters(ar) && (prec < REF_MIN_PREC || prec > REF_MAX_PREC)) return EP_DOMAIN;
    ref_ctx n = { .ar = ar, .prec = prec, .prime = REF_PRIME_1 };
    size_t limbs = limb_bytes(&n);
    ref_num *const own[4] = { &n.zero, &n.one, &n.tmp, &n.tmp2 };
    mp_limb_t *l = ref_bytes(&n, 4 * limbs);
    if (!l) return EP_NOMEM;
    for (size_t i = 0; i < 4; i++) ar->place(&n, own[i], limbs ? l + i * (limbs / sizeof *l) : NULL);
    ar->set_d(&n, &n.one, 1.0);
    *c = n;
    c->unit = &c->one;
    return EP_OK;
}

void ref_ctx_clear(ref_ctx *c)
{
    ref_num *const own[4] = { &c->zero, &c->one, &c->tmp, &c->tmp2 };
    if (c->ar->clear)
        for (size_t i = 0; i < 4; i++) c->ar->clear(own[i]);
    for (struct ref_block *b = c->blocks, *next; b; b = next) {
        next = b->next;
        for (const owned *o = b->list; o; o = o->next)
            for (size_t i = 0; i < o->n; i++) c->ar->clear(o->v + i);
        free(b);
    }
    c->blocks = NULL;
    c->bytes = 0;
}

ep_status ref_ctx_fork(ref_ctx *c, const ref_ctx *parent)
{
    ref_ctx n;
    ep_status s = ref_ctx_init(&n, parent->ar, parent->prec);
    if (s != EP_OK) return s;
    n.prime = parent->prime;
    n.seed = parent->seed;
    *c = n;
    c->unit = parent->unit;
    return EP_OK;
}

void ref_draw(ref_ctx *c, ref_num *r)
{
    if (c->ar->symbolic)
        c->ar->pi(c, r); /* every nonlinear function of a symbolic arithmetic is a draw */
    else
        c->ar->set_d(c, r, 0.0);
}
