/* folder.h: folders of data that a user supplies, read in an order that does not depend on the machine.
 * SPDX-License-Identifier: MIT */
#ifndef TASK_FOLDER_H
#define TASK_FOLDER_H

#include "eprop.h"

bool task_is_folder(const char *path);

typedef ep_status task_folder_visit(void *user, const char *path, const char *name);
/* Calls f for every entry of dir that does not begin with a dot, ordered without regard to case, then by bytes, until one
 * fails. EP_IO: dir cannot be read; EP_NOMEM; else f's. why [n] gets one line where it is this function that fails. */
EP_MUST_USE ep_status task_folder_each(const char *dir, task_folder_visit *f, void *user, char *why, size_t n);

#endif
