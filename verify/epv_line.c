/* epv_line.c: lines and words of a vector file.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "epv_parse.h"

ep_status vfy_reader_fail(vfy_reader *r, ep_status s, long line, const char *format, ...)
{
    if (!r->err || !r->n_err) return s;
    int len = snprintf(r->err, r->n_err, "%s:%ld: ", r->name, line);
    if (len < 0 || (size_t)len >= r->n_err) return s;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(r->err + len, r->n_err - (size_t)len, format, args);
    va_end(args);
    return s;
}

static ep_status end_of_stream(vfy_reader *r, size_t len)
{
    if (ferror(r->f)) return vfy_reader_fail(r, EP_IO, r->line, "cannot read: %s", strerror(errno));
    if (len) return vfy_reader_fail(r, EP_FORMAT, r->line, "the last line has no line feed: the file is cut off");
    r->at_end = true;
    return EP_OK;
}

/* Single blanks separate words; none at either end. */
static ep_status split(vfy_reader *r, size_t len)
{
    memcpy(r->words, r->text, len + 1);
    r->n_words = 0;
    if (len == 0) return EP_OK;
    for (char *s = r->words;; s++) {
        size_t word = strcspn(s, " ");
        if (word == 0) return vfy_reader_fail(r, EP_FORMAT, r->line, "found a blank too many, expected words separated by one");
        if (r->n_words == VFY_MAX_WORDS)
            return vfy_reader_fail(r, EP_FORMAT, r->line, "found more than %d words", VFY_MAX_WORDS);
        r->word[r->n_words++] = s;
        s += word;
        if (!*s) return EP_OK;
        *s = '\0';
    }
}

ep_status vfy_reader_next(vfy_reader *r)
{
    size_t len = 0;
    r->line++;
    for (int ch; (ch = getc(r->f)) != '\n';) {
        if (ch == EOF) return end_of_stream(r, len);
        if (ch == '\r') return vfy_reader_fail(r, EP_FORMAT, r->line, "found a carriage return, expected lines ended by LF alone");
        if (ch < 0x20 || ch > 0x7e)
            return vfy_reader_fail(r, EP_FORMAT, r->line, "found byte 0x%02x, expected printable ASCII", (unsigned)ch);
        if (len == VFY_EPV_MAX_LINE)
            return vfy_reader_fail(r, EP_FORMAT, r->line, "found a line longer than %d bytes", VFY_EPV_MAX_LINE);
        r->text[len++] = (char)ch;
    }
    r->text[len] = '\0';
    if (r->hashing) {
        vfy_sha256_add(&r->sha, r->text, len);
        vfy_sha256_add(&r->sha, "\n", 1);
    }
    if (r->text[0] == '#' && !r->hashing) { /* a comment between cases */
        r->n_words = 0;
        return EP_OK;
    }
    return split(r, len);
}

bool vfy_integer_parse(const char *s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (!*s || (s[0] == '0' && s[1])) return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9') return false;
        uint64_t digit = (uint64_t)(*s - '0');
        if (v > (max - digit) / 10 || digit > max) return false;
        v = 10 * v + digit;
    }
    *out = v;
    return true;
}
