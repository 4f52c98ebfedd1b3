/* truth.c: the reference's forward pass and rule in the arithmetic of distances.
 * SPDX-License-Identifier: MIT */
#include "truth.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double longest_sum(const draw_case *k)
{
    double terms = k->net.n_in + ep_model_channels(k->net.model) * k->net.n_rec + 2;
    return terms > k->net.n_out + 2 ? terms : k->net.n_out + 2;
}

/* What every program holds as one number. */
static void hold(truth *t)
{
    size_t T = (size_t)t->run.T + 2, n = (size_t)t->net.n_rec, K = (size_t)t->net.n_out;
    for (int b = 0; b < t->run.B; b++) {
        ref_traj *tr = &t->run.tr[b];
        ball_hold(tr->x, T * (size_t)t->net.n_in);
        ball_hold(tr->I, T * n * (size_t)t->net.nc);
        ball_hold(tr->h, T * n * (size_t)t->net.nh);
        ball_hold(tr->z, T * n);
        ball_hold(tr->q, T * n * (size_t)t->net.nq);
        ball_hold(tr->y, T * K);
        ball_hold(tr->err, T * K);
    }
    ball_hold(t->run.reg, n);
    ball_hold(t->net.g_in, n);
    ball_hold(t->net.g_a, n);
}

static ep_status run(const draw_case *k, truth *t)
{
    ref_rule_args a = {.rule = k->rule, .window = k->window > 0 ? k->window : 1, .threads = 1};
    t->world.forward = true;
    ep_status st = ref_net_load(&t->c, &k->net, &t->net);
    t->net.z_given = t->z;
    if (st == EP_OK) st = ref_run_batch(&t->c, &t->net, &k->batch, &t->run);
    if (st != EP_OK) return st;
    hold(t);
    t->world.forward = false;
    st = ref_grad_init(&t->c, &t->net, &t->g);
    return st == EP_OK ? ref_gradient(&t->c, &t->run, &a, &t->g) : st;
}

ep_status truth_open(const draw_case *k, bool single, bool flushes, const double *z, truth *t)
{
    size_t spikes = (size_t)k->batch.T * (size_t)k->batch.B * (size_t)k->net.n_rec;
    double normal = single ? (double)FLT_MIN : DBL_MIN, least = exp(single ? -87.0 : -708.0); /* of the fast engine's sigmoid */
    *t = (truth){.single = single, .open = true};
    t->world = (ball_world){.u = single ? 0x1p-24 : 0x1p-53, .longest = longest_sum(k), .room = spikes,
                            .tiny = flushes ? least : single ? 0x1p-149 : 0x1p-1074, .normal = flushes ? normal : 0};
    t->world.test = malloc(spikes + 1);
    if (z) t->z = malloc(spikes * sizeof *t->z + 1);
    if (!t->world.test || (z && !t->z)) return EP_NOMEM;
    if (z) memcpy(t->z, z, spikes * sizeof *z);
    ball_begin(&t->world);
    ep_status st = ref_ctx_init(&t->c, ball_arith(), BALL_BITS);
    return st == EP_OK ? run(k, t) : st;
}

void truth_close(truth *t)
{
    if (!t->open) return;
    ref_ctx_clear(&t->c);
    free(t->world.test);
    free(t->z);
    *t = (truth){.open = false};
}

/* Neuron j at step s of trial b: must it have fired? 2: open. */
static int must(const truth *t, int b, int s, int j)
{
    size_t n = (size_t)t->net.n_rec, at = ((size_t)b * (size_t)t->run.T + (size_t)(s - 1)) * n + (size_t)j;
    if (t->run.tr[b].refr[(size_t)(s - 1) * n + (size_t)j] > 0) return 0;
    int sign = t->world.test[at];
    return sign == 2 ? 2 : sign > 0 || (sign == 0 && t->net.opt.spike_test == EP_TEST_GE);
}

long truth_wrong_spike(const truth *t, size_t *ties)
{
    long at = 0;
    *ties = 0;
    if (!ep_model_spikes(t->net.model) || !t->z) return -1;
    for (int b = 0; b < t->run.B; b++)
        for (int s = 1; s <= t->run.T; s++)
            for (int j = 0; j < t->net.n_rec; j++, at++) {
                int want = must(t, b, s, j);
                if (want == 2) ++*ties;
                else if (t->z[at] != want) return at;
            }
    return -1;
}

double truth_limit(const truth *t, const ref_num *x)
{
    double terms = (double)t->run.T * t->run.B + 8.0 * t->run.T + t->world.longest;
    double spread = (1 + t->world.peak) * (1 + t->world.peak);
    return x->e.mag + terms * t->world.u * (ball_abs_of(x) + x->e.mag) + t->world.tiny * terms * spread;
}
