/* Profile files: FIXED.md, section 8.1.
 * SPDX-License-Identifier: MIT */
#include "fixed_profile.h"

#include <stdarg.h>
#include <string.h>

enum { MAX_LINE = 120, MAX_WORDS = 4 };

static const char *const rounding_names[] = {"floor", "nearest-even", "nearest-up", "stochastic"};
static const char *const overflow_names[] = {"saturate", "wrap"};

/* Quantities that come together or not at all; the first group is always there. */
static const struct { int first, last; const char *what; } groups[] = {
    {RQ_X, RQ_GO, "every network"}, {RQ_EX, RQ_PR, "softmax"}, {RQ_C, RQ_R, "the rate regulariser"}, {RQ_GA, RQ_EL, "LSTM"}};
enum { N_GROUP = sizeof groups / sizeof *groups };

typedef struct reader {
    FILE *f;
    const char *file;
    long line;
    char text[MAX_LINE + 2];
    char *word[MAX_WORDS + 1];
    int n_words;
    char *err;
    size_t n_err;
} reader;

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static ep_status fail(reader *r, ep_status s, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = snprintf(r->err, r->n_err, "%s:%ld: ", r->file, r->line);
    if (n >= 0 && (size_t)n < r->n_err) vsnprintf(r->err + n, r->n_err - (size_t)n, format, ap);
    va_end(ap);
    return s;
}

/* The next line without its LF, split at single blanks. Comments and empty lines have no words. */
static ep_status next(reader *r)
{
    size_t n = 0;
    int c;
    r->line++;
    r->n_words = 0;
    while ((c = fgetc(r->f)) != EOF && c != '\n') {
        if (c < 0x20 || c > 0x7e) return fail(r, EP_FORMAT, "found byte 0x%02x, expected printable ASCII", (unsigned)c);
        if (n == MAX_LINE) return fail(r, EP_FORMAT, "found a line above %d characters, expected fewer", MAX_LINE);
        r->text[n++] = (char)c;
    }
    if (ferror(r->f)) return fail(r, EP_IO, "cannot read");
    if (c == EOF) return n ? fail(r, EP_FORMAT, "found a last line without line feed, expected one") : fail(r, EP_FORMAT, "found the end of the file, expected 'end'");
    r->text[n] = '\0';
    if (n == 0 || r->text[0] == '#') return EP_OK;
    for (char *at = r->text; r->n_words <= MAX_WORDS; at++) {
        if (*at == ' ' || *at == '\0') return fail(r, EP_FORMAT, "found a blank at an end or two in a row, expected words separated by one");
        r->word[r->n_words++] = at;
        at += strcspn(at, " ");
        if (*at == '\0') return EP_OK;
        *at = '\0';
    }
    return fail(r, EP_FORMAT, "found more than %d words, expected fewer", MAX_WORDS);
}

/* Decimal digits without sign or leading zero up to the character stop; the place behind it, or NULL. */
static const char *integer(const char *s, char stop, int max, int *out)
{
    int n = 0;
    if (*s < '0' || *s > '9' || (*s == '0' && s[1] != stop)) return NULL;
    for (; *s >= '0' && *s <= '9'; s++) {
        n = 10 * n + (*s - '0');
        if (n > max) return NULL;
    }
    if (*s != stop) return NULL;
    *out = n;
    return s + (stop != '\0');
}

static int index_of(const char *const *names, int n, const char *s)
{
    for (int k = 0; k < n; k++)
        if (strcmp(names[k], s) == 0) return k;
    return -1;
}

static int quantity_of(const char *s)
{
    for (int q = 0; q < RQ_COUNT; q++)
        if (q != RQ_r && strcmp(ep_fixed_quantity_name(q), s) == 0) return q;
    return -1;
}

