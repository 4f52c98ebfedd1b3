/* topic_reliability.c: how reliable.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

const rep_topic rep_topic_reliability = {"reliability", "How reliable",
                                "What continuous integration, fuzzing and injected faults found.", NULL, 0};
