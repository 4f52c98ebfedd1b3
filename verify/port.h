/* port.h: ports under test: what they claim, how they are reached, how they are judged.
 *
 * All ways in meet in the lines of PROTOCOL.md: a command speaks them itself, a shared object is spoken for by a child
 * process of this program, a response file holds them.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_PORT_H
#define VFY_PORT_H

#include "stream.h"

typedef struct vfy_claims {
    char name[33], version[33];
    uint64_t formats, models, rules, losses, quantities, given; /* bits */
    char profile[4][17]; /* hashes of profile files; "": none */
    int max_in, max_rec, max_out, max_T, max_B;          /* 0: no limit */
    bool set, contract;
} vfy_claims;

/* Takes one `port` line. EP_PORT: err says what was found and expected. */
EP_MUST_USE ep_status vfy_claims_parse(const char *line, vfy_claims *out, char *err, size_t n);
/* Is the case inside the claims? If not, why (n bytes) names the first thing that is outside. */
bool vfy_claims_cover(const vfy_claims *p, const vfy_epv_case *c, char *why, size_t n);
/* The `port` line of these claims, without its line feed. */
void vfy_claims_print(FILE *f, const vfy_claims *p);

/* A case as it is sent, from `case` to `end`; want: bits of quantities. */
EP_MUST_USE ep_status vfy_case_print(FILE *f, const vfy_epv_case *c, uint64_t want);

/* ---- answers --------------------------------------------------------------------------------------------------- */

/* One answer while its lines come in. */
typedef enum vfy_heard { VFY_MORE, VFY_DONE, VFY_UNSUPPORTED, VFY_BROKEN } vfy_heard;
typedef struct vfy_hearing {
    const vfy_epv_case *c;
    uint64_t want;
    vfy_answer answer;
    unsigned char *seen[VFY_N_QUANTITY];
    size_t count;
    const vfy_streaming *streaming; /* with stream: lines are judged as they come */
    vfy_stream *stream;
    vfy_streamed *streamed;         /* the result, from `done` on */
    bool stuck;                     /* the reference could not go on: the rest is only counted */
    char reason[160]; /* of unsupported or broken */
} vfy_hearing;
/* streaming (may be NULL): for cases that expect nothing and can be judged as their answers come. */
EP_MUST_USE ep_status vfy_hearing_open(vfy_hearing *h, const vfy_epv_case *c, uint64_t want, const vfy_streaming *streaming);
vfy_heard vfy_hearing_line(vfy_hearing *h, const char *line);
struct vfy_outcome;
/* Moves what was heard into the outcome; what is left is freed by vfy_hearing_close. */
void vfy_hearing_take(vfy_hearing *h, struct vfy_outcome *out);
void vfy_hearing_close(vfy_hearing *h);

/* ---- running ------------------------------------------------------------------------------------------------------- */

typedef enum vfy_way { VFY_WAY_COMMAND, VFY_WAY_PLUGIN, VFY_WAY_RESPONSE, VFY_WAY_FUNCTION } vfy_way;

typedef struct vfy_port_args {
    vfy_way way;
    const char *target;        /* command, path */
    int (*function)(void *user); /* VFY_WAY_FUNCTION: the port's main, run in a child with its stdin and stdout */
    void *user;
    double timeout;            /* seconds for one answer */
    long memory_mb;            /* 0: no limit */
    const vfy_streaming *streaming; /* NULL: none */
    const char *after;         /* lines sent behind every case, e.g. set and step; the answer to them is the outcome */
} vfy_port_args;

typedef enum vfy_end { VFY_ANSWERED, VFY_OUTSIDE /* of the claims */, VFY_DECLINED, VFY_ABSENT, VFY_BROKE } vfy_end;
typedef struct vfy_outcome {
    vfy_end end;
    char reason[400];
    vfy_answer answer; /* VFY_ANSWERED: the callback owns it */
    vfy_streamed *streamed; /* judged while it came, or NULL; likewise owned */
    double seconds;
} vfy_outcome;
void vfy_outcome_clear(vfy_outcome *o);
typedef void (*vfy_done)(void *user, size_t i, vfy_outcome *o);

/* Shows the port every case it claims, several ahead of its answers; a port that dies or is too slow is started again
 * with the next case. done is called once for each case, in order. EP_PORT: it never got as far as `ready`, err says
 * why, and no case was shown; EP_IO: it cannot be started. Children run with limits on time, memory, and file sizes, in
 * an empty directory, without inherited descriptors; their stderr is kept for messages. */
EP_MUST_USE ep_status vfy_port_run(const vfy_port_args *a, const vfy_epv_case *const *cases, size_t n, vfy_claims *claims,
                                   vfy_done done, void *user, char *err, size_t n_err);

/* ---- a child process ------------------------------------------------------------------------------------------------- */

typedef struct vfy_child {
    long pid;          /* 0: none */
    int to, from, err; /* descriptors: its stdin, its stdout, and a file that holds its stderr */
    char dir[64];      /* its working directory */
} vfy_child;
EP_MUST_USE ep_status vfy_child_start(const vfy_port_args *a, double cpu_seconds, vfy_child *out, char *err, size_t n);
/* Ends it and all that it started, and says how it ended: "exit code 3", "signal 11", "killed". patience: seconds it may
 * take to end by itself. The last line of its stderr goes behind. */
void vfy_child_end(vfy_child *c, double patience, char *how, size_t n);

/* Speaks the lines for a shared object on stdin and stdout until `bye`. Returns an exit code. */
int vfy_host(const char *path, FILE *in, FILE *out, FILE *err);

/* Reads all answers of a response file. */
EP_MUST_USE ep_status vfy_response_run(const vfy_port_args *a, const vfy_epv_case *const *cases, size_t n, vfy_claims *claims,
                                       vfy_done done, void *user, char *err, size_t n_err);

#endif
