/* topic_tasks.c: learning the tasks of the paper.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(speech_spectrogram, {"part", REP_TEXT}, {"x", REP_NUM}, {"y", REP_NUM}, {"value", REP_NUM}, {"label", REP_TEXT});
COLUMNS(speech_confusion, {"split", REP_TEXT}, {"true", REP_INT}, {"predicted", REP_INT}, {"share", REP_NUM}, {"count", REP_INT}, {"true_label", REP_TEXT},
        {"predicted_label", REP_TEXT});
COLUMNS(speech_accuracy, {"classes", REP_INT}, {"right", REP_INT}, {"frames", REP_INT}, {"accuracy", REP_NUM});

static const rep_part parts[] = {
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
    {.name = "speech_accuracy", .title = "Frames that were named right",
     .shows = "Frames of all test sentences, with TIMIT's 61 labels and with these folded to 39 classes.",
     .blind = "If the data are the synthetic stand-in, these numbers cannot be compared with what is published for TIMIT.", COLUMNS_OF(speech_accuracy)},
};

const rep_topic rep_topic_tasks = {"tasks", "Learning the tasks of the paper",
                                "Networks trained with each rule; every gradient rule beside BPTT.", PARTS(parts)};
