/* epv_read.c: reads vector files.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "epv_parse.h"

/* A case while it is read. */
typedef struct building {
    vfy_epv_case *c;
    vfy_head head;
    bool head_done;
    vfy_shape shape[VFY_N_INPUT];
    unsigned char *seen[VFY_N_INPUT]; /* one bit an element */
} building;

static ep_status parse_index(vfy_reader *r, const vfy_shape *s, const char *name, char *const *word, size_t *at)
{
    *at = 0;
    for (int d = 0; d < s->nd; d++) {
        uint64_t v, first = vfy_axis_from_one(s->axis[d]), last = (uint64_t)s->n[d] - 1 + first;
        if (!vfy_integer_parse(word[d], last, &v) || v < first)
            return vfy_reader_fail(r, EP_FORMAT, r->line, "%s: index %d (%c): found `%.40s`, expected %d to %d", name, d + 1,
                                   s->axis[d], word[d], (int)first, (int)last);
        *at = *at * (size_t)s->n[d] + (size_t)(v - first);
    }
    return EP_OK;
}

static ep_status allocate_input(vfy_reader *r, building *b, vfy_input i)
{
    size_t n = vfy_shape_size(&b->shape[i]);
    if (b->c->own[i]) return EP_OK;
    b->c->own[i] = calloc(n, sizeof(double));
    b->seen[i] = calloc(n / 8 + 1, 1);
    if (!b->c->own[i] || !b->seen[i]) return vfy_reader_fail(r, EP_NOMEM, r->line, "no memory for %s", vfy_input_name(i));
    for (size_t k = 0; i == VFY_IN_MASK && k < n; k++) b->c->own[i][k] = 1;
    return EP_OK;
}

/* in NAME INDICES BITS */
static ep_status read_in(vfy_reader *r, building *b)
{
    vfy_epv_case *c = b->c;
    vfy_input i;
    uint64_t bits;
    size_t at;
    ep_status s;
    if (r->n_words < 2 || !vfy_input_parse(r->word[1], &i))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.80s`, expected `in NAME INDICES BITS` with a known name", r->text);
    const char *name = vfy_input_name(i);
    if (!vfy_input_of_model(i, c->net.model))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found %s, which model %s does not have", name, ep_model_name(c->net.model));
    if (i == VFY_IN_FEEDBACK && !vfy_rule_has_feedback(c->rule))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found B, which rule %s does not use", ep_rule_name(c->rule));
    if (i >= VFY_IN_GIVEN_Z && !c->given[i - VFY_IN_GIVEN_Z])
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found %s, which key given does not name", name);
    int nd = b->shape[i].nd;
    if (r->n_words != 3 + nd)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "%s: found %d words after the name, expected %d indices (%s) and bits", name,
                               r->n_words - 2, nd, b->shape[i].axis);
    if ((s = parse_index(r, &b->shape[i], name, r->word + 2, &at))) return s;
    const char *text = r->word[2 + nd];
    if (!vfy_bits_parse(c->format, text, &bits))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "%s: found `%.40s`, expected %d hexadecimal digits 0-9a-f", name, text,
                               vfy_format_is_short(c->format) ? 8 : 16);
    if (!vfy_bits_finite(c->format, bits))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "%s: found %s, which is infinite or NaN, expected a finite number", name, text);
    if ((s = allocate_input(r, b, i))) return s;
    unsigned char *seen = &b->seen[i][at / 8], bit = (unsigned char)(1u << at % 8);
    if (*seen & bit) {
        char where[64];
        vfy_position_text(name, &b->shape[i], at, where, sizeof where);
        return vfy_reader_fail(r, EP_FORMAT, r->line, "%s: given a second time", where);
    }
    *seen |= bit;
    c->own[i][at] = vfy_bits_value(c->format, bits);
    return EP_OK;
}

/* WORD: an integer of fixed point, nothing beside it */
static ep_status read_word(vfy_reader *r, const vfy_epv_case *c, const char *word, vfy_want *w)
{
    w->kind = VFY_VALUE;
    return vfy_bits_parse(c->format, word, &w->bits)
               ? EP_OK
               : vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.40s`, expected 8 hexadecimal digits 0-9a-f", word);
}

