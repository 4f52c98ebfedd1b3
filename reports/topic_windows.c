/* topic_windows.c: rules that cut time into windows: what crosses their ends, and what copy-repeat makes of it.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(solved, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"window", REP_NUM}, {"solved", REP_NUM});
COLUMNS(course, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"iteration", REP_INT}, {"solved", REP_NUM});
COLUMNS(apart, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"window", REP_NUM}, {"cosine", REP_NUM});
COLUMNS(trial, {"series", REP_TEXT}, {"t", REP_INT}, {"channel", REP_INT}, {"value", REP_NUM});
COLUMNS(runs, {"rule", REP_TEXT}, {"window", REP_TEXT}, {"seed", REP_TEXT}, {"iterations", REP_INT}, {"updates", REP_INT}, {"solved", REP_NUM});
COLUMNS(gap, {"rule", REP_TEXT}, {"window", REP_TEXT}, {"seeds", REP_INT}, {"solved", REP_NUM}, {"quoted", REP_NUM}, {"short_of_quoted", REP_NUM},
        {"bptt", REP_NUM}, {"short_of_bptt", REP_NUM});
COLUMNS(settings, {"rule", REP_TEXT}, {"window", REP_TEXT}, {"says", REP_TEXT}, {"sees", REP_TEXT}, {"hidden", REP_TEXT}, {"sg_rate", REP_TEXT}, {"update", REP_TEXT},
        {"rate", REP_NUM}, {"batch", REP_INT}, {"seed", REP_INT}, {"solved", REP_NUM}, {"cosine", REP_NUM});

COLUMNS(perplexity, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"window", REP_NUM}, {"perplexity", REP_NUM});
COLUMNS(words, {"rule", REP_TEXT}, {"window", REP_TEXT}, {"says", REP_TEXT}, {"seed", REP_TEXT}, {"iterations", REP_INT}, {"updates", REP_INT},
        {"perplexity", REP_NUM}, {"frequencies", REP_NUM}, {"best", REP_NUM});

#define SHORT \
    "For each rule and window the median over seeds of the longest sequence solved; beside it what is quoted for the rule and what BPTT solved here with the same budget, and by how " \
    "much the rule falls short of either (negative: it solved more). Only e-prop 3 with synthetic gradients and BPTT have a quoted number."
#define QUOTED "quoted = '74 39'\nquoted_rule = 'eprop3-sg bptt'\n"
#define FEW "Few seeds and a small budget: differences between neighbouring points are within the scatter of single runs."

/* Three panels. */
static ep_status prepare_trial(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_put(vars, "H = 520\n");
    return rep_prepare_series(t, dat, vars, err);
}

