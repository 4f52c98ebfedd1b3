/* port_claims.c: what a port says it can do.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "epv_parse.h"
#include "port.h"

enum { MOST_LINE = 1023 };

#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static ep_status say(ep_status s, char *err, size_t n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (n) (void)vsnprintf(err, n, format, args);
    va_end(args);
    return s;
}

static bool in_list(const char *word, const char *const *names, int n, uint64_t *mask)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(word, names[i])) return *mask |= UINT64_C(1) << i, true;
    return false;
}

/* Names of a kind; k: 'f' formats, 'm' models, 'r' rules, 'l' losses, 'q' quantities, 'g' given arrays. */
static int names_of(char k, const char *names[64])
{
    int n = 0;
    switch (k) {
    case 'f': for (; n < VFY_N_FORMAT; n++) names[n] = vfy_format_name((vfy_format)n); break;
    case 'm': for (; n < EP_N_MODEL; n++) names[n] = ep_model_name((ep_model)n); break;
    case 'r': for (; n < EP_N_RULE; n++) names[n] = ep_rule_name((ep_rule)n); break;
    case 'l': for (; n < EP_N_LOSS; n++) names[n] = ep_loss_name((ep_loss)n); break;
    case 'g': for (; n < 3; n++) names[n] = vfy_input_name((vfy_input)(VFY_IN_GIVEN_Z + n)); break;
    default: for (; n < VFY_N_QUANTITY; n++) names[n] = vfy_quantity_name((vfy_quantity)n); break;
    }
    return n;
}

/* A format by name; of profile files, the hash is kept. */
static bool parse_format(const char *word, vfy_claims *p)
{
    vfy_format f;
    char id[17];
    int i = 0;
    if (!vfy_format_parse(word, &f, id)) return false;
    while (*id && i < 4 && *p->profile[i]) i++;
    if (i == 4) return false;
    if (*id) memcpy(p->profile[i], id, sizeof id);
    p->formats |= UINT64_C(1) << f;
    return true;
}

static ep_status parse_list(const char *key, char *value, vfy_claims *p, uint64_t *mask, char *err, size_t n)
{
    const char *names[64];
    int count = names_of(key[0], names);
    for (char *w = value, *next; w; w = next) {
        next = strchr(w, ',');
        if (next) *next++ = '\0';
        if (key[0] == 'r' && !strcmp(w, "eprop1")) *mask |= UINT64_C(15) << EP_EPROP1_SYMMETRIC;
        else if (key[0] == 'f' ? !parse_format(w, p) : !in_list(w, names, count, mask)) return say(EP_PORT, err, n, "port line: %s: found `%.40s`, which is no name of one", key, w);
    }
    return EP_OK;
}

