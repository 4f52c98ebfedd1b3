/* dir.c: files and folders; a report appears whole or not at all.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ep_status rep_path(char out[REP_PATH], rep_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(out, REP_PATH, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= REP_PATH) return rep_fail(err, EP_DOMAIN, "path of %d characters, expected fewer than %d", n, REP_PATH);
    return EP_OK;
}

ep_status rep_file_read(const char *path, rep_buf *out, bool *missing, rep_error *err)
{
    if (missing) *missing = false;
    FILE *f = fopen(path, "rb");
    if (!f) {
        if (missing) *missing = errno == ENOENT;
        return rep_fail(err, EP_IO, "%s: cannot read: %s", path, strerror(errno));
    }
    char chunk[65536];
    size_t n;
    ep_status s = EP_OK;
    rep_put_bytes(out, "", 0);
    while (s == EP_OK && (n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        rep_put_bytes(out, chunk, n);
        if (out->n > REP_MAX_FILE) s = rep_fail(err, EP_FORMAT, "%s: larger than %d MB", path, REP_MAX_FILE >> 20);
    }
    if (s == EP_OK && ferror(f)) s = rep_fail(err, EP_IO, "%s: cannot read: %s", path, strerror(errno));
    if (s == EP_OK && out->failed) s = rep_fail(err, EP_NOMEM, "%s: out of memory", path);
    fclose(f);
    return s;
}

ep_status rep_file_write(const char *path, const rep_buf *b, rep_error *err)
{
    if (b->failed) return rep_fail(err, EP_NOMEM, "%s: out of memory", path);
    FILE *f = fopen(path, "wb");
    if (!f) return rep_fail(err, EP_IO, "%s: cannot write: %s", path, strerror(errno));
    bool bad = b->n && fwrite(b->s, 1, b->n, f) != b->n;
    bad = fflush(f) != 0 || bad;
    bad = fsync(fileno(f)) != 0 || bad;
    bad = fclose(f) != 0 || bad;
    if (bad) return rep_fail(err, EP_IO, "%s: cannot write: %s", path, strerror(errno));
    return EP_OK;
}

ep_status rep_dir_make(const char *path, rep_error *err)
{
    if (mkdir(path, 0777) != 0) return rep_fail(err, EP_IO, "%s: cannot make folder: %s", path, strerror(errno));
    return EP_OK;
}

static void remove_at(int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0) return;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d) {
        if (fd >= 0) close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) remove_at(fd, e->d_name);
    closedir(d);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void rep_dir_remove(const char *path) { remove_at(AT_FDCWD, path); }

/* Removes what a build that was killed left beside its place: NAME.tmp-PID, NAME.tmp-PID.old of processes that are gone. */
static void remove_stale(const char *prefix)
{
    char path[REP_PATH], dir[REP_PATH];
    rep_error ignored;
    const char *slash = strrchr(prefix, '/'), *name = slash ? slash + 1 : prefix;
    if (rep_path(dir, &ignored, "%.*s", slash ? (int)(slash - prefix + 1) : 1, slash ? prefix : ".") != EP_OK) return;
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d));) {
        long pid;
        if (strncmp(e->d_name, name, strlen(name)) != 0 || sscanf(e->d_name + strlen(name), "%ld", &pid) != 1) continue;
        if (pid <= 1 || kill((pid_t)pid, 0) == 0 || errno != ESRCH) continue;
        if (rep_path(path, &ignored, "%s/%s", dir, e->d_name) == EP_OK) rep_dir_remove(path);
    }
    if (d) closedir(d);
}

ep_status rep_dir_temp(const char *beside, char out[REP_PATH], rep_error *err)
{
    char prefix[REP_PATH];
    size_t n = strlen(beside);
    while (n > 1 && beside[n - 1] == '/') n--;
    ep_status s = rep_path(prefix, err, "%.*s.tmp-", (int)n, beside);
    if (s == EP_OK) s = rep_path(out, err, "%s%ld", prefix, (long)getpid());
    if (s != EP_OK) return s;
    remove_stale(prefix);
    return rep_dir_make(out, err);
}

/* Is there nothing of anyone else's at this place? */
static ep_status replaceable(const char *out, bool *exists, rep_error *err)
{
    struct stat st;
    *exists = lstat(out, &st) == 0;
    if (!*exists) return EP_OK;
    if (!S_ISDIR(st.st_mode)) return rep_fail(err, EP_DOMAIN, "%s: found a file, expected a folder or nothing", out);
    DIR *d = opendir(out);
    if (!d) return rep_fail(err, EP_IO, "%s: cannot read: %s", out, strerror(errno));
    int entries = 0;
    bool sums = false, page = false;
    for (const struct dirent *e; (e = readdir(d));) {
        entries += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
        sums = sums || strcmp(e->d_name, "SHA256SUMS") == 0;
        page = page || strcmp(e->d_name, "report.html") == 0;
    }
    closedir(d);
    if (entries && !(sums && page))
        return rep_fail(err, EP_DOMAIN, "%s: found a folder that holds no earlier report, expected a new or empty one; left as it is", out);
    return EP_OK;
}

ep_status rep_dir_publish(const char *tmp, const char *out, rep_error *err)
{
    bool exists;
    char old[REP_PATH], place[REP_PATH];
    ep_status s = rep_path(place, err, "%s", out);
    for (size_t n = strlen(place); s == EP_OK && n > 1 && place[n - 1] == '/'; n--) place[n - 1] = '\0';
    if (s == EP_OK) s = replaceable(place, &exists, err);
    if (s == EP_OK) s = rep_path(old, err, "%s.old", tmp);
    if (s != EP_OK) return s;
    if (exists && rename(place, old) != 0) return rep_fail(err, EP_IO, "%s: cannot replace: %s", place, strerror(errno));
    if (rename(tmp, place) != 0) {
        int why = errno;
        if (exists && rename(old, place) != 0) return rep_fail(err, EP_IO, "%s: cannot put back %s: %s", place, old, strerror(errno));
        return rep_fail(err, EP_IO, "%s: cannot write: %s", place, strerror(why));
    }
    if (exists) rep_dir_remove(old);
    return EP_OK;
}