static const rep_part parts[] = {
    {.name = "copy_trial", .script = "trial", .title = "Copy and repeat: a trial",
     .shows = "One test trial after training, of the longest sequence that the best run solved; the curriculum has gone on since, so the network may have lost some of it. Input: eight bits a symbol, the channel that marks the start and the one that says how often to repeat. Target and output: "
              "the eight bits, and the channel that marks the end.",
     .conclude = "The pattern is shown once and has to be put out again and again, from memory.", COLUMNS_OF(trial), .prepare = prepare_trial},
    {.name = "copy_solved", .script = "solved", .title = "Copy and repeat: longest sequence solved",
     .shows = "Length (R + 1) N + 3 of the longest sequence, a pattern of N symbols with R repeats, whose batch loss fell below 0.15 bits a symbol, within the budget that the "
              "table of runs gives, against the window's length: the median over seeds, and between the quartiles a band. BPTT has no window and is drawn across. "
              "Dashed: what a text that quotes the paper gives.",
     .conclude = "Who is above the black line solves longer sequences than full BPTT within the same number of batches; the distance to the dashed lines is what this budget "
                 "leaves open.",
     .blind = FEW " The quoted numbers come from larger budgets, whose settings are not known in full.", COLUMNS_OF(solved), .prepare = rep_prepare_quartiles,
     .set = "x_label = 'window (steps)'\ny_label = 'longest sequence solved (steps)'\n" QUOTED},
    {.name = "copy_short", .title = "Copy and repeat: how far from the quoted numbers, and from BPTT", .shows = SHORT,
     .blind = "The budget is a twentieth of the quoted one in trials, and the network half as large.", COLUMNS_OF(gap)},
    {.name = "copy_course", .script = "curves", .title = "Copy and repeat: the curriculum over time, windows of 4 steps",
     .shows = "Longest sequence solved so far against the number of batches: the median over seeds, and between the quartiles a band.", .blind = FEW,
     COLUMNS_OF(course), .prepare = rep_prepare_quartiles, .set = "x_label = 'batch'\ny_label = 'longest sequence solved (steps)'\ny_low = 0\n"},
    {.name = "copy_distance", .script = "solved", .title = "Distance from full BPTT against the window's length",
     .shows = "Cosine between the gradient of each rule and full BPTT's, on the same batch and the same weights, over all weights but the readout's, while copy-repeat is trained by that "
              "rule: of each run the mean over its second half; the median over seeds, and between the quartiles a band.",
     .conclude = "Near 1 the rule goes where BPTT goes. What eligibility traces add is the distance between eprop3 and tbptt, what synthetic gradients add that between a "
                 "rule with and without sg.",
     .blind = "Each rule is measured along its own way: a rule that solves more is measured on longer sequences.", COLUMNS_OF(apart), .prepare = rep_prepare_quartiles,
     .set = "x_label = 'window (steps)'\ny_label = 'cosine to BPTT'\n"},
    {.name = "copy_runs", .title = "Copy and repeat: all runs",
     .shows = "Batches done, updates of the weights, length of the longest sequence solved, loss of the last batch, and time of the whole run.",
     .blind = "Times are of runs side by side on a busy machine.", COLUMNS_OF(runs)},
    {.name = "copy_tried_settings", .title = "Copy and repeat: what was tried so that e-prop 3 solves more",
     .shows = "The runs of the figure with one thing changed at a time, one seed: the window's length; what the synthesiser says (c: dE/dc; z: the part of dE/dz still to come; zc: both), what "
              "it sees, its hidden units and its rate; weights changed after each window in place of each batch; the rate of the weights; trials a batch. Beside it the mean cosine to "
              "BPTT's gradient in the second half of the run.",
     .conclude = "The figure's run is the one with windows of 4, zc, state, 50, 0.001, trial, 0.005 and 32; what solves more than it is what helps.", .blind = "One seed: one level more or less is within the scatter.", COLUMNS_OF(settings)},
    {.name = "copy_budget_solved", .script = "solved", .title = "Copy and repeat with the budget of the quoted numbers",
     .shows = "Longest sequence solved after 15,000 batches of 100 trials by an LSTM of 100 (Adam 3e-3), the budget that the quoted numbers (BPTT 39, e-prop 3 74) are said to come from, against the "
              "window's length; BPTT is drawn across.",
     .conclude = "With this budget BPTT and e-prop 3 can be held against the dashed lines.", .blind = "One seed, windows of 4 and 20; the next table says by how much each rule falls short.", COLUMNS_OF(solved),
     .prepare = rep_prepare_quartiles, .set = "x_label = 'window (steps)'\ny_label = 'longest sequence solved (steps)'\n" QUOTED},
    {.name = "copy_budget_short", .title = "Copy and repeat with the budget of the quoted numbers: how far from them, and from BPTT", .shows = SHORT, .blind = "One seed.", COLUMNS_OF(gap)},
    {.name = "copy_budget_runs", .title = "Copy and repeat with the budget of the quoted numbers: all runs",
     .shows = "Batches done, updates of the weights, length of the longest sequence solved, loss of the last batch, and time of the whole run on one processor.",
     .blind = "One seed. Only runs that came to their end are listed. Times are of runs side by side with others, some of which were stopped for a while.", COLUMNS_OF(runs)},
    {.name = "word_perplexity", .script = "solved", .title = "Word prediction: perplexity against the window's length",
     .shows = "Perplexity on the grammar's test text after training, lower is better: the median over seeds, and between the quartiles a band. The state runs on through the whole text; "
              "BPTT, whose trials of 60 words begin anew, and the best possible, which is the grammar's own, are drawn across.",
     .conclude = "What short windows cost, and what traces and synthetic gradients give back of it.", .blind = FEW " The text is a small grammar's; nothing is said of the Penn Treebank.",
     COLUMNS_OF(perplexity), .prepare = rep_prepare_quartiles, .set = "x_label = 'window (words)'\ny_label = 'test perplexity'\ny_low = 5\n"},
    {.name = "word_runs", .title = "Word prediction: all runs",
     .shows = "What the synthesiser says at a window's end (c: dE/dc; z: the part of dE/dz still to come; zc: both), batches, updates of the weights, test perplexity; beside it that of word "
              "frequencies alone, and of the grammar itself.", COLUMNS_OF(words)},
};

const rep_topic rep_topic_windows = {"windows", "Windows, traces and synthetic gradients", "Credit across the ends of windows: e-prop 3 beside truncated and full BPTT.", PARTS(parts)};