/* VALUE mag MAG: BITS.XXX and 16 hexadecimal digits */
static ep_status read_value(vfy_reader *r, const vfy_epv_case *c, char *const *word, vfy_want *w)
{
    uint64_t extra, mag;
    char *dot = strchr(word[0], '.'), padded[17] = "0000000000000";
    if (dot) *dot = '\0';
    bool ok = dot && strlen(dot + 1) == 3 && vfy_bits_parse(c->format, word[0], &w->bits);
    if (ok) strcpy(padded + 13, dot + 1);
    ok = ok && vfy_bits_parse(VFY_F64, padded, &extra);
    if (dot) *dot = '.';
    if (!ok || !vfy_bits_finite(c->format, w->bits))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.40s`, expected the %d digits of a finite number, a point and 3 digits",
                               word[0], c->format == VFY_F32 ? 8 : 16);
    w->extra = (unsigned)extra;
    if (strcmp(word[1], "mag") != 0)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.40s`, expected `mag`", word[1]);
    if (vfy_bits_parse(VFY_F64, word[2], &mag) && vfy_bits_finite(VFY_F64, mag)) w->mag = vfy_bits_value(VFY_F64, mag);
    else w->mag = -1;
    if (w->mag < 0)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found mag `%.40s`, expected the 16 digits of a finite number >= 0", word[2]);
    w->kind = VFY_VALUE;
    return EP_OK;
}

static ep_status read_bounds(vfy_reader *r, char *const *word, vfy_want *w)
{
    uint64_t lo = 0, hi = 0;
    bool ok = vfy_bits_parse(VFY_F64, word[1], &lo) && vfy_bits_parse(VFY_F64, word[2], &hi);
    w->lo = vfy_bits_value(VFY_F64, lo);
    w->hi = vfy_bits_value(VFY_F64, hi);
    if (!ok || !(w->lo <= w->hi))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found bounds `%.20s %.20s`, expected two times 16 digits, the lower first",
                               word[1], word[2]);
    w->kind = VFY_UNDECIDED;
    return EP_OK;
}

