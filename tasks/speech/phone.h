/* phone.h: the 61 phoneme labels of TIMIT and the 39 classes that results are quoted for.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_PHONE_H
#define TASK_PHONE_H

#include <stdbool.h>

enum { TASK_PHONES = 61, TASK_FOLDED = 39 };

/* Label of class k in 0..60 in alphabetical order; lower case. */
const char *task_phone_name(int k);
/* Class of a label in either case, or -1. */
int task_phone_find(const char *label);
/* Class in 0..38 that class k in 0..60 is scored as (Lee and Hon's folding, q counted as silence). */
int task_phone_fold(int k);
/* Label of a folded class m in 0..38. */
const char *task_phone_folded_name(int m);

#endif
