/* run_reference.c: the reference in one arithmetic as a subject.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "algo.h"
#include "runner.h"

typedef struct chosen { const ref_arith *ar; long prec; } chosen;

static const ref_arith *arith_of(const char *name, long *prec)
{
    static const struct { const char *name; const ref_arith *(*get)(void); } of[] = {
        {"binary64", ref_arith_binary64}, {"mpfr", ref_arith_mpfr}, {"mpfi", ref_arith_mpfi}, {"field", ref_arith_field},
        {"running", ref_arith_running}};
    char word[24];
    *prec = 53;
    if (sscanf(name, "%23[a-z0-9]:%ld", word, prec) < 1) return NULL;
    for (size_t k = 0; k < sizeof of / sizeof *of; k++)
        if (strcmp(word, of[k].name) == 0) return of[k].get();
    return NULL;
}

/* A fresh arena each time: what it costs to make one is part of the cost. */
static ep_status once(runner *r, char why[BENCH_WHY])
{
    ref_ctx ctx;
    ref_net net;
    ref_run run;
    ref_grad g;
    long prec;
    const ref_arith *ar = arith_of(r->name, &prec);
    ep_batch batch = {.T = r->k->T, .B = r->k->B, .x = r->s->x64, .target = r->s->target64};
    ref_rule_args args = {.rule = r->k->rule, .window = 1, .threads = 1};
    ep_status st = ref_ctx_init(&ctx, ar, prec);
    if (st != EP_OK) return st;
    st = ref_net_load(&ctx, &r->s->net, &net);
    if (st == EP_OK) st = ref_run_batch(&ctx, &net, &batch, &run);
    if (st == EP_OK) st = ref_grad_init(&ctx, &net, &g);
    if (st == EP_OK) st = ref_gradient(&ctx, &run, &args, &g);
    size_t at = 0;
    for (int k = EP_G_WIN; st == EP_OK && !r->symbolic && k <= EP_G_BOUT; k++)
        for (size_t i = 0; i < g.n[k]; i++) r->g[at++] = ar->to_d(&g.g[k][i]);
    ref_ctx_clear(&ctx);
    if (st != EP_OK) bench_say(why, "%s: %s", r->name, ep_status_name(st));
    return st;
}

ep_status bench_open_reference(runner *r, char why[BENCH_WHY])
{
    long prec;
    const ref_arith *ar = arith_of(r->name, &prec);
    if (!ar) {
        bench_say(why, "found subject '%s', expected binary64, field, or mpfr, mpfi, running with :BITS", r->name);
        return EP_DOMAIN;
    }
    r->symbolic = ar->symbolic;
    r->once = once;
    return EP_OK;
}
