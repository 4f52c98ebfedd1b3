/* timit.h: reads TIMIT's directory tree as it is on the disc,
 *
 *     {TRAIN,TEST}/DR<1-8>/SPEAKER/SENTENCE.{WAV,PHN}
 *
 * in either case at any level, whole or partial, with NIST SPHERE or RIFF audio. Each function that can fail writes one
 * line into err (n bytes): file, line, what was found, what was expected.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_TIMIT_H
#define TASK_TIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "phone.h"
#include "task.h"

enum { TASK_RATE = 16000, TASK_WINDOW = 400, TASK_STEP = 160 }; /* Hz; samples of a window and between windows */

/* ---- labels ----------------------------------------------------------------------------------------- */

typedef struct task_segment {
    int32_t start, end; /* samples, [start, end) */
    int phone;          /* 0..60 */
} task_segment;

typedef struct task_labels {
    task_segment *seg; /* in order, never overlapping; gaps are possible */
    size_t n;
} task_labels;

/* Reads a .PHN file for audio of `samples` samples. A last label that ends past the audio is clamped; any other that
 * does, an overlap, a negative or missing number and an unknown phoneme are EP_FORMAT. Free with task_labels_free. */
EP_MUST_USE ep_status task_labels_read(const char *path, size_t samples, task_labels *out, char *err, size_t n);
void task_labels_free(task_labels *l);
/* Phoneme at a sample, or -1 in a gap or an unlabelled tail. O(log n). */
int task_labels_at(const task_labels *l, size_t sample);

/* ---- audio ------------------------------------------------------------------------------------------ */

/* Reads 16 kHz mono audio, NIST SPHERE or RIFF, at least one window long. EP_FORMAT: another rate, stereo, empty,
 * truncated, shorten-compressed, or no audio. The caller frees *out. */
EP_MUST_USE ep_status task_audio_read(const char *path, int16_t **out, size_t *samples, char *err, size_t n);

/* ---- tree ------------------------------------------------------------------------------------------- */

typedef struct task_utterance {
    char *wav, *phn;               /* paths */
    char speaker[16], sentence[16]; /* lower case */
    int region;                    /* 1..8 */
    bool test_side;                /* under TEST */
    task_split part;               /* TASK_N_SPLIT: none of them */
} task_utterance;

typedef struct task_timit {
    task_utterance *utt; /* ordered by side, region, speaker, sentence, so that the order does not depend on case */
    size_t n;
    size_t count[TASK_N_SPLIT], speakers[TASK_N_SPLIT];
    char split[200]; /* one line: how the parts were chosen */
} task_timit;

/* Finds the utterances below dir, SA sentences left out, and divides them: train is TRAIN; test and dev are the
 * speakers of the standard core test (24) and dev (50) sets that are present under TEST. Where one of them would be
 * empty, the speakers of TEST, or of TRAIN without TEST, are divided instead. EP_FORMAT: no such tree, an utterance
 * without .PHN or without audio, the same utterance twice, fewer than three speakers. */
EP_MUST_USE ep_status task_timit_open(const char *dir, task_timit *out, char *err, size_t n);
void task_timit_free(task_timit *t);
/* TASK_TEST (core test) or TASK_VALID (dev) if a speaker (lower case) is on a standard list, else TASK_N_SPLIT. */
task_split task_timit_listed(const char *speaker);
/* Gives every utterance its part; see task_timit_open. */
EP_MUST_USE ep_status task_timit_divide(task_timit *t, char *err, size_t n);

#endif
