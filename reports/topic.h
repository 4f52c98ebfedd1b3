/* topic.h: for the files that list the parts of a topic.
 * SPDX-License-Identifier: MIT */
#ifndef REP_TOPIC_H
#define REP_TOPIC_H

#include "rep.h"

#define COLUMNS(name, ...) static const rep_column name[] = {__VA_ARGS__}
#define COLUMNS_OF(list) .want = (list), .n_want = (int)(sizeof(list) / sizeof *(list))
#define PARTS(list) (list), (int)(sizeof(list) / sizeof *(list))

#endif
