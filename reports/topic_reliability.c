/* topic_reliability.c: how reliable.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(rate, {"module", REP_TEXT}, {"judged", REP_INT}, {"killed", REP_INT}, {"survived", REP_INT}, {"killed_per_cent", REP_NUM});

static const rep_part parts[] = {
    {.name = "canaries",
     .title = "Can continuous integration fail?",
     .shows = "One planted mistake for each tool: was it seen? A stage that cannot fail proves nothing."},
    {.name = "fuzz",
     .title = "Damaged and invented inputs",
     .shows = "Inputs that a fuzzer made up for each parser, the distinct paths it reached (features), and those that crashed, hung, lost memory or were "
     "read back as something else (findings).",
     .blind = "A path that no input reached is not tested. The kernels are not fuzzed, only what reads."},
    {.name = "differ",
     .title = "Random networks through every engine",
     .shows = "Random networks, options and inputs, ordinary and extreme (no adaptation, decays next to 1, silent and always firing neurons, one step, one "
     "neuron, huge and subnormal weights, delays beyond the trial, absent arrays ..), through each engine and way to learn, against the reference: cases, "
     "those with a gradient that is not all 0, numbers compared, those whose derived limit is above 1/64 of the largest of their kind (loose), spikes that "
     "no program of the format need agree on (ties), cases outside an engine's claims (refused) or a format's range (overflowed), the largest share of a "
     "limit, and numbers beyond it. Integer engines: every bit, against the integer model.",
     .blind = "Networks have at most 65 neurons and 130 steps. A loose number would hide a small error."},
    {.name = "faults",
     .title = "Killed, starved, without a disc",
     .shows = "Faults that were injected, how many struck while the program ran, the runs that then reached the same end as an undisturbed one, work lost beyond "
     "what is promised, and files that were damaged."},
    {.name = "coverage",
     .title = "What the tests reach",
     .shows = "Lines, and branches taken at least once, by folder, in per cent.",
     .blind = "A line that runs is not a line whose result is checked: for that see the exchanged operators."},
    {.name = "unreached",
     .title = "What they do not reach, and why",
     .shows = "Blocks (runs of lines within a function) of the reference, the engines and the judge that no test reaches, by reason; none: no reason is known."},
    {.name = "code_mutants_rate",
     .title = "Do the tests notice an exchanged operator?",
     .shows = "One operator of the reference or an engine exchanged at a time, at places drawn from all: how many a test noticed (killed) and how many none "
     "did; beside these, in no share, those that compute the same and those that the compiler refuses. By folder, and over all: is that enough (95 %)?",
     .blind = "An operator is one kind of slip; a missing line or a wrong idea is another.",
     COLUMNS_OF(rate), .claim = "The tests notice at least 95 % of exchanged operators", .verdict = "enough", .good = "yes"},
    {.name = "code_mutants_left",
     .title = "Exchanged operators that no test noticed",
     .shows = "How the line reads then: a gap of the tests (survived), or the same numbers as before, and why."},
};

const rep_topic rep_topic_reliability = {"reliability", "How reliable", "What continuous integration, fuzzing and injected faults found.", PARTS(parts)};
