/* topic_tasks.c: learning the tasks of the paper.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

#include <string.h>

COLUMNS(speech_spectrogram, {"part", REP_TEXT}, {"x", REP_NUM}, {"y", REP_NUM}, {"value", REP_NUM}, {"label", REP_TEXT});
COLUMNS(speech_confusion, {"split", REP_TEXT}, {"true", REP_INT}, {"predicted", REP_INT}, {"share", REP_NUM}, {"count", REP_INT}, {"true_label", REP_TEXT},
        {"predicted_label", REP_TEXT});
COLUMNS(speech_parts, {"part", REP_TEXT}, {"speakers", REP_INT}, {"sentences", REP_INT}, {"frames", REP_INT}, {"chosen", REP_TEXT});
COLUMNS(speech_accuracy, {"classes", REP_INT}, {"right", REP_INT}, {"frames", REP_INT}, {"accuracy", REP_NUM});
COLUMNS(curve, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"iteration", REP_INT}, {"loss", REP_NUM});
COLUMNS(error, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"iteration", REP_INT}, {"error", REP_NUM});
COLUMNS(distance, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"iteration", REP_INT}, {"cosine", REP_NUM});
COLUMNS(output, {"series", REP_TEXT}, {"t", REP_INT}, {"y", REP_NUM});
COLUMNS(trained, {"series", REP_TEXT}, {"t", REP_INT}, {"rank", REP_NUM}, {"v", REP_NUM}, {"a", REP_NUM}, {"psi", REP_NUM},
        {"e", REP_NUM}, {"L", REP_NUM});
COLUMNS(training, {"task", REP_TEXT}, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"iterations", REP_NUM});
COLUMNS(rules, {"task", REP_TEXT}, {"rule", REP_TEXT}, {"seeds", REP_INT}, {"stopped_at", REP_NUM}, {"loss", REP_NUM}, {"test_loss", REP_NUM},
        {"test_measure", REP_NUM}, {"measure", REP_TEXT}, {"published", REP_TEXT});
COLUMNS(long_runs, {"task", REP_TEXT}, {"rule", REP_TEXT}, {"seed", REP_TEXT}, {"iterations", REP_NUM}, {"reached", REP_NUM}, {"loss", REP_NUM},
        {"test_loss", REP_NUM}, {"test_measure", REP_NUM});
COLUMNS(engines, {"engine", REP_TEXT}, {"seed", REP_TEXT}, {"iteration", REP_INT}, {"loss", REP_NUM});
COLUMNS(checked, {"task", REP_TEXT}, {"engine", REP_TEXT}, {"iteration", REP_INT}, {"cosine", REP_NUM}, {"r", REP_NUM}, {"flips", REP_NUM});
COLUMNS(kept, {"tables", REP_TEXT}, {"origin", REP_TEXT}, {"commit", REP_TEXT});
COLUMNS(published, {"engine", REP_TEXT}, {"update", REP_INT}, {"loss", REP_NUM}, {"published", REP_NUM}, {"difference", REP_NUM});

COLUMNS(arm_path, {"series", REP_TEXT}, {"t", REP_INT}, {"x", REP_NUM}, {"y", REP_NUM});
COLUMNS(arm_raster, {"series", REP_TEXT}, {"t", REP_INT}, {"neuron", REP_INT});
COLUMNS(arm_signal, {"series", REP_TEXT}, {"t", REP_INT}, {"L", REP_NUM});
COLUMNS(arm_curve, {"series", REP_TEXT}, {"seed", REP_TEXT}, {"iteration", REP_INT}, {"hand_mse", REP_NUM});
COLUMNS(arm_unseen, {"way", REP_TEXT}, {"movements", REP_INT}, {"eta", REP_NUM}, {"hand_mse", REP_NUM}, {"velocity_mse", REP_NUM}, {"loss", REP_NUM},
        {"share", REP_NUM}, {"iterations", REP_INT});
COLUMNS(omniglot_pictures, {"series", REP_TEXT}, {"x", REP_INT}, {"y", REP_INT}, {"ink", REP_NUM}, {"class", REP_INT}, {"named", REP_INT}, {"first", REP_INT});
COLUMNS(omniglot_raster, {"series", REP_TEXT}, {"t", REP_INT}, {"neuron", REP_INT});
COLUMNS(omniglot_signal, {"series", REP_TEXT}, {"t", REP_INT}, {"L", REP_NUM});
COLUMNS(omniglot_curve, {"series", REP_TEXT}, {"seed", REP_TEXT}, {"iteration", REP_INT}, {"error", REP_NUM});
COLUMNS(omniglot_unseen, {"way", REP_TEXT}, {"set", REP_TEXT}, {"episodes", REP_INT}, {"eta", REP_NUM}, {"error", REP_NUM}, {"loss", REP_NUM},
        {"share", REP_NUM}, {"iterations", REP_INT});

#define CURVE_SHOWS "Training loss (of long runs at some 150 iterations), before the update and without the rate regulariser: the median over seeds, and between the quartiles a band."
#define ERROR_SHOWS "Share of wrong decisions on trials that were not trained on: the median over seeds, and between the quartiles a band. " \
    "Dashed and upright, where there is one: after how many iterations the paper is quoted to have solved its own, larger version (second-hand)."
#define DISTANCE_SHOWS "Cosine between the gradient of each rule and BPTT's, for the same weights and the same batch, over all weights except the readout's " \
    "(whose gradient every rule has exactly), while training by that rule goes on."
#define DISTANCE_CONCLUDE "This is the distance that a learning rule keeps from the exact gradient along its own way; 1 is the same direction, 0 unrelated. " \
    "With symmetric feedback what is missing is the paths through other neurons alone; with random or global feedback the learning signal is another as well."
#define OUTPUT_SHOWS "The first readout in one trial after training, for each rule, beside what was asked for (grey); one seed."
#define TRAINED_SHOWS "One trial of a network trained by e-prop 1 with symmetric feedback. From the top: spikes, neurons sorted by activity, the busiest uppermost; of two neurons the membrane, " \
    "the adaptation, the pseudo-derivative, the eligibility trace of the busiest input, and the learning signal. Of long trials every second, third ... step is drawn, and every spike."
#define FEW_SEEDS "Three seeds show the order of magnitude of the scatter, not more."

#define CURVE(task_, title_, set_) {.name = "curve_" task_, .script = "curves", .title = title_ ": learning curves", .shows = CURVE_SHOWS, \
    .blind = FEW_SEEDS, COLUMNS_OF(curve), .prepare = rep_prepare_quartiles, .set = set_ "x_label = 'iteration'\n"}
#define ERROR(task_, title_) {.name = "error_" task_, .script = "curves", .title = title_ ": held-out error", .shows = ERROR_SHOWS, .blind = FEW_SEEDS, \
    COLUMNS_OF(error), .prepare = rep_prepare_quartiles, .set = "x_label = 'iteration'\ny_label = 'share of wrong decisions'\nset yrange [0:*]\n"}
#define DISTANCE(task_, title_) {.name = "distance_" task_, .script = "curves", .title = title_ ": distance from BPTT during training", \
    .shows = DISTANCE_SHOWS, .conclude = DISTANCE_CONCLUDE, .blind = FEW_SEEDS, COLUMNS_OF(distance), .prepare = rep_prepare_quartiles, \
    .set = "x_label = 'iteration'\ny_label = 'cosine to BPTT'\n"}
#define OUTPUT(task_, title_) {.name = "output_" task_, .script = "output", .title = title_ ": target and output", .shows = OUTPUT_SHOWS, \
    COLUMNS_OF(output), .prepare = rep_prepare_series}
#define ANSWER(task_, title_, which_) {.name = "output_" task_, .script = "output", .title = title_ ": target and output", \
    .shows = "In one trial after training, for each rule, the probability of the second of the two answers (" which_ "), which is the softmax of the readout. Grey: the right answer, 0 or 1, at the steps at " \
    "which it was asked for; elsewhere the output may be anything. One seed.", \
    .conclude = "Where the grey line lies, the decision is right if a rule's line is on its side of one half.", \
    .set = "y_label = 'probability of the second answer'\nset yrange [-0.03:1.03]\n", COLUMNS_OF(output), .prepare = rep_prepare_series}
#define TRAINED(task_, title_) {.name = "trained_" task_, .script = "trained", .title = title_ ": a trial of the trained network", .shows = TRAINED_SHOWS, \
    COLUMNS_OF(trained), .prepare = prepare_trained}

/* Six panels need more height than one. Spikes come as strokes of one broken line: a mark each would be most of the figure's bytes. */
static ep_status prepare_trained(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err)
{
    rep_put(vars, "H = 760\n");
    rep_put(dat, "# spikes: t rank, a stroke each\n");
    int r = 0;
    for (; r < t->rows && strcmp(rep_cell(t, r, 0), "spikes") == 0; r++)
        rep_put(dat, "%s %.2f\n%s %.2f\n\n", rep_cell(t, r, 1), rep_num(t, r, 2) - 1, rep_cell(t, r, 1), rep_num(t, r, 2) + 1);
    rep_table rest = *t;
    rest.rows -= r;
    rest.cell += (size_t)r * (size_t)t->cols;
    rest.num += (size_t)r * (size_t)t->cols;
    return rep_prepare_series(&rest, dat, vars, err);
}

