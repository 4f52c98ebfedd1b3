/* topic_speed.c: how fast.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(speed, {"case", REP_TEXT}, {"subject", REP_TEXT}, {"seconds", REP_NUM}, {"times_faster", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM}, {"error", REP_NUM});
COLUMNS(targets, {"what", REP_TEXT}, {"measured", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM}, {"unit", REP_TEXT}, {"relation", REP_TEXT}, {"target", REP_NUM},
        {"stretch", REP_NUM}, {"verdict", REP_TEXT}, {"error", REP_NUM}, {"by", REP_TEXT});
COLUMNS(task_time, {"case", REP_TEXT}, {"rule", REP_TEXT}, {"seconds", REP_NUM}, {"times_faster", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM},
        {"iterations", REP_NUM}, {"reached", REP_INT}, {"runs", REP_INT}, {"error", REP_NUM});
COLUMNS(gate, {"repetition", REP_INT}, {"planted_per_cent", REP_NUM}, {"pairs", REP_INT}, {"ratio", REP_NUM}, {"low", REP_NUM}, {"high", REP_NUM});

static const rep_part parts[] = {
    {.name = "speed", .script = "speed", .prepare = rep_prepare_speed, .print = true,
     .title = "Engines side by side",
     .shows = "Seconds for one gradient (suite gradient), one forward pass (forward), or one gradient of the reference in each arithmetic. times_faster: how "
              "many times faster than the first line of the case, the median of paired ratios, from low to high with 95 %; - where the same program, measured "
              "twice, differed from itself. error: largest difference from the reference of that very run, relative to the group's largest entry. flips: "
              "spikes that differ from the reference's. In suite fixed the first line is a float engine, and the error of integers is how far they are from real "
              "numbers: every integer was the slow model's. The figure shows the ratios, but for the reference's arithmetics.",
     .conclude = "A ratio of one run, measured in pairs, carries further than a time. A result with more than half of its digits wrong is not recorded at all.",
     .blind = "Small and medium networks of random weights; a trained network may fire at another rate.",
     COLUMNS_OF(speed), .key = 2, .value = 3, .low = 4, .high = 5, .better = 1},
    {.name = "targets",
     .title = "What was aimed at",
     .shows = "Each line is a target that was set before it was measured: how many times as fast as what a user would pick instead (peers, in the same run, on the same "
              "network, their gradients checked), shares of the machine's peak, exponents of growth, memory. low, high: 95 % interval. error: of that very run against the "
              "reference or, for the large networks, against binary64.",
     .conclude = "A target that was missed stays in the table.",
     .blind = "Random networks at the sizes of the paper, one machine; another processor shifts every line.",
     COLUMNS_OF(targets), .key = 1, .value = 1, .low = 2, .high = 3, .better = 1,
     .claim = "A speed, share, exponent or size reaches its target", .verdict = "verdict", .good = "met|stretch"},
    {.name = "task_time",
     .title = "Time until a task is learnt",
     .shows = "Training until the stop rule (held-out error below the task's limit), one run a seed, all rules on the same trials. seconds and iterations: medians over the runs that "
              "reached it; times_faster: than the first rule, paired by seed, where all reached it. error: 1 - cosine between the engine's first gradient and the reference's.",
     .blind = "Small versions of the tasks; few seeds.",
     COLUMNS_OF(task_time), .key = 2, .value = 2, .better = -1},
    {.name = "gate",
     .title = "Would a slow-down be noticed?",
     .shows = "The gate that guards changes was asked many times about a program with 5 per cent of extra work planted, and about one with none. ratio: "
              "time of the new over the old program, with its 95 % interval; the gate says slower where the whole interval lies above 1.03.",
     .conclude = "Every planted slow-down must be called slower, and no other.",
     COLUMNS_OF(gate), .claim = "The gate finds a planted slow-down of 5 % and no other", .verdict = "right", .good = "yes"},
};

const rep_topic rep_topic_speed = {"speed", "How fast", "Ratios of times measured in the same run, each with the error of that very run.", PARTS(parts)};
