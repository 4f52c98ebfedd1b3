/* The description of the arm task.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm.h"

const char *const arm_variants[] = {"paper", "small", NULL};

/* paper: sizes, rates and losses of the published code. There psi's scale is gamma, here gamma/v_th, so its inner rate 1e-4 is 1e-4 v_th here; its
 * 100 times a mean over neurons is c_reg/2 times a sum. */
void arm_describe(const char *variant, arm_spec *out)
{
    bool small = variant && strcmp(variant, "small") == 0;
    *out = (arm_spec){.n_mod = small ? 60 : 300, .n_code = small ? 40 : 200, .eta = small ? 2e-4 : 4e-5, .code_rate = 0.2, .code_sigma = 0.2,
                      .mod_in = 1.0, .mod_rec = 0.5, .mod_p = 1.0, .mod_f_target = 0.01, .w_vel = 0.1, .vel_unit = 2.0, .unseen = 100};
    out->s = (task_spec){.model = EP_LIF, .nets = 1, .frame = 1, .n_in = ARM_CLOCK, .n_rec = small ? 80 : 400, .n_out = ARM_JOINTS, .tau_m = 20.0,
                         .tau_a = 0.0, .tau_out = 20.0, .v_th = 0.4, .gamma = 0.3, .n_ref = 5, .bias = false, .bout = false, .w_in = 1.2,
                         .w_rec = 0.5, .w_out = 0.3, .w_fb = 1.0, .density = 1.0, .T = small ? 250 : 500, .loss = EP_REGRESSION,
                         .c_reg = small ? 2.5 : 0.5, .f_target = 0.02, .optimizer = TASK_ADAM, .lr = small ? 3e-3 : 1e-3, .lr_factor = 1.0,
                         .adam_b1 = 0.9, .adam_b2 = 0.999, .adam_eps = 1e-8, .clip = 0.0, .batch = small ? 20 : 100,
                         .iterations = small ? 1000 : 20000, .window = 1, .valid_every = 20, .valid_trials = small ? 40 : 100, .test_trials = 0,
                         .stop_below = -1.0};
    out->s.opt.delay = 1;
}

typedef struct own { const char *name; size_t at; bool whole; } own;
static const own rows[] = {
    {"n_mod", offsetof(arm_spec, n_mod), true}, {"n_code", offsetof(arm_spec, n_code), true}, {"first_order", offsetof(arm_spec, first_order), true},
    {"unseen", offsetof(arm_spec, unseen), true}, {"eta", offsetof(arm_spec, eta), false}, {"code_rate", offsetof(arm_spec, code_rate), false},
    {"code_sigma", offsetof(arm_spec, code_sigma), false}, {"mod_in", offsetof(arm_spec, mod_in), false}, {"mod_rec", offsetof(arm_spec, mod_rec), false},
    {"mod_p", offsetof(arm_spec, mod_p), false}, {"mod_f_target", offsetof(arm_spec, mod_f_target), false}, {"w_vel", offsetof(arm_spec, w_vel), false},
    {"vel_unit", offsetof(arm_spec, vel_unit), false}};
enum { N_OWN = sizeof rows / sizeof *rows };

size_t arm_own_count(void) { return N_OWN; }

const char *arm_own_get(const arm_spec *s, size_t n, char *buf, size_t size)
{
    const char *p = (const char *)s + rows[n].at;
    int whole;
    double real;
    memcpy(&whole, p, sizeof whole);
    memcpy(&real, p, rows[n].whole ? sizeof whole : sizeof real);
    if (rows[n].whole) (void)snprintf(buf, size, "%d", whole);
    else (void)snprintf(buf, size, "%.15g", real);
    return rows[n].name;
}

ep_status arm_set(arm_spec *s, const char *name, const char *value, char why[TASK_WHY])
{
    for (size_t n = 0; n < N_OWN; n++) {
        char *end;
        if (strcmp(rows[n].name, name) != 0) continue;
        double v = strtod(value, &end);
        if (end == value || *end || !isfinite(v) || v < 0.0 || v > 1e6 || (rows[n].whole && v != floor(v))) {
            (void)snprintf(why, TASK_WHY, "%s: found '%.60s', expected a %s from 0 to 1e6", name, value, rows[n].whole ? "whole number" : "number");
            return EP_DOMAIN;
        }
        int whole = (int)v;
        if (rows[n].whole) memcpy((char *)s + rows[n].at, &whole, sizeof whole);
        else memcpy((char *)s + rows[n].at, &v, sizeof v);
        return EP_OK;
    }
    return task_spec_set(&s->s, name, value, why);
}

ep_status arm_check(const arm_spec *s, char why[TASK_WHY])
{
    ep_status st = task_spec_check(&s->s, why);
    if (st != EP_OK) return st;
    const struct { bool bad; const char *text; } rule[] = {
        {s->s.n_in != ARM_CLOCK || s->s.n_out != ARM_JOINTS, "n_in, n_out: expected 10 and 2, the clock and the joints"},
        {s->s.T < 5 || s->s.T > 5000, "T: expected 5 to 5000 steps"},
        {s->s.model != EP_LIF, "model: expected lif"},
        {s->n_mod < 1 || s->n_mod > 4096, "n_mod: expected 1 to 4096 neurons"},
        {s->n_code < 2 || s->n_code % 2, "n_code: expected an even number, half for each coordinate"},
        {s->first_order > 1, "first_order: expected 0 or 1"},
        {s->unseen < 1, "unseen: expected at least one movement"},
        {s->code_rate > 1.0, "code_rate: expected at most one spike a step"},
        {!(s->code_sigma > 0.0) || !(s->vel_unit > 0.0), "code_sigma, vel_unit: expected more than 0"}};
    for (size_t k = 0; k < sizeof rule / sizeof *rule; k++)
        if (rule[k].bad) {
            (void)snprintf(why, TASK_WHY, "arm: %s", rule[k].text);
            return EP_DOMAIN;
        }
    return EP_OK;
}
