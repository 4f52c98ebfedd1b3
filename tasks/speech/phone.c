/* The labels in alphabetical order, each with the label it is scored as.
 * SPDX-License-Identifier: MIT */
#include "phone.h"

#include <stddef.h>
#include <strings.h>

static const struct {
    const char *name, *scored;
} phone[TASK_PHONES] = {
    {"aa", "aa"},   {"ae", "ae"},   {"ah", "ah"},   {"ao", "aa"},   {"aw", "aw"}, {"ax", "ah"},  {"ax-h", "ah"}, {"axr", "er"},
    {"ay", "ay"},   {"b", "b"},     {"bcl", "sil"}, {"ch", "ch"},   {"d", "d"},   {"dcl", "sil"}, {"dh", "dh"},  {"dx", "dx"},
    {"eh", "eh"},   {"el", "l"},    {"em", "m"},    {"en", "n"},    {"eng", "ng"}, {"epi", "sil"}, {"er", "er"}, {"ey", "ey"},
    {"f", "f"},     {"g", "g"},     {"gcl", "sil"}, {"h#", "sil"},  {"hh", "hh"}, {"hv", "hh"},  {"ih", "ih"},   {"ix", "ih"},
    {"iy", "iy"},   {"jh", "jh"},   {"k", "k"},     {"kcl", "sil"}, {"l", "l"},   {"m", "m"},    {"n", "n"},     {"ng", "ng"},
    {"nx", "n"},    {"ow", "ow"},   {"oy", "oy"},   {"p", "p"},     {"pau", "sil"}, {"pcl", "sil"}, {"q", "sil"}, {"r", "r"},
    {"s", "s"},     {"sh", "sh"},   {"t", "t"},     {"tcl", "sil"}, {"th", "th"}, {"uh", "uh"},  {"uw", "uw"},   {"ux", "uw"},
    {"v", "v"},     {"w", "w"},     {"y", "y"},     {"z", "z"},     {"zh", "sh"},
};

static const char *const folded[TASK_FOLDED] = {
    "aa", "ae", "ah", "aw", "ay", "b",  "ch", "d", "dh", "dx", "eh", "er", "ey", "f",  "g",  "hh", "ih", "iy", "jh", "k",
    "l",  "m",  "n",  "ng", "ow", "oy", "p",  "r", "s",  "sh", "sil", "t", "th", "uh", "uw", "v",  "w",  "y",  "z",
};

const char *task_phone_name(int k) { return k >= 0 && k < TASK_PHONES ? phone[k].name : NULL; }
const char *task_phone_folded_name(int m) { return m >= 0 && m < TASK_FOLDED ? folded[m] : NULL; }

int task_phone_find(const char *label)
{
    for (int k = 0; k < TASK_PHONES; k++)
        if (!strcasecmp(label, phone[k].name)) return k;
    return -1;
}

int task_phone_fold(int k)
{
    if (k < 0 || k >= TASK_PHONES) return -1;
    for (int m = 0; m < TASK_FOLDED; m++)
        if (!strcasecmp(phone[k].scored, folded[m])) return m;
    return -1;
}
