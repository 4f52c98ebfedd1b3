/* series.h: groups the rows of a table into the series and categories of a figure.
 * SPDX-License-Identifier: MIT */
#ifndef REP_SERIES_H
#define REP_SERIES_H

#include "rep.h"

/* Different texts in the order of their first appearance. The texts belong to the table or to `own`. */
typedef struct rep_names { const char **s; int n, cap; rep_buf own; bool failed; } rep_names;

/* Index of s, added if new; -1 if memory is out. The pointer is kept. */
int rep_names_add(rep_names *l, const char *s);
void rep_names_clear(rep_names *l);
/* `array NAME[n] = ['..', ..]` for gnuplot. */
void rep_names_put(const rep_names *l, const char *name, rep_buf *vars);

/* A number for gnuplot, NaN where there is none. */
void rep_put_number(rep_buf *b, double x);
/* Starts the next data block of a .dat file. */
void rep_put_block(rep_buf *b, const char *title);

#endif
