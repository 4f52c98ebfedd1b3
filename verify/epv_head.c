/* epv_head.c: the keys of a case.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "epv_parse.h"

const char *const vfy_key_name[VFY_N_KEY] = {
    "model",    "preset", "rule",  "format", "T",        "B",      "n_in",     "n_rec",  "n_out", "loss", "n_ref", "kappa",
    "v_th",     "gamma",  "b_forget", "c_reg", "f_target", "window", "seed", "reg",
    "updates",  "regime", "carry", "eta",    "lambda",   "report", "given", "slope", "draws", "family", "margin", "rng", "flags"};

static const bool required[VFY_N_KEY] = {true, true, true, true, true, true, true, true, true, true};

static ep_status add_option(vfy_reader *r, vfy_head *h)
{
    if (r->n_words != 3)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.80s`, expected `option NAME VALUE`", r->text);
    size_t i = 0;
    while (i < ep_option_count() && strcmp(ep_option_at(i)->name, r->word[1]) != 0) i++;
    if (i == ep_option_count() || i >= VFY_MAX_OPTIONS)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found option `%.40s`, expected a known option", r->word[1]);
    if (h->option_line[i])
        return vfy_reader_fail(r, EP_FORMAT, r->line, "option %s: second time, first in line %ld", r->word[1],
                               h->option_line[i]);
    if (strlen(r->word[2]) >= sizeof h->option[i])
        return vfy_reader_fail(r, EP_FORMAT, r->line, "option %s: value too long", r->word[1]);
    strcpy(h->option[i], r->word[2]);
    h->option_line[i] = r->line;
    return EP_OK;
}

ep_status vfy_head_add(vfy_reader *r, vfy_head *h)
{
    if (strcmp(r->word[0], "option") == 0) return add_option(r, h);
    int k = 0;
    while (k < VFY_N_KEY && strcmp(vfy_key_name[k], r->word[0]) != 0) k++;
    if (k == VFY_N_KEY)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.60s`, expected a key, `option`, `in`, `out` or `end`",
                               r->word[0]);
    if (r->n_words != 2)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.80s`, expected `%s VALUE`", r->text, vfy_key_name[k]);
    if (h->line[k])
        return vfy_reader_fail(r, EP_FORMAT, r->line, "key %s: second time, first in line %ld", vfy_key_name[k],
                               h->line[k]);
    if (strlen(r->word[1]) > VFY_EPV_MAX_FLAGS)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "key %s: value longer than %d bytes", vfy_key_name[k],
                               VFY_EPV_MAX_FLAGS);
    strcpy(h->value[k], r->word[1]);
    h->line[k] = r->line;
    return EP_OK;
}

static ep_status bad_value(vfy_reader *r, const vfy_head *h, int k, const char *expected)
{
    return vfy_reader_fail(r, EP_FORMAT, h->line[k], "%s: found `%.60s`, expected %s", vfy_key_name[k], h->value[k],
                           expected);
}

static ep_status number(vfy_reader *r, const vfy_head *h, int k, vfy_format f, double *out)
{
    uint64_t bits;
    *out = 0;
    if (!h->line[k]) return EP_OK;
    if (!vfy_bits_parse(f, h->value[k], &bits))
        return bad_value(r, h, k, vfy_format_is_short(f) ? "8 hexadecimal digits" : "16 hexadecimal digits");
    if (!vfy_bits_finite(f, bits)) return bad_value(r, h, k, "the bits of a finite number");
    *out = vfy_bits_value(f, bits);
    return EP_OK;
}

static ep_status integer(vfy_reader *r, const vfy_head *h, int k, int min, int max, int *out)
{
    uint64_t v;
    *out = 0;
    if (!h->line[k]) return EP_OK;
    if (!vfy_integer_parse(h->value[k], (uint64_t)max, &v) || v < (uint64_t)min)
        return vfy_reader_fail(r, EP_FORMAT, h->line[k], "%s: found `%.60s`, expected an integer from %d to %d",
                               vfy_key_name[k], h->value[k], min, max);
    *out = (int)v;
    return EP_OK;
}

/* Index of the value in names[n]; the first without the key; n if unknown. */
static int choice(const vfy_head *h, int k, const char *(*name)(int), int n)
{
    int i = 0;
    if (!h->line[k]) return 0;
    while (i < n && strcmp(name(i), h->value[k]) != 0) i++;
    return i;
}
static const char *seed_name(int i) { return vfy_seed_name((vfy_seed)i); }
static const char *family_name(int i) { return vfy_family_name((vfy_family)i); }
static const char *reg_name(int i) { return i ? "off" : "on"; }
static const char *regime_name(int i) { return i ? "online" : "batch"; }
static const char *carry_name(int i) { return i ? "all" : "none"; }

