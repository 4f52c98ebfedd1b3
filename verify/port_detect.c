/* port_detect.c: the search for the options that explain a port's numbers.
 * SPDX-License-Identifier: MIT */
#include "port_detect.h"

#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "vectors.h"

enum { NETS = 4, ROUNDS = 6, MOST_VALUES = 6 };

/* One network as it was sent under a label, and what came back. */
typedef struct shown {
    vfy_case net;
    vfy_epv_case c;
    vfy_answer answer;
    bool answered;
} shown;

typedef struct search {
    shown s[EP_N_PRESET][NETS];
    const vfy_epv_case *list[EP_N_PRESET * NETS];
    const vfy_claims *claims;
} search;

/* ---- what is shown -------------------------------------------------------------------------------------------------- */

static void choose(const vfy_claims *p, ep_model *m, ep_rule *r, vfy_format *f)
{
    static const ep_model models[] = {EP_ALIF, EP_LSNN, EP_LIF, EP_SYNAPTIC, EP_LSTM, EP_RATE};
    static const ep_rule rules[] = {EP_EPROP1_RANDOM, EP_EPROP1_SYMMETRIC, EP_BPTT, EP_RTRL, EP_EPROP1_ADAPTIVE, EP_EPROP1_GLOBAL};
    *m = EP_LIF;
    *r = EP_EPROP1_SYMMETRIC;
    for (int i = 5; i >= 0; i--) {
        if (p->models >> models[i] & 1) *m = models[i];
        if (p->rules >> rules[i] & 1) *r = rules[i];
    }
    *f = p->formats & 1 ? VFY_F32 : VFY_F64;
}

/* Half of the networks are alive under the label, half under input gain 1 - alpha: whatever the port follows, some spike. */
static ep_status make(const vfy_claims *p, ep_preset label, int k, shown *s)
{
    char *text = NULL, err[VFY_EPV_ERR];
    size_t size = 0;
    ep_model m;
    ep_rule r;
    vfy_format f;
    vfy_certainty sure;
    choose(p, &m, &r, &f);
    vfy_case_spec spec = {.model = m, .n_in = 2, .n_rec = 3, .n_out = 2, .T = 20, .n_ref = m == EP_LSTM || m == EP_RATE ? 0 : 3,
                          .seed = 900 + (uint64_t)k, .free_options = true};
    spec.opt = ep_preset_options(k % 2 ? EP_OFFICIAL_LIGHTALIF : EP_PAPER2019);
    ep_status st = vfy_case_make(&spec, &s->net);
    if (st != EP_OK && st != EP_UNABLE) return st;
    s->net.net.opt = ep_preset_options(label);
    st = vfy_epv_from_net(&s->net.net, &s->net.batch, r, f, &s->c, err, sizeof err);
    if (st == EP_OK) st = vfy_expect(&s->c, p->quantities, &sure);
    FILE *out = st == EP_OK ? open_memstream(&text, &size) : NULL;
    if (!out) return st == EP_OK ? EP_NOMEM : st;
    st = vfy_epv_print(out, &s->c, 1, err, sizeof err); /* gives it its id */
    if (fclose(out) && st == EP_OK) st = EP_NOMEM;
    free(text);
    return st;
}

static void keep(void *user, size_t i, vfy_outcome *o)
{
    search *k = user;
    shown *s = &k->s[i / NETS][i % NETS];
    s->answered = o->end == VFY_ANSWERED;
    s->answer = o->answer;
}

/* ---- how well a combination fits ------------------------------------------------------------------------------------ */

typedef struct fit { size_t right, all; char first[200]; vfy_quantity q; bool failed; } fit;

static ep_status measure_one(const shown *s, const ep_options *o, fit *f)
{
    vfy_epv_case c = s->c;
    vfy_certainty sure;
    vfy_comparison r;
    uint64_t mask = vfy_wanted(&s->c);
    c.want = NULL;
    c.n_want = c.cap_want = 0;
    c.net.opt = *o;
    ep_status st = vfy_expect(&c, mask, &sure);
    if (st == EP_OK) {
        vfy_compare(&c, &s->answer, vfy_error_limit(&c), &r);
        f->all += r.compared;
        for (int q = 0; q < VFY_N_QUANTITY; q++) f->right += r.q[q].n - r.q[q].over;
        if (r.first.found && !f->failed) {
            f->failed = true;
            f->q = r.first.q;
            vfy_divergence_text(&c, &r, f->first, sizeof f->first);
        }
    }
    free(c.want);
    return st == EP_UNABLE || st == EP_NOTIMPL ? EP_OK : st;
}

static ep_status measure(const shown s[NETS], const ep_options *o, fit *f)
{
    ep_status st = EP_OK;
    *f = (fit){0};
    for (int k = 0; k < NETS && st == EP_OK; k++)
        if (s[k].answered) st = measure_one(&s[k], o, f);
    return st;
}

/* The v-th value of an option as text; false: there is no such value worth trying. */
static bool value_of(const ep_option_row *row, int v, char *buf, size_t n)
{
    if (!strcmp(row->name, "delay") || !strcmp(row->name, "delay_L")) {
        if (v >= 3) return false;
        (void)snprintf(buf, n, "%d", v + (row->name[5] == '\0'));
        return true;
    }
    if (v >= MOST_VALUES || !row->values[v] || row->values[v][0] == '<') return false;
    (void)snprintf(buf, n, "%s", row->values[v]);
    return true;
}

