/* topic_speed.c: how fast.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

const rep_topic rep_topic_speed = {"speed", "How fast",
                                "Ratios of times measured in the same run, each with the error of that very run.", NULL, 0};