static ep_status parse_name(const char *key, const char *value, char out[33], char *err, size_t n)
{
    size_t len = strlen(value);
    bool name = !strcmp(key, "name");
    if (len < 1 || len > 32 || (name && strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-_") != len))
        return say(EP_PORT, err, n, "port line: %s `%.40s`, expected 1 to 32 %s", key, value, name ? "of a-z 0-9 - _" : "printable characters");
    memcpy(out, value, len + 1);
    return EP_OK;
}

static ep_status parse_word(const char *key, char *value, vfy_claims *p, char *err, size_t n)
{
    const struct { const char *key; uint64_t *mask; } list[] = {{"formats", &p->formats}, {"models", &p->models}, {"rules", &p->rules},
                                                                {"losses", &p->losses}, {"quantities", &p->quantities}, {"given", &p->given}};
    const struct { const char *key; int *max; } size[] = {{"max_in", &p->max_in}, {"max_rec", &p->max_rec}, {"max_out", &p->max_out},
                                                          {"max_T", &p->max_T}, {"max_B", &p->max_B}};
    const struct { const char *key, *yes, *no; bool *flag; } flag[] = {{"set", "yes", "no", &p->set}, {"contract", "on", "off", &p->contract}};
    uint64_t v;
    if (!strcmp(key, "name")) return parse_name(key, value, p->name, err, n);
    if (!strcmp(key, "version")) return parse_name(key, value, p->version, err, n);
    for (size_t i = 0; i < 6; i++)
        if (!strcmp(key, list[i].key)) return parse_list(key, value, p, list[i].mask, err, n);
    for (size_t i = 0; i < 5; i++)
        if (!strcmp(key, size[i].key)) {
            if (!vfy_integer_parse(value, EP_MAX_DIM, &v)) return say(EP_PORT, err, n, "port line: %s=%.40s, expected a whole number", key, value);
            *size[i].max = (int)v;
            return EP_OK;
        }
    for (size_t i = 0; i < 2; i++)
        if (!strcmp(key, flag[i].key)) {
            *flag[i].flag = !strcmp(value, flag[i].yes);
            return *flag[i].flag || !strcmp(value, flag[i].no)
                       ? EP_OK
                       : say(EP_PORT, err, n, "port line: %s=%.40s, expected %s or %s", key, value, flag[i].yes, flag[i].no);
        }
    return say(EP_PORT, err, n, "port line: found `%.40s`, which is no claim", key);
}

ep_status vfy_claims_parse(const char *line, vfy_claims *out, char *err, size_t n)
{
    char copy[MOST_LINE + 1];
    vfy_claims p = {0};
    ep_status st = EP_OK;
    size_t len = strlen(line);
    char seen[MOST_LINE + 2] = " "; /* claims so far, blanks around each */
    if (len > MOST_LINE || strncmp(line, "port ", 5) != 0)
        return say(EP_PORT, err, n, "found `%.60s`, expected a line `port name=...`", line);
    memcpy(copy, line, len + 1);
    for (char *w = copy + 5, *next; w && st == EP_OK; w = next) {
        next = strchr(w, ' ');
        if (next) *next++ = '\0';
        char *value = strchr(w, '=');
        if (!value) return say(EP_PORT, err, n, "port line: found `%.40s`, expected NAME=VALUE", w);
        *value++ = '\0';
        char word[44];
        (void)snprintf(word, sizeof word, " %.40s ", w);
        if (strstr(seen, word)) return say(EP_PORT, err, n, "port line: %s is claimed a second time", w);
        (void)snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s ", w);
        st = parse_word(w, value, &p, err, n);
    }
    if (st != EP_OK) return st;
    if (!p.losses) p.losses = 1u << EP_REGRESSION;
    const char *missing = !p.name[0] ? "name" : !p.version[0] ? "version" : !p.formats ? "formats" : !p.models ? "models"
                        : !p.rules ? "rules" : !p.quantities ? "quantities" : NULL;
    if (missing) return say(EP_PORT, err, n, "port line: no %s", missing);
    *out = p;
    return EP_OK;
}

static int print_list(FILE *f, const char *key, uint64_t mask)
{
    const char *names[64];
    int n = names_of(key[0], names), written = 0;
    fprintf(f, " %s=", key);
    for (int i = 0; i < n; i++)
        if (mask >> i & 1) fprintf(f, "%s%s", written++ ? "," : "", names[i]);
    return written;
}

void vfy_claims_print(FILE *f, const vfy_claims *p)
{
    const struct { const char *key; int max; } size[] = {{"max_in", p->max_in}, {"max_rec", p->max_rec}, {"max_out", p->max_out},
                                                         {"max_T", p->max_T}, {"max_B", p->max_B}};
    fprintf(f, "port name=%s version=%s", p->name, p->version);
    int formats = print_list(f, "formats", p->formats & ~(UINT64_C(1) << VFY_FIXED_USER));
    for (int i = 0; i < 4 && *p->profile[i]; i++) fprintf(f, "%sfixed:%s", formats++ ? "," : "", p->profile[i]);
    (void)print_list(f, "models", p->models);
    (void)print_list(f, "rules", p->rules);
    (void)print_list(f, "losses", p->losses);
    (void)print_list(f, "quantities", p->quantities);
    if (p->given) (void)print_list(f, "given", p->given);
    for (int i = 0; i < 5; i++)
        if (size[i].max > 0) fprintf(f, " %s=%d", size[i].key, size[i].max);
    fprintf(f, " set=%s contract=%s", p->set ? "yes" : "no", p->contract ? "on" : "off");
}

bool vfy_claims_cover(const vfy_claims *p, const vfy_epv_case *c, char *why, size_t n)
{
    char format[24];
    const struct { uint64_t mask; int bit; const char *what, *name; } claim[] = {
        {p->models, (int)c->net.model, "model", ep_model_name(c->net.model)}, {p->rules, (int)c->rule, "rule", ep_rule_name(c->rule)},
        {p->formats, (int)c->format, "format", vfy_epv_format(c, format)},
        {p->losses, (int)c->batch.loss, "loss", ep_loss_name(c->batch.loss)}};
    const struct { int limit, value; const char *name; } size[] = {{p->max_in, c->net.n_in, "n_in"}, {p->max_rec, c->net.n_rec, "n_rec"},
                                                                   {p->max_out, c->net.n_out, "n_out"}, {p->max_T, c->batch.T, "T"},
                                                                   {p->max_B, c->batch.B, "B"}};
    for (size_t i = 0; i < 4; i++)
        if (!(claim[i].mask >> claim[i].bit & 1)) return (void)snprintf(why, n, "%s %s is not claimed", claim[i].what, claim[i].name), false;
    int k = 0;
    while (c->format == VFY_FIXED_USER && k < 4 && strcmp(p->profile[k], c->profile)) k++;
    if (k == 4) return (void)snprintf(why, n, "format %s is not claimed", format), false;
    for (size_t i = 0; i < 5; i++)
        if (size[i].limit > 0 && size[i].value > size[i].limit)
            return (void)snprintf(why, n, "%s %d is more than the %d claimed", size[i].name, size[i].value, size[i].limit), false;
    for (int i = 0; i < 3; i++)
        if (c->given[i] && !(p->given >> i & 1))
            return (void)snprintf(why, n, "%s as given is not claimed", vfy_input_name((vfy_input)(VFY_IN_GIVEN_Z + i))), false;
    if (c->family != VFY_FAMILY_REJECT && !(p->quantities & vfy_asked(c)))
        return (void)snprintf(why, n, "none of the expected quantities is claimed"), false;
    return true;
}
