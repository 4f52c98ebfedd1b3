/* Which pictures make an episode.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "omniglot.h"

static const omniglot_spec *own(const shot_task *t) { return (const omniglot_spec *)t->spec; }

static int turns(const omniglot_spec *s, int split) { return split == TASK_TRAIN && s->turned ? 4 : 1; }

/* The classes of a split, and where groups of one alphabet and one turn begin. */
static ep_status list_classes(const omniglot_spec *s, omniglot_data *d, int split)
{
    size_t most = 4 * d->set.n_classes + 1, n = 0, g = 0;
    d->of[split] = malloc(most * sizeof *d->of[split]);
    d->group[split] = malloc(most * sizeof *d->group[split]);
    if (!d->of[split] || !d->group[split]) return EP_NOMEM;
    for (int turn = 0; turn < turns(s, split); turn++)
        for (size_t c = 0; c < d->set.n_classes; c++) {
            size_t a = d->set.of[c].alphabet;
            if (d->set.split[a] != (task_split)split) continue;
            if (n == 0 || d->of[split][n - 1].turn != turn || d->set.of[d->of[split][n - 1].character].alphabet != a) d->group[split][g++] = n;
            d->of[split][n++] = (omniglot_class){c, turn};
        }
    d->group[split][g] = n;
    d->n_groups[split] = g;
    d->n[split] = n;
    return EP_OK;
}

static ep_status enough(const omniglot_spec *s, const omniglot_data *d, int split, char why[TASK_WHY])
{
    static const char *const names[] = {"training", "validation", "test"};
    if (!s->within && d->n[split] < (size_t)s->way) {
        (void)snprintf(why, TASK_WHY, "omniglot: found %zu characters in the %s alphabets, expected at least way = %d", d->n[split], names[split], s->way);
        return EP_DOMAIN;
    }
    for (size_t g = 0; s->within && g < d->n_groups[split]; g++) {
        size_t n = d->group[split][g + 1] - d->group[split][g], a = d->set.of[d->of[split][d->group[split][g]].character].alphabet;
        if (n >= (size_t)s->way) continue;
        (void)snprintf(why, TASK_WHY, "omniglot: alphabet %.60s: found %zu character%s, expected at least way = %d because within = 1", d->set.name[a], n,
                       n == 1 ? "" : "s", s->way);
        return EP_DOMAIN;
    }
    return EP_OK;
}

static ep_status open_runs(const shot_task *t, omniglot_data *d, char why[TASK_WHY])
{
    const omniglot_spec *s = own(t);
    ep_status st = glyph_load_runs(t->official_dir, (glyph_form){s->side, s->centred != 0}, &d->runs, why);
    for (size_t k = 0; st == EP_OK && k < d->runs.n; k++) {
        const glyph_run *r = &d->runs.run[k];
        if (r->n_way == s->way && r->n_test % s->queries == 0) continue;
        (void)snprintf(why, TASK_WHY, "%.200s: found runs of %d classes and %d test pictures, expected way = %d classes and a multiple of queries = %d",
                       t->official_dir, r->n_way, r->n_test, s->way, s->queries);
        st = EP_DOMAIN;
    }
    return st;
}

static ep_status fill(shot_task *t, omniglot_data *d, char why[TASK_WHY])
{
    const omniglot_spec *s = own(t);
    glyph_form form = {s->side, s->centred != 0};
    size_t area = (size_t)s->side * (size_t)s->side;
    if ((t->data_dir || t->official_dir) && !glyph_png_built()) {
        (void)snprintf(why, TASK_WHY, "omniglot: built without libpng, which reads pictures; make deps installs it. Generated characters need none");
        return EP_NOTIMPL;
    }
    ep_status st = t->data_dir ? glyph_load(t->data_dir, form, &d->set, why) : glyph_generate(form, &d->set, why);
    for (int k = 0; st == EP_OK && k < TASK_N_SPLIT; k++) {
        st = list_classes(s, d, k);
        if (st == EP_OK) st = enough(s, d, k, why);
    }
    if (st == EP_OK && t->official_dir) st = open_runs(t, d, why);
    if (st != EP_OK) return st;
    t->stamp = ep_hash(EP_HASH, d->set.pixel, d->set.n_pictures * area);
    d->phase = malloc(area * sizeof *d->phase);
    for (size_t i = 0; d->phase && i < area; i++) d->phase[i] = ep_rng_uniform(t->seed, 3000, i);
    return d->phase ? EP_OK : EP_NOMEM;
}

