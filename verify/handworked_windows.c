/* The paper's networks in windows (handworked.c). With exact seeds e-prop 3 is BPTT, so its gradient is the paper's whatever the windows;
 * what is left without, or with a part of the seeds, is worked here. Index w: inside the window, whose end is cut.
 * SPDX-License-Identifier: MIT
 *
 * ==== 1. LIF, windows {1, 2}, {3} ==================================================================
 * {3}: dv^3 = 3/512 as before.  Truncated BPTT: dy = 11/16, 7/8, -1/16
 *   L^2 = 7/8 + 1/12 = 23/24, dv^2 = 23/128;  L^1 = 11/16 + 1/12 - 23/128 = 227/384, dv^1 = 227/1024 + 23/256 = 319/1024
 *   dWin = (319 + 368 + 6)/1024 = 693/1024;  db = 509/1024;  dalpha = 69/512 + 39/4096 = 591/4096;  dWout = 7/8;  dbout = 3/2
 * E-prop 3: dy as in BPTT, L^3 = 1/48; e = 3/8, 15/32, 81/128 (Win), 3/8, 9/32, 63/128 (b), 0, 9/64, 9/16 (alpha)
 *   no seeds  L_w^2 = 23/24, dv_w^2 = 23/128:  L^2 = 27/32 + 1/12 = 89/96;  L^1 = 43/64 + 1/12 - 23/128 = 221/384
 *             dWin = (442 + 890 + 27)/2048;  db = (442 + 534 + 21)/2048;  dalpha = (267 + 24)/2048
 *   c         dv_w^2 = 23/128 + 3/1024 = 187/1024:  L^1 = 43/64 + 1/12 - 187/1024 = 1759/3072;  L^2 = 89/96
 *             dWin = (1759 + 3560 + 108)/8192;  db = (1759 + 2136 + 84)/8192
 *   z         L_w^2 = 23/24 - 3/512 = 1463/1536, dv_w^2 = 1463/8192:  L^1 = 43/64 + 1/12 - 1463/8192 = 14171/24576
 *             L^2 = 1415/1536;  dWin = (14171 + 28300 + 864)/65536;  db = (14171 + 16980 + 672)/65536;  dalpha as in BPTT
 *
 * ==== 2. ALIF (and the LSNN), windows of one step, e-prop 3 without seeds ===========================
 * Wrec and the reset are cut, adaptation stays in the trace: L_0 = 2 dy - 3/8, L_1 = -2 dy - 1/8
 *   neuron 0: t   L        dz         dv          da           neuron 1: L         dz         dv           da
 *             5   -9/2     -9/2       -45/32      45/32                  4         4          31/16        -31/16
 *             4   -11/16   17/8       -129/256    39/256                 3/16      -59/16     -171/256     47/256
 *             3   95/32    419/128    -129/512    39/1024                -111/32   -397/128   -171/1024    47/512
 *             2   19/64    191/512    -129/1024   39/4096                -51/64    -157/256   -171/4096    47/1024
 *             1   -5/128   -41/2048   -557/8192   121/16384              -59/128   -189/512   -171/16384   47/2048
 * dWin_j = (3 dv^1 + dv^3 + dv^5)/2 = (-1671 - 2064 - 11520)/16384, (-513 - 2736 + 31744)/32768
 * dWrec_01 = dv_0^3/2, dWrec_10 = dv_1^3/2;  db = -19301/16384, 17209/32768
 * dalpha = 3/2 dv^2 - 1/4 dv^3 + 5/8 dv^4 + 5/16 dv^5 = -1803/2048;  2 dv^2 + 5/2 dv^4 + 9/8 dv^5 = 873/2048
 * drho = 2 da^3 + 1/2 da^4 + 1/8 da^5 = 21/64;  2 da^3 + da^4 + 1/2 da^5 = -77/128
 * dbeta = -(1/8)(3/32)(17/8) + (1/32)(5/16)(9/2) = 39/2048;  (1/2)(5/16)(59/16) - (1/4)(31/64) 4 = 47/512
 *
 * ==== 4. LSTM, windows of one step ==================================================================
 * dI^2 as in BPTT.  Truncated BPTT: dy = 1/5, -221/240;  L^1 = 1/5, dc^1 = 2/15:  dI^1 = 1/50, 0, 16/375, 1/75
 *   dWout = 1/25 + 221/11520, dbout = 1/5 - 221/240
 * E-prop 3, no seeds: L^1 = -25/96, dc^1 = -25/144 - 221/640 = -2989/5760:  dI^1 = -2989/38400, 0, -2989/18000, -5/288 */
