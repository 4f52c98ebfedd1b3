/* sample.h: a run directory's record of measurements: one line of JSON a sample, each under a checksum.
 *
 *   {"case":"gradient/alif/bptt/N100-T1000-B1","subject":"fast:f32","round":3,"order":1,"seconds":0.0008,"cpu":0.0008,
 *    "reps":40,"error":1.2e-06,"flips":0,"peak_mb":12.5,"at":1.0,"sum":"16 hex"}
 *
 * sum is FNV-1a (64 bits) over the sum before it and the line up to `,"sum"`: a number that was edited, or a line that was
 * taken out, shows. A line is on disc before the next measurement begins, so a killed run loses the one in hand.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stdio.h>

#include "eprop.h"

enum { BENCH_WHY = 512, BENCH_ID = 128, BENCH_SUBJECT = 48 };

/* A line that says what was found and what was expected; cut where it is too long. */
void bench_say(char why[BENCH_WHY], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

typedef struct bench_sample {
    char id[BENCH_ID];            /* the case: what is computed */
    char subject[BENCH_SUBJECT];  /* who computes it */
    int round, order;             /* pair or round, and the place in its random order */
    double seconds, cpu;          /* of one repetition: wall clock and processor */
    long reps;
    double error;                 /* largest |error| of any group, relative to the group's largest entry */
    double flips;                 /* spikes that differ from the truth's, -1: not known */
    double peak_mb;
    double at;                    /* seconds since 1970 when it began */
} bench_sample;

typedef struct bench_samples { bench_sample *s; int n, cap; uint64_t sum; int clock_back; } bench_samples;

/* Reads DIR/samples.jsonl; none is an empty record. EP_FORMAT: file:line, found, expected: not JSON, a missing or wrong sum, a
 * value that is not finite. cut: if not NULL, a last line without its end is no error, and *cut receives the length of what is
 * whole (for --resume, which cuts the file there). clock_back counts samples that claim to be earlier than the one before. */
EP_MUST_USE ep_status bench_samples_read(const char *dir, bench_samples *out, long *cut, char why[BENCH_WHY]);
void bench_samples_free(bench_samples *s);

/* The sample as the line without its checksum: `{"case":.., ..}`; and back. EP_FORMAT with a line in why. */
void bench_sample_format(const bench_sample *s, char *out, size_t n);
EP_MUST_USE ep_status bench_sample_parse(const char *text, bench_sample *s, char why[BENCH_WHY]);

/* Appends to f, and to the record in memory. The line is flushed and synced. EP_IO; EP_DOMAIN: seconds not positive
 * or not finite. */
EP_MUST_USE ep_status bench_sample_append(FILE *f, bench_samples *all, const bench_sample *s, char why[BENCH_WHY]);

#endif