static ep_status finish_names(vfy_reader *r, const vfy_head *h, vfy_epv_case *c, ep_preset *preset)
{
    for (int k = 0; k < VFY_N_KEY; k++)
        if (required[k] && !h->line[k])
            return vfy_reader_fail(r, EP_FORMAT, c->line, "case without key %s", vfy_key_name[k]);
    if (!ep_model_parse(h->value[VFY_K_MODEL], &c->net.model)) return bad_value(r, h, VFY_K_MODEL, "a known model");
    if (!ep_preset_parse(h->value[VFY_K_PRESET], preset)) return bad_value(r, h, VFY_K_PRESET, "a known preset");
    if (!ep_rule_parse(h->value[VFY_K_RULE], &c->rule)) return bad_value(r, h, VFY_K_RULE, "a known learning rule");
    if (!vfy_format_parse(h->value[VFY_K_FORMAT], &c->format, c->profile))
        return bad_value(r, h, VFY_K_FORMAT, "f32, f64 or fixed: and a profile");
    if (!ep_loss_parse(h->value[VFY_K_LOSS], &c->batch.loss))
        return bad_value(r, h, VFY_K_LOSS, "regression or classification");
    int seed = choice(h, VFY_K_SEED, seed_name, VFY_N_SEED), family = choice(h, VFY_K_FAMILY, family_name, VFY_N_FAMILY);
    int reg = choice(h, VFY_K_REG, reg_name, 2), regime = choice(h, VFY_K_REGIME, regime_name, 2), carry = choice(h, VFY_K_CARRY, carry_name, 2);
    if (seed == VFY_N_SEED) return bad_value(r, h, VFY_K_SEED, "none, c, z or zc");
    if (family == VFY_N_FAMILY) return bad_value(r, h, VFY_K_FAMILY, "grad, step, trace, loop, chain, edge or reject");
    if (reg == 2) return bad_value(r, h, VFY_K_REG, "on or off");
    if (regime == 2) return bad_value(r, h, VFY_K_REGIME, "batch or online");
    if (carry == 2) return bad_value(r, h, VFY_K_CARRY, "none or all");
    c->online = regime == 1;
    c->carry = carry == 1;
    c->seed = (vfy_seed)seed;
    c->family = (vfy_family)family;
    c->reg_off = reg == 1;
    return EP_OK;
}

