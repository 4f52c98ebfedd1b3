/* Slips in the outer gradient of e-prop 2, seeded by wrapping the views that the adjoint reads.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "eprop2_evidence.h"
#include "slips.h"

const char *vfy_e2_slip_name(vfy_e2_slip s)
{
    static const char *const names[] = {
        "psi in the traces a constant", "slope of psi with the other sign", "slope not zeroed while refractory",
        "psi's dependence on a missing", "traces: z^{t-d+1} for z^{t-d}", "traces: presynaptic spikes constants",
        "traces: psi^t for psi^{t-1} in eps^a", "traces: beta term missing in e", "spikes that the module hears constants",
        "spikes that the module hears a step off", "module's filter missing on the way back",
        "test trial at W_init, not W'", "eta missing on the way back", "reset missing, training trial",
        "reset missing, test trial", "reset missing, module"};
    return names[s];
}

static ref_num *numbers(ref_ctx *c, size_t n, const ref_num *from)
{
    ref_num *v = ref_vec(c, n);
    for (size_t i = 0; v && from && i < n; i++) ref_set(c, &v[i], &from[i]);
    return v;
}

static const ref_num *wrong_slope(ref_ctx *c, const ref_e2 *p, int b, vfy_e2_slip slip)
{
    size_t n = (size_t)p->main.n_rec, all = ((size_t)p->train.T + 2) * n;
    ref_num *v = numbers(c, all, slip == VFY_E2_SLOPE_MISSING ? NULL : p->slope[b]);
    if (!v) return p->slope[b];
    for (size_t i = 0; slip == VFY_E2_SLOPE_SIGN && i < all; i++) ref_neg(c, &v[i], &v[i]);
    for (int t = 1; slip == VFY_E2_SLOPE_REFRACTORY && t <= p->train.T; t++)
        for (int j = 0; j < p->main.n_rec; j++) {
            ref_spot s = ref_traj_spot(&p->train.tr[b], t, j);
            ep_status st = ref_psi_slope(c, &p->main, j, &s, 0, ref_at2(v, p->main.n_rec, t, j));
            if (st != EP_OK && c->status == EP_OK) c->status = st;
        }
    return v;
}

/* A view of the same trial with one of the slips that single networks know. */
static ref_view slipped(vfy_slip slip, const ref_view *v)
{
    static const vfy_bug bugs[] = {{.slip = VFY_SLIP_RESET, .place = VFY_IN_CELL}, {.slip = VFY_SLIP_Z_OFF, .place = VFY_IN_CELL},
                                   {.slip = VFY_SLIP_PSI_NOW, .place = VFY_IN_CELL}, {.slip = VFY_SLIP_BETA_E, .place = VFY_IN_CELL}};
    for (size_t k = 0; k < sizeof bugs / sizeof *bugs; k++)
        if (bugs[k].slip == slip) {
            vfy_views w = vfy_bug_views(&bugs[k]);
            return w.L(v->net, v->tr, w.user);
        }
    return *v;
}

