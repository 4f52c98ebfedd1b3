/* SPDX-License-Identifier: MIT */
#include "ending.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int cli_exit_code(ep_status st)
{
    switch (st) {
    case EP_OK: return 0;
    case EP_IO:
    case EP_NOMEM: return 3;
    default: return 2;
    }
}

int cli_failed(ep_status st, const char *why)
{
    fprintf(stderr, "eprop-train: %s\n", *why ? why : ep_status_name(st));
    return cli_exit_code(st);
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return 0;
    fprintf(stderr, "eprop-train: %s: cannot be created: %s\n", path, strerror(errno));
    return errno == ENOSPC ? 3 : 2;
}

int cli_make_folders(const char *dir)
{
    char path[4096];
    int code = make_folder(dir);
    if (code == 0 && snprintf(path, sizeof path, "%s/data", dir) < (int)sizeof path) code = make_folder(path);
    return code;
}
