/* port_host.c: speaks the lines for a port in a shared object, in a process of its own, so that its crash is not ours.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "plugin.h"
#include "port.h"

enum { LINE = 1100 };

static int most(int32_t v) { return v > 0 ? (int)v : 0; }

static void greet(FILE *out, const eprop_port *p)
{
    const uint64_t fixed = EPROP_BIT(EPROP_FIXED_Q15) | EPROP_BIT(EPROP_FIXED_S16_15) | EPROP_BIT(EPROP_FIXED_W8) | EPROP_BIT(EPROP_FIXED_RECKON);
    vfy_claims c = {.formats = p->formats & (3 | fixed), .models = p->models, .rules = p->rules, .losses = p->losses,
                    .quantities = p->quantities, .given = p->given >> VFY_IN_GIVEN_Z & 7, .max_in = most(p->max_in), .max_rec = most(p->max_rec),
                    .max_out = most(p->max_out), .max_T = most(p->max_T), .max_B = most(p->max_B),
                    .set = p->flags & EPROP_CAN_SET_STATE, .contract = p->flags & EPROP_CONTRACTS};
    (void)snprintf(c.name, sizeof c.name, "%.32s", p->name);
    (void)snprintf(c.version, sizeof c.version, "%.32s", *p->release ? p->release : "-");
    for (char *s = c.version; *s; s++)
        if (*s <= 0x20 || *s > 0x7e) *s = '-';
    vfy_claims_print(out, &c);
    fprintf(out, "\nready\n");
    (void)fflush(out);
}

static bool is_option(const char *name)
{
    for (size_t i = 0; i < ep_option_count(); i++)
        if (!strcmp(ep_option_at(i)->name, name)) return true;
    return false;
}

/* The head of a vector file from a case line; returns the wanted quantities. */
static uint64_t head(FILE *m, char *line)
{
    uint64_t want = 0;
    fprintf(m, "epv 1\ncase ep:-\n");
    char *word = strchr(line + 5, ' ');
    while (word) {
        char *name = word + 1, *value = strchr(name, '=');
        word = strchr(name, ' ');
        if (word) *word = '\0';
        if (!value) continue;
        *value++ = '\0';
        if (!strcmp(name, "updates")) fprintf(m, "family chain\n"); /* what is not sent follows from it */
        if (strcmp(name, "want") != 0) {
            fprintf(m, "%s%s %s\n", is_option(name) ? "option " : "", name, value);
            continue;
        }
        for (char *q = value, *next; q; q = next) {
            vfy_quantity id;
            next = strchr(q, ',');
            if (next) *next++ = '\0';
            if (vfy_quantity_parse(q, &id)) want |= UINT64_C(1) << id;
        }
    }
    return want;
}

/* The case in hand: kept after its answer, for forced steps. */
typedef struct hosted {
    const eprop_port *p;
    vfy_epv_file *file;
    vfy_plugin_case *open;
    double *values;      /* of the state that is being set: one step of one trial */
    vfy_quantity q;
    int b, t, last;      /* last: the latest step that was set */
    bool setting;
} hosted;

static void drop_case(hosted *k)
{
    vfy_plugin_close(k->open);
    vfy_epv_free(k->file);
    free(k->values);
    *k = (hosted){.p = k->p};
}

/* Elements from..from+n-1 of a quantity. */
static size_t tell(FILE *out, const vfy_epv_case *c, const vfy_answer *a, vfy_quantity q, size_t from, size_t n)
{
    vfy_shape s = vfy_quantity_shape(q, &c->net, c->batch.T, c->batch.B, c->updates);
    size_t count = 0;
    for (size_t i = from; i < from + n; i++) {
        int index[VFY_MAX_AXES];
        char hex[17];
        uint64_t bits = 0;
        vfy_shape_index(&s, i, index);
        if (c->updates && !vfy_epv_reports(c, index[0])) continue;
        count++;
        fprintf(out, "got %s", vfy_quantity_name(q));
        for (int d = 0; d < s.nd; d++) fprintf(out, " %d", index[d]);
        if (vfy_format_is_fixed(c->format)) {
            (void)vfy_bits_of(c->format, vfy_answer_value(a, q, i), &bits);
        } else if (c->format == VFY_F32) {
            uint32_t low;
            memcpy(&low, (const float *)a->q[q] + i, sizeof low);
            bits = low;
        } else {
            memcpy(&bits, (const double *)a->q[q] + i, sizeof bits);
        }
        vfy_bits_text(c->format, bits, hex);
        fprintf(out, " %s\n", hex);
    }
    return count;
}

