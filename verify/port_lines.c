/* port_lines.c: cases as lines, and answers line by line.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "epv_parse.h"
#include "port.h"

enum { MOST_LINE = 255, MOST_WORDS = 8 };

static bool is_private(const char *key)
{
    return !strcmp(key, "family") || !strcmp(key, "margin") || !strcmp(key, "rng") || !strcmp(key, "flags");
}

/* The text of a vector file, its head turned into one line. */
static void print_lines(FILE *f, char *text, const char *id, uint64_t want)
{
    bool body = false;
    const char *comma = "";
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        bool last = !strcmp(line, "end") || !strncmp(line, "in ", 3);
        if (!strncmp(line, "epv ", 4)) continue;
        if (!strncmp(line, "case ", 5)) {
            fprintf(f, "case ep:%s", id);
            continue;
        }
        if (last && !body) {
            fprintf(f, " want=");
            for (int q = 0; q < VFY_N_QUANTITY; q++)
                if (want >> q & 1) {
                    fprintf(f, "%s%s", comma, vfy_quantity_name((vfy_quantity)q));
                    comma = ",";
                }
            fprintf(f, "\n");
            body = true;
        }
        if (body) {
            fprintf(f, "%s\n", line);
            continue;
        }
        if (!strncmp(line, "option ", 7)) line += 7;
        char *value = strchr(line, ' ');
        if (!value) continue;
        *value++ = '\0';
        if (!is_private(line)) fprintf(f, " %s=%s", line, value);
    }
}