ep_status omniglot_open(shot_task *t, char why[TASK_WHY])
{
    omniglot_data *d = calloc(1, sizeof *d);
    t->own = d;
    why[0] = '\0';
    ep_status st = d ? fill(t, d, why) : EP_NOMEM;
    if (st == EP_OK) return EP_OK;
    if (st == EP_NOMEM && !why[0]) (void)snprintf(why, TASK_WHY, "omniglot: out of memory");
    omniglot_close(t);
    return st;
}

void omniglot_close(shot_task *t)
{
    omniglot_data *d = t->own;
    if (!d) return;
    for (int k = 0; k < TASK_N_SPLIT; k++) {
        free(d->of[k]);
        free(d->group[k]);
    }
    free(d->phase);
    glyph_free(&d->set);
    glyph_free_runs(&d->runs);
    free(d);
    t->own = NULL;
}

unsigned char omniglot_pixel(const unsigned char *picture, int side, int turn, int y, int x)
{
    int last = side - 1;
    switch (turn) {
    case 1: return picture[x * side + last - y];
    case 2: return picture[(last - y) * side + last - x];
    case 3: return picture[(last - x) * side + y];
    default: return picture[y * side + x];
    }
}

static const unsigned char *picture(const omniglot_data *d, size_t character, uint32_t which)
{
    return d->set.pixel + (d->set.of[character].first + which) * (size_t)d->set.form.side * (size_t)d->set.form.side;
}

uint64_t omniglot_official(const shot_task *t)
{
    const omniglot_data *d = t->own;
    return d->runs.n ? d->runs.n * (uint64_t)(d->runs.run[0].n_test / own(t)->queries) : 0;
}

/* Test pictures of a run come in parts of `queries`, each after the same teaching trial. */
static void official(const shot_task *t, uint64_t index, omniglot_episode *e)
{
    const omniglot_data *d = t->own;
    size_t area = (size_t)own(t)->side * (size_t)own(t)->side;
    uint64_t parts = omniglot_official(t) / d->runs.n;
    const glyph_run *r = &d->runs.run[index / parts % d->runs.n];
    size_t first = (size_t)(index % parts) * (size_t)e->queries;
    for (int k = 0; k < e->way; k++) e->example[k] = r->example + (size_t)k * area;
    for (int q = 0; q < e->queries; q++) {
        e->query[q] = r->test + (first + (size_t)q) * area;
        e->label[q] = r->label[first + (size_t)q];
    }
}

void omniglot_choose(const shot_task *t, int split, uint64_t index, omniglot_episode *e)
{
    const omniglot_data *d = t->own;
    const omniglot_spec *s = own(t);
    size_t chosen[OMNIGLOT_MOST_WAY];
    uint32_t example[OMNIGLOT_MOST_WAY];
    *e = (omniglot_episode){.way = s->way, .queries = s->queries};
    if (split == SHOT_OFFICIAL) {
        official(t, index, e);
        return;
    }
    uint64_t stream = task_stream((task_split)split, index, 1), n = 0;
    size_t group = s->within ? task_pick(t->seed, stream, n++, (uint32_t)d->n_groups[split]) : 0;
    size_t first = s->within ? d->group[split][group] : 0, count = s->within ? d->group[split][group + 1] - first : d->n[split];
    for (int k = 0; k < s->way; k++) {
        bool again = true;
        while (again) {
            chosen[k] = first + task_pick(t->seed, stream, n++, (uint32_t)count);
            again = false;
            for (int q = 0; q < k; q++) again = again || chosen[q] == chosen[k];
        }
        const omniglot_class *c = &d->of[split][chosen[k]];
        example[k] = task_pick(t->seed, stream, n++, (uint32_t)d->set.of[c->character].count);
        e->example[k] = picture(d, c->character, example[k]);
        e->turn[k] = c->turn;
    }
    for (int q = 0; q < s->queries; q++) {
        int k = e->label[q] = (int)task_pick(t->seed, stream, n++, (uint32_t)s->way);
        const omniglot_class *c = &d->of[split][chosen[k]];
        uint32_t other = task_pick(t->seed, stream, n++, (uint32_t)d->set.of[c->character].count - 1); /* never the one that was shown */
        e->query[q] = picture(d, c->character, other + (other >= example[k]));
        e->query_turn[q] = c->turn;
    }
}
