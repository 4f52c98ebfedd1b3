/* test_spec.c: names, options, presets and the generator.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eprop.h"
#include "rng_lanes.h"
#include "test/run.h"

START_TEST(names_round_trip)
{
    ep_model m;
    ep_rule r;
    ep_loss l;
    ep_preset p;
    for (int i = 0; i < EP_N_MODEL; i++) ck_assert(ep_model_parse(ep_model_name((ep_model)i), &m) && (int)m == i);
    for (int i = 0; i < EP_N_RULE; i++) ck_assert(ep_rule_parse(ep_rule_name((ep_rule)i), &r) && (int)r == i);
    for (int i = 0; i < EP_N_LOSS; i++) ck_assert(ep_loss_parse(ep_loss_name((ep_loss)i), &l) && (int)l == i);
    for (int i = 0; i < EP_N_PRESET; i++) ck_assert(ep_preset_parse(ep_preset_name((ep_preset)i), &p) && (int)p == i);
    for (int i = 0; i < EP_N_GROUP; i++)
        for (int j = 0; j < i; j++) ck_assert_str_ne(ep_group_name((ep_group)i), ep_group_name((ep_group)j));
    for (int i = 0; i < EP_N_THETA; i++)
        ck_assert_str_eq(ep_theta_name((ep_theta)i), ep_group_name((ep_group)(EP_G_THETA + i)));
    for (int i = 0; i <= EP_NOTIMPL; i++) ck_assert_str_ne(ep_status_name((ep_status)i), "?");
}
END_TEST

START_TEST(unknown_names_are_refused_and_leave_the_output)
{
    ep_model m = EP_LSTM;
    ep_preset p = EP_MLGENN;
    const char *bad[] = {"", "LIF", "lif ", " lif", "paper2019x", NULL};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert(!ep_model_parse(bad[i], &m) && !ep_preset_parse(bad[i], &p));
        ck_assert(m == EP_LSTM && p == EP_MLGENN);
    }
    ck_assert_str_eq(ep_model_name((ep_model)-1), "?");
    ck_assert_str_eq(ep_rule_name(EP_N_RULE), "?");
    ck_assert_str_eq(ep_status_name((ep_status)99), "?");
}
END_TEST

START_TEST(group_sizes_are_rows_by_columns)
{
    const struct {
        ep_model m;
        size_t size[EP_N_GROUP];
    } want[] = {
        {EP_LIF, {15, 25, 5, 10, 2, 5, 0, 0, 0}},  {EP_ALIF, {15, 25, 5, 10, 2, 5, 5, 5, 0}},
        {EP_LSNN, {15, 25, 5, 10, 2, 5, 5, 5, 0}}, {EP_LSTM, {60, 100, 20, 10, 2, 0, 0, 0, 0}},
        {EP_RATE, {15, 25, 5, 10, 2, 5, 0, 0, 0}}, {EP_SYNAPTIC, {15, 25, 5, 10, 2, 5, 0, 0, 5}},
    };
    ep_net net = {.n_in = 3, .n_rec = 5, .n_out = 2};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        net.model = want[i].m;
        for (int g = 0; g < EP_N_GROUP; g++)
            ck_assert_msg(ep_group_size(&net, (ep_group)g) == want[i].size[g], "%s %s: %zu", ep_model_name(net.model),
                          ep_group_name((ep_group)g), ep_group_size(&net, (ep_group)g));
    }
    ck_assert_uint_eq(ep_group_size(&net, EP_N_GROUP), 0);
    for (int m = 0; m < EP_N_MODEL; m++) {
        ck_assert_int_eq(ep_model_spikes((ep_model)m), m != EP_LSTM && m != EP_RATE);
        ck_assert_int_eq(ep_model_masks_diagonal((ep_model)m), m != EP_LSTM);
    }
}
END_TEST

static bool is_placeholder(const char *v) { return v[0] == '<'; }

START_TEST(every_option_value_round_trips)
{
    for (size_t i = 0; i < ep_option_count(); i++) {
        const ep_option_row *row = ep_option_at(i);
        for (int v = 0; row->values[v]; v++) {
            ep_options o = ep_preset_options(EP_PAPER2019);
            char text[32];
            if (is_placeholder(row->values[v])) {
                ck_assert(!ep_option_set(&o, row->name, row->values[v]));
                continue;
            }
            ck_assert_msg(ep_option_set(&o, row->name, row->values[v]), "%s=%s", row->name, row->values[v]);
            ck_assert(ep_option_get(&o, row->name, text, sizeof text));
            ck_assert_str_eq(text, row->values[v]);
        }
    }
    ck_assert_ptr_null(ep_option_at(ep_option_count()));
}
END_TEST

START_TEST(a_value_changes_its_own_option_only)
{
    char before[32], after[32];
    for (size_t i = 0; i < ep_option_count(); i++) {
        ep_options base = ep_preset_options(EP_PAPER2019), o = base;
        const char *name = ep_option_at(i)->name, *second = ep_option_at(i)->values[1];
        ck_assert(ep_option_set(&o, name, second ? second : "3"));
        for (size_t k = 0; k < ep_option_count(); k++) {
            const char *other = ep_option_at(k)->name;
            ck_assert(ep_option_get(&base, other, before, sizeof before) && ep_option_get(&o, other, after, sizeof after));
            ck_assert_msg((strcmp(before, after) != 0) == (k == i), "%s changed %s: %s, %s", name, other, before, after);
        }
    }
}
END_TEST

START_TEST(option_indices_are_the_enumerators)
{
    ep_options o = {0};
    ck_assert(ep_option_set(&o, "reset", "v_th-same") && o.reset == EP_RESET_VTH_SAME);
    ck_assert(ep_option_set(&o, "adapt_source", "rho-sum") && o.adapt_source == EP_ADAPT_RHO_SUM);
    ck_assert(ep_option_set(&o, "psi_shape", "arctan") && o.psi_shape == EP_ARCTAN);
    ck_assert(ep_option_set(&o, "psi_shape", "exponential") && o.psi_shape == EP_EXPONENTIAL);
    ck_assert(ep_option_set(&o, "loss_norm", "both") && o.loss_norm == EP_NORM_BOTH);
    ck_assert(ep_option_set(&o, "reset_path", "detached") && o.reset_path == EP_RESET_DETACHED);
    ck_assert(ep_option_set(&o, "g_a", "1-rho") && o.g_a == EP_GAIN_COMPLEMENT);
    ck_assert(ep_option_set(&o, "gain_diff", "yes") && o.gain_differentiated);
    ck_assert(ep_option_set(&o, "delay", "7") && o.delay == 7);
    ck_assert(ep_option_set(&o, "delay_L", "0") && o.delay_L == 0);
}
END_TEST

START_TEST(gains_take_numbers_exactly)
{
    ep_options o = {0};
    char text[32];
    for (int i = 0; i < test_loops(1000); i++) {
        double g = ldexp(ep_rng_uniform(1, 2, (uint64_t)i) - 0.5, (int)(ep_rng_u64(1, 3, (uint64_t)i) % 600) - 300);
        snprintf(text, sizeof text, "%a", g);
        ck_assert(ep_option_set(&o, "g_in", text) && o.g_in == EP_GAIN_VALUE && o.g_in_value == g);
        ck_assert(ep_option_get(&o, "g_in", text, sizeof text));
        ck_assert(ep_option_set(&o, "g_out", text));
        ck_assert_msg(o.g_out_value == g, "%a became %s", g, text);
    }
    ck_assert(ep_option_set(&o, "g_in", "1.0") && o.g_in == EP_GAIN_VALUE && o.g_in_value == 1);
    ck_assert(ep_option_get(&o, "g_in", text, sizeof text));
    ck_assert(ep_option_set(&o, "g_a", text) && o.g_a == EP_GAIN_VALUE);
    ck_assert(!ep_option_get(&o, "g_in", text, 3));
}
END_TEST

START_TEST(bad_options_are_refused_and_leave_the_options)
{
    const char *bad[][2] = {{"g_in", ""},      {"g_in", " 1"},   {"g_in", "nan"},   {"g_in", "inf"},    {"g_in", "1e999"},
                            {"g_in", "1-rho"}, {"g_in", "2x"},   {"delay", "0"},    {"delay", "-1"},    {"delay", "1.5"},
                            {"delay", ""},     {"delay", "+1"},  {"delay", "99999999999999999999"},     {"delay_L", "-1"},
                            {"reset", "v_th"}, {"reset", "zero"}, {"", "1"},         {"nothing", "1"},   {"psi_shape", NULL}};
    ep_options o = ep_preset_options(EP_MLGENN), before = o;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!ep_option_set(&o, bad[i][0], bad[i][1]), "%s=%s", bad[i][0], bad[i][1] ? bad[i][1] : "NULL");
        ck_assert(memcmp(&o, &before, sizeof o) == 0);
    }
    o.psi_shape = (ep_psi_shape)4;
    char text[32];
    ck_assert(!ep_option_get(&o, "psi_shape", text, sizeof text));
    ck_assert(!ep_option_get(&o, "nothing", text, sizeof text));
}
END_TEST

/* Cells of one table line, without blanks, the mark ? and parentheses. */
static int split(char *line, char *cell[], int max)
{
    int n = 0;
    for (char *s = strtok(line, "|\n"); s && n < max; s = strtok(NULL, "|\n")) {
        while (*s == ' ' || *s == '(') s++;
        size_t len = strlen(s);
        while (len && strchr(" ?)", s[len - 1])) s[--len] = '\0';
        if (len) cell[n++] = s;
    }
    return n;
}

