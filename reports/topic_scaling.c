/* topic_scaling.c: how cost grows.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

const rep_topic rep_topic_scaling = {"scaling", "How cost grows",
                                "Time and memory against the size of the network, the length of the trial, the batch and the firing rate.", NULL, 0};
