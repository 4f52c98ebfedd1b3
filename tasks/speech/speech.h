/* speech.h: what the speech task keeps while it trains.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_SPEECH_H
#define TASK_SPEECH_H

#include "frames.h"

typedef struct task_speech_data {
    task_timit tree;
    task_frames frames;
    size_t *list[TASK_N_SPLIT]; /* utterances of a split that have frames */
    size_t n[TASK_N_SPLIT];
} task_speech_data;

/* The class with the largest output summed over the steps of frame f; y [steps][n_out]. */
int task_speech_guess(const task_spec *s, const double *y, int f);

/* Tables of the trained network on the test split, into DIR/data:
 *   speech_parts.tsv        part speakers sentences frames chosen: train, dev and test, and how they were chosen
 *   speech_accuracy.tsv     classes right frames accuracy: 61 classes, and folded to 39
 *   speech_confusion.tsv    split true predicted share count true_label predicted_label, of the 39 classes
 *   speech_spectrogram.tsv  of the first utterance, part x y value label:
 *                           spectrogram: frame, band, log mel energy (40 bands); true, predicted: frames [x, y), -, phoneme */
ep_status task_speech_report(const task *t, const task_oracle *ask, const char *dir, char why[TASK_WHY]);

#endif