/* Step t of trials b..b_end-1, quantity by quantity. */
static size_t tell_step(FILE *out, const vfy_epv_case *c, const vfy_answer *a, int b, int b_end, int t)
{
    size_t count = 0;
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        size_t width = a->q[q] ? vfy_plugin_width(c, (vfy_quantity)q) : 0;
        for (int k = b; width && k < b_end; k++)
            count += tell(out, c, a, (vfy_quantity)q, ((size_t)k * (size_t)c->batch.T + (size_t)(t - 1)) * width, width);
    }
    return count;
}

/* b, t: only this step; t = 0: everything, in ascending t, what has no time last. */
static size_t report(FILE *out, const vfy_epv_case *c, const vfy_answer *a, int b, int t)
{
    size_t count = 0;
    if (t) return tell_step(out, c, a, b, b + 1, t);
    for (int step = 1; step <= c->batch.T; step++) count += tell_step(out, c, a, 0, c->batch.B, step);
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        vfy_shape s = vfy_quantity_shape((vfy_quantity)q, &c->net, c->batch.T, c->batch.B, c->updates);
        if (a->q[q] && !vfy_plugin_width(c, (vfy_quantity)q)) count += tell(out, c, a, (vfy_quantity)q, 0, vfy_shape_size(&s));
    }
    return count;
}

/* The lines of an answer, or of its absence. */
static void say_answer(FILE *out, const vfy_epv_case *c, ep_status st, vfy_answer *a, int b, int t, const char *why)
{
    if (st == EP_OK) {
        fprintf(out, "done %zu\n", report(out, c, a, b, t));
        vfy_answer_clear(a);
    } else if (st == EP_NOTIMPL) {
        fprintf(out, "unsupported %.140s\n", *why ? why : "no reason given");
    } else {
        fprintf(out, "failed: %.140s\n", *why ? why : ep_status_name(st)); /* no line of the protocol: a broken port */
    }
    (void)fflush(out);
}

static void answer(FILE *out, hosted *k, uint64_t want)
{
    vfy_answer a;
    char why[VFY_EPV_ERR] = "";
    vfy_epv_case *c = &k->file->cases[0];
    ep_status st = EP_OK;
    for (int q = 0; st == EP_OK && q < VFY_N_QUANTITY; q++) {
        vfy_want w = {.q = (vfy_quantity)q, .kind = VFY_ZERO};
        if (want >> q & 1) st = vfy_epv_add(c, &w);
    }
    if (st == EP_OK) st = vfy_plugin_open(k->p, c, &k->open, why, sizeof why);
    if (st == EP_OK) st = vfy_plugin_answer(k->open, &a, why, sizeof why);
    say_answer(out, c, st, &a, 0, 0, why);
}

/* Collects a case up to `end` and answers it; false: the input ended. */
static bool one_case(hosted *k, char *line, FILE *in, FILE *out)
{
    char *text = NULL, err[VFY_EPV_ERR] = "";
    size_t size = 0;
    FILE *m = open_memstream(&text, &size);
    if (!m) return false;
    drop_case(k);
    line[strcspn(line, "\n")] = '\0';
    uint64_t want = head(m, line);
    bool more = true;
    while (more && strcmp(line, "end\n") != 0) {
        more = fgets(line, LINE, in) != NULL;
        if (more) fputs(line, m);
    }
    bool bad = fclose(m) != 0;
    FILE *r = bad ? NULL : fmemopen(text, size, "r");
    if (more && r && vfy_epv_read_stream(r, "case", &k->file, err, sizeof err) == EP_OK) answer(out, k, want);
    else if (more) {
        fprintf(out, "unsupported the case cannot be read: %.140s\n", err);
        (void)fflush(out);
    }
    if (r) (void)fclose(r);
    free(text);
    return more;
}