static ep_status finish_sizes(vfy_reader *r, const vfy_head *h, vfy_epv_case *c)
{
    ep_status s;
    if ((s = integer(r, h, VFY_K_T, 1, EP_MAX_DIM, &c->batch.T))) return s;
    if ((s = integer(r, h, VFY_K_B, 1, VFY_EPV_MAX_DIM, &c->batch.B))) return s;
    if ((s = integer(r, h, VFY_K_N_IN, 1, VFY_EPV_MAX_DIM, &c->net.n_in))) return s;
    if ((s = integer(r, h, VFY_K_N_REC, 1, VFY_EPV_MAX_DIM, &c->net.n_rec))) return s;
    if ((s = integer(r, h, VFY_K_N_OUT, 1, VFY_EPV_MAX_DIM, &c->net.n_out))) return s;
    if ((s = integer(r, h, VFY_K_N_REF, 0, EP_MAX_DIM, &c->net.n_ref))) return s;
    if ((s = integer(r, h, VFY_K_WINDOW, 1, EP_MAX_DIM, &c->window))) return s;
    if ((s = integer(r, h, VFY_K_UPDATES, 1, EP_MAX_DIM, &c->updates))) return s;
    for (int i = 0; i < VFY_N_INPUT; i++) {
        vfy_shape shape = vfy_input_shape((vfy_input)i, &c->net, c->batch.T, c->batch.B);
        if (vfy_shape_size(&shape) > VFY_EPV_MAX_ARRAY)
            return vfy_reader_fail(r, EP_FORMAT, c->line, "array %s has %zu elements, at most %d are allowed",
                                   vfy_input_name((vfy_input)i), vfy_shape_size(&shape), VFY_EPV_MAX_ARRAY);
    }
    return EP_OK;
}

static ep_status finish_options(vfy_reader *r, const vfy_head *h, vfy_epv_case *c)
{
    for (size_t i = 0; i < ep_option_count(); i++) {
        if (!h->option_line[i]) continue;
        const char *name = ep_option_at(i)->name, *v = h->option[i];
        char text[40];
        if (v[0] == '#') { /* a gain by its bits; decimals are not read from files */
            uint64_t bits;
            if (!vfy_bits_parse(c->format, v + 1, &bits) || !vfy_bits_finite(c->format, bits) ||
                strncmp(name, "g_", 2) != 0)
                return vfy_reader_fail(r, EP_FORMAT, h->option_line[i],
                                       "option %s: found `%s`, expected # and the bits of a finite gain", name, v);
            (void)snprintf(text, sizeof text, "%a", vfy_bits_value(c->format, bits));
            v = text;
        } else if (strncmp(name, "g_", 2) == 0 && strcmp(v, "1") != 0 && strncmp(v, "1-", 2) != 0) {
            return vfy_reader_fail(r, EP_FORMAT, h->option_line[i],
                                   "option %s: found `%s`, expected 1, a complement or # and raw bits", name, v);
        }
        if (!ep_option_set(&c->net.opt, name, v))
            return vfy_reader_fail(r, EP_FORMAT, h->option_line[i], "option %s: found `%s`, expected one of its values",
                                   name, h->option[i]);
    }
    return EP_OK;
}

static ep_status finish_rule(vfy_reader *r, const vfy_head *h, const vfy_epv_case *c)
{
    const char *rule = ep_rule_name(c->rule);
    bool window = vfy_rule_has_window(c->rule);
    if (window && !h->line[VFY_K_WINDOW])
        return vfy_reader_fail(r, EP_FORMAT, c->line, "case without key window, which rule %s needs", rule);
    if (!window && h->line[VFY_K_WINDOW])
        return vfy_reader_fail(r, EP_FORMAT, h->line[VFY_K_WINDOW], "key window: rule %s has no windows", rule);
    if (!vfy_rule_has_seed(c->rule) && h->line[VFY_K_SEED])
        return vfy_reader_fail(r, EP_FORMAT, h->line[VFY_K_SEED], "key seed: rule %s has no boundary seeds", rule);
    bool fixed = vfy_format_is_fixed(c->format);
    int steep = fixed ? VFY_K_SLOPE : VFY_K_GAMMA;
    if (ep_model_spikes(c->net.model) && !(h->line[VFY_K_V_TH] && h->line[steep]))
        return vfy_reader_fail(r, EP_FORMAT, c->line, "case without key %s, which model %s needs",
                               h->line[VFY_K_V_TH] ? vfy_key_name[steep] : "v_th", ep_model_name(c->net.model));
    static const int never[2][3] = {{VFY_K_SLOPE, VFY_K_DRAWS, VFY_K_DRAWS}, {VFY_K_GAMMA, VFY_K_GIVEN, VFY_K_MARGIN}};
    for (int i = 0; i < 3; i++)
        if (h->line[never[fixed][i]])
            return vfy_reader_fail(r, EP_FORMAT, h->line[never[fixed][i]], "key %s: a case of format %s has none",
                                   vfy_key_name[never[fixed][i]], h->value[VFY_K_FORMAT]);
    return EP_OK;
}

