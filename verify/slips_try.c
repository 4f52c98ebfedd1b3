/* Asking every kind of evidence about a seeded slip.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "evidence_e.h"
#include "slips.h"

static bool is_lstm(vfy_slip s) { return s == VFY_SLIP_F_BEFORE || s == VFY_SLIP_LSTM_Z_OFF; }
static bool is_z_slip(vfy_slip s) { return s == VFY_SLIP_Z_OFF || s == VFY_SLIP_LSTM_Z_OFF; }

/* The blind spots, as a prediction: what both halves share is invisible to A, B, C; what the cell holds is
 * invisible to RTRL as well; D and E see everything. */
static void predict(vfy_bug bug, vfy_sight *p)
{
    bool transmitted_only = bug.slip == VFY_SLIP_RESET || is_z_slip(bug.slip);
    bool shared = bug.place == VFY_IN_CELL || (bug.place == VFY_IN_L && transmitted_only);
    p[VFY_SEES_A] = p[VFY_SEES_B] = p[VFY_SEES_C] = shared ? VFY_UNSEEN : VFY_SEEN;
    p[VFY_SEES_RTRL] = bug.place == VFY_IN_CELL ? VFY_UNSEEN : VFY_SEEN;
    p[VFY_SEES_D] = VFY_SEEN;
    p[VFY_SEES_E] = VFY_SEEN;
}

static ep_status make_case(vfy_bug bug, vfy_case *out)
{
    vfy_case_spec s = {.model = is_lstm(bug.slip) ? EP_LSTM : EP_ALIF, .n_in = 3, .n_rec = 5, .n_out = 2, .T = 30,
                       .delay = 2, .n_ref = 3, .B = 1, .seed = 7};
    /* a reset can be missing from the traces only where it lives in them */
    if (bug.slip == VFY_SLIP_RESET && bug.place == VFY_IN_TRACES) s.reset_path = EP_RESET_LOCAL;
    return vfy_case_make(&s, out);
}

/* RTRL through the cell's (wrong) Jacobians, or right ones where the slip is elsewhere. */
static ep_status try_rtrl(const vfy_case *k, vfy_bug bug, const vfy_views *w, vfy_sight *seen)
{
    vfy_session s;
    vfy_pair p;
    ref_grad g;
    ep_status st = vfy_session_open(k, ref_arith_mpfr(), 256, 0, 0, &s);
    if (st != EP_OK) return st;
    st = vfy_pair_compute(&s.c, &s.run, w, 1, &p);
    if (st == EP_OK) st = ref_grad_init(&s.c, &s.net, &g);
    ref_view plain = ref_view_plain(&s.net, &s.run.tr[0]), wrong = vfy_view_of(w->L, &s.run, 0, w->user);
    if (st == EP_OK) st = ref_grad_rtrl(&s.c, bug.place == VFY_IN_CELL ? &wrong : &plain, s.run.reg, &g);
    if (st == EP_OK) {
        double d = fmax(vfy_grad_distance(&s.c, &p.bptt, &g), vfy_grad_distance(&s.c, &p.traces, &g));
        *seen = d > ldexp(1.0, -100) ? VFY_SEEN : VFY_UNSEEN;
    }
    vfy_session_close(&s);
    return st;
}

static ep_status try_algebra(const vfy_case *k, const vfy_views *w, vfy_slip_row *out)
{
    vfy_identity id;
    vfy_certificate ct;
    vfy_scaling sc;
    vfy_routes r;
    ep_status st = vfy_measure_identity(k, REF_PRIME_1, 11, w, &id);
    if (st == EP_OK) st = vfy_certify(k, 53.0, w, 1, NULL, &ct);
    if (st == EP_OK) st = vfy_measure_scaling(k, 1024, w, &sc);
    if (st == EP_OK) st = vfy_measure_routes(k, 256, w, &r);
    if (st != EP_OK) return st;
    double limit = ldexp(1.0, -100);
    out->seen[VFY_SEES_A] = id.differ ? VFY_SEEN : VFY_UNSEEN;
    out->seen[VFY_SEES_B] = ct.disjoint ? VFY_SEEN : VFY_UNSEEN;
    out->seen[VFY_SEES_C] = sc.ratio > 1.0 ? VFY_SEEN : VFY_UNSEEN;
    out->seen[VFY_SEES_D] = r.bptt > limit || r.traces > limit ? VFY_SEEN : VFY_UNSEEN;
    return EP_OK;
}