static const rep_part parts[] = {
    {.name = "tasks_kept", .title = "What was trained for this report, and what was not",
     .shows = "A report that is made in minutes trains one seed of BPTT and of e-prop 1 with symmetric feedback; the rest of this section is from the runs whose tables are kept with the "
     "project, and the commit with which they were made. `make tasks` trains all of them anew.", COLUMNS_OF(kept)},
    {.name = "published_run", .title = "A published training run, reproduced by eprop-train",
     .shows = "Pattern generation from the same random numbers that two other programs used: the loss before each of five updates, beside what NEST (binary64 engines) "
     "and TensorFlow (binary32 engine) printed, and the relative difference.",
     .conclude = "Forward pass, e-prop 1 with random feedback, regulariser and update are those of two independent programs.", COLUMNS_OF(published),
     .claim = "A published training run is reproduced", .verdict = "difference", .good = "<=1e-6"},
    {.name = "training_checked", .title = "Training that is verified while it runs",
     .shows = "While a network trains, its gradient for one trial is compared with the reference's for the same weights: cosine, the largest error in units of "
     "its rounding bound (r), and how many spikes differ.",
     .conclude = "As long as no spike differs, r below 1 means that every entry of the gradient is right up to the rounding that its format allows.",
     .blind = "Where a spike differs (its decision fell within rounding of the threshold), the two trajectories part, and r is not given. Integers (fixed:) have no r: "
     "how far their few bits lead away from the exact gradient is what the cosine shows. They run smaller networks here than the others.", COLUMNS_OF(checked),
     .claim = "While it trains, an engine's gradient is within its rounding bound", .verdict = "r", .good = "<=1"},
    {.name = "training_rules", .title = "What each rule reached", .shows = "Medians over seeds: the iteration at which the stop rule held (- where it did not hold or was switched off), "
     "the last training loss, and loss and measure on test trials; beside them what others report, where that is known.",
     .conclude = "A rule is to be read beside BPTT in the same rows of this table; the runs are short versions unless said otherwise, so they show who learns faster, not who learns better in the end.",
     .blind = FEW_SEEDS " Speech here is the synthetic stand-in, which cannot be compared with TIMIT.", COLUMNS_OF(rules)},
    {.name = "training", .title = "All training runs", .shows = "Iterations done; the iteration at which the stop rule held (held-out error below 0.05; - where it did not hold or "
     "was switched off to compare equally long runs); last training loss; loss and error on test trials; time of the whole run and of the engine.",
     .blind = "Times are of runs side by side on a busy machine.", COLUMNS_OF(training)},
    CURVE("pattern", "Pattern generation", "set logscale y\nset autoscale yfix\ny_label = 'loss'\n"),
    DISTANCE("pattern", "Pattern generation"),
    {.name = "curve_engines", .script = "curves", .title = "Pattern generation: engine against engine",
     .shows = "Loss of the same small network from the same weights by e-prop 1 with symmetric feedback, on floating point and in integers of several widths.",
     .conclude = "The floating-point engines lie upon each other until the first spike differs; integers show what their word lengths cost.",
     .blind = "One seed. Weights are kept and updated in binary64 for all; integers get them rounded.", COLUMNS_OF(engines), .prepare = rep_prepare_quartiles,
     .set = "set logscale y\nset autoscale yfix\nx_label = 'iteration'\ny_label = 'loss'\n"},
    OUTPUT("pattern", "Pattern generation"),
    TRAINED("pattern", "Pattern generation"),
    CURVE("store_recall", "Store and recall", "y_label = 'cross-entropy (nats)'\n"),
    ERROR("store_recall", "Store and recall"),
    DISTANCE("store_recall", "Store and recall"),
    ANSWER("store_recall", "Store and recall", "a stored 1"),
    TRAINED("store_recall", "Store and recall"),
    CURVE("evidence", "Evidence accumulation", "y_label = 'cross-entropy (nats)'\n"),
    ERROR("evidence", "Evidence accumulation"),
    DISTANCE("evidence", "Evidence accumulation"),
    ANSWER("evidence", "Evidence accumulation", "right"),
    TRAINED("evidence", "Evidence accumulation"),
    {.name = "training_long", .title = "Longer runs, kept with the project",
     .shows = "Store and recall as it is described, 128 trials a batch: the iteration at which the error on 128 held-out trials, asked for every second iteration, was first below 0.05 (column "
     "reached; - not in 300), and the share of wrong decisions on 128 other trials then; below, what the paper is quoted to have needed (second-hand). "
     "Evidence accumulation as it is described, 400 iterations of 64 trials, three seeds a rule: the first iteration at which the error on 128 held-out trials was below 0.05 (- never), the last "
     "training loss, loss and share of wrong decisions on 512 test trials. Pattern generation with 600 neurons and 3 outputs, 1000 iterations, one seed.",
     .conclude = "On store and recall BPTT and e-prop 1 with symmetric feedback needed fewer iterations than is quoted, random and adaptive feedback more in one seed of three each, and global feedback does "
     "not learn it; a first measurement below a threshold is a favourable one, as the errors on other trials show. On evidence accumulation BPTT is ahead of every e-prop 1, global feedback does not learn the task; whether one of the other feedbacks is ahead of another three seeds do not say.",
     .blind = "Not trained anew for this report: tasks/results, whose manifest names the commit. For evidence accumulation and pattern generation no figure for this network and budget is known from others; the quoted network is another, larger one.", COLUMNS_OF(long_runs)},
    ERROR("evidence_long", "Evidence accumulation, 400 iterations"),
    DISTANCE("evidence_long", "Evidence accumulation, 400 iterations"),
    {.name = "curve_pattern_paper", .script = "curves", .title = "Pattern generation with 600 neurons and 3 outputs: learning curves",
     .shows = "Training loss, every fifth iteration, summed over 1000 steps and 3 outputs; the learning rate falls by 0.7 every 100 iterations.", .blind = "One seed.",
     COLUMNS_OF(curve), .prepare = rep_prepare_quartiles, .set = "set logscale y\nset autoscale yfix\nx_label = 'iteration'\ny_label = 'loss'\n"},
    DISTANCE("pattern_paper", "Pattern generation with 600 neurons and 3 outputs"),
    CURVE("speech", "Speech", "y_label = 'cross-entropy (nats)'\n"),
    ERROR("speech", "Speech"),
    DISTANCE("speech", "Speech"),
    TRAINED("speech", "Speech"),
    {.name = "speech_spectrogram", .script = "speech_spectrogram", .title = "A sentence, what was said and what the network heard",
     .shows = "Energy of a test sentence in 40 mel-spaced bands over time; below, the phonemes that were spoken and those that the trained network "
              "named, frame by frame (10 ms each).",
     .conclude = "Where the two rows agree, the network is right. Mistakes are mostly at the borders between phonemes and between sounds that are alike.",
     .blind = "One sentence. How often the network is right over all test sentences stands in the table of accuracies.",
     COLUMNS_OF(speech_spectrogram), .prepare = rep_prepare_series},
    {.name = "speech_confusion", .script = "speech_confusion", .title = "Which phonemes are taken for which",
     .shows = "Each row is a phoneme that was spoken in the test sentences, each column one that the network named; the darker, the larger the "
              "share of the row. 39 classes: similar labels are folded as is usual for TIMIT.",
     .conclude = "The diagonal is what was recognised. Dark places beside it are pairs of sounds that the network does not tell apart.",
     .blind = "Rows are normalised: the figure does not show how common a phoneme is.",
     COLUMNS_OF(speech_confusion), .prepare = rep_prepare_series},
    {.name = "speech_parts", .title = "Speech: trained and tested on whom", .shows = "Speakers, sentences and frames of 10 ms, and how the parts were chosen.",
     COLUMNS_OF(speech_parts)},
    {.name = "speech_accuracy", .title = "Frames that were named right",
     .shows = "Frames of all test sentences, with TIMIT's 61 labels and with these folded to 39 classes.",
     .blind = "If the data are the synthetic stand-in, these numbers cannot be compared with what is published for TIMIT.", COLUMNS_OF(speech_accuracy)},
    {.name = "arm_path", .script = "arm_path", .title = "One-shot learning of a movement: the hand's path",
     .shows = "A two-joint arm is to follow a path (grey) that no training has seen. Before learning, and after one trial and one update that the error module's "
     "learning signals drove (e-prop 2).",
     .blind = "One movement; the table below has the means.", COLUMNS_OF(arm_path), .prepare = rep_prepare_series},
    {.name = "arm_raster", .script = "arm_raster", .title = "One-shot learning of a movement: spikes of both networks",
     .shows = "Each dot is a spike: the network and the error module in the trial that teaches, the network in the test trial after the update.",
     COLUMNS_OF(arm_raster), .prepare = rep_prepare_series},
    {.name = "arm_signal", .script = "output", .title = "One-shot learning of a movement: learning signals",
     .shows = "What the error module tells five neurons of the network during the trial that teaches.", .set = "y_label = 'learning signal L'\n",
     COLUMNS_OF(arm_signal), .prepare = rep_prepare_series},
    {.name = "arm_curve", .script = "curves", .title = "One-shot learning of a movement: the outer loop",
     .shows = "Mean square of the hand's error after one trial, on movements that are not trained on, while the outer loop trains the error module and the initial weights.",
     COLUMNS_OF(arm_curve), .prepare = rep_prepare_quartiles, .set = "x_label = 'outer iteration'\ny_label = 'mean square of the error, m^2'\nset logscale y\nset autoscale yfix\n"},
    {.name = "arm_unseen", .title = "One-shot learning of a movement: against what needs no error module",
     .shows = "Movements never seen, one trial each, from the same initial weights: error of the hand (mean square, and as a share of that without an update). The step sizes of the "
     "baselines were chosen on other movements.",
     .blind = "The baselines are told the target and the derivative of the loss by every output, through the hand's position as well; the error module hears a code of the "
     "target's path alone and has to have learnt what that means.", COLUMNS_OF(arm_unseen)},
    {.name = "omniglot_pictures", .script = "pictures", .title = "One-shot learning of characters: what is shown, what is asked",
     .shows = "One episode with characters of alphabets that no training has seen: each class is shown once, one update follows that the error module's learning signals "
     "drive (e-prop 2), and other pictures of the same characters are named.",
     .blind = "One episode; the figure below has the means.", COLUMNS_OF(omniglot_pictures), .prepare = rep_prepare_series},
    {.name = "omniglot_raster", .script = "arm_raster", .title = "One-shot learning of characters: spikes of both networks",
     .shows = "Each dot is a spike, in the same episode: the network and the error module in the trial that teaches, the network in the test trial after the update.",
     COLUMNS_OF(omniglot_raster), .prepare = rep_prepare_series},
    {.name = "omniglot_signal", .script = "output", .title = "One-shot learning of characters: learning signals",
     .shows = "What the error module tells five neurons of the network while it sees one example of each class after the other.", .set = "y_label = 'learning signal L'\n",
     COLUMNS_OF(omniglot_signal), .prepare = rep_prepare_series},
    {.name = "omniglot_curve", .script = "curves", .title = "One-shot learning of characters: the outer loop",
     .shows = "Share of wrong answers about characters of alphabets that are not trained on, after one example of each, while the outer loop trains the error module and the initial weights.",
     COLUMNS_OF(omniglot_curve), .prepare = rep_prepare_quartiles, .set = "x_label = 'outer iteration'\ny_label = 'share of wrong answers'\nset yrange [0:1]\n"},
    {.name = "omniglot_unseen", .script = "bars", .title = "One-shot learning of characters: against what needs no error module",
     .shows = "Right answers about characters never seen, after one example of each and one update, from the same initial weights; beside them what needs no network: the nearest example in "
     "pixels, and chance. The step sizes of e-prop 1 and BPTT were chosen on other characters. Light bars, where there are any: the official one-shot runs.",
     .blind = "e-prop 1 and BPTT are told the derivative of the loss by every output; the initial weights were trained for e-prop 2 alone.",
     COLUMNS_OF(omniglot_unseen), .prepare = rep_prepare_series, .print = true},
};

const rep_topic rep_topic_tasks = {"tasks", "Learning the tasks of the paper",
                                "Networks trained with each rule; every gradient rule beside BPTT.", PARTS(parts)};
