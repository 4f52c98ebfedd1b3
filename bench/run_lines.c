/* run_lines.c: other programs as subjects. A port speaks the lines of verify/PROTOCOL.md and is timed from outside, reading
 * and printing included: what one case costs its user. A peer is started with a vector file, times itself, and prints what it
 * found: `seconds S` of one gradient, `got` lines as a port's, `done COUNT`.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case_text.h"
#include "runner.h"

typedef struct talk {
    pid_t pid;
    FILE *to, *from; /* to: NULL for a peer */
    bool f64, has_z;
    char *line, file[4200];
    size_t cap;
} talk;

/* ---- a process ------------------------------------------------------------------------------------------------------- */

static void child(const runner *r, const talk *t, const int in[2], const int out[2])
{
    char text[8192];
    if (snprintf(text, sizeof text, "exec %s%s%s", r->command, t->file[0] ? " " : "", t->file) >= (int)sizeof text) _exit(127);
    if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0) _exit(127);
    (void)close(in[1]);
    (void)close(out[0]);
    execl("/bin/sh", "sh", "-c", text, (char *)NULL);
    _exit(127);
}

static ep_status start(runner *r, talk *t, char why[BENCH_WHY])
{
    int in[2], out[2];
    (void)signal(SIGPIPE, SIG_IGN);
    if (pipe(in) != 0 || pipe(out) != 0) return bench_say(why, "%s: cannot make a pipe: %s", r->name, strerror(errno)), EP_IO;
    t->pid = fork();
    if (t->pid == 0) child(r, t, in, out);
    (void)close(in[0]);
    (void)close(out[1]);
    if (t->pid < 0) return bench_say(why, "%s: cannot start a process: %s", r->name, strerror(errno)), EP_IO;
    t->to = fdopen(in[1], "w");
    t->from = fdopen(out[0], "r");
    return t->to && t->from ? EP_OK : EP_NOMEM;
}

/* Its next line without the end; NULL: there is none. */
static char *next(talk *t)
{
    ssize_t n = t->from ? getline(&t->line, &t->cap, t->from) : -1;
    if (n <= 0) return NULL;
    if (t->line[n - 1] == '\n') t->line[n - 1] = '\0';
    return t->line;
}

static void finish(talk *t)
{
    int status;
    if (t->to) (void)fclose(t->to);
    if (t->from) (void)fclose(t->from);
    t->to = t->from = NULL;
    while (t->pid > 0 && waitpid(t->pid, &status, 0) < 0 && errno == EINTR) continue;
    t->pid = 0;
}

static void close_talk(runner *r)
{
    talk *t = r->own;
    if (t->to) (void)fputs("bye\n", t->to);
    finish(t);
    free(t->line);
    if (t->file[0]) (void)unlink(t->file);
    free(t);
}

/* got lines up to `done COUNT`; each of them into g and z. */
static ep_status answer(runner *r, talk *t, char why[BENCH_WHY])
{
    size_t steps = (size_t)r->k->N * (size_t)r->k->T * (size_t)r->k->B;
    long count = 0, said;
    double seconds;
    signed char *z = t->has_z ? malloc(steps + 1) : NULL;
    bool spikes = false;
    if (t->has_z && !z) return EP_NOMEM;
    free(r->z);
    r->z = z;
    if (z) memset(z, r->times_itself ? 0 : -1, steps); /* of a peer's spikes those alone that are 1 may be sent */
    for (size_t i = 0; i < r->n; i++) r->g[i] = 0;
    for (const char *line; (line = next(t));) {
        if (sscanf(line, "done %ld", &said) == 1) {
            if (r->times_itself && !spikes) {
                free(r->z);
                r->z = NULL;
            }
            if (said == count && count > 0) return EP_OK;
            return bench_say(why, "%s: found 'done %ld' after %ld numbers", r->name, said, count), EP_FORMAT;
        }
        if (strncmp(line, "unsupported ", 12) == 0) return bench_say(why, "%s: %.300s", r->name, line), EP_NOTIMPL;
        if (r->times_itself && sscanf(line, "seconds %lf", &seconds) == 1) {
            r->seconds = seconds;
            continue;
        }
        if (r->times_itself && sscanf(line, "memory_mb %lf", &r->peak_mb) == 1) continue;
        char inner[BENCH_WHY];
        ep_status st = bench_case_got(line, r->k, r->s, t->f64, r->g, r->z, inner);
        if (st != EP_OK) return bench_say(why, "%s: %.400s", r->name, inner), st;
        count++;
        spikes = spikes || strncmp(line, "got z ", 6) == 0;
    }
    return bench_say(why, "%s: '%.200s' ended without its done line", r->name, r->command), EP_IO;
}

/* ---- a port -------------------------------------------------------------------------------------------------------- */

static ep_status ask(runner *r, char why[BENCH_WHY])
{
    talk *t = r->own;
    if (!bench_case_send(t->to, r->k, r->s, t->f64, t->has_z ? "z,dWin,dWrec,db,dWout,dbout" : "dWin,dWrec,db,dWout,dbout"))
        return bench_say(why, "%s: '%.200s' does not read", r->name, r->command), EP_IO;
    return answer(r, t, why);
}