ep_status vfy_case_print(FILE *f, const vfy_epv_case *c, uint64_t want)
{
    char *text = NULL, err[VFY_EPV_ERR];
    size_t size = 0;
    FILE *m = open_memstream(&text, &size);
    if (!m) return EP_NOMEM;
    vfy_epv_case bare = *c;
    bare.want = NULL;
    bare.n_want = 0;
    ep_status st = vfy_epv_print(m, &bare, 1, err, sizeof err);
    if (fclose(m) && st == EP_OK) st = EP_NOMEM;
    if (st == EP_OK) print_lines(f, text, c->id, want);
    free(text);
    return st;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

ep_status vfy_hearing_open(vfy_hearing *h, const vfy_epv_case *c, uint64_t want, const vfy_streaming *streaming)
{
    memset(h, 0, sizeof *h);
    h->c = c;
    h->want = want;
    if (streaming && vfy_is_streamable(c)) {
        h->streaming = streaming;
        return streaming->open(c, want, &h->stream);
    }
    ep_status st = vfy_answer_init(&h->answer, c, want);
    for (int q = 0; st == EP_OK && q < VFY_N_QUANTITY; q++) {
        if (!h->answer.q[q]) continue;
        vfy_shape s = vfy_quantity_shape((vfy_quantity)q, &c->net, c->batch.T, c->batch.B, c->updates);
        h->seen[q] = calloc(vfy_shape_size(&s) / 8 + 1, 1);
        if (!h->seen[q]) st = EP_NOMEM;
    }
    if (st != EP_OK) vfy_hearing_close(h);
    return st;
}

void vfy_hearing_take(vfy_hearing *h, vfy_outcome *out)
{
    out->answer = h->answer;
    out->streamed = h->streamed;
    memset(&h->answer, 0, sizeof h->answer);
    h->streamed = NULL;
}

void vfy_outcome_clear(vfy_outcome *o)
{
    vfy_answer_clear(&o->answer);
    free(o->streamed);
    o->streamed = NULL;
}

void vfy_hearing_close(vfy_hearing *h)
{
    vfy_answer_clear(&h->answer);
    if (h->stream) h->streaming->close(h->stream);
    free(h->streamed);
    h->stream = NULL;
    h->streamed = NULL;
    for (int q = 0; q < VFY_N_QUANTITY; q++) free(h->seen[q]);
    memset(h->seen, 0, sizeof h->seen);
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static vfy_heard broken(vfy_hearing *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(h->reason, sizeof h->reason, format, args);
    va_end(args);
    return VFY_BROKEN;
}

static vfy_heard take_streamed(vfy_hearing *h, vfy_quantity q, size_t at, double value, const char *line)
{
    h->count++;
    if (h->stuck) return VFY_MORE;
    ep_status st = h->streaming->take(h->stream, q, at, value);
    if (st == EP_FORMAT) return broken(h, "`%.60s`: this element was already sent, or a later step has begun", line);
    h->stuck = st != EP_OK;
    if (h->stuck) (void)snprintf(h->reason, sizeof h->reason, "the reference stops at `%.60s`: %s", line, ep_status_name(st));
    return VFY_MORE;
}

/* The answer is complete. */
static vfy_heard end_streamed(vfy_hearing *h)
{
    h->streamed = calloc(1, sizeof *h->streamed);
    ep_status st = h->stuck ? EP_OK : h->streamed ? h->streaming->finish(h->stream, h->streamed) : EP_NOMEM;
    if (st != EP_OK) (void)snprintf(h->reason, sizeof h->reason, "the reference does not reach the last step: %s", ep_status_name(st));
    return h->stuck || st != EP_OK ? VFY_UNSUPPORTED : VFY_DONE;
}

static vfy_heard take_got(vfy_hearing *h, char *word[], int n, const char *line)
{
    vfy_quantity q;
    uint64_t bits, v;
    size_t at = 0;
    if (n < 3) return broken(h, "found `%.60s`, expected `got QUANTITY INDICES BITS`", line);
    if (h->c->family == VFY_FAMILY_REJECT) return h->count++, VFY_MORE; /* any number is wrong, whatever it is */
    if (!vfy_quantity_parse(word[1], &q)) return broken(h, "found quantity `%.40s`, which is unknown", word[1]);
    if (!h->answer.q[q] && !(h->stream && h->want >> q & 1)) return broken(h, "found quantity %s, which was not wanted", word[1]);
    vfy_shape s = vfy_quantity_shape(q, &h->c->net, h->c->batch.T, h->c->batch.B, h->c->updates);
    if (n != 3 + s.nd) return broken(h, "`%.60s`: found %d indices, expected %d", line, n - 3, s.nd);
    for (int d = 0; d < s.nd; d++) {
        int from = vfy_axis_from_one(s.axis[d]);
        if (!vfy_integer_parse(word[2 + d], EP_MAX_DIM, &v) || v < (uint64_t)from || v >= (uint64_t)(s.n[d] + from))
            return broken(h, "`%.60s`: index `%.20s`, expected %d to %d", line, word[2 + d], from, s.n[d] - 1 + from);
        at = at * (size_t)s.n[d] + (size_t)v - (size_t)from;
    }
    if (!vfy_bits_parse(h->c->format, word[n - 1], &bits))
        return broken(h, "`%.60s`: expected %d hexadecimal digits in lower case", line, vfy_format_is_short(h->c->format) ? 8 : 16);
    if (h->stream) return take_streamed(h, q, at, vfy_bits_value(h->c->format, bits), line);
    if (h->seen[q][at / 8] >> at % 8 & 1) return broken(h, "`%.60s`: this element was already sent", line);
    h->seen[q][at / 8] = (unsigned char)(h->seen[q][at / 8] | 1u << at % 8);
    double value = vfy_bits_value(h->c->format, bits);
    if (h->c->format == VFY_F32) ((float *)h->answer.q[q])[at] = (float)value;
    else ((double *)h->answer.q[q])[at] = value;
    h->count++;
    return VFY_MORE;
}

vfy_heard vfy_hearing_line(vfy_hearing *h, const char *line)
{
    char copy[MOST_LINE + 1], *word[MOST_WORDS + 1];
    uint64_t count;
    int n = 0;
    size_t len = strlen(line);
    if (len > MOST_LINE) return broken(h, "found a line longer than %d bytes", MOST_LINE);
    for (size_t i = 0; i < len; i++)
        if (line[i] < 0x20 || line[i] > 0x7e) return broken(h, "found byte 0x%02x, expected printable ASCII", (unsigned char)line[i]);
    if (!strncmp(line, "unsupported ", 12)) {
        (void)snprintf(h->reason, sizeof h->reason, "%.150s", line + 12);
        return VFY_UNSUPPORTED;
    }
    memcpy(copy, line, len + 1);
    for (char *w = copy; w && n <= MOST_WORDS; n++) {
        word[n] = w;
        w = strchr(w, ' ');
        if (w) *w++ = '\0';
    }
    if (n > MOST_WORDS) return broken(h, "found `%.60s`, expected `got`, `done` or `unsupported`", line);
    if (!strcmp(word[0], "got")) return take_got(h, word, n, line);
    if (strcmp(word[0], "done") || n != 2 || !vfy_integer_parse(word[1], UINT64_MAX, &count))
        return broken(h, "found `%.60s`, expected `got`, `done COUNT` or `unsupported`", line);
    if (count != h->count) return broken(h, "done %llu, but %zu got lines came", (unsigned long long)count, h->count);
    return h->stream ? end_streamed(h) : VFY_DONE;
}
