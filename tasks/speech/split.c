/* Who is trained on and who is tested on.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "timit.h"

/* The 24 speakers of the core test set: two men and one woman of each region. */
static const char core[][6] = {"mdab0", "mwbt0", "felc0", "mtas1", "mwew0", "fpas0", "mjmp0", "mlnt0", "fpkt0", "mlll0", "mtls0", "fjlm0",
                               "mbpm0", "mklt0", "fnlp0", "mcmj0", "mjdh0", "fmgd0", "mgrt0", "mnjm0", "fdhc0", "mjln0", "mpam0", "fmld0"};

/* The 50 speakers of the development set in common use (Halberstadt 1998; the list of Kaldi's recipe for TIMIT). */
static const char dev[][6] = {"faks0", "fdac1", "fjem0", "mgwt0", "mjar0", "mmdb1", "mmdm2", "mpdf0", "fcmh0", "fkms0", "mbdg0", "mbwm0", "mcsh0",
                              "fadg0", "fdms0", "fedw0", "mgjf0", "mglb0", "mrtk0", "mtaa0", "mtdt0", "mthc0", "mwjg0", "fnmr0", "frew0", "fsem0",
                              "mbns0", "mmjr0", "mdls0", "mdlf0", "mdvc0", "mers0", "fmah0", "fdrw0", "mrcs0", "mrjm4", "fcal1", "mmwh0", "fjsj0",
                              "majc0", "mjsw0", "mreb0", "fgjd0", "fjmg0", "mroa0", "mteb0", "mjfc0", "mrjr0", "fmml0", "mrws1"};
enum { N_CORE = sizeof core / sizeof core[0], N_DEV = sizeof dev / sizeof dev[0] };

task_split task_timit_listed(const char *speaker)
{
    for (size_t k = 0; k < N_CORE; k++)
        if (!strcmp(core[k], speaker)) return TASK_TEST;
    for (size_t k = 0; k < N_DEV; k++)
        if (!strcmp(dev[k], speaker)) return TASK_VALID;
    return TASK_N_SPLIT;
}

/* First utterance of another speaker than that of utterance k. */
static size_t next_speaker(const task_timit *t, size_t k)
{
    size_t m = k + 1;
    while (m < t->n && !strcmp(t->utt[m].speaker, t->utt[k].speaker) && t->utt[m].test_side == t->utt[k].test_side &&
           t->utt[m].region == t->utt[k].region)
        m++;
    return m;
}

static void give(task_timit *t, size_t from, size_t to, task_split p)
{
    for (size_t k = from; k < to; k++) t->utt[k].part = p;
}

static void count(task_timit *t)
{
    memset(t->count, 0, sizeof t->count);
    memset(t->speakers, 0, sizeof t->speakers);
    for (size_t k = 0, end; k < t->n; k = end) {
        end = next_speaker(t, k);
        if (t->utt[k].part == TASK_N_SPLIT) continue;
        t->count[t->utt[k].part] += end - k;
        t->speakers[t->utt[k].part]++;
    }
}

static void by_list(task_timit *t)
{
    for (size_t k = 0, end; k < t->n; k = end) {
        end = next_speaker(t, k);
        give(t, k, end, t->utt[k].test_side ? task_timit_listed(t->utt[k].speaker) : TASK_TRAIN);
    }
    count(t);
}

/* Speakers of one side, in order: of every `cycle`, the first is tested on, the next is for development, the others
 * are `rest`. */
static void by_turns(task_timit *t, bool side, size_t cycle, task_split rest)
{
    size_t turn = 0;
    for (size_t k = 0, end; k < t->n; k = end) {
        end = next_speaker(t, k);
        if (t->utt[k].test_side != side) give(t, k, end, TASK_TRAIN);
        else give(t, k, end, turn % cycle == 0 ? TASK_TEST : turn % cycle == 1 ? TASK_VALID : rest);
        if (t->utt[k].test_side == side) turn++;
    }
    count(t);
}

static bool complete(const task_timit *t) { return t->count[TASK_TRAIN] && t->count[TASK_VALID] && t->count[TASK_TEST]; }

ep_status task_timit_divide(task_timit *t, char *err, size_t n)
{
    by_list(t);
    if (complete(t)) {
        (void)snprintf(t->split, sizeof t->split, "standard lists: %zu of 24 core test speakers and %zu of 50 dev speakers are present",
                       t->speakers[TASK_TEST], t->speakers[TASK_VALID]);
        return EP_OK;
    }
    by_turns(t, true, 2, TASK_N_SPLIT);
    if (complete(t)) {
        (void)snprintf(t->split, sizeof t->split, "not the standard lists: the speakers under TEST taken in turn for test and dev");
        return EP_OK;
    }
    bool side = t->count[TASK_TRAIN] == 0; /* only TEST was copied */
    for (size_t cycle = 10; cycle; cycle = cycle == 10 ? 3 : 0) {
        by_turns(t, side, cycle, TASK_TRAIN);
        if (!complete(t)) continue;
        (void)snprintf(t->split, sizeof t->split, "not the standard lists: of every %zu speakers under %s, one for test and one for dev",
                       cycle, side ? "TEST" : "TRAIN");
        return EP_OK;
    }
    (void)snprintf(err, n, "found %zu speakers; expected at least three, for training, dev and test",
                   t->speakers[TASK_TRAIN] + t->speakers[TASK_VALID] + t->speakers[TASK_TEST]);
    return EP_FORMAT;
}
