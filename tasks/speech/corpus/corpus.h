/* corpus.h: a free stand-in for TIMIT: sentences of a small grammar, spoken by espeak-ng, in TIMIT's layout with TIMIT's
 * labels. Everything but the speech itself is here without espeak-ng, so that it can be tested without.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_CORPUS_H
#define TASK_CORPUS_H

#include "timit.h"

enum { CORPUS_SYNTH_RATE = 22050, CORPUS_TEXT = 240, CORPUS_SENTENCES = 8, CORPUS_ACCENTS = 8 };

/* ---- sentences and speakers (pure functions of seed and index) -------------------------------------------- */

/* An English sentence of 5 to 12 words. */
void corpus_sentence(uint64_t seed, uint64_t index, char out[CORPUS_TEXT]);

typedef struct corpus_speaker {
    char name[8];      /* as in TIMIT: sex, three letters, digit; upper case; on none of TIMIT's lists */
    char voice[32];    /* espeak-ng's name: accent+variant */
    int region;        /* 1..8: one accent each */
    bool test, rhotic; /* rhotic: r is spoken after vowels */
    int pitch, range, rate; /* 0..100, 0..100, words a minute */
    double gain, noise;     /* factor; standard deviation of white noise in units of the 16 bits */
} corpus_speaker;

/* Speaker k of n; the last n_test are on the TEST side, and regions take turns. */
void corpus_speaker_make(uint64_t seed, int k, int n, int n_test, corpus_speaker *out);

/* ---- labels -------------------------------------------------------------------------------------------------- */

typedef struct corpus_event {
    char name[9];    /* espeak-ng's phoneme */
    long start;      /* sample at CORPUS_SYNTH_RATE */
} corpus_event;

/* TIMIT's labels of an espeak-ng phoneme, one or two separated by a blank, "" for a pause; NULL: not in the table. */
const char *corpus_phoneme(const char *name, bool rhotic);

/* Turns n events and the clean audio x [samples] at CORPUS_SYNTH_RATE into segments in samples of TASK_RATE, moved by `shift`, the whole
 * covering [0, total). EP_FORMAT: an unknown phoneme, named in err. Free with task_labels_free.
 *   a diphthong with r is split at 6/10; h between voiced sounds is hv; the first and last pauses are h#, others pau
 *   closure of p t k tS: the run of zeros before the burst (none after a pause)
 *   closure of b d g dZ: up to the first 2 ms in which the mean |x_k - x_{k-1}| is 4 times the least so far; without
 *   such a burst the stop is all closure */
EP_MUST_USE ep_status corpus_label(const corpus_event *ev, size_t n, const int16_t *x, long samples, bool rhotic, long shift, long total,
                                   task_labels *out, char *err, size_t size);

/* ---- files ----------------------------------------------------------------------------------------------------- */

typedef struct corpus_utterance {
    const int16_t *x; /* 16 kHz */
    size_t samples;
    const task_labels *labels;
    const char *text, *id; /* sentence; speaker and sentence for the header */
} corpus_utterance;

/* Writes BASE.TXT, BASE.PHN, BASE.WAV, each under a temporary name first, the audio last: a .WAV that exists is complete. */
EP_MUST_USE ep_status corpus_write(const char *base, const corpus_utterance *u, bool riff, char *err, size_t n);

#endif