/* report U1,U2,..: ascending, the last at most `updates`. */
static ep_status finish_report(vfy_reader *r, const vfy_head *h, vfy_epv_case *c)
{
    char text[VFY_EPV_MAX_FLAGS + 1];
    strcpy(text, h->value[VFY_K_REPORT]);
    for (char *w = text, *next; w; w = next) {
        uint64_t u;
        next = strchr(w, ',');
        if (next) *next++ = '\0';
        bool ok = c->n_report < VFY_EPV_MAX_REPORT && vfy_integer_parse(w, (uint64_t)c->updates, &u) && u > 0 &&
                  (c->n_report == 0 || (int)u > c->report[c->n_report - 1]);
        if (!ok) return bad_value(r, h, VFY_K_REPORT, "at most 16 updates, ascending, separated by commas");
        c->report[c->n_report++] = (int)u;
    }
    return EP_OK;
}

/* What only chains have, and what they cannot have. */
static ep_status finish_chain(vfy_reader *r, const vfy_head *h, vfy_epv_case *c)
{
    static const int only[] = {VFY_K_REGIME, VFY_K_CARRY, VFY_K_ETA, VFY_K_LAMBDA, VFY_K_REPORT};
    ep_status s;
    for (int i = 0; i < 5 && !c->updates; i++)
        if (h->line[only[i]])
            return vfy_reader_fail(r, EP_FORMAT, h->line[only[i]], "key %s: a case without key updates has none", vfy_key_name[only[i]]);
    if ((c->family == VFY_FAMILY_CHAIN) != (c->updates > 0))
        return vfy_reader_fail(r, EP_FORMAT, c->line, "found family %s %s key updates, expected both family chain and updates or neither",
                               vfy_family_name(c->family), c->updates ? "with" : "without");
    if (!c->updates) return EP_OK;
    if (!h->line[VFY_K_ETA] || !h->line[VFY_K_REPORT])
        return vfy_reader_fail(r, EP_FORMAT, c->line, "case without key %s, which chains need", h->line[VFY_K_ETA] ? "report" : "eta");
    if ((s = number(r, h, VFY_K_ETA, c->format, &c->eta)) || (s = number(r, h, VFY_K_LAMBDA, c->format, &c->lambda))) return s;
    if (c->eta <= 0) return bad_value(r, h, VFY_K_ETA, "a number > 0");
    if (c->lambda < 0 || (c->lambda >= 1 && !vfy_format_is_fixed(c->format))) return bad_value(r, h, VFY_K_LAMBDA, "a number in [0, 1)");
    if (c->lambda != 0 && c->rule != EP_EPROP1_ADAPTIVE) return bad_value(r, h, VFY_K_LAMBDA, "none: only eprop1-adaptive has it");
    if (!vfy_rule_is_eprop1(c->rule)) return bad_value(r, h, VFY_K_RULE, "a rule eprop1-*, as in every chain");
    if ((c->online || c->carry) && c->batch.B > 1)
        return vfy_reader_fail(r, EP_FORMAT, c->line, "found B %d, expected 1 in chains with regime online or carry all", c->batch.B);
    if (c->online && h->line[VFY_K_C_REG] && strspn(h->value[VFY_K_C_REG], "0") != strlen(h->value[VFY_K_C_REG]))
        return bad_value(r, h, VFY_K_C_REG, "0: online there is no mean rate");
    return finish_report(r, h, c);
}