static ep_status nothing(runner *r, char why[BENCH_WHY])
{
    (void)r;
    (void)why;
    return EP_OK;
}

/* Is `word` one of the names after KEY= in the port line? `eprop1` stands for its rules. */
static bool claims(const char *line, const char *key, const char *word)
{
    char want[40];
    snprintf(want, sizeof want, " %s=", key);
    const char *at = strstr(line, want);
    for (at = at ? at + strlen(want) : ""; *at && *at != ' '; at += *at == ',') {
        size_t n = strcspn(at, ", ");
        if ((strlen(word) == n && strncmp(at, word, n) == 0) || (n == 6 && strncmp(at, "eprop1", 6) == 0 && strncmp(word, "eprop1-", 7) == 0)) return true;
        at += n;
    }
    return false;
}

/* KEY=NUMBER in the port line is a limit that v does not pass; no limit if it is not there. */
static bool within(const char *line, const char *key, int v)
{
    char want[40];
    snprintf(want, sizeof want, " %s=", key);
    const char *at = strstr(line, want);
    return !at || v <= atoi(at + strlen(want));
}

static ep_status greet(runner *r, talk *t, char why[BENCH_WHY])
{
    const char *line = fputs("eprop 1\n", t->to) >= 0 && fflush(t->to) == 0 ? next(t) : NULL;
    if (!line || strncmp(line, "port ", 5) != 0)
        return bench_say(why, "%s: '%.200s' said '%.60s', expected a port line", r->name, r->command, line ? line : "nothing"), EP_DOMAIN;
    bool f32 = claims(line, "formats", "f32"), fits = claims(line, "models", ep_model_name(r->k->model)) && claims(line, "rules", ep_rule_name(r->k->rule));
    t->f64 = !f32;
    t->has_z = ep_model_spikes(r->k->model) && claims(line, "quantities", "z");
    if (!f32 && !claims(line, "formats", "f64")) fits = false;
    for (int g = 0; g < 5; g++) fits = fits && claims(line, "quantities", ((const char *const[]){"dWin", "dWrec", "db", "dWout", "dbout"})[g]);
    fits = fits && within(line, "max_in", r->k->n_in) && within(line, "max_rec", r->k->N) && within(line, "max_out", r->k->n_out) &&
           within(line, "max_T", r->k->T) && within(line, "max_B", r->k->B);
    if (!fits) return bench_say(why, "%s: does not claim format, model, rule, gradients or size of this case", r->name), EP_NOTIMPL;
    line = next(t);
    if (!line || strcmp(line, "ready") != 0) return bench_say(why, "%s: said '%.60s', expected ready", r->name, line ? line : "nothing"), EP_DOMAIN;
    return EP_OK;
}

ep_status bench_open_lines(runner *r, char why[BENCH_WHY])
{
    talk *t = r->own = calloc(1, sizeof *t);
    if (!t) return EP_NOMEM;
    ep_status st = start(r, t, why);
    if (st == EP_OK) st = greet(r, t, why);
    r->once = ask;
    r->fetch = nothing; /* every answer was read where it came */
    r->close = close_talk;
    if (st != EP_OK) close_talk(r);
    return st;
}

/* ---- a peer ------------------------------------------------------------------------------------------------------- */

static ep_status run_peer(runner *r, char why[BENCH_WHY])
{
    talk *t = r->own;
    struct rusage u = {0};
    ep_status st = start(r, t, why);
    if (t->to) (void)fclose(t->to);
    t->to = NULL;
    if (st == EP_OK) st = answer(r, t, why);
    finish(t);
    if (st == EP_OK && !(r->seconds > 0)) return bench_say(why, "%s: '%.200s' printed no line 'seconds S'", r->name, r->command), EP_FORMAT;
    if (st == EP_OK && !(r->peak_mb > 0) && getrusage(RUSAGE_CHILDREN, &u) == 0) r->peak_mb = (double)u.ru_maxrss / 1024;
    return st;
}

ep_status bench_open_peer(runner *r, char why[BENCH_WHY])
{
    talk *t = r->own = calloc(1, sizeof *t);
    const char *tmp = getenv("TMPDIR");
    if (!t) return EP_NOMEM;
    r->once = run_peer;
    r->fetch = nothing;
    r->close = close_talk;
    r->times_itself = true;
    t->has_z = ep_model_spikes(r->k->model);
    snprintf(t->file, sizeof t->file, "%.4000s/eprop-case-%ld.epv", tmp && *tmp ? tmp : "/tmp", (long)getpid());
    FILE *f = fopen(t->file, "w");
    bool good = f && bench_case_file(f, r->k, r->s, false);
    if (f) good = fclose(f) == 0 && good;
    if (good) return EP_OK;
    bench_say(why, "%.400s: cannot write: %s", t->file, strerror(errno));
    close_talk(r);
    return EP_IO;
}
