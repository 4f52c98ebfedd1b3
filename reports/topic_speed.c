/* topic_speed.c: how fast.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(speed, {"case", REP_TEXT}, {"subject", REP_TEXT}, {"seconds", REP_NUM}, {"times_faster", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM}, {"error", REP_NUM});
COLUMNS(gate, {"repetition", REP_INT}, {"planted_per_cent", REP_NUM}, {"pairs", REP_INT}, {"ratio", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM});

static const rep_part parts[] = {
    {.name = "speed",
     .title = "Engines side by side",
     .shows = "Seconds for one gradient (suite gradient), one forward pass (forward), or one gradient of the reference in each arithmetic. times_faster: how "
              "many times faster than the first line of the case, the median of paired ratios, from low to high with 95 %; - where the same program, measured "
              "twice, differed from itself. error: largest difference from the reference of that very run, relative to the group's largest entry. flips: "
              "spikes that differ from the reference's.",
     .conclude = "A ratio of one run, measured in pairs, carries further than a time. A result with more than half of its digits wrong is not recorded at all.",
     .blind = "Small and medium networks of random weights; a trained network may fire at another rate.",
     COLUMNS_OF(speed), .key = 2, .value = 3, .low = 4, .high = 5, .better = 1},
    {.name = "targets",
     .title = "Against what a user would pick instead",
     .shows = "Each line is a target that was set before: the ratio measured, the target, and whether it was met."},
    {.name = "gate",
     .title = "Would a slow-down be noticed?",
     .shows = "The gate that guards changes was asked many times about a program with 5 per cent of extra work planted, and about one with none. ratio: "
              "time of the new over the old program, with its 95 % interval; the gate says slower where the whole interval lies above 1.03.",
     .conclude = "Every planted slow-down must be called slower, and no other.",
     COLUMNS_OF(gate)},
};

const rep_topic rep_topic_speed = {"speed", "How fast", "Ratios of times measured in the same run, each with the error of that very run.", PARTS(parts)};