/* out NAME INDICES (VALUE mag MAG | zero | undecided LO HI) */
static ep_status read_out(vfy_reader *r, building *b)
{
    vfy_epv_case *c = b->c;
    vfy_want w = {.line = r->line};
    ep_status s;
    if (r->n_words < 2 || !vfy_quantity_parse(r->word[1], &w.q))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.80s`, expected `out NAME INDICES ...` with a known name", r->text);
    if (!vfy_quantity_of_model(w.q, c->net.model))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found %s, which model %s does not have", r->word[1], ep_model_name(c->net.model));
    if (vfy_quantity_of_chain(w.q) != (c->updates > 0) || (w.q == VFY_Q_FEEDBACK && c->rule != EP_EPROP1_ADAPTIVE))
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found %s, which is no quantity of %s", r->word[1], c->updates ? "this chain" : "a case without updates");
    vfy_shape shape = vfy_quantity_shape(w.q, &c->net, c->batch.T, c->batch.B, c->updates);
    if (vfy_shape_size(&shape) == SIZE_MAX)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "%s has more elements than can be counted", r->word[1]);
    char **rest = r->word + 2 + shape.nd;
    int n = r->n_words - 2 - shape.nd;
    bool fixed = vfy_format_is_fixed(c->format), zero = n == 1 && !fixed && strcmp(rest[0], "zero") == 0;
    if (n != (fixed ? 1 : 3) && !zero)
        return vfy_reader_fail(r, EP_FORMAT, r->line, "%s: found %d words after the name, expected %d indices (%s) and %s", r->word[1],
                               r->n_words - 2, shape.nd, shape.axis, fixed ? "a word" : "`VALUE mag MAG`, `zero` or `undecided LO HI`");
    if ((s = parse_index(r, &shape, r->word[1], r->word + 2, &w.at))) return s;
    if (zero) w.kind = VFY_ZERO;
    else if ((s = fixed ? read_word(r, c, rest[0], &w) : strcmp(rest[0], "undecided") == 0 ? read_bounds(r, rest, &w) : read_value(r, c, rest, &w)))
        return s;
    return vfy_epv_add(c, &w) ? vfy_reader_fail(r, EP_NOMEM, r->line, "no memory for expected values") : EP_OK;
}

static int by_position(const void *a, const void *b)
{
    const vfy_want *x = *(const vfy_want *const *)a, *y = *(const vfy_want *const *)b;
    if (x->q != y->q) return x->q < y->q ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static ep_status check_duplicates(vfy_reader *r, const vfy_epv_case *c)
{
    if (c->n_want < 2) return EP_OK;
    const vfy_want **p = malloc(c->n_want * sizeof *p);
    ep_status s = EP_OK;
    if (!p) return vfy_reader_fail(r, EP_NOMEM, r->line, "no memory for expected values");
    for (size_t i = 0; i < c->n_want; i++) p[i] = &c->want[i];
    qsort(p, c->n_want, sizeof *p, by_position);
    for (size_t i = 1; !s && i < c->n_want; i++)
        if (p[i]->q == p[i - 1]->q && p[i]->at == p[i - 1]->at) {
            char where[64];
            vfy_shape shape = vfy_quantity_shape(p[i]->q, &c->net, c->batch.T, c->batch.B, c->updates);
            vfy_position_text(vfy_quantity_name(p[i]->q), &shape, p[i]->at, where, sizeof where);
            s = vfy_reader_fail(r, EP_FORMAT, p[i]->line, "%s: given a second time, first in line %ld", where, p[i - 1]->line);
        }
    free(p);
    return s;
}

/* Given arrays without a line are zero, and still given. */
static ep_status attach_given(vfy_epv_case *c)
{
    for (int i = 0; i < 3; i++) {
        if (!c->given[i]) continue;
        vfy_shape shape = vfy_input_shape((vfy_input)(VFY_IN_GIVEN_Z + i), &c->net, c->batch.T, c->batch.B);
        double **own = &c->own[VFY_IN_GIVEN_Z + i];
        if (!*own) *own = calloc(vfy_shape_size(&shape), sizeof **own);
        if (!*own) return EP_NOMEM;
        c->given[i] = *own;
    }
    return EP_OK;
}

static void attach(vfy_epv_case *c)
{
    double *const *own = c->own;
    c->net.Win = own[VFY_IN_WIN];
    c->net.Wrec = own[VFY_IN_WREC];
    c->net.b = own[VFY_IN_BIAS];
    c->net.Wout = own[VFY_IN_WOUT];
    c->net.bout = own[VFY_IN_BOUT];
    c->net.B = own[VFY_IN_FEEDBACK];
    for (int p = 0; p < EP_N_THETA; p++) c->net.theta[p] = own[VFY_IN_THETA + p];
    c->batch.x = own[VFY_IN_X];
    c->batch.target = own[VFY_IN_TARGET];
    c->batch.mask = own[VFY_IN_MASK];
}

static ep_status finish_case(vfy_reader *r, building *b, const char *id)
{
    vfy_epv_case *c = b->c;
    unsigned char digest[32];
    char why[192];
    ep_status s;
    vfy_sha256_end(&r->sha, digest);
    for (int i = 0; i < 8; i++) (void)snprintf(c->id + 2 * i, 3, "%02x", digest[i]);
    if (strcmp(id, "-") != 0 && strcmp(id, c->id) != 0)
        return vfy_reader_fail(r, EP_FORMAT, c->line, "case id ep:%s does not match its content, expected ep:%s", id, c->id);
    attach(c);
    if (attach_given(c) != EP_OK) return vfy_reader_fail(r, EP_NOMEM, r->line, "no memory for given arrays");
    for (size_t i = 0; c->given[0] && i < (size_t)c->batch.B * (size_t)c->batch.T * (size_t)c->net.n_rec; i++)
        if (c->given[0][i] != 0 && c->given[0][i] != 1)
            return vfy_reader_fail(r, EP_DOMAIN, c->line, "given z: found %g, expected 0 or 1", c->given[0][i]);
    if (vfy_rule_has_feedback(c->rule) && !c->net.B)
        return vfy_reader_fail(r, EP_FORMAT, c->line, "case without `in B` lines, which rule %s needs", ep_rule_name(c->rule));
    if (vfy_format_is_fixed(c->format))
        return vfy_fixed_case_valid(c, why, sizeof why) ? check_duplicates(r, c) : vfy_reader_fail(r, EP_DOMAIN, c->line, "%s", why);
    if ((s = ep_net_check(&c->net, why, sizeof why)) || (s = ep_batch_check(&c->net, &c->batch, why, sizeof why)))
        return vfy_reader_fail(r, s, c->line, "%s", why);
    return check_duplicates(r, c);
}

static ep_status head_finish(vfy_reader *r, building *b)
{
    if (b->head_done) return EP_OK;
    ep_status s = vfy_head_finish(r, &b->head, b->c);
    if (s) return s;
    for (int i = 0; i < VFY_N_INPUT; i++)
        b->shape[i] = vfy_input_shape((vfy_input)i, &b->c->net, b->c->batch.T, b->c->batch.B);
    b->head_done = true;
    return EP_OK;
}

static ep_status read_body(vfy_reader *r, building *b, const char *id)
{
    for (;;) {
        ep_status s = vfy_reader_next(r);
        if (s) return s;
        if (r->at_end) return vfy_reader_fail(r, EP_FORMAT, r->line, "the file ends inside the case of line %ld, expected `end`", b->c->line);
        if (r->n_words == 0) return vfy_reader_fail(r, EP_FORMAT, r->line, "found an empty line inside a case");
        const char *word = r->word[0];
        bool in = strcmp(word, "in") == 0, out = strcmp(word, "out") == 0, end = strcmp(word, "end") == 0;
        if (!in && !out && !end) {
            if (b->head_done)
                return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.60s`, expected `in`, `out` or `end`", word);
            s = vfy_head_add(r, &b->head);
        } else if (!(s = head_finish(r, b))) {
            if (in && b->c->n_want) s = vfy_reader_fail(r, EP_FORMAT, r->line, "found `in` after the first `out`");
            else if (in) s = read_in(r, b);
            else if (out) s = read_out(r, b);
            else if (r->n_words != 1) s = vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.60s`, expected `end` alone", r->text);
            else return finish_case(r, b, id);
        }
        if (s) return s;
    }
}

/* `case ep:ID` has just been read. */
static ep_status read_case(vfy_reader *r, vfy_epv_case *c)
{
    char id[17] = "";
    c->line = r->line;
    if (r->n_words == 2 && strcmp(r->word[0], "case") == 0 && strncmp(r->word[1], "ep:", 3) == 0) {
        uint64_t bits;
        const char *text = r->word[1] + 3;
        if (strcmp(text, "-") == 0 || vfy_bits_parse(VFY_F64, text, &bits)) strcpy(id, text);
    }
    if (!id[0])
        return vfy_reader_fail(r, EP_FORMAT, r->line, "found `%.60s`, expected `case ep:ID` with 16 hexadecimal digits or -", r->text);
    building *b = calloc(1, sizeof *b);
    if (!b) return vfy_reader_fail(r, EP_NOMEM, r->line, "no memory for a case");
    b->c = c;
    r->hashing = true;
    vfy_sha256_init(&r->sha);
    ep_status s = read_body(r, b, id);
    r->hashing = false;
    for (int i = 0; i < VFY_N_INPUT; i++) free(b->seen[i]);
    free(b);
    return s;
}

static ep_status new_case(vfy_reader *r, vfy_epv_file *file, vfy_epv_case **c)
{
    if (file->n == file->cap) {
        size_t cap = file->cap ? 2 * file->cap : 4;
        vfy_epv_case *p = realloc(file->cases, cap * sizeof *p);
        if (!p) return vfy_reader_fail(r, EP_NOMEM, r->line, "no memory for a case");
        file->cases = p;
        file->cap = cap;
    }
    *c = &file->cases[file->n++];
    memset(*c, 0, sizeof **c);
    return EP_OK;
}

static ep_status read_file(vfy_reader *r, vfy_epv_file *file)
{
    ep_status s = vfy_reader_next(r);
    if (s) return s;
    if (r->at_end) return vfy_reader_fail(r, EP_FORMAT, 1, "the file is empty, expected `epv %d`", VFY_EPV_VERSION);
    if (strcmp(r->text, "epv 1") != 0)
        return vfy_reader_fail(r, EP_FORMAT, 1, "found `%.60s`, expected `epv %d`", r->text, VFY_EPV_VERSION);
    for (;;) {
        vfy_epv_case *c = NULL;
        if ((s = vfy_reader_next(r))) return s;
        if (r->at_end) break;
        if (r->n_words == 0) continue;
        if ((s = new_case(r, file, &c)) || (s = read_case(r, c))) return s;
    }
    return file->n ? EP_OK : vfy_reader_fail(r, EP_FORMAT, r->line, "the file has no case");
}

ep_status vfy_epv_read_stream(FILE *f, const char *name, vfy_epv_file **out, char *err, size_t n)
{
    vfy_reader *r = calloc(1, sizeof *r);
    vfy_epv_file *file = calloc(1, sizeof *file);
    ep_status s = EP_NOMEM;
    if (r && file) {
        *r = (vfy_reader){.f = f, .name = name, .err = err, .n_err = n};
        s = read_file(r, file);
    } else if (n) {
        (void)snprintf(err, n, "%s: no memory", name);
    }
    free(r);
    if (s) vfy_epv_free(file);
    else *out = file;
    return s;
}

ep_status vfy_epv_read(const char *path, vfy_epv_file **out, char *err, size_t n)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        if (n) (void)snprintf(err, n, "%s: cannot open: %s", path, strerror(errno));
        return EP_IO;
    }
    ep_status s = vfy_epv_read_stream(f, path, out, err, n);
    (void)fclose(f);
    return s;
}

void vfy_epv_case_clear(vfy_epv_case *c)
{
    for (int i = 0; i < VFY_N_INPUT; i++) free(c->own[i]);
    free(c->want);
    memset(c, 0, sizeof *c);
}

void vfy_epv_free(vfy_epv_file *f)
{
    if (!f) return;
    for (size_t i = 0; i < f->n; i++) vfy_epv_case_clear(&f->cases[i]);
    free(f->cases);
    free(f);
}

bool vfy_epv_reports(const vfy_epv_case *c, int update)
{
    for (int i = 0; i < c->n_report; i++)
        if (c->report[i] == update) return true;
    return false;
}

ep_status vfy_epv_add(vfy_epv_case *c, const vfy_want *w)
{
    if (c->n_want == c->cap_want) {
        size_t cap = c->cap_want ? 2 * c->cap_want : 64;
        vfy_want *p = realloc(c->want, cap * sizeof *p);
        if (!p) return EP_NOMEM;
        c->want = p;
        c->cap_want = cap;
    }
    c->want[c->n_want++] = *w;
    return EP_OK;
}
