/* The fast engine's general kernels beside the scalar engine in binary64, to 1e-12: every option of the specification drawn
 * at random, every rule that the engine has, seeds given and delivered, whole trials and chunks, step by step.
 * SPDX-License-Identifier: MIT */
#include "fast.h"

static const ep_rule rules[] = {EP_BPTT, EP_TBPTT, EP_TBPTT_SG, EP_EPROP3, EP_EPROP3_SG, EP_EPROP1_SYMMETRIC,
                                EP_EPROP1_RANDOM, EP_EPROP1_ADAPTIVE, EP_EPROP1_GLOBAL};
enum { N_RULE = sizeof rules / sizeof *rules, LAST_WINDOWED = 4 };

static void on_general_path(const rig *r)
{
    char text[256];
    r->e->describe(r->s, text, sizeof text);
    ck_assert_msg(strncmp(text, "fast lsnn, general kernels", 26) == 0, "%s", text);
}

static double close_all(const rig *got, const rig *want, const char *what)
{
    double top = close_gradients(got, want, 1e-12, what);
    for (int g = EP_G_THETA; g < (int)EP_N_GROUP; g++) {
        size_t n, m;
        double *p = rig_get(got, OPT_GRAD(g), &n), *q = rig_get(want, OPT_GRAD(g), &m);
        ck_assert_uint_eq(n, m);
        (void)close_to(p, q, n, 1e-12, ep_group_name((ep_group)g));
        free(p);
        free(q);
    }
    return top;
}

static int alive, all_cases;

START_TEST(gradients_of_online_rules)
{
    for (int m = LAST_WINDOWED + 1; m < N_RULE; m++)
        for (int chunk = 0; chunk < 30; chunk = 3 * chunk + 1) {
            trial_set s = general_case((uint64_t)_i, rules[m]);
            rig want = case_run(&s, opt_scalar_f64(), 0), got = case_run(&s, opt_fast_f64(), chunk);
            on_general_path(&got);
            same_bits(&got, &want, OPT_FBAR, "fbar");
            if (s.B < 4) same_bits(&got, &want, OPT_V, "v");
            alive += close_all(&got, &want, ep_rule_name(rules[m])) > 0;
            all_cases++;
            rig_close(&got);
            rig_close(&want);
            free(s.k.store);
        }
}
END_TEST

/* Each convention that the special kernels do not know, alone: everything else is as they know it. */
static void set_unknown(ep_options *o, int n)
{
    switch (n) {
    case 0: o->psi_shape = EP_ARCTAN; break;
    case 1: o->psi_width = EP_WIDTH_A; break;
    case 2: o->dz_da = EP_DZDA_AUTOGRAD; break;
    case 3: o->spike_from = EP_FROM_OLD_V; break;
    case 4: o->reset = EP_RESET_A_NEXT; break;
    case 5: o->reset_path = EP_RESET_LOCAL; break;
    case 6: o->adapt_source = EP_ADAPT_RHO_SUM; break;
    case 7: o->delay_L = 2; break;
    default: break;
    }
}
enum { N_UNKNOWN = 8 };

START_TEST(one_convention_is_enough)
{
    uint64_t seed = (uint64_t)_i / (N_UNKNOWN + 1);
    int n = _i % (N_UNKNOWN + 1);
    for (int m = 0; m < 2; m++) {
        while (draw(seed, 0, 3) == EP_LIF || draw(seed, 1, 11) < 2) seed++; /* adaptive, of several neurons */
        trial_set s = case_make(seed, m ? EP_BPTT : EP_EPROP1_SYMMETRIC);
        set_unknown(&s.k.net.opt, n);
        rig want = case_run(&s, opt_scalar_f64(), 0), got = case_run(&s, opt_fast_f64(), 0);
        char text[256];
        got.e->describe(got.s, text, sizeof text);
        bool general = strstr(text, "general") != NULL;
        ck_assert_msg(general == (n < N_UNKNOWN - m), "%d: %s", n, text); /* bptt has no late signal */
        alive += (general ? close_all(&got, &want, "one convention") : close_gradients(&got, &want, 1e-12, "none")) > 0;
        all_cases++;
        rig_close(&got);
        rig_close(&want);
        free(s.k.store);
        seed++;
    }
}
END_TEST

/* Numbers for the four arrays of seeds. */
typedef struct seed_room {
    double *v[4];
    size_t n[4];
    opt_seeds seeds;
} seed_room;

