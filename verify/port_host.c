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
    vfy_claims c = {.formats = p->formats & 3, .models = p->models, .rules = p->rules, .losses = p->losses,
                    .quantities = p->quantities, .given = p->given >> VFY_IN_GIVEN_Z & 7, .max_in = most(p->max_in), .max_rec = most(p->max_rec),
                    .max_out = most(p->max_out), .max_T = most(p->max_T), .max_B = most(p->max_B),
                    .contract = p->flags & EPROP_CONTRACTS};
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

static size_t report(FILE *out, const vfy_epv_case *c, const vfy_answer *a)
{
    size_t count = 0;
    for (int q = 0; q < VFY_N_QUANTITY; q++) {
        if (!a->q[q]) continue;
        vfy_shape s = vfy_quantity_shape((vfy_quantity)q, &c->net, c->batch.T, c->batch.B, c->updates);
        size_t n = vfy_shape_size(&s);
        for (size_t i = 0; i < n; i++, count++) {
            int index[VFY_MAX_AXES];
            char hex[17];
            uint64_t bits = 0;
            vfy_shape_index(&s, i, index);
            fprintf(out, "got %s", vfy_quantity_name((vfy_quantity)q));
            for (int d = 0; d < s.nd; d++) fprintf(out, " %d", index[d]);
            if (c->format == VFY_F32) {
                uint32_t low;
                memcpy(&low, (const float *)a->q[q] + i, sizeof low);
                bits = low;
            } else {
                memcpy(&bits, (const double *)a->q[q] + i, sizeof bits);
            }
            vfy_bits_text(c->format, bits, hex);
            fprintf(out, " %s\n", hex);
        }
    }
    return count;
}

static void answer(FILE *out, const eprop_port *p, vfy_epv_case *c, uint64_t want)
{
    vfy_answer a;
    char why[VFY_EPV_ERR] = "";
    ep_status st = EP_OK;
    for (int q = 0; st == EP_OK && q < VFY_N_QUANTITY; q++) {
        vfy_want w = {.q = (vfy_quantity)q, .kind = VFY_ZERO};
        if (want >> q & 1) st = vfy_epv_add(c, &w);
    }
    if (st == EP_OK) st = vfy_plugin_run(p, c, &a, why, sizeof why);
    if (st == EP_OK) {
        fprintf(out, "done %zu\n", report(out, c, &a));
        vfy_answer_clear(&a);
    } else if (st == EP_NOTIMPL) {
        fprintf(out, "unsupported %.140s\n", *why ? why : "no reason given");
    } else {
        fprintf(out, "failed: %.140s\n", *why ? why : ep_status_name(st)); /* no line of the protocol: a broken port */
    }
    (void)fflush(out);
}

/* Collects a case up to `end` and answers it; false: the input ended. */
static bool one_case(const eprop_port *p, char *line, FILE *in, FILE *out)
{
    char *text = NULL, err[VFY_EPV_ERR] = "";
    size_t size = 0;
    vfy_epv_file *file = NULL;
    FILE *m = open_memstream(&text, &size);
    if (!m) return false;
    line[strcspn(line, "\n")] = '\0';
    uint64_t want = head(m, line);
    bool more = true;
    while (more && strcmp(line, "end\n") != 0) {
        more = fgets(line, LINE, in) != NULL;
        if (more) fputs(line, m);
    }
    bool bad = fclose(m) != 0;
    FILE *r = bad ? NULL : fmemopen(text, size, "r");
    if (more && r && vfy_epv_read_stream(r, "case", &file, err, sizeof err) == EP_OK) answer(out, p, &file->cases[0], want);
    else if (more) {
        fprintf(out, "unsupported the case cannot be read: %.140s\n", err);
        (void)fflush(out);
    }
    if (r) (void)fclose(r);
    vfy_epv_free(file);
    free(text);
    return more;
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
    bool more = true;
    while (more && fgets(line, sizeof line, in) && strcmp(line, "bye\n") != 0) {
        if (!strcmp(line, "eprop 1\n")) greet(out, plugin.port);
        else if (!strncmp(line, "case ", 5)) more = one_case(plugin.port, line, in, out);
    }
    vfy_plugin_unload(&plugin);
    return 0;
}