START_TEST(presets_md_equals_the_code)
{
    FILE *f = fopen("reference/PRESETS.md", "r");
    ck_assert_msg(f != NULL, "reference/PRESETS.md: run from the project's root");
    char line[512], *cell[EP_N_PRESET + 2], text[32];
    size_t rows = 0;
    while (fgets(line, sizeof line, f)) {
        if (line[0] != '|' || line[1] == '-') continue;
        int n = split(line, cell, EP_N_PRESET + 2);
        ck_assert_int_eq(n, EP_N_PRESET + 1);
        bool header = strcmp(cell[0], "option") == 0;
        if (!header) ck_assert_str_eq(cell[0], ep_option_at(rows)->name);
        for (int p = 0; p < EP_N_PRESET; p++) {
            ep_options o = ep_preset_options((ep_preset)p);
            if (header) ck_assert_str_eq(cell[p + 1], ep_preset_name((ep_preset)p));
            else {
                ck_assert(ep_option_get(&o, cell[0], text, sizeof text));
                ck_assert_msg(strcmp(text, cell[p + 1]) == 0, "%s, %s: code %s, table %s", ep_preset_name((ep_preset)p),
                              cell[0], text, cell[p + 1]);
            }
        }
        if (!header) rows++;
    }
    fclose(f);
    ck_assert_uint_eq(rows, ep_option_count());
}
END_TEST

