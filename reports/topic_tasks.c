/* topic_tasks.c: learning the tasks of the paper.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

const rep_topic rep_topic_tasks = {"tasks", "Learning the tasks of the paper",
                                "Networks trained with each rule; every gradient rule beside BPTT.", NULL, 0};
