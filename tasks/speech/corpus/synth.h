/* synth.h: one sentence spoken by espeak-ng.
 * SPDX-License-Identifier: MIT */
#ifndef CORPUS_SYNTH_H
#define CORPUS_SYNTH_H

#include "corpus.h"

/* Starts espeak-ng once in a process. EP_IO: its data or one of its voices is missing. */
EP_MUST_USE ep_status synth_start(char *err, size_t n);
const char *synth_version(void);

/* Speaks text with a speaker's voice at `rate` words a minute: 16 kHz, silence before and after, gain and noise applied, labels. Because
 * espeak-ng's wave generators keep running between sentences, the same bits come out only of a process that has spoken nothing yet.
 * The caller frees *x and *labels. */
EP_MUST_USE ep_status synth_speak(const corpus_speaker *s, const char *text, int rate, uint64_t seed, uint64_t index, int16_t **x,
                                  size_t *samples, task_labels *labels, char *err, size_t n);

#endif
