/* topic_fixed.c: integers instead of real numbers.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

const rep_topic rep_topic_fixed = {"fixed", "Integers instead of real numbers",
                                "E-prop in the integer arithmetic of small chips: same bits on every machine, and what the loss of precision costs.", NULL, 0};
