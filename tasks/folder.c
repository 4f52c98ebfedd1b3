/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool task_is_folder(const char *path)
{
    struct stat s;
    return !stat(path, &s) && S_ISDIR(s.st_mode);
}

static int visible(const struct dirent *e) { return e->d_name[0] != '.'; }

/* Copies in either case give the same order. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    int c = strcasecmp((*a)->d_name, (*b)->d_name);
    return c ? c : strcmp((*a)->d_name, (*b)->d_name);
}

static ep_status visit_one(const char *dir, const char *name, task_folder_visit *f, void *user, char *why, size_t n)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);
    if (!path) {
        (void)snprintf(why, n, "out of memory");
        return EP_NOMEM;
    }
    (void)snprintf(path, size, "%s/%s", dir, name);
    ep_status st = f(user, path, name);
    free(path);
    return st;
}

ep_status task_folder_each(const char *dir, task_folder_visit *f, void *user, char *why, size_t n)
{
    struct dirent **list;
    int count = scandir(dir, &list, visible, by_name);
    ep_status st = EP_OK;
    if (count < 0) {
        (void)snprintf(why, n, "%s: cannot read directory: %s", dir, strerror(errno));
        return EP_IO;
    }
    for (int k = 0; k < count; k++) {
        if (st == EP_OK) st = visit_one(dir, list[k]->d_name, f, user, why, n);
        free(list[k]);
    }
    free(list);
    return st;
}
