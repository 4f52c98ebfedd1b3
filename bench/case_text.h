/* case_text.h: a case as lines of verify/PROTOCOL.md, for programs that are not ours: a vector file, or what a port is sent.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_CASE_TEXT_H
#define BENCH_CASE_TEXT_H

#include "problem.h"

/* A vector file with this one problem. False: it could not be written. */
bool bench_case_file(FILE *f, const bench_case *c, const subject *s, bool f64);
/* The case line that asks for `want`, the inputs, end. */
bool bench_case_send(FILE *f, const bench_case *c, const subject *s, bool f64, const char *want);

/* A line `got QUANTITY INDEX.. BITS`: a gradient goes to g, a spike to z (NULL: ignored). EP_FORMAT: what it is not, in why. */
EP_MUST_USE ep_status bench_case_got(const char *line, const bench_case *c, const subject *s, bool f64, double *g, signed char *z, char why[BENCH_WHY]);

#endif
