/* tree.h: small trees of files that tests write by hand, in a directory of their own.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_TREE_H
#define TEST_TREE_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_PATH = 512 };
static char tree_dir[TREE_PATH];

static inline void tree_make(void)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(tree_dir, sizeof tree_dir, "%s/eprop-tree-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(tree_dir));
}

static inline void tree_remove(void)
{
    char command[TREE_PATH + 16];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", tree_dir);
    ck_assert_int_eq(system(command), 0);
}

/* The path of a file below the tree, in one of four static buffers. */
static inline const char *tree_path(const char *name)
{
    static char path[4][2 * TREE_PATH];
    static int k;
    k = (k + 1) % 4;
    (void)snprintf(path[k], sizeof path[k], "%s/%s", tree_dir, name);
    return path[k];
}

static inline FILE *tree_open(const char *name)
{
    char path[2 * TREE_PATH];
    (void)snprintf(path, sizeof path, "%s", tree_path(name));
    for (char *p = path + strlen(tree_dir) + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            ck_assert(mkdir(path, 0777) == 0 || errno == EEXIST);
            *p = '/';
        }
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    return f;
}

static inline void tree_text(const char *name, const char *text)
{
    FILE *f = tree_open(name);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

#endif
