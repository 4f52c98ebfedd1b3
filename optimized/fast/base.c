/* Processor features, flush-to-zero, threads.
 * SPDX-License-Identifier: MIT */
#include "fast.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const char *const isa_names[FAST_N_ISA] = {"base", "avx2", "avx512"};

const char *fast_isa_name(fast_isa isa) { return isa_names[isa]; }

static fast_isa isa_of_processor(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool bmi = __builtin_cpu_supports("bmi");
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && bmi)
        return FAST_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && bmi) return FAST_AVX2;
#endif
    return FAST_BASE;
}

fast_isa fast_isa_chosen(void)
{
    fast_isa has = isa_of_processor();
    const char *wish = getenv("EPROP_FAST_ISA");
    for (int k = 0; wish && k < (int)has; k++)
        if (strcmp(wish, isa_names[k]) == 0) return (fast_isa)k;
    return has;
}

/* ---- subnormal numbers ----------------------------------------------------------------------------- */

#if defined(__x86_64__)
#include <xmmintrin.h>
enum { FTZ_DAZ = 0x8040 };

fast_ftz fast_ftz_enter(void)
{
    fast_ftz was = {_mm_getcsr()};
    _mm_setcsr((unsigned)was.saved | FTZ_DAZ);
    return was;
}

/* Exception flags raised meanwhile stay raised, as after any arithmetic. */
void fast_ftz_leave(fast_ftz was)
{
    _mm_setcsr((_mm_getcsr() & ~(unsigned)FTZ_DAZ) | ((unsigned)was.saved & FTZ_DAZ));
}

const char *fast_ftz_name(void) { return "FTZ and DAZ inside calls"; }
#elif defined(__aarch64__)
enum { FPCR_FZ = 1 << 24 };

fast_ftz fast_ftz_enter(void)
{
    fast_ftz was;
    __asm__ volatile("mrs %0, fpcr" : "=r"(was.saved));
    __asm__ volatile("msr fpcr, %0" : : "r"(was.saved | FPCR_FZ));
    return was;
}

void fast_ftz_leave(fast_ftz was) { __asm__ volatile("msr fpcr, %0" : : "r"(was.saved)); }

const char *fast_ftz_name(void) { return "FZ inside calls"; }
#else
fast_ftz fast_ftz_enter(void) { return (fast_ftz){0}; }
void fast_ftz_leave(fast_ftz was) { (void)was; }
const char *fast_ftz_name(void) { return "subnormal numbers kept"; }
#endif

/* ---- threads ---------------------------------------------------------------------------------------- */

typedef struct crew {
    fast_work *work;
    void *arg;
    size_t count;
    atomic_size_t next;
} crew;

typedef struct worker {
    crew *all;
    size_t lane;
    pthread_t id;
    bool runs;
} worker;

static void *worker_run(void *arg)
{
    const worker *w = arg;
    fast_ftz was = fast_ftz_enter();
    for (size_t n = atomic_fetch_add(&w->all->next, 1); n < w->all->count; n = atomic_fetch_add(&w->all->next, 1))
        w->all->work(w->all->arg, n, w->lane);
    fast_ftz_leave(was);
    return NULL;
}

void fast_parallel(fast_work *work, void *arg, size_t count, size_t threads)
{
    crew all = {.work = work, .arg = arg, .count = count};
    worker w[FAST_MOST_THREADS];
    size_t n = threads < count ? threads : count;
    atomic_init(&all.next, 0);
    if (n > FAST_MOST_THREADS) n = FAST_MOST_THREADS;
    for (size_t k = 0; k < n || k == 0; k++) w[k] = (worker){.all = &all, .lane = k};
    for (size_t k = 1; k < n; k++) w[k].runs = pthread_create(&w[k].id, NULL, worker_run, &w[k]) == 0;
    (void)worker_run(&w[0]);
    for (size_t k = 1; k < n; k++)
        if (w[k].runs) (void)pthread_join(w[k].id, NULL);
}
