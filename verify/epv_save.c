/* epv_save.c: writes a vector file whole or not at all.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "epv.h"

static ep_status io_fail(const char *path, char *err, size_t n)
{
    if (n) (void)snprintf(err, n, "%s: cannot write: %s", path, strerror(errno));
    return EP_IO;
}

/* The directory's own entry reaches the disk too; where that is not possible, the file is still whole. */
static void sync_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash) slash[slash == path] = '\0';
    int d = open(slash ? path : ".", O_RDONLY);
    if (d < 0) return;
    (void)fsync(d);
    (void)close(d);
}

ep_status vfy_epv_write(const char *path, vfy_epv_case *cases, size_t n, char *err, size_t n_err)
{
    size_t size = strlen(path) + 12;
    char *temp = malloc(size);
    if (!temp) return EP_NOMEM;
    (void)snprintf(temp, size, "%s.tmp.XXXXXX", path);
    int fd = mkstemp(temp);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) {
        ep_status s = io_fail(path, err, n_err);
        if (fd >= 0) (void)close(fd), (void)unlink(temp);
        free(temp);
        return s;
    }
    ep_status s = vfy_epv_print(f, cases, n, err, n_err);
    if (!s && (fchmod(fd, 0644) || fflush(f) || fsync(fd))) s = io_fail(path, err, n_err);
    if (fclose(f) && !s) s = io_fail(path, err, n_err);
    if (!s && rename(temp, path)) s = io_fail(path, err, n_err);
    if (s) (void)unlink(temp);
    else sync_folder(temp);
    free(temp);
    return s;
}
