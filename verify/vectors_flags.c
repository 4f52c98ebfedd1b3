/* vectors_flags.c: the bugs of real ports, where each shows first, and which cases can show it.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "flags.h"

enum {
    BETA = VFY_NEEDS_BETA, NREF = VFY_NEEDS_NREF, DELAY = VFY_NEEDS_DELAY, TRACES = VFY_NEEDS_TRACES, REG = VFY_NEEDS_REG,
    MASK = VFY_NEEDS_MASK, LATE = VFY_NEEDS_LATE, CLASSES = VFY_NEEDS_CLASSES, TRIALS = VFY_NEEDS_TRIALS,
    STATES = VFY_NEEDS_STATES, SPIKES = VFY_NEEDS_SPIKES, EPROP1 = VFY_NEEDS_EPROP1,
    CHAIN = VFY_NEEDS_CHAIN, ONLINE = CHAIN | VFY_NEEDS_ONLINE, BATCH = CHAIN | VFY_NEEDS_BATCH, CARRY = CHAIN | VFY_NEEDS_CARRY,
    RESET = CHAIN | VFY_NEEDS_RESET
};

static const vfy_flag flags[] = {
    {"state-kept", VFY_Q_V, TRIALS, "state carried over from one trial to the next", "from the second trial on everything is off",
     "all states at t = 0 are 0"},
    {"delay-index", VFY_Q_I, STATES | DELAY, "z^{t-1} used where the delay asks for z^{t-d}", "recurrent input too early",
     "I^t = Wrec z^{t-d} + Win x^t + b"},
    {"z-now", VFY_Q_I, STATES | SPIKES, "recurrent input from spikes of the same step", "recurrent input too early",
     "I^t = Wrec z^{t-d} + Win x^t + b"},
    {"weight-transposed", VFY_Q_I, STATES, "rows and columns of a weight matrix exchanged", "wrong input current",
     "I_j = sum_i W_ji pre_i"},
    {"reset-missing", VFY_Q_V, STATES | SPIKES, "no reset after a spike", "v too large after the first spike",
     "v^t = alpha v^{t-1} + g_in I^t - v_th z^{t-1}"},
    {"reset-late", VFY_Q_V, STATES | SPIKES, "reset in another step than the convention's", "v off by v_th for a step",
     "v^t = alpha v^{t-1} + g_in I^t - v_th z^{t-1}"},
    {"adapt-decay", VFY_Q_A, STATES | BETA, "alpha used where rho belongs, or its gain missing", "adaptation decays too fast",
     "a^t = rho a^{t-1} + g_a z^{t-1}"},
    {"threshold-fixed", VFY_Q_Z, STATES | BETA, "adaptation left out of the spike test", "too many spikes",
     "z^t = H(v^t - v_th - beta a^t)"},
    {"refractory", VFY_Q_Z, STATES | NREF, "refractory period missing or a step off", "a spike too many or too few",
     "refractory at t iff r^{t-1} > 0; r = n_ref - 1 after a spike"},
    {"psi-refractory", VFY_Q_PSI, STATES | NREF, "psi not zeroed while refractory", "traces too large after spikes",
     "psi = 0 while refractory"},
    {"psi-scale", VFY_Q_PSI, STATES | SPIKES, "psi not divided by v_th", "all traces off by a factor",
     "psi = gamma/v_th max(0, 1 - |v - A|/v_th)"},
    {"trace-decays", VFY_Q_EPS_V, TRACES, "alpha and rho exchanged, or a filter's gain wrong", "eligibility vectors off",
     "eps_v(t) = alpha eps_v(t-1) + g_in pre"},
    {"trace-index", VFY_Q_EPS_V, TRACES, "x or z one step off in the trace", "gradient of the wrong step",
     "pre = x^t or z^{t-d}"},
    {"psi-now", VFY_Q_EPS_A, TRACES | BETA, "psi^t for psi^{t-1} in eps_a", "eps_a off wherever psi changes",
     "eps_a(t) = rho eps_a(t-1) + g_a e(t-1)"},
    {"beta-epsa", VFY_Q_EPS_A, TRACES | BETA, "the beta term missing in eps_a", "eps_a decays too slowly",
     "eps_a(t) = (rho - beta psi) eps_a(t-1) + psi eps_v(t-1)"},
    {"epsa-after", VFY_Q_E, TRACES | BETA, "eps_a used in e before or after its update", "e of adaptive neurons off",
     "e(t) = psi (eps_v(t) - beta eps_a(t))"},
    {"beta-e", VFY_Q_E, TRACES | BETA, "the beta term missing in e", "e too large", "e(t) = psi (eps_v(t) - beta eps_a(t))"},
    {"ebar-decay", VFY_Q_EBAR, TRACES, "e filtered with the membrane's decay, or with a gain", "gradient off by a filter",
     "ebar^t = kappa ebar^{t-1} + e^t"},
    {"readout-decay", VFY_Q_Y, STATES, "readout filtered with the wrong decay", "y off from the second step on",
     "y^t = kappa y^{t-1} + g_out (Wout z^t + bout)"},
    {"softmax-missing", VFY_Q_ERR, STATES | CLASSES, "softmax left out of the error", "err = y - p*", "err = m (softmax(y) - p*)"},
    {"mask-ignored", VFY_Q_ERR, STATES | MASK, "weight of a step ignored", "steps that must not count do", "err^t = m^t (y - y*)"},
    {"error-sign", VFY_Q_ERR, STATES, "sign of the error turned", "learns the opposite", "err = y - y*"},
    {"loss-half", VFY_Q_LOSS, 0, "factor 1/2 or the regulariser missing in E", "loss off, gradients right",
     "E = 1/2 sum m (y - y*)^2 + E_reg"},
    {"feedback-transposed", VFY_Q_L, STATES | EPROP1, "B (symmetric: Wout) read with rows and columns exchanged", "L of other neurons",
     "L_j = sum_k B_jk err_k"},
    {"signal-late", VFY_Q_GRAD + EP_G_WIN, EPROP1 | LATE, "delay of the learning signal ignored", "L meets the wrong trace",
     "gradient = sum_t L^{t-delay_L} ebar^t"},
    {"diagonal", VFY_Q_GRAD + EP_G_WREC, SPIKES, "self-connections trained", "dWrec_jj is not 0", "Wrec_jj = 0 is not trained"},
    {"regulariser", VFY_Q_GRAD + EP_G_WIN, REG, "rate regulariser missing, filtered, or of wrong sign or count",
     "gradient off by a multiple of sum_t e", "dW += c_reg (fbar - f*)/(T B) sum_t e^t"},
    {"batch-mean", VFY_Q_GRAD + EP_G_WIN, TRIALS, "gradient averaged over trials", "too small by a factor B", "dW = sum over trials"},
    {"readout-trace", VFY_Q_GRAD + EP_G_WOUT, 0, "unfiltered z in the readout's gradient", "dWout off",
     "dWout = sum_t err^t zbar^t, zbar filtered with kappa"},
    {"update-sign", VFY_Q_WEIGHT, CHAIN, "sign or size of the update", "weights go the wrong way or too far", "W <- W - eta dW"},
    {"update-part", VFY_Q_WEIGHT, CHAIN, "some weights are not updated, or twice, or the diagonal is", "part of the network does not learn",
     "W <- W - eta dW for Win, Wrec, b, Wout, bout"},
    {"gradient-kept", VFY_Q_WEIGHT, CHAIN, "gradient not cleared by the update", "every update repeats those before it", "dW = 0 after an update"},
    {"update-early", VFY_Q_WEIGHT, BATCH | TRIALS, "update after every trial", "the second trial meets other weights", "dW = sum over trials, then W <- W - eta dW"},
    {"update-late", VFY_Q_WEIGHT, ONLINE, "update at the trial's end only", "later steps meet old weights", "W <- W - eta L^t ebar^t after every step"},
    {"update-before", VFY_Q_WEIGHT, ONLINE, "weights updated before the step is complete", "L or y from new weights",
     "y^t, L^t from the weights before the update of step t"},
    {"chain-state-kept", VFY_Q_WEIGHT, RESET, "a state, trace or filter goes on into the next update", "off from the second update on",
     "all states at t = 0 are 0"},
    {"chain-state-lost", VFY_Q_WEIGHT, CARRY, "a state, trace or filter is reset between updates", "off from the second update on",
     "carry all: t = 0 of an update is t = T of the one before"},
    {"feedback-stale", VFY_Q_WEIGHT, CHAIN | VFY_NEEDS_SYMMETRIC, "B stays the first Wout", "L drifts away from the readout", "L = Wout^T err with the Wout of now"},
    {"kolen-pollack", VFY_Q_WEIGHT, CHAIN | VFY_NEEDS_ADAPTIVE, "B not updated, or without its decay", "B does not approach Wout^T",
     "B <- (1-lambda) B - eta dWout^T"},
    {"fixed-rounding", VFY_N_QUANTITY, VFY_NEEDS_FIXED, "rounding, width or order of an operation that is not the profile's", "off by a unit, or by a carry that was lost",
     "align, sum, round, fit: FIXED.md, section 1"},
    {"fixed-range", VFY_N_QUANTITY, VFY_NEEDS_FIXED | VFY_NEEDS_EDGE, "a number outside its format not treated as the profile says", "wraps where it saturates, or the reverse",
     "saturate: the nearer end; wrap: congruent modulo 2^bits"},
    {"fixed-draw", VFY_N_QUANTITY, VFY_NEEDS_FIXED | VFY_NEEDS_DRAWS, "a draw of stochastic rounding by another seed, step, index or quantity", "off by a unit here and there",
     "counter (t, j, i, K), key draws: FIXED.md, section 2"},
    {"subnormal", VFY_N_QUANTITY, VFY_NEEDS_FLUSH, "numbers below the normal range flushed to zero", "long decays end too early", "all"},
    {"given-ignored", VFY_Q_I, VFY_NEEDS_GIVEN, "own z, psi or L in the place of what is given", "right alone, wrong as a part", "z, psi, L as given"},
};
enum { N_FLAG = sizeof flags / sizeof *flags };

size_t vfy_flag_count(void) { return N_FLAG; }
const vfy_flag *vfy_flag_at(size_t n) { return n < N_FLAG ? &flags[n] : NULL; }

static bool expects(const vfy_epv_case *c, vfy_quantity q)
{
    for (size_t i = 0; i < c->n_want; i++)
        if (c->want[i].q == q) return true;
    return false;
}

static unsigned features(const vfy_epv_case *c)
{
    bool eprop1 = c->rule >= EP_EPROP1_SYMMETRIC && c->rule <= EP_EPROP1_GLOBAL, masked = false;
    for (int i = 0; c->batch.mask && i < c->batch.B * c->batch.T; i++) masked = masked || c->batch.mask[i] != 1.0;
    return (ep_model_has(c->net.model, EP_BETA) ? VFY_NEEDS_BETA : 0u) | (c->net.n_ref > 1 ? VFY_NEEDS_NREF : 0u) |
           (c->net.opt.delay > 1 ? VFY_NEEDS_DELAY : 0u) | (expects(c, VFY_Q_E) ? VFY_NEEDS_TRACES : 0u) |
           (c->batch.c_reg != 0 ? VFY_NEEDS_REG : 0u) | (masked ? VFY_NEEDS_MASK : 0u) |
           (c->net.opt.delay_L > 0 ? VFY_NEEDS_LATE : 0u) |
           (c->batch.loss == EP_CLASSIFICATION ? VFY_NEEDS_CLASSES : 0u) | (c->batch.B > 1 ? VFY_NEEDS_TRIALS : 0u) |
           (expects(c, VFY_Q_Z) ? VFY_NEEDS_STATES : 0u) | (ep_model_spikes(c->net.model) ? VFY_NEEDS_SPIKES : 0u) |
           (eprop1 ? VFY_NEEDS_EPROP1 : 0u) | (c->updates ? VFY_NEEDS_CHAIN : 0u) |
           (c->updates && c->online ? VFY_NEEDS_ONLINE : 0u) | (c->updates && !c->online ? VFY_NEEDS_BATCH : 0u) |
           (c->updates && c->carry ? VFY_NEEDS_CARRY : 0u) | (c->updates && !c->carry ? VFY_NEEDS_RESET : 0u) |
           (c->rule == EP_EPROP1_SYMMETRIC ? VFY_NEEDS_SYMMETRIC : 0u) | (c->rule == EP_EPROP1_ADAPTIVE ? VFY_NEEDS_ADAPTIVE : 0u) |
           (c->given[0] || c->given[1] || c->given[2] ? VFY_NEEDS_GIVEN : 0u) | (vfy_format_is_fixed(c->format) ? VFY_NEEDS_FIXED : 0u) |
           (c->family == VFY_FAMILY_EDGE ? VFY_NEEDS_EDGE : 0u) | (c->format == VFY_FIXED_W8 || c->format == VFY_FIXED_USER ? VFY_NEEDS_DRAWS : 0u);
}

bool vfy_flag_applies(const vfy_flag *f, const vfy_epv_case *c)
{
    bool anywhere = f->q == VFY_N_QUANTITY;
    if ((f->needs & VFY_NEEDS_CHAIN) == 0 && c->updates && !anywhere) return false; /* chains report weights alone */
    if (f->q == VFY_Q_LOSS && vfy_format_is_fixed(c->format)) return false;
    return (f->needs & features(c)) == f->needs && (anywhere || vfy_quantity_of_model(f->q, c->net.model));
}

void vfy_flags_fill(vfy_epv_case *c)
{
    size_t used = 0;
    c->flags[0] = '\0';
    for (int i = 0; i < N_FLAG; i++) {
        const vfy_flag *f = &flags[i];
        size_t len = strlen(f->name);
        if (!vfy_flag_applies(f, c)) continue;
        if (used + len + 1 > VFY_EPV_MAX_FLAGS) continue;
        if (used) c->flags[used++] = ',';
        memcpy(c->flags + used, f->name, len + 1);
        used += len;
    }
}

bool vfy_flags_has(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *s = list; *s;) {
        size_t word = strcspn(s, ",");
        if (word == len && !strncmp(s, name, len)) return true;
        s += word;
        s += *s == ',';
    }
    return false;
}
