/* Refused memory.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "starve.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

/* Blocks that are out, by address: others' blocks (getline, open_memstream) pass through free as well. */
enum { SLOTS = 1 << 20 };
static void *held[SLOTS];
static size_t n_held, asked, refuse_at;
static bool armed, refuse_all;
static pid_t who; /* a child that a port runs in is not starved */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static size_t slot_of(const void *p) /* where p is, or the free place where it belongs */
{
    size_t k = (size_t)(((uintptr_t)p >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 44);
    while (held[k] && held[k] != p) k = (k + 1) % SLOTS;
    return k;
}
static void note(void *p)
{
    if (!p || n_held > SLOTS / 2) return;
    held[slot_of(p)] = p;
    n_held++;
}
static void forget(const void *p)
{
    size_t k = slot_of(p);
    if (!p || !held[k]) return;
    held[k] = NULL;
    n_held--;
    for (size_t next = (k + 1) % SLOTS; held[next]; next = (next + 1) % SLOTS) { /* close the gap */
        void *moved = held[next];
        held[next] = NULL;
        held[slot_of(moved)] = moved;
    }
}
static bool refused(void) /* under the lock */
{
    if (!armed || getpid() != who) return false;
    asked++;
    return refuse_at && (refuse_all ? asked >= refuse_at : asked == refuse_at);
}

void *__wrap_malloc(size_t n)
{
    pthread_mutex_lock(&lock);
    void *p = refused() ? NULL : __real_malloc(n);
    if (armed) note(p);
    pthread_mutex_unlock(&lock);
    return p;
}
void *__wrap_calloc(size_t n, size_t size)
{
    pthread_mutex_lock(&lock);
    void *p = refused() ? NULL : __real_calloc(n, size);
    if (armed) note(p);
    pthread_mutex_unlock(&lock);
    return p;
}
void *__wrap_realloc(void *old, size_t n)
{
    pthread_mutex_lock(&lock);
    void *p = NULL;
    if (!refused()) {
        if (armed) forget(old);
        p = __real_realloc(old, n);
        if (armed) note(p);
    }
    pthread_mutex_unlock(&lock);
    return p;
}
char *__wrap_strdup(const char *s)
{
    char *p = __wrap_malloc(strlen(s) + 1);
    return p ? strcpy(p, s) : NULL;
}
void __wrap_free(void *p)
{
    pthread_mutex_lock(&lock);
    if (armed) forget(p);
    __real_free(p);
    pthread_mutex_unlock(&lock);
}

static ep_status run(starve_work work, const void *of, size_t at, bool all, size_t *left)
{
    memset(held, 0, sizeof held);
    n_held = asked = 0, refuse_at = at, refuse_all = all, who = getpid(), armed = true;
    ep_status st = work(of);
    armed = false;
    *left = n_held;
    return st;
}

starve_report starve(starve_work work, const void *of, size_t most)
{
    starve_report r = {0};
    size_t left;
    r.first = run(work, of, 0, false, &left);
    r.requests = asked;
    r.leaks = left > 0;
    size_t singly = r.requests < most ? r.requests : most / 2;
    for (int all = 0; all < 2; all++)
        for (size_t k = 1; k <= r.requests; k += k <= singly ? 1 : 1 + (r.requests - singly) / (most - singly)) {
            ep_status st = run(work, of, k, all, &left);
            bool survived = st == EP_OK, other = !survived && st != EP_NOMEM;
            r.refused++, r.survived += survived, r.other += other, r.leaks += left > 0;
            if ((survived || other || left) && !r.worst) r.worst = k, r.status = st;
        }
    return r;
}
