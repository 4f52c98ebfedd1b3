/* manifest.h: where, when and with what a run was made, and whether two runs can be compared.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_MANIFEST_H
#define BENCH_MANIFEST_H

#include "sample.h"

enum { BENCH_SCHEMA = 1 };

/* Writes DIR/manifest.json (a flat object), under a temporary name first. The commit comes from the environment variable
 * EPROP_COMMIT. */
EP_MUST_USE ep_status bench_manifest_write(const char *dir, int argc, char *const *argv, uint64_t seed, char why[BENCH_WHY]);

/* What of a manifest decides whether times compare. */
typedef struct bench_origin { char cpu[128], compiler[128], commit[64], host[64]; } bench_origin;
/* EP_FORMAT: no manifest, no JSON, or another schema. */
EP_MUST_USE ep_status bench_manifest_read(const char *dir, bench_origin *out, char why[BENCH_WHY]);

/* DIR and its folders truth/ and data/. EP_IO; EP_DOMAIN: DIR holds samples already and resume is false. */
EP_MUST_USE ep_status bench_dir_open(const char *dir, bool resume, char why[BENCH_WHY]);

/* Removes a folder that only ever held truth/ and data/ with their files. */
void bench_dir_remove(const char *dir);

#endif