#include <stdio.h>

#include "handworked.h"

enum { LIF_CASE, ALIF_CASE, LSNN_CASE, LSTM_CASE = 4 };

typedef struct cut {
    size_t paper;
    const char *name;
    int window;
    ep_rule rule;
    ref_seed seed;
    const char *want[EP_N_GROUP];
} cut;

#define THETA(p) [EP_G_THETA + (p)]
#define LIF(title, r, s, Win, bias, alpha, Wout, bout)                                                                                \
    {LIF_CASE, title, 2, r, s, {[EP_G_WIN] = Win, [EP_G_WREC] = "0", [EP_G_BIAS] = bias, [EP_G_WOUT] = Wout, [EP_G_BOUT] = bout,     \
                                THETA(EP_ALPHA) = alpha}}
#define ADAPTING(n, title)                                                                                                            \
    {n, title, 1, EP_EPROP3, REF_SEED_NONE,                                                                                           \
     {[EP_G_WIN] = "-15255/16384, 28495/32768", [EP_G_WREC] = "0, -129/1024, -171/2048, 0",                                           \
      [EP_G_BIAS] = "-19301/16384, 17209/32768", [EP_G_WOUT] = "43/128, -485/128", [EP_G_BOUT] = "-11/128",                           \
      THETA(EP_ALPHA) = "-1803/2048, 873/2048", THETA(EP_RHO) = "21/64, -77/128", THETA(EP_BETA) = "39/2048, 47/512"}}
#define LSTM(title, r, Win, bias, Wout, bout)                                                                                         \
    {LSTM_CASE, title, 1, r, REF_SEED_NONE,                                                                                           \
     {[EP_G_WIN] = Win, [EP_G_WREC] = "221/13500, -663/128000, -221/20000, 221/115200", [EP_G_BIAS] = bias, [EP_G_WOUT] = Wout,       \
      [EP_G_BOUT] = bout}}

static const cut cuts[] = {
    LIF("one LIF neuron, windows of 2, truncated BPTT", EP_TBPTT, REF_SEED_NONE, "693/1024", "509/1024", "591/4096", "7/8", "3/2"),
    LIF("one LIF neuron, windows of 2, e-prop 3", EP_EPROP3, REF_SEED_NONE, "1359/2048", "997/2048", "291/2048", "27/32", "93/64"),
    LIF("one LIF neuron, windows of 2, e-prop 3, seeds c", EP_EPROP3, REF_SEED_C, "5427/8192", "3979/8192", "291/2048", "27/32", "93/64"),
    LIF("one LIF neuron, windows of 2, e-prop 3, seeds z", EP_EPROP3, REF_SEED_Z, "43335/65536", "31823/65536", "4629/32768", "27/32", "93/64"),
    ADAPTING(ALIF_CASE, "two ALIF neurons, windows of 1, e-prop 3"),
    ADAPTING(LSNN_CASE, "the same two as an LSNN, windows of 1, e-prop 3"),
    LSTM("one LSTM unit, windows of 1, truncated BPTT", EP_TBPTT, "124/675, -663/12800, -407/6000, 1873/57600",
         "11/108, -663/25600, -151/12000, 2641/115200", "3409/57600", "-173/240"),
    LSTM("one LSTM unit, windows of 1, e-prop 3", EP_EPROP3, "1187/13824, -663/12800, -2489/9000, 7/3840",
         "1387/345600, -663/25600, -7967/36000, -179/23040", "-379/11520", "-189/160"),
};
enum { N_CUT = sizeof cuts / sizeof *cuts };

