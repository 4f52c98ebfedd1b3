/* port_run.c: the conversation with a port: several cases ahead of its answers, one deadline for each answer, and a new
 * start after a crash.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "port.h"

enum { AHEAD = 8, LINE = 1100, CHUNK = 65536 };

typedef struct talk {
    const vfy_port_args *a;
    const vfy_epv_case *const *cases;
    size_t n, sent, heard; /* cases: to send, to hear */
    vfy_claims *claims;
    vfy_done done;
    void *user;
    vfy_child child;
    bool greeted, ready;
    int answers;           /* of the case in hand, already heard */
    char *out;             /* not yet written */
    size_t out_len, out_at;
    char line[LINE];
    size_t line_len;
    vfy_hearing h;
    bool listening;        /* h is open */
    double since;          /* when the last answer was complete */
    char reason[400];      /* why the port broke */
} talk;

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool outside(const talk *k, size_t i, char *why, size_t n)
{
    const vfy_epv_case *c = k->cases[i];
    if (!vfy_claims_cover(k->claims, c, why, n)) return true;
    if (c->n_want || c->family == VFY_FAMILY_REJECT || (k->a->streaming && vfy_is_streamable(c))) return false;
    (void)snprintf(why, n, "the case expects nothing, and cannot be judged while its answer comes: only e-prop 1 with one trial can, by a judge with a reference");
    return true;
}

static uint64_t want_of(const talk *k, size_t i)
{
    const vfy_epv_case *c = k->cases[i];
    uint64_t reject = UINT64_C(1) << VFY_Q_LOSS;
    return c->family == VFY_FAMILY_REJECT ? reject : vfy_asked(c) & k->claims->quantities;
}

/* ---- sending -------------------------------------------------------------------------------------------------------- */

static ep_status queue(talk *k, const char *text, size_t len)
{
    char *p = realloc(k->out, k->out_len + len + 1);
    if (!p) return EP_NOMEM;
    memcpy(p + k->out_len, text, len);
    k->out = p;
    k->out_len += len;
    return EP_OK;
}

/* Queues cases until AHEAD are unanswered. */
static ep_status queue_cases(talk *k)
{
    ep_status st = EP_OK;
    for (; st == EP_OK && k->sent < k->n && k->sent < k->heard + AHEAD; k->sent++) {
        char *text = NULL, why[160];
        size_t size = 0;
        if (outside(k, k->sent, why, sizeof why)) continue;
        FILE *m = open_memstream(&text, &size);
        if (!m) return EP_NOMEM;
        st = vfy_case_print(m, k->cases[k->sent], want_of(k, k->sent));
        if (k->a->after) fprintf(m, "%s", k->a->after);
        if (fclose(m) && st == EP_OK) st = EP_NOMEM;
        if (st == EP_OK) st = queue(k, text, size);
        free(text);
    }
    return st;
}

static void write_some(talk *k)
{
    while (k->out_at < k->out_len) {
        ssize_t w = write(k->child.to, k->out + k->out_at, k->out_len - k->out_at);
        if (w <= 0) break; /* full, or the port closed it: reading will tell */
        k->out_at += (size_t)w;
    }
    if (k->out_at == k->out_len) k->out_at = k->out_len = 0;
}

/* ---- hearing -------------------------------------------------------------------------------------------------------- */

static void finish_case(talk *k, vfy_end end, const char *reason)
{
    vfy_outcome o = {.end = end, .seconds = now() - k->since};
    if (reason) (void)snprintf(o.reason, sizeof o.reason, "%s", reason);
    if (k->listening) {
        if (end == VFY_ANSWERED) vfy_hearing_take(&k->h, &o);
        vfy_hearing_close(&k->h);
        k->listening = false;
    }
    k->done(k->user, k->heard++, &o);
    k->answers = 0;
    k->since = now();
}

/* Cases that are not shown to the port are over at once. */
static void skip_outside(talk *k)
{
    char why[160];
    while (k->heard < k->n && outside(k, k->heard, why, sizeof why)) finish_case(k, VFY_OUTSIDE, why);
    if (k->sent < k->heard) k->sent = k->heard;
}

static ep_status hear_greeting(talk *k, const char *line, bool *broke)
{
    if (!k->greeted) {
        vfy_claims p;
        *broke = vfy_claims_parse(line, &p, k->reason, sizeof k->reason) != EP_OK;
        if (!*broke) *k->claims = p;
        k->greeted = true;
        return EP_OK;
    }
    *broke = strcmp(line, "ready") != 0;
    if (*broke) (void)snprintf(k->reason, sizeof k->reason, "found `%.60s`, expected `ready`", line);
    k->ready = !*broke;
    k->since = now();
    skip_outside(k);
    return k->ready ? queue_cases(k) : EP_OK;
}

