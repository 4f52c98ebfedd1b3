/* topic_scaling.c: how cost grows.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(scaling, {"curve", REP_TEXT}, {"axis", REP_TEXT}, {"size", REP_NUM}, {"seconds", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM}, {"peak_mb", REP_NUM});
COLUMNS(exponents, {"curve", REP_TEXT}, {"axis", REP_TEXT}, {"from", REP_NUM}, {"to", REP_NUM}, {"exponent", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM});
COLUMNS(roofline, {"what", REP_TEXT}, {"value", REP_NUM}, {"unit", REP_TEXT});

static const rep_part parts[] = {
    {.name = "scaling", .script = "scaling",
     .title = "Time of one gradient against size",
     .shows = "One quantity grows at a time: neurons, steps, trials side by side, firing rate, and the reference's precision. Both axes are logarithmic: a straight "
              "line is a power law. Bars reach from the fastest to the slowest of the repeated measurements.",
     .conclude = "Event-driven e-prop follows the spikes: flat at low rates, then as steep as the spikes grow. BPTT pays for the dense transmitted sum on top.",
     .blind = "One machine. Where a network leaves a cache, the slope changes.",
     COLUMNS_OF(scaling), .prepare = rep_prepare_series, .key = 3, .value = 3, .low = 4, .high = 5, .better = -1},
    {.name = "exponents",
     .title = "Exponents",
     .shows = "cost = c size^p, fitted by least squares in logarithms over the sizes from .. to, with the 95 % interval of a bootstrap over the points.",
     COLUMNS_OF(exponents), .key = 4, .value = 4, .low = 5, .high = 6, .better = -1},
    {.name = "roofline",
     .title = "What the machine can do",
     .shows = "Measured in the same run: multiply-adds in registers, reading from memory, and the installed matrix library.",
     COLUMNS_OF(roofline)},
};

const rep_topic rep_topic_scaling = {"scaling", "How cost grows", "Time and memory against the size of the network, the length of the trial, the batch and the firing rate.", PARTS(parts)};