size_t vfy_cut_count(void) { return N_CUT; }

static ep_status by_rule(void *user, ref_ctx *c, const ref_run *run, ref_grad *g)
{
    const cut *k = user;
    ref_rule_args a = {.rule = k->rule, .window = k->window, .seed = k->seed, .threads = 1};
    return ref_gradient(c, run, &a, g);
}

ep_status vfy_cut_run(size_t n, int *mismatches, int *compared)
{
    if (n >= N_CUT) return EP_DOMAIN;
    cut k = cuts[n];
    return vfy_paper_judge(k.paper, by_rule, &k, k.want, mismatches, compared);
}

/* e-prop 3 over windows whose exact seeds, adjoint and traces come through the views. */
static ep_status by_views(void *user, ref_ctx *c, const ref_run *run, ref_grad *g)
{
    vfy_pair p;
    ep_status st = vfy_pair_compute(c, run, user, 1, &p);
    if (st == EP_OK) *g = p.traces;
    return st;
}

ep_status vfy_handworked_windows(const vfy_views *w, ep_model only, int *mismatches)
{
    vfy_views views = *w;
    int all = 0;
    bool any = false;
    for (size_t n = 0; n < vfy_paper_count(); n++) {
        const vfy_paper *p = vfy_paper_at(n);
        int here = 0;
        if (p->net.model == EP_RATE || (only != EP_N_MODEL && p->net.model != only) || views.window >= p->batch.T) continue;
        ep_status st = vfy_paper_judge(n, by_views, &views, p->want, &here, NULL);
        if (st != EP_OK) return st;
        all += here;
        any = true;
    }
    if (!any) return EP_NOTIMPL;
    *mismatches = all;
    return EP_OK;
}

static void add_row(const vfy_task *t, const char *subject, const char *compared, int mismatches, const char *note)
{
    vfy_row row = {.evidence = 'E', .verdict = mismatches ? VFY_FAILS : VFY_HOLDS, .size = mismatches};
    snprintf(row.model, sizeof row.model, "%s", ep_model_name(t->model));
    snprintf(row.subject, sizeof row.subject, "%s", subject);
    snprintf(row.compared, sizeof row.compared, "%s", compared);
    snprintf(row.bound, sizeof row.bound, "0");
    snprintf(row.value, sizeof row.value, "%d", mismatches);
    snprintf(row.note, sizeof row.note, "%s", note);
    vfy_results_add(t->out, &row);
}

ep_status vfy_windows_e(const vfy_task *t)
{
    char subject[80];
    for (int window = 1; t->model != EP_RATE && window < 5; window++) {
        const vfy_views w = {.window = window, .seed = REF_SEED_ZC};
        int mismatches = 0;
        ep_status st = vfy_handworked_windows(&w, t->model, &mismatches);
        if (st == EP_NOTIMPL) break; /* longer than the paper's trial */
        if (st != EP_OK) return st;
        snprintf(subject, sizeof subject, "the paper's case in windows of %d", window);
        add_row(t, subject, "e-prop 3, exact seeds: entries off the paper", mismatches, "seeds zc; BPTT's gradient on paper");
    }
    for (size_t n = 0; n < N_CUT; n++) {
        int mismatches = 0, compared = 0;
        if (vfy_paper_at(cuts[n].paper)->net.model != t->model) continue;
        ep_status st = vfy_cut_run(n, &mismatches, &compared);
        if (st != EP_OK) return st;
        char note[80];
        snprintf(note, sizeof note, "worked on paper: %d of %d numbers differ", mismatches, compared);
        add_row(t, cuts[n].name, "in windows: entries off the paper's working", mismatches, note);
    }
    return EP_OK;
}
