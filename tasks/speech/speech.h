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
 *   accuracy.tsv     classes right frames accuracy, for 61 and 39 classes
 *   confusion.tsv    true predicted count, of the 39 classes
 *   phonemes.tsv     row start end label, of the first test utterance: row 0 true, 1 predicted; frames
 *   spectrogram.tsv  frame band value: 40 log mel energies of it */
ep_status task_speech_report(const task *t, const task_oracle *ask, const char *dir, char why[TASK_WHY]);

#endif
