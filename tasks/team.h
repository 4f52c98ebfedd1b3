/* team.h: processes that work together by MPI, where the program was built with it and started by mpirun; else one alone.
 *
 *   all members call the same functions in the same order; task_team_next alone may be called at any time
 *
 * SPDX-License-Identifier: MIT */
#ifndef TASK_TEAM_H
#define TASK_TEAM_H

#include <stdbool.h>
#include <stddef.h>

typedef struct task_team {
    int rank, size; /* size 1: nobody else, every function is the identity */
    void *counter;  /* of task_team_next */
    long next;      /* of one that is alone */
} task_team;

/* Can this program work in a team at all. */
bool task_team_built(void);
/* Processes that mpirun has started together, by its environment; 1 without. EPROP_ALONE=1 there: 1. */
int task_team_started(void);
/* Joins the others. false: several were started but this program was built without MPI, or MPI failed. */
bool task_team_join(int *argc, char ***argv, task_team *out);
void task_team_leave(task_team *t);
/* v [n] <- the sum over all members, added up in the same order for all, so that all get the same bits. */
void task_team_sum(const task_team *t, double *v, size_t n);
/* v [n] <- the largest of all members. */
void task_team_most(const task_team *t, int *v, int n);
/* 0, 1, 2, ...: each number to one member. */
long task_team_next(task_team *t);
/* Waits for all. */
void task_team_wait(const task_team *t);

#endif