static ep_status hear_line(talk *k, const char *line, bool *broke)
{
    if (!k->ready) return hear_greeting(k, line, broke);
    if (!k->listening) {
        ep_status st = vfy_hearing_open(&k->h, k->cases[k->heard], want_of(k, k->heard), k->a->streaming);
        if (st != EP_OK) return st;
        k->listening = true;
    }
    vfy_heard heard = vfy_hearing_line(&k->h, line);
    if (k->h.stream) k->since = now(); /* long answers, and the reference's time is not the port's: silence counts */
    if (heard == VFY_MORE) return EP_OK;
    if (heard == VFY_BROKEN) {
        (void)snprintf(k->reason, sizeof k->reason, "%s", k->h.reason);
        *broke = true;
        return EP_OK;
    }
    if (heard == VFY_DONE && k->a->after && k->answers++ == 0) {
        vfy_hearing_close(&k->h);
        k->listening = false;
        return EP_OK;
    }
    char why[200];
    (void)snprintf(why, sizeof why, "%s%s", k->h.stuck || k->h.streamed ? "" : "declined: ", k->h.reason);
    finish_case(k, heard == VFY_DONE ? VFY_ANSWERED : VFY_DECLINED, heard == VFY_DONE ? NULL : why);
    skip_outside(k);
    return queue_cases(k);
}

static bool over(const talk *k) { return k->ready && k->heard >= k->n; }

/* Reads what is there; *broke: the port ended or said something wrong. What comes after the last answer is nobody's: whether it is still
 * read is a matter of time. */
static ep_status read_some(talk *k, bool *broke)
{
    char buf[CHUNK];
    ssize_t got = read(k->child.from, buf, sizeof buf);
    ep_status st = EP_OK;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return EP_OK;
    if (got <= 0) {
        (void)snprintf(k->reason, sizeof k->reason, "it closed its output");
        *broke = true;
        return EP_OK;
    }
    for (ssize_t i = 0; i < got && st == EP_OK && !*broke && !over(k); i++) {
        if (buf[i] == '\n') {
            k->line[k->line_len] = '\0';
            k->line_len = 0;
            st = hear_line(k, k->line, broke);
        } else if (buf[i] == '\0' || k->line_len + 1 >= sizeof k->line) {
            (void)snprintf(k->reason, sizeof k->reason, buf[i] ? "found a line longer than %d bytes" : "found a NUL byte", LINE - 1);
            *broke = true;
        } else {
            k->line[k->line_len++] = buf[i];
        }
    }
    return st;
}

/* ---- the conversation ------------------------------------------------------------------------------------------------ */

/* Talks until every case is answered or the port breaks. */
static ep_status converse(talk *k, bool *broke)
{
    ep_status st = EP_OK;
    while (st == EP_OK && !*broke && !over(k)) {
        double left = k->a->timeout - (now() - k->since);
        if (left <= 0) {
            (void)snprintf(k->reason, sizeof k->reason, "no answer within %g s", k->a->timeout);
            *broke = true;
            break;
        }
        struct pollfd p[2] = {{k->child.from, POLLIN, 0}, {k->out_len > k->out_at ? k->child.to : -1, POLLOUT, 0}};
        if (poll(p, 2, left > 1 ? 1000 : (int)(1000 * left) + 1) < 0 && errno != EINTR) return EP_IO;
        if (p[1].revents) write_some(k);
        if (p[0].revents) st = read_some(k, broke);
        if (st == EP_OK && !*broke && (p[1].revents & (POLLERR | POLLHUP)) && !p[0].revents) {
            (void)snprintf(k->reason, sizeof k->reason, "it closed its input");
            *broke = true;
        }
    }
    return st;
}

static ep_status one_life(talk *k, char *err, size_t n, bool *broke)
{
    char how[256], why[400];
    k->greeted = k->ready = k->listening = *broke = false;
    k->out_len = k->out_at = k->line_len = 0;
    k->answers = 0;
    k->sent = k->heard;
    double cpu = k->a->timeout * ((double)(k->n - k->heard) + 2);
    ep_status st = vfy_child_start(k->a, cpu > 36000 ? 36000 : cpu, &k->child, err, n);
    if (st != EP_OK) return st;
    k->since = now();
    st = queue(k, "eprop 1\n", 8);
    if (st == EP_OK) st = converse(k, broke);
    if (st == EP_OK && !*broke && write(k->child.to, "bye\n", 4) < 0) errno = 0;
    bool timed_out = *broke && !strncmp(k->reason, "no answer", 9);
    vfy_child_end(&k->child, *broke ? (timed_out ? 0 : 0.2) : 1.0, how, sizeof how);
    if (!*broke || st != EP_OK) return st;
    (void)snprintf(why, sizeof why, "%.220s (%.170s)", k->reason, how);
    if (!k->ready) {
        if (n) (void)snprintf(err, n, "the port did not get as far as `ready`: %s", why);
        return EP_PORT;
    }
    finish_case(k, VFY_BROKE, why);
    skip_outside(k);
    return EP_OK;
}

ep_status vfy_port_run(const vfy_port_args *a, const vfy_epv_case *const *cases, size_t n, vfy_claims *claims, vfy_done done,
                       void *user, char *err, size_t n_err)
{
    if (n_err) err[0] = '\0';
    if (a->way == VFY_WAY_RESPONSE) return vfy_response_run(a, cases, n, claims, done, user, err, n_err);
    talk *k = calloc(1, sizeof *k);
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    if (!k) return EP_NOMEM;
    *k = (talk){.a = a, .cases = cases, .n = n, .claims = claims, .done = done, .user = user};
    (void)sigaction(SIGPIPE, &ignore, &before);
    ep_status st = EP_OK;
    bool broke = true;
    while (st == EP_OK && broke) {
        st = one_life(k, err, n_err, &broke);
        if (st == EP_OK && k->heard >= k->n) break;
    }
    if (k->listening) vfy_hearing_close(&k->h);
    (void)sigaction(SIGPIPE, &before, NULL);
    free(k->out);
    free(k);
    return st;
}
