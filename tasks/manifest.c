/* What ran and what came out, as JSON.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "origin.h"
#include "train.h"

enum { PATH = 4096 };

/* Takes the object over; temporary name, then rename; into a device directly. */
static ep_status write_json(json_t *o, const char *path, char why[TASK_WHY])
{
    char tmp[PATH];
    bool direct = task_is_special(path);
    int n = snprintf(tmp, sizeof tmp, direct ? "%s" : "%s.tmp", path);
    bool good = o && n < PATH && json_dump_file(o, tmp, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) == 0;
    if (good && !direct) good = rename(tmp, path) == 0;
    if (!good && !direct && n < PATH) (void)unlink(tmp);
    if (!good) (void)snprintf(why, TASK_WHY, "%.300s: cannot be written: %s", path, o ? strerror(errno) : "out of memory");
    json_decref(o);
    return good ? EP_OK : EP_IO;
}

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *description(const task_spec *s)
{
    char value[64];
    json_t *o = json_object();
    for (size_t n = 0; n < task_spec_count(); n++) {
        const char *name = task_spec_get(s, n, value, sizeof value);
        (void)json_object_set_new(o, name, json_string(value));
    }
    return o;
}

static json_t *who(const task *t, const task_train_options *o)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:i}", "task", t->kind->name, "variant", t->variant, "rule", ep_rule_name(o->rule),
                     "engine", o->engine.name, "seed", (json_int_t)t->seed, "threads", o->threads);
}

ep_status task_write_manifest(const task *t, const task_train_options *o, int argc, char **argv, char why[TASK_WHY])
{
    char path[PATH];
    json_t *root = who(t, o), *args = json_array();
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL; /* where the program lay is not part of what it did */
    for (int k = 0; k < argc; k++) (void)json_array_append_new(args, json_string(k == 0 && slash ? slash + 1 : argv[k]));
    (void)json_object_set_new(root, "program", json_string("eprop-train " EP_VERSION));
    json_t *origin = task_origin();
    (void)json_object_update(root, origin);
    json_decref(origin);
    (void)json_object_set_new(root, "argv", args);
    (void)json_object_set_new(root, "description", description(&t->spec));
    return snprintf(path, sizeof path, "%s/manifest.json", o->out) < PATH ? write_json(root, path, why) : EP_IO;
}

static json_t *published(const task *t)
{
    json_t *list = json_array();
    for (int k = 0; k < TASK_MOST_PUBLISHED && t->kind->published[k].what; k++) {
        const task_published *p = &t->kind->published[k];
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:f, s:s}", "what", p->what, "rule", ep_rule_name(p->rule),
                                                    "value", p->value, "source", p->source));
    }
    return list;
}

ep_status task_write_summary(const task *t, const task_train_options *o, const task_outcome *r, const char *path, char why[TASK_WHY])
{
    static const char *const ends[] = {"iterations", "stop rule", "signal", "diverged", "synthesiser diverged"};
    struct rusage u = {0};
    json_t *root = who(t, o), *phases = json_object();
    (void)getrusage(RUSAGE_SELF, &u);
    for (int k = 0; k < TASK_N_PHASE; k++) (void)json_object_set_new(phases, task_phase_names[k], number(r->seconds[k]));
    (void)json_object_set_new(phases, "valid_engine", number(r->valid_engine)); /* a part of valid */
    (void)json_object_set_new(root, "end", json_string(ends[r->end]));
    (void)json_object_set_new(root, "iterations", json_integer(r->iterations));
    (void)json_object_set_new(root, "updates", json_integer(r->updates));
    (void)json_object_set_new(root, "solved", number(r->solved));
    (void)json_object_set_new(root, "sg_off", r->sg_off >= 0 ? json_integer(r->sg_off) : json_null());
    (void)json_object_set_new(root, "stopped_at", r->stopped_at >= 0 ? json_integer(r->stopped_at) : json_null());
    (void)json_object_set_new(root, "measure", json_string(t->kind->measure));
    (void)json_object_set_new(root, "last_loss", number(r->last.loss));
    (void)json_object_set_new(root, "last_loss_reg", number(r->last.loss_reg));
    (void)json_object_set_new(root, "last_rate", number(r->last.rate));
    (void)json_object_set_new(root, "test_loss", number(r->test_loss));
    (void)json_object_set_new(root, "test_measure", number(r->test_measure));
    (void)json_object_set_new(root, "first_flip", isnan(r->first_flip_t) ? json_null()
                              : json_pack("{s:f, s:f, s:f}", "t", r->first_flip_t, "j", r->first_flip_j, "margin", r->first_flip_margin));
    (void)json_object_set_new(root, "seconds", number(r->total));
    (void)json_object_set_new(root, "phases", phases);
    (void)json_object_set_new(root, "ns_per_neuron_step", number(r->ns_per_neuron_step));
    (void)json_object_set_new(root, "engine_runs", json_string(r->engine));
    (void)json_object_set_new(root, "engine_bytes", json_integer((json_int_t)r->engine_bytes));
    (void)json_object_set_new(root, "peak_rss_mb", number((double)u.ru_maxrss / 1024));
    (void)json_object_set_new(root, "published", published(t));
    return write_json(root, path, why);
}