/* ---- forced steps -------------------------------------------------------------------------------------------------- */

static ep_status hand_over(hosted *k, char *why, size_t n)
{
    ep_status st = k->setting && k->open ? vfy_plugin_set(k->open, k->b, k->t, k->q, k->values, why, n) : EP_OK;
    k->setting = false;
    return st;
}

/* set t=T [b=B] NAME INDICES BITS: elements of one quantity are handed over together. */
static ep_status set_line(hosted *k, char *line, char *why, size_t n)
{
    char *word[10];
    int count = 0, b = 0, at = 1;
    vfy_quantity q;
    uint64_t bits;
    for (char *w = strtok(line, " \n"); w && count < 10; w = strtok(NULL, " \n")) word[count++] = w;
    if (!k->open || count < 4 || strncmp(word[1], "t=", 2)) return EP_FORMAT;
    const vfy_epv_case *c = &k->file->cases[0];
    int t = atoi(word[1] + 2);
    if (!strncmp(word[2], "b=", 2)) b = atoi(word[2] + 2), at = 2;
    if (!vfy_quantity_parse(word[++at], &q) || !vfy_bits_parse(c->format, word[count - 1], &bits)) return EP_FORMAT;
    vfy_shape s = vfy_quantity_shape(q, &c->net, c->batch.T, c->batch.B, c->updates);
    size_t width = vfy_plugin_width(c, q), place = 0;
    for (int d = 0, i = at + 1; d < s.nd; d++)
        if (s.axis[d] != 'b' && s.axis[d] != 't') place = place * (size_t)s.n[d] + (size_t)(i < count - 1 ? atoi(word[i++]) : 0);
    if (place >= width || t < 0 || t >= c->batch.T || b < 0 || b >= c->batch.B) return EP_DOMAIN;
    ep_status st = EP_OK;
    if (k->setting && (q != k->q || t != k->t || b != k->b)) st = hand_over(k, why, n);
    if (st == EP_OK && !k->setting) {
        free(k->values);
        k->values = calloc(width, sizeof *k->values);
        if (!k->values) return EP_NOMEM;
        k->setting = true;
        k->q = q, k->t = t, k->b = b;
        if (t > k->last) k->last = t;
    }
    if (st == EP_OK) k->values[place] = vfy_bits_value(c->format, bits);
    return st;
}

static void forced_step(hosted *k, ep_status st, FILE *out, char *why, size_t n)
{
    vfy_answer a;
    int t = k->last + 1, b = k->b;
    if (st == EP_OK) st = hand_over(k, why, n);
    if (st == EP_OK && !k->open) st = EP_FORMAT;
    if (st == EP_OK) st = vfy_plugin_step(k->open, b, t, &a, why, n);
    say_answer(out, k->file ? &k->file->cases[0] : NULL, st, &a, b, t, why);
    k->last = 0;
}

int vfy_host(const char *path, FILE *in, FILE *out, FILE *err)
{
    char line[LINE], why[VFY_EPV_ERR] = "";
    vfy_plugin plugin;
    ep_status st = vfy_plugin_load(path, &plugin, why, sizeof why);
    if (st != EP_OK) {
        fprintf(err, "%s\n", why);
        return 3;
    }
    hosted k = {.p = plugin.port};
    bool more = true;
    while (more && fgets(line, sizeof line, in) && strcmp(line, "bye\n") != 0) {
        if (!strcmp(line, "eprop 1\n")) greet(out, plugin.port);
        else if (!strncmp(line, "case ", 5)) more = one_case(&k, line, in, out), st = EP_OK;
        else if (!strncmp(line, "set ", 4) && st == EP_OK) st = set_line(&k, line, why, sizeof why);
        else if (!strcmp(line, "step\n")) forced_step(&k, st, out, why, sizeof why), st = EP_OK;
    }
    drop_case(&k);
    vfy_plugin_unload(&plugin);
    return 0;
}
