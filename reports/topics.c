/* topics.c: the topics of a report in their order.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

const rep_topic *const rep_topics[REP_N_TOPIC] = {&rep_topic_proof, &rep_topic_eprop2,   &rep_topic_fixed, &rep_topic_ports,   &rep_topic_tasks,
                                                  &rep_topic_windows, &rep_topic_speed, &rep_topic_scaling, &rep_topic_reliability};

int rep_part_count(void)
{
    int n = 0;
    for (int k = 0; k < REP_N_TOPIC; k++) n += rep_topics[k]->n;
    return n;
}

const rep_part *rep_part_at(int k)
{
    for (int m = 0; m < REP_N_TOPIC; m++) {
        if (k < rep_topics[m]->n) return &rep_topics[m]->part[k];
        k -= rep_topics[m]->n;
    }
    return NULL;
}