START_TEST(philox_known_answers)
{
    const struct {
        uint64_t seed, stream, counter;
        uint32_t want[4];
    } kat[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    uint32_t got[4];
    for (size_t i = 0; i < 3; i++) {
        ep_rng_block(kat[i].seed, kat[i].stream, kat[i].counter, got);
        uint32_t many[8][4];
        for (uint64_t back = 0; back < 8; back++) { /* each lane, over the counter's end too */
            ep_rng_blocks(kat[i].seed, kat[i].stream, kat[i].counter - back, many);
            ck_assert_mem_eq(many[back], got, sizeof got);
        }
        ck_assert_msg(memcmp(got, kat[i].want, sizeof got) == 0, "%08x %08x %08x %08x", got[0], got[1], got[2], got[3]);
    }
    ck_assert(ep_rng_u64(0, 0, 0) == UINT64_C(0xe169c58d6627e8d5));
    ck_assert(ep_rng_uniform(0, 0, 0) == (double)(UINT64_C(0xe169c58d6627e8d5) >> 11) / 9007199254740992.0);
}
END_TEST

/* The sum of 12 upper parts of blocks 3n, 3n+1, 3n+2, redone here by division. */
START_TEST(normals_are_sums_of_twelve)
{
    int bits = _i;
    for (uint64_t n = 0; n < (uint64_t)test_loops(200); n++) {
        double sum = -6;
        for (uint64_t b = 3 * n; b < 3 * n + 3; b++) {
            uint32_t w[4];
            ep_rng_block(5, 6, b, w);
            for (int i = 0; i < 4; i++) sum += floor(w[i] / ldexp(1, 32 - bits)) * ldexp(1, -bits);
        }
        ck_assert_msg(ep_rng_normal(5, 6, n, bits) == sum, "%a, want %a", ep_rng_normal(5, 6, n, bits), sum);
    }
}
END_TEST

/* Mean and variance of n uniforms and normals: six standard errors (1.2e-9 a test). */
START_TEST(moments)
{
    int n = test_loops(20000);
    double u = 0, uu = 0, z = 0, zz = 0;
    for (int i = 0; i < n; i++) {
        double a = ep_rng_uniform(7, (uint64_t)_i, (uint64_t)i) - 0.5, b = ep_rng_normal(8, (uint64_t)_i, (uint64_t)i, 20);
        ck_assert(a >= -0.5 && a < 0.5);
        u += a, uu += a * a, z += b, zz += b * b;
    }
    double m = n;
    ck_assert_msg(fabs(u / m) < 6 * sqrt(1 / 12. / m), "mean of uniforms %a", u / m);
    ck_assert_msg(fabs(uu / m - 1 / 12.) < 6 * sqrt(1 / 180. / m), "variance of uniforms %a", uu / m);
    ck_assert_msg(fabs(z / m) < 6 * sqrt(1 / m), "mean of normals %a", z / m);
    ck_assert_msg(fabs(zz / m - 1) < 6 * sqrt(1.9 / m), "variance of normals %a", zz / m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spec");
    TCase *c = tcase_create("names, options, presets");
    tcase_add_test(c, names_round_trip);
    tcase_add_test(c, unknown_names_are_refused_and_leave_the_output);
    tcase_add_test(c, group_sizes_are_rows_by_columns);
    tcase_add_test(c, every_option_value_round_trips);
    tcase_add_test(c, a_value_changes_its_own_option_only);
    tcase_add_test(c, option_indices_are_the_enumerators);
    tcase_add_test(c, gains_take_numbers_exactly);
    tcase_add_test(c, bad_options_are_refused_and_leave_the_options);
    tcase_add_test(c, presets_md_equals_the_code);
    suite_add_tcase(s, c);
    c = tcase_create("generator");
    tcase_add_test(c, philox_known_answers);
    tcase_add_loop_test(c, normals_are_sums_of_twelve, 1, 33);
    tcase_add_loop_test(c, moments, 0, 20);
    suite_add_tcase(s, c);
    return test_run(s);
}
