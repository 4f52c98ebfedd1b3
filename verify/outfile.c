/* Files that appear whole or not at all.
 * SPDX-License-Identifier: MIT */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ep_status fail(const char *path, char *err, size_t n)
{
    if (n) (void)snprintf(err, n, "%s: cannot write: %s", path, strerror(errno));
    return EP_IO;
}

static void drop(vfy_outfile *o)
{
    free(o->temp);
    free(o->path);
    *o = (vfy_outfile){0};
}

/* A device, a pipe, /dev/stdout wherever it leads: written as it comes, since it must not be replaced by a file. */
static bool is_stream(const char *path)
{
    struct stat s;
    if (lstat(path, &s)) return false;
    if (S_ISLNK(s.st_mode)) return !strncmp(path, "/dev/", 5) || (stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode));
    return !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

ep_status vfy_outfile_open(const char *path, vfy_outfile *o, char *err, size_t n)
{
    size_t size = strlen(path) + 12;
    *o = (vfy_outfile){.temp = malloc(size), .path = strdup(path)};
    if (!o->temp || !o->path) {
        drop(o);
        return EP_NOMEM;
    }
    int fd = -1;
    if (is_stream(path)) {
        free(o->temp);
        o->temp = NULL;
        o->f = fopen(path, "a"); /* after what is there: stdout may be a file */
    } else {
        (void)snprintf(o->temp, size, "%s.tmp.XXXXXX", path);
        fd = mkstemp(o->temp);
        if (fd >= 0) o->f = fdopen(fd, "w");
    }
    if (o->f) return EP_OK;
    ep_status st = fail(path, err, n);
    if (fd >= 0) {
        (void)close(fd);
        (void)unlink(o->temp);
    }
    drop(o);
    return st;
}

/* The directory's own entry reaches the disk too; where that is not possible, the file is still whole. */
static void sync_folder(const char *path)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) slash[slash == folder] = '\0';
    int d = folder ? open(slash ? folder : ".", O_RDONLY) : -1;
    if (d >= 0) {
        (void)fsync(d);
        (void)close(d);
    }
    free(folder);
}

ep_status vfy_outfile_commit(vfy_outfile *o, char *err, size_t n)
{
    ep_status st = EP_OK;
    int fd = fileno(o->f);
    if (ferror(o->f) || fflush(o->f) || (o->temp && (fchmod(fd, 0644) || fsync(fd)))) st = fail(o->path, err, n);
    if (fclose(o->f) && !st) st = fail(o->path, err, n);
    if (!st && o->temp && rename(o->temp, o->path)) st = fail(o->path, err, n);
    if (st && o->temp) (void)unlink(o->temp);
    else if (o->temp) sync_folder(o->path);
    drop(o);
    return st;
}

void vfy_outfile_abort(vfy_outfile *o)
{
    if (o->f) (void)fclose(o->f);
    if (o->temp) (void)unlink(o->temp);
    drop(o);
}

ep_status vfy_make_dir(const char *path, char *err, size_t n)
{
    char *copy = strdup(path);
    ep_status st = copy ? EP_OK : EP_NOMEM;
    for (char *p = copy ? copy + 1 : NULL; p && *p && !st; p++) {
        if (*p != '/') continue;
        *p = '\0';
        if (mkdir(copy, 0777) && errno != EEXIST) st = fail(copy, err, n);
        *p = '/';
    }
    if (!st && mkdir(path, 0777) && errno != EEXIST) st = fail(path, err, n);
    free(copy);
    return st;
}