/* One step of the search: the single option whose change lets most values fit; *better says whether one helped. */
static ep_status climb(const shown s[NETS], ep_options *best, fit *f, bool *better)
{
    const ep_options from = *best;
    *better = false;
    for (size_t i = 0; i < ep_option_count(); i++)
        for (int v = 0; v < MOST_VALUES; v++) {
            char text[40];
            ep_options o = from;
            fit g;
            if (!value_of(ep_option_at(i), v, text, sizeof text)) break;
            if (!ep_option_set(&o, ep_option_at(i)->name, text)) continue;
            ep_status st = measure(s, &o, &g);
            if (st != EP_OK) return st;
            if (g.right <= f->right) continue;
            *best = o;
            *f = g;
            *better = true;
        }
    return EP_OK;
}

/* ---- what is reported ------------------------------------------------------------------------------------------------ */

static void append(char *buf, size_t n, const char *a, const char *b)
{
    size_t used = strlen(buf);
    if (used + strlen(a) + strlen(b) + 6 < n) (void)snprintf(buf + used, n - used, "%s%s%s", used ? ", " : "", a, b);
}

static ep_status explain(const shown s[NETS], vfy_detected *d)
{
    for (size_t i = 0; i < ep_option_count() && d->n_option < VFY_MOST_OPTIONS; i++) {
        const ep_option_row *row = ep_option_at(i);
        vfy_option_found *f = &d->option[d->n_option++];
        *f = (vfy_option_found){.name = row->name};
        (void)ep_option_get(&d->options, row->name, f->value, sizeof f->value);
        for (int v = 0; v < MOST_VALUES; v++) {
            char text[40], why[80];
            ep_options o = d->options;
            fit g;
            if (!value_of(row, v, text, sizeof text)) break;
            if (!strcmp(text, f->value) || !ep_option_set(&o, row->name, text)) continue;
            ep_status st = measure(s, &o, &g);
            if (st != EP_OK) return st;
            (void)snprintf(why, sizeof why, " (by %s)", vfy_quantity_name(g.q));
            if (g.failed) append(f->excluded, sizeof f->excluded, text, why);
            else append(f->open, sizeof f->open, text, "");
        }
    }
    return EP_OK;
}

static ep_status detect_one(const shown s[NETS], vfy_detected *d)
{
    fit best = {0};
    bool better = true;
    ep_status st = EP_OK;
    for (int p = 0; p < EP_N_PRESET && st == EP_OK; p++) {
        int preset = (p + (int)d->label) % EP_N_PRESET; /* the label first: it wins where others fit as well */
        ep_options o = ep_preset_options((ep_preset)preset);
        fit f;
        st = measure(s, &o, &f);
        if (st != EP_OK || (p && f.right <= best.right)) continue;
        best = f;
        d->options = o;
        d->preset = (ep_preset)preset;
        d->is_preset = true;
    }
    for (int round = 0; st == EP_OK && best.failed && better && round < ROUNDS; round++) {
        st = climb(s, &d->options, &best, &better);
        if (better) d->is_preset = false;
    }
    d->fits = st == EP_OK && !best.failed && best.all > 0;
    d->share = best.all ? (double)best.right / (double)best.all : 0;
    (void)snprintf(d->first, sizeof d->first, "%s", best.first);
    return st == EP_OK && d->fits ? explain(s, d) : st;
}

static void hello(void *user, size_t i, vfy_outcome *o) { (void)user, (void)i, (void)o; }

ep_status vfy_port_detect(const vfy_port_args *a, bool one_preset, ep_preset preset, const vfy_progress *p, vfy_claims *claims,
                          vfy_detected *out, char *err, size_t n)
{
    search *k = calloc(1, sizeof *k);
    if (!k) return EP_NOMEM;
    ep_status st = vfy_port_run(a, k->list, 0, claims, hello, NULL, err, n); /* the claims alone */
    for (int l = 0; l < EP_N_PRESET && st == EP_OK; l++)
        for (int i = 0; i < NETS && st == EP_OK; i++) {
            st = make(claims, (ep_preset)l, i, &k->s[l][i]);
            k->list[l * NETS + i] = &k->s[l][i].c;
        }
    if (st == EP_OK) st = vfy_port_run(a, k->list, EP_N_PRESET * NETS, claims, keep, k, err, n);
    for (int l = 0; l < EP_N_PRESET && st == EP_OK; l++) {
        out[l] = (vfy_detected){.label = (ep_preset)l};
        for (int i = 0; i < NETS; i++) out[l].answered = out[l].answered || k->s[l][i].answered;
        if (one_preset && l != (int)preset) out[l].answered = false;
        vfy_say(p, ep_preset_name((ep_preset)l), (double)l / EP_N_PRESET);
        if (out[l].answered) st = detect_one(k->s[l], &out[l]);
    }
    for (int l = 0; l < EP_N_PRESET; l++)
        for (int i = 0; i < NETS; i++) {
            vfy_answer_clear(&k->s[l][i].answer);
            vfy_epv_case_clear(&k->s[l][i].c);
            vfy_case_free(&k->s[l][i].net);
        }
    free(k);
    return st;
}