static seed_room seeds_make(const trial_set *s, uint64_t seed, bool filled)
{
    const ep_net *net = &s->k.net;
    size_t n = (size_t)net->n_rec, B = (size_t)s->B, m = s->T > 0 ? (size_t)(s->T - 1) / (size_t)s->cfg.window : 0;
    seed_room r = {.n = {m * B * n * (size_t)opt_hidden_count(net->model, &net->opt), m * B * (size_t)net->opt.delay * n, m * B * n,
                         m * B * (size_t)net->n_out}};
    for (int a = 0; a < 4; a++) {
        r.v[a] = calloc(r.n[a] + 1, sizeof **r.v);
        for (size_t k = 0; filled && k < r.n[a]; k++) r.v[a][k] = ep_rng_normal(seed, 60 + (uint64_t)a, k, 16) / 8;
    }
    r.seeds = (opt_seeds){r.v[0], r.v[1], r.v[2], r.v[3]};
    if (filled) *(seed % 3 == 0 ? &r.seeds.h : seed % 3 == 1 ? &r.seeds.z : &r.seeds.y) = NULL;
    return r;
}

static void seeds_free(seed_room *r)
{
    for (int a = 0; a < 4; a++) free(r->v[a]);
}

START_TEST(gradients_of_windowed_rules_with_seeds)
{
    for (int m = 0; m <= LAST_WINDOWED; m++) {
        trial_set s = general_case((uint64_t)_i, rules[m]);
        seed_room given = seeds_make(&s, (uint64_t)_i, true), out[2] = {seeds_make(&s, 0, false), seeds_make(&s, 0, false)};
        bool seeded = rules[m] != EP_BPTT && _i % 4;
        rig r[2];
        for (int e = 0; e < 2; e++) {
            r[e] = case_open(&s, e ? opt_fast_f64() : opt_scalar_f64(), 0);
            opt_trials tr = {.T = s.T, .B = s.B, .x = s.x, .target = s.target, .mask = s.mask,
                             .seeds = seeded ? &given.seeds : NULL, .delivered = &out[e].seeds};
            ck_assert_int_eq(r[e].e->grad(r[e].s, &tr), EP_OK);
        }
        on_general_path(&r[1]);
        alive += close_all(&r[1], &r[0], ep_rule_name(rules[m])) > 0;
        all_cases++;
        for (int a = 0; a < 4; a++) (void)close_to(out[1].v[a], out[0].v[a], given.n[a], 1e-12, "delivered");
        for (int e = 0; e < 2; e++) {
            rig_close(&r[e]);
            seeds_free(&out[e]);
        }
        seeds_free(&given);
        free(s.k.store);
    }
}
END_TEST

START_TEST(online_steps_are_those_of_the_scalar_engine)
{
    trial_set s = general_case((uint64_t)_i, rules[LAST_WINDOWED + 1 + _i % 4]);
    rig want = case_open(&s, opt_scalar_f64(), 0), got = case_open(&s, opt_fast_f64(), 1 + _i % 13);
    online_steps(&s, &want, _i % 2, false);
    online_steps(&s, &got, _i % 2, true);
    on_general_path(&got);
    alive += close_all(&got, &want, "online") > 0;
    all_cases++;
    same_bits(&got, &want, OPT_Z, "z");
    same_bits(&got, &want, OPT_Y, "y");
    same_bits(&got, &want, OPT_V, "v");
    same_bits(&got, &want, OPT_Z_PAST, "z past");
    rig_close(&got);
    rig_close(&want);
    free(s.k.store);
}
END_TEST

START_TEST(threads_change_nothing)
{
    trial_set s = general_case((uint64_t)_i, rules[_i % N_RULE]);
    s.cfg.threads = 1;
    rig one = case_run(&s, opt_fast_f32(), _i % 3);
    s.cfg.threads = 3;
    rig three = case_run(&s, opt_fast_f32(), _i % 3);
    for (int g = EP_G_WIN; g < (int)EP_N_GROUP; g++) same_bits(&three, &one, OPT_GRAD(g), "threads");
    rig_close(&one);
    rig_close(&three);
    free(s.k.store);
}
END_TEST

/* Without forks the cases of the tests above have been counted. */
START_TEST(most_cases_are_alive)
{
    if (all_cases) ck_assert_msg(alive > 3 * all_cases / 4, "%d of %d", alive, all_cases);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fast_general");
    TCase *t = tcase_create("general");
    tcase_set_timeout(t, 300);
    tcase_add_loop_test(t, gradients_of_online_rules, 0, test_loops(60));
    tcase_add_loop_test(t, one_convention_is_enough, 0, 3 * (N_UNKNOWN + 1));
    tcase_add_loop_test(t, gradients_of_windowed_rules_with_seeds, 0, test_loops(100));
    tcase_add_loop_test(t, online_steps_are_those_of_the_scalar_engine, 0, test_loops(60));
    tcase_add_loop_test(t, threads_change_nothing, 0, test_loops(30));
    tcase_add_test(t, most_cases_are_alive);
    suite_add_tcase(suite, t);
    return test_run(suite);
}
