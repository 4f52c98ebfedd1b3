/* outfile.h: files that appear whole or not at all.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_OUTFILE_H
#define VFY_OUTFILE_H

#include <stdio.h>

#include "eprop.h"

typedef struct vfy_outfile {
    FILE *f;
    char *temp, *path; /* temp NULL: path is a device or a pipe, written directly */
} vfy_outfile;

/* Opens a temporary file beside path, or path itself where it is a device or a pipe. EP_IO with a line in err. */
EP_MUST_USE ep_status vfy_outfile_open(const char *path, vfy_outfile *o, char *err, size_t n);
/* Syncs and renames onto path; on failure nothing is left behind. Frees o. */
EP_MUST_USE ep_status vfy_outfile_commit(vfy_outfile *o, char *err, size_t n);
/* Removes the temporary file. Frees o. */
void vfy_outfile_abort(vfy_outfile *o);
/* Makes a directory and its parents; an existing one is fine. */
EP_MUST_USE ep_status vfy_make_dir(const char *path, char *err, size_t n);

#endif
