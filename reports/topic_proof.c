/* topic_proof.c: that BPTT and the factorization are the same gradient, and how far approximations are from it.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(precision, {"model", REP_TEXT}, {"bits", REP_INT}, {"err", REP_NUM}, {"bound", REP_NUM}, {"slip_err", REP_NUM});
COLUMNS(raster, {"t", REP_INT}, {"j", REP_INT}, {"z", REP_NUM}, {"v", REP_NUM}, {"psi", REP_NUM}, {"e", REP_NUM}, {"L", REP_NUM});
COLUMNS(gradients, {"j", REP_INT}, {"i", REP_INT}, {"bptt", REP_NUM}, {"eprop1", REP_NUM}, {"diff", REP_NUM});
COLUMNS(approx, {"model", REP_TEXT}, {"rule", REP_TEXT}, {"window", REP_NUM}, {"seed", REP_TEXT}, {"cosine", REP_NUM}, {"rel_norm", REP_NUM},
        {"rel_err", REP_NUM});
COLUMNS(boundary, {"model", REP_TEXT}, {"window", REP_NUM}, {"seed", REP_TEXT}, {"rel_err", REP_NUM}, {"cosine", REP_NUM});
COLUMNS(windows, {"series", REP_TEXT}, {"seed", REP_INT}, {"window", REP_INT}, {"cosine", REP_NUM}, {"rel_err", REP_NUM}, {"rel_norm", REP_NUM},
        {"late_cosine", REP_NUM}, {"late_rel_err", REP_NUM}, {"late_rel_norm", REP_NUM});
COLUMNS(certified, {"model", REP_TEXT}, {"n_rec", REP_INT}, {"T", REP_INT}, {"bits_needed", REP_NUM}, {"q", REP_NUM}, {"seconds", REP_NUM});

COLUMNS(slips, {"slip", REP_TEXT}, {"place", REP_TEXT}, {"A", REP_TEXT}, {"B", REP_TEXT}, {"C", REP_TEXT}, {"D", REP_TEXT}, {"E", REP_TEXT},
        {"rtrl", REP_TEXT}, {"predicted", REP_TEXT});

#define WINDOWS_SHOW \
    "Time is cut into windows of 1 step up to the whole trial, and the gradient of each rule is compared with BPTT's. Truncated BPTT (tbptt) forgets " \
    "what happened before a window; e-prop 3 keeps it in eligibility traces. Neither knows what comes after, unless it is told: exact seeds at each " \
    "window's end for the hidden state (c, what the paper seeds), for the observable state (z), or for everything (zc). Above: cosine with BPTT. " \
    "Below: length of the difference, relative to BPTT's gradient. Lines are medians over random networks, bands run between the quartiles."
#define WINDOWS_CONCLUDE \
    "With everything seeded, both rules are BPTT at any window length, up to rounding. Without seeds, the gap between e-prop 3 and truncated BPTT is " \
    "what traces carry over from the past. Seeds c and traces hold partly the same: in windows of one step they add nothing to e-prop 3, while seeds z " \
    "make it exact; for truncated BPTT it is the other way round. So e-prop 3 need not win once seeds for the hidden state are good, and wins where they " \
    "are not."
#define WINDOWS_BLIND "Random networks that were not trained, and exact seeds: a synthesiser that has to learn them does worse."

static const rep_part parts[] = {
    {.name = "precision", .script = "precision",
     .title = "The same gradient at every precision",
     .shows = "The two ways to compute the gradient are run with 24 to 1024 bits of precision. Each coloured point is the largest difference between "
     "them, relative to the largest entry of the same kind of gradient. Dashed: the same after one deliberate mistake in the formula. "
     "On the right, the bits that rounding costs on the way.",
     .conclude = "If two formulas are equal, their difference is rounding alone: one more bit of precision halves it, and the points follow the grey line. "
     "If a formula is wrong, more precision does not help: the dashed lines stay flat.",
     .blind = "A mistake that both ways share, for example in the pseudo-derivative, also falls along the line. Other evidence (D and E) looks for that.",
     COLUMNS_OF(precision), .prepare = rep_prepare_precision},
    {.name = "raster", .script = "raster",
     .title = "One trial, from spikes to learning signals",
     .shows = "A recurrent spiking network of adaptive neurons over one trial. From the top: which neuron spikes when; the membrane potential; the "
     "pseudo-derivative, which stands in for the derivative of a spike; the eligibility trace of one synapse, which runs forward in time; "
     "and the learning signal, which here is the exact one and runs backward in time.",
     .conclude = "The gradient of a weight is the sum over time of trace times learning signal. The trace remembers what the synapse did; the signal says "
     "what that was worth.",
     .blind = "A picture of one case proves nothing. It is here to show what the numbers are about, and that the network is alive.",
     COLUMNS_OF(raster), .prepare = rep_prepare_raster},
    {.name = "gradients", .script = "gradients",
     .title = "Exact gradient, e-prop 1, and their difference",
     .shows = "One square for each recurrent weight. Left: the exact gradient by backpropagation through time. Middle: e-prop 1, which replaces the exact "
     "learning signal by one that is available at once. Right: the difference. Where a few entries tower above the rest, the colours saturate "
     "at the 98th percentile.",
     .conclude = "e-prop 1 points in a similar direction but is not the same gradient: it leaves out what a spike does to the loss through later spikes of "
     "other neurons. This difference is a property of the rule and no mistake of the program.",
     .blind = "One case of one model; how far e-prop 1 is from BPTT depends on the task and on the network.",
     COLUMNS_OF(gradients), .prepare = rep_prepare_gradients},
    {.name = "approx", .script = "approx",
     .title = "How far each approximation is from BPTT",
     .shows = "Each line is a learning rule, each colour a model. Left: the cosine between the rule's gradient and BPTT's (1: the same direction, 0: "
     "unrelated). Right: the length of the rule's gradient divided by BPTT's.",
     .conclude = "Rules that are exact sit at 1 in both. Everything else is an approximation, and this is its size: a program under test that deviates by "
     "more than its rule does is wrong, one that deviates as its rule does may be right.",
     .blind = "Small random networks. A low cosine here does not say that a rule learns badly, and a high one does not say that it learns well.",
     COLUMNS_OF(approx), .prepare = rep_prepare_approx, .key = 4, .value = 6, .better = -1},
    {.name = "boundary", .script = "boundary",
     .title = "What must be handed over at the end of a window",
     .shows = "e-prop 3 cuts time into windows and needs, at the end of each, the derivative of the future loss (the seed). Here the seed is given "
     "exactly, but covers more or less of the state that crosses the cut.",
     .conclude = "Only a seed that covers everything that crosses (zc) gives the exact gradient, up to rounding. A seed for the hidden state alone (c) or for the observable "
     "state alone (z) leaves an error of many per cent, even though each is exact in itself.",
     .blind = "Seeds that are learned instead of given exactly bring an error of their own, which this figure leaves out.",
     COLUMNS_OF(boundary), .prepare = rep_prepare_boundary},
    {.name = "windows_lstm", .script = "windows", .title = "From windows to BPTT: LSTM", .shows = WINDOWS_SHOW,
     .conclude = WINDOWS_CONCLUDE, .blind = WINDOWS_BLIND, COLUMNS_OF(windows), .prepare = rep_prepare_panels},
    {.name = "windows_lsnn", .script = "windows", .title = "From windows to BPTT: spiking neurons, half of them adaptive", .shows = WINDOWS_SHOW,
     .conclude = WINDOWS_CONCLUDE, .blind = WINDOWS_BLIND, COLUMNS_OF(windows), .prepare = rep_prepare_panels},
    {.name = "certified", .script = "certified",
     .title = "The precision that certainty needs",
     .shows = "Interval arithmetic encloses both gradients between two numbers that are proved to be below and above. The figure shows how many bits it must "
     "carry so that the difference is proved small to q bits. Only sizes that vary in one direction are joined.",
     .conclude = "Intervals grow as they travel backward in time: longer trials and larger networks need more bits. Each point is one random "
     "network, so the points scatter.",
     .blind = "The bits needed to prove a difference small are more than the bits needed to compute the gradient well.",
     COLUMNS_OF(certified), .prepare = rep_prepare_certified, .key = 3, .value = 3, .better = -1},
    {.name = "slips",
     .title = "Would a mistake be noticed?",
     .shows = "A test that cannot fail is worth nothing. So every slip that a port could make is made on purpose, in three places: in the traces, in "
     "the learning signal, and in the neuron model itself. The table says which evidence noticed it.",
     .conclude = "A slip in the neuron model changes both ways of computing the gradient alike, so A, B and C must miss it and D or E must find it.",
     COLUMNS_OF(slips), .claim = "A slip made on purpose is noticed by the evidence that should notice it", .verdict = "predicted", .good = "yes"},
    {.name = "liveness",
     .title = "Was there anything to compare?",
     .shows = "Two gradients that are both zero agree too. A case counts only if its neurons spike, the pseudo-derivative is open often enough, and "
     "recurrent paths contribute to the gradient."},
};

const rep_topic rep_topic_proof = {"proof", "BPTT and the e-prop factorization",
                                   "Is the sum of traces times learning signals the gradient of backpropagation through time?", PARTS(parts)};
