/* Processes that work together.
 * SPDX-License-Identifier: MIT */
#include "team.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int task_team_started(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"};
    const char *alone = getenv("EPROP_ALONE");
    if (alone && strcmp(alone, "1") == 0) return 1;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const char *text = getenv(names[k]);
        long n = text ? strtol(text, NULL, 10) : 0;
        if (n > 1 && n < INT_MAX) return (int)n;
    }
    return 1;
}

#ifdef TASK_MPI
#include <mpi.h>

typedef struct counter {
    MPI_Win window;
    long *value;
} counter;

bool task_team_built(void) { return true; }

static bool make_counter(task_team *t)
{
    counter *c = malloc(sizeof *c);
    if (!c) return false;
    MPI_Aint bytes = t->rank == 0 ? (MPI_Aint)sizeof(long) : 0;
    if (MPI_Win_allocate(bytes, sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &c->value, &c->window) != MPI_SUCCESS) {
        free(c);
        return false;
    }
    if (t->rank == 0) {
        (void)MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, c->window);
        *c->value = 0;
        (void)MPI_Win_unlock(0, c->window);
    }
    (void)MPI_Barrier(MPI_COMM_WORLD);
    t->counter = c;
    return true;
}

bool task_team_join(int *argc, char ***argv, task_team *out)
{
    int provided;
    *out = (task_team){.size = 1};
    if (task_team_started() < 2) return true;
    if (MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return false;
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &out->rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &out->size);
    return out->size < 2 || make_counter(out);
}

void task_team_leave(task_team *t)
{
    int started = 0;
    counter *c = t->counter;
    (void)MPI_Initialized(&started);
    if (c) (void)MPI_Win_free(&c->window);
    free(c);
    if (started) (void)MPI_Finalize();
    *t = (task_team){.size = 1};
}

/* To one, who tells the others: an Allreduce may add up in another order on each. */
void task_team_sum(const task_team *t, double *v, size_t n)
{
    const size_t most = 1 << 24;
    for (size_t at = 0; t->size > 1 && at < n; at += most) {
        int part = (int)(n - at < most ? n - at : most);
        (void)MPI_Reduce(t->rank == 0 ? MPI_IN_PLACE : v + at, v + at, part, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
        (void)MPI_Bcast(v + at, part, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    }
}

void task_team_most(const task_team *t, int *v, int n)
{
    if (t->size > 1) (void)MPI_Allreduce(MPI_IN_PLACE, v, n, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
}

long task_team_next(task_team *t)
{
    const long one = 1;
    long mine = 0;
    counter *c = t->counter;
    if (!c) return t->next++;
    (void)MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, c->window);
    (void)MPI_Fetch_and_op(&one, &mine, MPI_LONG, 0, 0, MPI_SUM, c->window);
    (void)MPI_Win_unlock(0, c->window);
    return mine;
}

void task_team_wait(const task_team *t)
{
    if (t->size > 1) (void)MPI_Barrier(MPI_COMM_WORLD);
}

#else

bool task_team_built(void) { return false; }

bool task_team_join(int *argc, char ***argv, task_team *out)
{
    (void)argc;
    (void)argv;
    *out = (task_team){.size = 1};
    return task_team_started() < 2;
}

void task_team_leave(task_team *t) { *t = (task_team){.size = 1}; }

void task_team_sum(const task_team *t, double *v, size_t n)
{
    (void)t;
    (void)v;
    (void)n;
}

void task_team_most(const task_team *t, int *v, int n)
{
    (void)t;
    (void)v;
    (void)n;
}

long task_team_next(task_team *t) { return t->next++; }

void task_team_wait(const task_team *t) { (void)t; }

#endif