static ep_status read_format(reader *r, ref_profile *p)
{
    int q = quantity_of(r->word[0]), want;
    if (q < 0) return fail(r, EP_FORMAT, "found '%s', expected the name of a quantity, clip or end", r->word[0]);
    if (p->q[q].bits) return fail(r, EP_FORMAT, "found %s a second time, expected it once", r->word[0]);
    want = ep_fixed_is_constant(q) ? 2 : 4;
    if (r->n_words != want)
        return fail(r, EP_FORMAT, "found %d words, expected %s", r->n_words, want == 2 ? "NAME BITS.FRACTION" : "NAME BITS.FRACTION ROUNDING OVERFLOW");
    ref_format f = {0, 0, REF_FLOOR, REF_SATURATE};
    const char *at = integer(r->word[1], '.', 32, &f.bits);
    if (!at || !integer(at, '\0', 40, &f.frac) || !ep_fixed_format_valid(&f, q))
        return fail(r, EP_FORMAT, "found '%s', expected BITS.FRACTION, 2 to 32 and 0 to %s", r->word[1],
                    q == RQ_D ? "30" : q == RQ_EX || q == RQ_PR || q == RQ_GA || q == RQ_H ? "BITS - 2, at most 30" : "40");
    if (want == 4) {
        int rounding = index_of(rounding_names, 4, r->word[2]), overflow = index_of(overflow_names, 2, r->word[3]);
        if (rounding < 0) return fail(r, EP_FORMAT, "found rounding '%s', expected floor, nearest-even, nearest-up or stochastic", r->word[2]);
        if (overflow < 0) return fail(r, EP_FORMAT, "found overflow '%s', expected saturate or wrap", r->word[3]);
        f.rounding = (ref_rounding)rounding;
        f.overflow = (ref_overflow)overflow;
    }
    p->q[q] = f;
    return EP_OK;
}

/* Every group is complete or, but for the first, absent. */
static ep_status complete(reader *r, const ref_profile *p)
{
    for (int g = 0; g < N_GROUP; g++) {
        int missing = -1, found = 0;
        for (int q = groups[g].first; q <= groups[g].last; q++) {
            if (p->q[q].bits) found++;
            else missing = q;
        }
        if (missing >= 0 && (found || g == 0))
            return fail(r, EP_FORMAT, "found no %s, expected it: %s needs it", ep_fixed_quantity_name(missing), groups[g].what);
    }
    if (!p->q[RQ_z].bits != !p->q[RQ_GA].bits) return fail(r, EP_FORMAT, "found %s, expected both or none: LSTM needs them", p->q[RQ_z].bits ? "z without GA" : "GA without z");
    return EP_OK;
}

static ep_status read_all(reader *r, ref_profile *p)
{
    bool clipped = false;
    ep_status s = next(r);
    if (s != EP_OK) return s;
    if (r->n_words != 2 || strcmp(r->word[0], "eprop-fixed") != 0 || strcmp(r->word[1], "1") != 0)
        return fail(r, EP_FORMAT, "found '%s', expected 'eprop-fixed 1'", r->n_words ? r->word[0] : "");
    for (;;) {
        if ((s = next(r)) != EP_OK) return s;
        if (r->n_words == 0) continue;
        if (r->n_words == 1 && strcmp(r->word[0], "end") == 0) break;
        if (strcmp(r->word[0], "clip") == 0) {
            if (clipped) return fail(r, EP_FORMAT, "found clip a second time, expected it once");
            if (r->n_words != 2 || !integer(r->word[1], '\0', 255, &p->clip)) return fail(r, EP_FORMAT, "found clip '%s', expected one number from 0 to 255", r->n_words > 1 ? r->word[1] : "");
            clipped = true;
        } else if ((s = read_format(r, p)) != EP_OK)
            return s;
    }
    if ((s = complete(r, p)) != EP_OK) return s;
    r->line++;
    return fgetc(r->f) == EOF ? EP_OK : fail(r, EP_FORMAT, "found a line after 'end', expected the end of the file");
}

ep_status ep_fixed_profile_read(FILE *f, const char *file, ref_profile *p, char *err, size_t n_err)
{
    reader r = {.f = f, .file = file, .err = err, .n_err = n_err};
    ref_profile got = {.clip = 0};
    ep_status s = read_all(&r, &got);
    if (s == EP_OK) *p = got;
    return s;
}

ep_status ep_fixed_profile_write(FILE *f, const ref_profile *p)
{
    bool ok = fprintf(f, "eprop-fixed 1\nclip %d\n", p->clip) > 0;
    for (int q = 0; q < RQ_COUNT; q++) {
        const ref_format *k = &p->q[q];
        if (k->bits == 0) continue;
        ok = ok && fprintf(f, "%s %d.%d", ep_fixed_quantity_name(q), k->bits, k->frac) > 0;
        if (!ep_fixed_is_constant(q)) ok = ok && fprintf(f, " %s %s", rounding_names[k->rounding], overflow_names[k->overflow]) > 0;
        ok = ok && fputc('\n', f) != EOF;
    }
    return ok && fputs("end\n", f) >= 0 && fflush(f) == 0 ? EP_OK : EP_IO;
}
