/* topic_fixed.c: integers instead of real numbers.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(wordlength, {"series", REP_TEXT}, {"bits", REP_INT}, {"frac", REP_INT}, {"cosine", REP_NUM}, {"out_of_range", REP_NUM}, {"nmse", REP_NUM},
        {"nmse_low", REP_NUM}, {"nmse_high", REP_NUM}, {"out_of_range_training", REP_NUM});
COLUMNS(splits, {"series", REP_TEXT}, {"whole", REP_INT}, {"cosine", REP_NUM}, {"cosine_forced", REP_NUM}, {"cosine_least", REP_NUM},
        {"cosine_full", REP_NUM}, {"out_of_range", REP_NUM}, {"spike_rate", REP_NUM});
COLUMNS(bounds, {"profile", REP_TEXT}, {"kind", REP_TEXT}, {"networks", REP_INT}, {"whole", REP_INT}, {"quantity", REP_TEXT}, {"compared", REP_INT},
        {"typical_bound", REP_NUM}, {"mean_error", REP_NUM}, {"largest_bound", REP_NUM}, {"largest_error", REP_NUM}, {"largest_ratio", REP_NUM},
        {"overflow", REP_TEXT}, {"first_event", REP_INT}, {"events", REP_INT});

static const rep_part parts[] = {
    {.name = "wordlength", .script = "wordlength",
     .title = "How many bits does e-prop need?",
     .shows = "A small network learns a curve in integers. One kind of number at a time, the weights, the traces or the membrane, gets a shorter word; "
     "everything else stays wide. For each word the best place of the point is used. Left: how far the gradient's direction is from the exact one. "
     "Right: the error that is left after training, the median over the seeds. A distance below 1e-6 is drawn at 1e-6.",
     .conclude = "Traces and membrane need few bits before the gradient points the right way. Weights are different: their updates are small, and what is smaller than "
     "half a unit is lost when it is rounded to the nearest, however good the gradient is. Stochastic rounding keeps it on average.",
     .blind = "One task, one size of network, one learning rate. A longer trial or a smaller learning rate needs more bits for the weights.",
     COLUMNS_OF(wordlength), .prepare = rep_prepare_series},
    {.name = "wordlength_splits", .script = "wordlength_splits",
     .title = "Where to put the point",
     .shows = "A word of 8 or of 16 bits can hold large numbers coarsely or small ones finely. Left: the part of all numbers that did not fit and became the end of "
     "the range; right: the direction of the gradient.",
     .conclude = "In a short word both cost: too few bits before the point and numbers leave the range, too many and small numbers are lost. In a long word "
     "only leaving the range costs.",
     .blind = "How large the numbers get depends on time constants, rates and weights.",
     COLUMNS_OF(splits), .prepare = rep_prepare_series},
    {.name = "fixed_bounds",
     .title = "The error of each profile, and its bound",
     .shows = "Random networks in the integers of each profile, beside the same network in real numbers with the same spikes. For each quantity: the bound on the "
     "error (typical: geometric mean), the error, the largest ratio of both, and how often the quantity was the first to leave its range.",
     .conclude = "No error is above its bound, and some come close to it, so the bound is not idle. Where the bound of a gradient is larger than the gradient, "
     "its direction is luck.",
     COLUMNS_OF(bounds), .print = true, .claim = "Integers stay within their bound", .verdict = "largest_ratio", .good = "<=1"},
};

const rep_topic rep_topic_fixed = {"fixed", "Integers instead of real numbers",
                                   "E-prop in the integer arithmetic of small chips: same bits on every machine, and what the loss of precision costs.", PARTS(parts)};
