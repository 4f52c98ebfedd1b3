/* feature.h: from samples to what the network sees.
 *
 *   frame f    samples [160 f, 160 f + 400) (25 ms every 10 ms), only whole ones; label: phoneme at sample 160 f + 200
 *   spectrum   s_k = x_k - 0.97 x_{k-1} (the first sample of the utterance stays), Hamming window, DFT of 512, |X_m|^2
 *   mel        triangles of height 1, equally spaced in 1127 ln(1 + f/700) from 0 to 8000 Hz, evaluated at m 16000/512 Hz
 *   mfcc       26 triangles, e_q = ln max(sum_m H_qm |X_m|^2, 1e-10), c_n = sum_q e_q cos(pi n (q + 1/2) / 26), n = 0..12
 *   fbank      40 triangles' e_q, and ln max(sum_k x_k^2, 1e-10) of the frame
 *   deltas     d^f = v^{f+1} - v^{f-1}, 0 at both ends; the deltas' deltas by the same rule
 *
 * Samples are scaled to [-1, 1). Constant factors, liftering and the like would vanish in the z-scores that follow.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_FEATURE_H
#define TASK_FEATURE_H

#include "timit.h"

typedef enum task_feature { TASK_MFCC, TASK_FBANK } task_feature;

/* 13 or 41 before deltas; 39 or 123 with them. */
int task_feature_static(task_feature kind);
int task_feature_size(task_feature kind);
/* Whole windows in an utterance. */
size_t task_feature_frames(size_t samples);

typedef struct task_extractor task_extractor;
/* NULL: out of memory. Not thread-safe against other users of FFTW's planner. */
task_extractor *task_extractor_new(task_feature kind);
void task_extractor_free(task_extractor *e);
/* Static features of all frames: row f at out + f * stride. Cost: about 4 us a frame. */
void task_extractor_run(task_extractor *e, const int16_t *x, size_t samples, float *out, size_t stride);
/* |X_m|^2 of one frame that starts at sample `at`: [257]; for figures. */
void task_extractor_power(task_extractor *e, const int16_t *x, size_t at, double *power);

/* Columns n..2n-1 := deltas of columns 0..n-1, columns 2n..3n-1 := deltas of those; v [frames][stride]. */
void task_feature_deltas(float *v, size_t frames, size_t n, size_t stride);

/* v := (v - mean) / max(std, 1e-10) in n <= 123 columns of all rows; mean and std over the rows with use[row] (NULL: all). */
void task_feature_zscore(float *v, size_t rows, size_t n, size_t stride, const bool *use);

#endif
