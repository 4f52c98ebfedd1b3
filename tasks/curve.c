/* The learning curve as a file that grows by a line an iteration.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train.h"

enum { PATH = 4096, LINE = 512 };

static const char head[] =
    "iteration,loss,loss_reg,rate,grad_norm,lr,valid_loss,valid_measure,check_cosine,check_r,check_flips,bptt_cosine,bptt_distance,"
    "sg_error,length,solved\n";

/* Offset behind the last whole line of an iteration below `from`; 0 if the file is not a curve. */
static long keep(const char *path, long from)
{
    char line[LINE];
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    long at = fgets(line, sizeof line, f) && strcmp(line, head) == 0 ? ftell(f) : 0;
    while (at > 0 && fgets(line, sizeof line, f)) {
        char *end;
        long iteration = strtol(line, &end, 10);
        if (end == line || *end != ',' || !strchr(line, '\n') || iteration >= from) break;
        at = ftell(f);
    }
    (void)fclose(f);
    return at;
}

ep_status task_curve_open(const char *dir, long from, FILE **out, char why[TASK_WHY])
{
    char path[PATH];
    if (snprintf(path, sizeof path, "%s/curve.csv", dir) >= PATH) return EP_IO;
    long at = from > 0 ? keep(path, from) : 0;
    bool good = at == 0 || truncate(path, at) == 0;
    FILE *f = good ? fopen(path, at > 0 ? "a" : "w") : NULL;
    if (f && at == 0 && fputs(head, f) < 0) {
        (void)fclose(f);
        f = NULL;
    }
    if (!f) {
        (void)snprintf(why, TASK_WHY, "%.300s: cannot be written: %s", path, strerror(errno));
        return EP_IO;
    }
    *out = f;
    return EP_OK;
}

ep_status task_curve_put(FILE *f, const task_point *p)
{
    const double v[] = {p->loss, p->loss_reg, p->rate, p->norm, p->lr, p->valid_loss, p->valid_measure, p->check_cosine,
                        p->check_r, p->check_flips, p->bptt_cosine, p->bptt_distance, p->sg_error, p->length, p->solved};
    bool good = fprintf(f, "%ld", p->iteration) > 0;
    for (size_t k = 0; k < sizeof v / sizeof *v; k++) good = good && (isnan(v[k]) ? fputc(',', f) != EOF : fprintf(f, ",%.17g", v[k]) > 0);
    good = good && fputc('\n', f) != EOF;
    return good ? EP_OK : EP_IO;
}