/* On paper a trial has five steps: the slip shows at a boundary whose neuron hears it there, so each length is tried. */
static ep_status try_paper_in_windows(vfy_bug bug, vfy_sight *seen)
{
    int all = 0;
    for (bug.window = 1; bug.window < 5; bug.window++) {
        vfy_views w = vfy_window_bug_views(&bug);
        int here = 0;
        ep_status st = vfy_handworked_windows(&w, EP_ALIF, &here);
        if (st != EP_OK) return st;
        all += here;
    }
    *seen = all ? VFY_SEEN : VFY_UNSEEN;
    return EP_OK;
}

static void judge(vfy_slip_row *row)
{
    row->as_predicted = true;
    for (int k = 0; k < VFY_N_SEES; k++) {
        if (row->seen[k] == VFY_NO_CASE) continue;
        row->as_predicted = row->as_predicted && row->seen[k] == row->predicted[k];
        row->caught = row->caught || (k < VFY_SEES_RTRL && row->seen[k] == VFY_SEEN);
    }
    if (row->bug.place == VFY_IN_CELL)
        row->caught = row->seen[VFY_SEES_D] == VFY_SEEN || row->seen[VFY_SEES_E] == VFY_SEEN;
}

ep_status vfy_slip_try(vfy_bug bug, vfy_slip_row *out)
{
    vfy_case k;
    vfy_views w = vfy_bug_views(&bug);
    int mismatches = 0;
    *out = (vfy_slip_row){.bug = bug};
    out->applies = vfy_slip_in_windows(bug.slip) ? bug.place == vfy_slip_window_place(bug.slip)
                                                 : !(bug.slip == VFY_SLIP_X_OFF && bug.place == VFY_IN_L); /* L holds no x */
    if (!out->applies) return EP_OK;
    predict(bug, out->predicted);
    ep_status st = make_case(bug, &k);
    if (st == EP_OK) st = try_algebra(&k, &w, out);
    if (st == EP_OK) st = try_rtrl(&k, bug, &w, &out->seen[VFY_SEES_RTRL]);
    vfy_case_free(&k);
    if (st != EP_OK) return st;
    if (vfy_slip_in_windows(bug.slip)) {
        st = try_paper_in_windows(bug, &out->seen[VFY_SEES_E]);
        judge(out);
        return st;
    }
    st = vfy_handworked(&w, is_lstm(bug.slip) ? EP_LSTM : EP_ALIF, &mismatches);
    /* no case on paper keeps the reset in the traces, so none can miss it there */
    bool no_case = st == EP_NOTIMPL || (bug.slip == VFY_SLIP_RESET && bug.place == VFY_IN_TRACES);
    out->seen[VFY_SEES_E] = no_case ? VFY_NO_CASE : mismatches ? VFY_SEEN : VFY_UNSEEN;
    if (st == EP_NOTIMPL) st = EP_OK;
    judge(out);
    return st;
}

static const char *sight_name(vfy_sight s)
{
    static const char *const names[] = {"-", "seen", "n/a"};
    return names[s];
}

ep_status vfy_slips_write(FILE *f, int *bad)
{
    fprintf(f, "# slip\tplace\tA\tB\tC\tD\tE\trtrl\tpredicted\n");
    for (int s = 0; s < VFY_N_SLIP; s++)
        for (int p = 0; p < VFY_N_PLACE; p++) {
            vfy_slip_row r;
            ep_status st = vfy_slip_try((vfy_bug){.slip = (vfy_slip)s, .place = (vfy_place)p}, &r);
            if (st != EP_OK) return st;
            if (!r.applies && vfy_slip_in_windows((vfy_slip)s)) continue;
            fprintf(f, "%s\t%s", vfy_slip_name((vfy_slip)s), vfy_place_name((vfy_place)p));
            for (int k = 0; k < VFY_N_SEES; k++) fprintf(f, "\t%s", r.applies ? sight_name(r.seen[k]) : "n/a");
            fprintf(f, "\t%s\n", !r.applies ? "n/a" : r.as_predicted ? "yes" : "no");
            if (bad && r.applies && (!r.as_predicted || !r.caught)) ++*bad;
        }
    return EP_OK;
}