/* given z,psi,L: marked by a place that stands for the array until it is read. */
static ep_status finish_given(vfy_reader *r, const vfy_head *h, vfy_epv_case *c)
{
    static const char *const names[] = {"z", "psi", "L"};
    static const double mark = 0;
    char text[VFY_EPV_MAX_FLAGS + 1];
    if (!h->line[VFY_K_GIVEN]) return EP_OK;
    strcpy(text, h->value[VFY_K_GIVEN]);
    int last = -1;
    for (char *w = text, *next; w; w = next) {
        next = strchr(w, ',');
        if (next) *next++ = '\0';
        int i = 0;
        while (i < 3 && strcmp(names[i], w) != 0) i++;
        if (i == 3 || i <= last || !vfy_input_of_model((vfy_input)(VFY_IN_GIVEN_Z + i), c->net.model))
            return bad_value(r, h, VFY_K_GIVEN, "some of z,psi,L in this order, z and psi of spiking models only");
        c->given[i] = &mark;
        last = i;
    }
    if (!vfy_rule_is_eprop1(c->rule) || c->updates)
        return vfy_reader_fail(r, EP_FORMAT, h->line[VFY_K_GIVEN], "key given: found rule %s%s, expected eprop1-* and no chain",
                               ep_rule_name(c->rule), c->updates ? " in a chain" : "");
    return EP_OK;
}

ep_status vfy_head_finish(vfy_reader *r, const vfy_head *h, vfy_epv_case *c)
{
    ep_status s;
    ep_preset preset;
    if ((s = finish_names(r, h, c, &preset))) return s;
    if ((s = finish_sizes(r, h, c))) return s;
    c->net.opt = ep_preset_options(preset);
    if ((s = finish_options(r, h, c))) return s;
    if ((s = finish_rule(r, h, c))) return s;
    if ((s = finish_chain(r, h, c)) || (s = finish_given(r, h, c))) return s;
    if ((s = number(r, h, VFY_K_KAPPA, c->format, &c->net.kappa))) return s;
    if ((s = number(r, h, VFY_K_V_TH, c->format, &c->net.v_th))) return s;
    if ((s = number(r, h, VFY_K_GAMMA, c->format, &c->net.gamma))) return s;
    if ((s = number(r, h, VFY_K_B_FORGET, c->format, &c->net.b_forget))) return s;
    if ((s = number(r, h, VFY_K_C_REG, c->format, &c->batch.c_reg))) return s;
    if ((s = number(r, h, VFY_K_F_TARGET, c->format, &c->batch.f_target))) return s;
    if ((s = number(r, h, VFY_K_SLOPE, c->format, &c->slope))) return s;
    if (h->line[VFY_K_DRAWS] && !vfy_integer_parse(h->value[VFY_K_DRAWS], UINT64_MAX, &c->draws))
        return bad_value(r, h, VFY_K_DRAWS, "an integer from 0 to 2^64 - 1");
    if ((s = number(r, h, VFY_K_MARGIN, VFY_F64, &c->margin))) return s;
    c->has_margin = h->line[VFY_K_MARGIN] != 0;
    if (c->margin < 0) return bad_value(r, h, VFY_K_MARGIN, "a number >= 0");
    if (h->line[VFY_K_RNG] && !vfy_integer_parse(h->value[VFY_K_RNG], UINT64_MAX, &c->rng))
        return bad_value(r, h, VFY_K_RNG, "an integer from 0 to 2^64 - 1");
    if (strspn(h->value[VFY_K_FLAGS], "abcdefghijklmnopqrstuvwxyz0123456789-,") != strlen(h->value[VFY_K_FLAGS]))
        return bad_value(r, h, VFY_K_FLAGS, "names of a-z, 0-9 and -, separated by commas");
    strcpy(c->flags, h->value[VFY_K_FLAGS]);
    return EP_OK;
}