static void wrap(ref_ctx *c, const ref_e2 *p, int b, ref_e2_views *w, void *user)
{
    vfy_e2_slip slip = *(const vfy_e2_slip *)user;
    ref_net *net = ref_bytes(c, sizeof *net);
    switch (slip) {
    case VFY_E2_SLOPE_MISSING:
    case VFY_E2_SLOPE_SIGN:
    case VFY_E2_SLOPE_REFRACTORY: w->slope = wrong_slope(c, p, b, slip); break;
    case VFY_E2_SLOPE_BETA: w->beta = NULL; break;
    case VFY_E2_TRACE_Z_OFF: w->trace = slipped(VFY_SLIP_Z_OFF, &w->trace); break;
    case VFY_E2_TRACE_Z_FIXED: w->trace.delay = p->train.T; break;
    case VFY_E2_TRACE_PSI_NOW: w->trace = slipped(VFY_SLIP_PSI_NOW, &w->trace); break;
    case VFY_E2_TRACE_BETA: w->trace = slipped(VFY_SLIP_BETA_E, &w->trace); break;
    case VFY_E2_HEARD_MISSING: w->lag = p->train.T; break;
    case VFY_E2_HEARD_LATE: w->lag = 1; break;
    case VFY_E2_NO_FILTER:
        if (!net) break;
        *net = p->module;
        net->kappa = &c->zero;
        w->mod.net = net;
        break;
    case VFY_E2_TEST_AT_INIT: w->test.net = &p->main; break;
    case VFY_E2_ETA_MISSING: w->eta = &c->one; break;
    case VFY_E2_TRAIN_RESET: w->train = slipped(VFY_SLIP_RESET, &w->train); break;
    case VFY_E2_TEST_RESET: w->test = slipped(VFY_SLIP_RESET, &w->test); break;
    case VFY_E2_MODULE_RESET: w->mod = slipped(VFY_SLIP_RESET, &w->mod); break;
    case VFY_E2_N_SLIP: break;
    }
}

ref_e2_wrap vfy_e2_slip_wrap(const vfy_e2_slip *slip)
{
    union { const vfy_e2_slip *in; void *out; } cast = {slip}; /* the wrap only reads it */
    return (ref_e2_wrap){.wrap = wrap, .user = cast.out};
}

/* Which kinds of evidence saw it: the adjoint alone is wrong, so all of them must. */
typedef struct sighting { bool A, B, C, D, tangent; } sighting;

static ep_status look(const vfy_e2_case *k, const ref_e2_wrap *w, sighting *s)
{
    vfy_e2_identity id;
    vfy_e2_certificate ct;
    vfy_scaling sc;
    vfy_e2_routes r;
    ep_status st = vfy_e2_measure_identity(k, REF_E2_FULL, REF_PRIME_1, 11, w, &id);
    if (st == EP_OK) st = vfy_e2_certify(k, 53.0, w, &ct);
    if (st == EP_OK) st = vfy_e2_measure_scaling(k, 1024, w, &sc);
    if (st == EP_OK) st = vfy_e2_measure_routes(k, 256, w, &r);
    if (st != EP_OK) return st;
    double limit = ldexp(1.0, -100);
    *s = (sighting){.A = id.differ > 0, .B = ct.disjoint > 0, .C = sc.ratio > 1.0, .D = r.tape[REF_E2_FULL] > limit,
                    .tangent = r.tangent > limit};
    return EP_OK;
}

ep_status vfy_e2_slips_write(FILE *f, int *bad)
{
    vfy_e2_spec spec = {.main = EP_ALIF, .module = EP_LIF, .delay = 2, .n_ref = 3, .seed = 7};
    vfy_e2_case k;
    ep_status st = vfy_e2_case_make(&spec, &k);
    fprintf(f, "# slip\tA\tB\tC\tD\ttangents\tpredicted\n");
    for (int n = 0; st == EP_OK && n < VFY_E2_N_SLIP; n++) {
        vfy_e2_slip slip = (vfy_e2_slip)n;
        ref_e2_wrap w = vfy_e2_slip_wrap(&slip);
        sighting s;
        st = look(&k, &w, &s);
        if (st != EP_OK) break;
        bool symbols = slip != VFY_E2_SLOPE_REFRACTORY; /* a symbol is never refractory: nothing to see in A */
        bool all = (s.A || !symbols) && s.B && s.C && s.D && s.tangent;
        fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", vfy_e2_slip_name(slip), !symbols ? "n/a" : s.A ? "seen" : "-", s.B ? "seen" : "-",
                s.C ? "seen" : "-", s.D ? "seen" : "-", s.tangent ? "seen" : "-", all ? "yes" : "no");
        if (bad && !all) ++*bad;
    }
    vfy_e2_case_free(&k);
    return st;
}
