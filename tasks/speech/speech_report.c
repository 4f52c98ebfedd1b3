/* The trained network on the test split.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "speech.h"

enum { PATH = 4096, BANDS = 40 };

typedef struct tally {
    const task *t;
    const task_oracle *ask;
    task_trial tr;
    double *y;
    int *guess;                              /* of the utterance at hand */
    long count[TASK_FOLDED][TASK_FOLDED];
    long right[2], frames;                   /* 61 and 39 classes */
} tally;

static FILE *table(const char *dir, const char *name, const char *head, char why[TASK_WHY])
{
    char path[PATH];
    (void)snprintf(path, sizeof path, "%.3800s/data/%s.tsv", dir, name);
    FILE *f = fopen(path, "w");
    if (!f) (void)snprintf(why, TASK_WHY, "%.300s: cannot be written: %s", path, strerror(errno));
    else (void)fprintf(f, "# %s\n", head);
    return f;
}

static ep_status finish(FILE *f, const char *name, char why[TASK_WHY])
{
    bool bad = ferror(f) != 0;
    if (!fclose(f) && !bad) return EP_OK;
    (void)snprintf(why, TASK_WHY, "%s.tsv: cannot be written: %s", name, strerror(errno));
    return EP_IO;
}

static ep_status make(const task *t, const task_oracle *ask, tally *out)
{
    const task_spec *s = &t->spec;
    size_t T = (size_t)s->T;
    *out = (tally){.t = t, .ask = ask};
    out->tr.x = calloc(T * (size_t)s->n_in, sizeof(float));
    out->tr.target = calloc(T * (size_t)s->n_out, sizeof(double));
    out->tr.mask = calloc(T, sizeof(double));
    out->y = calloc(T * (size_t)s->n_out, sizeof(double));
    out->guess = calloc(T, sizeof *out->guess);
    return out->tr.x && out->tr.target && out->tr.mask && out->y && out->guess ? EP_OK : EP_NOMEM;
}

static void drop(tally *a)
{
    free(a->tr.x);
    free(a->tr.target);
    free(a->tr.mask);
    free(a->y);
    free(a->guess);
}

static const int8_t *labels_of(const task_speech_data *d, uint64_t index)
{
    return d->frames.label + d->frames.first[d->list[TASK_TEST][index]];
}

/* Answers utterance `index` of the test split and counts it. */
static ep_status add(tally *a, uint64_t index)
{
    const task_spec *s = &a->t->spec;
    const int8_t *label = labels_of(a->t->own, index);
    ep_status st = a->ask->answer(a->ask->user, TASK_TEST, index, &a->tr, a->y);
    for (int f = 0; st == EP_OK && f < a->tr.steps / s->frame; f++) {
        a->guess[f] = task_speech_guess(s, a->y, f);
        if (label[f] < 0) continue;
        int want = task_phone_fold(label[f]), got = task_phone_fold(a->guess[f]);
        a->frames++;
        a->right[0] += a->guess[f] == label[f];
        a->right[1] += want == got;
        a->count[want][got]++;
    }
    return st;
}

/* What was trained and tested on. */
static ep_status write_parts(const task_speech_data *d, const char *dir, char why[TASK_WHY])
{
    static const char *const name[TASK_N_SPLIT] = {"train", "dev", "test"};
    FILE *f = table(dir, "speech_parts", "part speakers sentences frames chosen", why);
    if (!f) return EP_IO;
    for (int split = 0; split < TASK_N_SPLIT; split++) {
        size_t frames = 0;
        for (size_t k = 0; k < d->n[split]; k++) frames += d->frames.first[d->list[split][k] + 1] - d->frames.first[d->list[split][k]];
        (void)fprintf(f, "%s\t%zu\t%zu\t%zu\t%s\n", name[split], d->tree.speakers[split], d->n[split], frames, d->tree.split);
    }
    return finish(f, "speech_parts", why);
}

static ep_status write_accuracy(const tally *a, const char *dir, char why[TASK_WHY])
{
    FILE *f = table(dir, "speech_accuracy", "classes right frames accuracy", why);
    if (!f) return EP_IO;
    for (int k = 0; k < 2; k++)
        (void)fprintf(f, "%d\t%ld\t%ld\t%.6f\n", k ? TASK_FOLDED : TASK_PHONES, a->right[k], a->frames,
                      a->frames ? (double)a->right[k] / (double)a->frames : 0);
    return finish(f, "speech_accuracy", why);
}

static ep_status write_confusion(const tally *a, const char *dir, char why[TASK_WHY])
{
    FILE *f = table(dir, "speech_confusion", "split true predicted share count true_label predicted_label", why);
    if (!f) return EP_IO;
    for (int i = 0; i < TASK_FOLDED; i++) {
        long all = 0;
        for (int j = 0; j < TASK_FOLDED; j++) all += a->count[i][j];
        for (int j = 0; j < TASK_FOLDED; j++)
            (void)fprintf(f, "test\t%d\t%d\t%.5f\t%ld\t%s\t%s\n", i, j, all ? (double)a->count[i][j] / (double)all : 0, a->count[i][j],
                          task_phone_folded_name(i), task_phone_folded_name(j));
    }
    return finish(f, "speech_confusion", why);
}

/* Runs of equal labels. */
static void write_runs(FILE *f, const char *part, int frames, const int8_t *label, const int *guess)
{
    for (int from = 0, to; from < frames; from = to) {
        int k = label ? label[from] : guess[from];
        for (to = from + 1; to < frames && (label ? label[to] : guess[to]) == k; to++) continue;
        (void)fprintf(f, "%s\t%d\t%d\t-\t%s\n", part, from, to, k < 0 ? "none" : task_phone_name(k));
    }
}

static ep_status write_bands(FILE *f, const task_utterance *u, char why[TASK_WHY])
{
    int16_t *x = NULL;
    size_t samples = 0, stride = (size_t)task_feature_static(TASK_FBANK);
    ep_status st = task_audio_read(u->wav, &x, &samples, why, TASK_WHY);
    task_extractor *e = task_extractor_new(TASK_FBANK);
    size_t frames = task_feature_frames(samples);
    float *v = calloc(frames * stride + 1, sizeof *v);
    if (st == EP_OK && (!e || !v)) st = EP_NOMEM;
    if (st == EP_OK) {
        task_extractor_run(e, x, samples, v, stride);
        for (size_t t = 0; t < frames; t++)
            for (size_t k = 0; k < BANDS; k++) (void)fprintf(f, "spectrogram\t%zu\t%zu\t%.4f\t-\n", t, k, (double)v[t * stride + k]);
    }
    task_extractor_free(e);
    free(v);
    free(x);
    return st;
}

static ep_status write_utterance(const tally *a, const char *dir, char why[TASK_WHY])
{
    const task_speech_data *d = a->t->own;
    int frames = a->tr.steps / a->t->spec.frame;
    FILE *f = table(dir, "speech_spectrogram", "part x y value label", why);
    if (!f) return EP_IO;
    ep_status st = write_bands(f, &d->tree.utt[d->list[TASK_TEST][0]], why);
    write_runs(f, "true", frames, labels_of(d, 0), NULL);
    write_runs(f, "predicted", frames, NULL, a->guess);
    ep_status closed = finish(f, "speech_spectrogram", why);
    return st == EP_OK ? closed : st;
}

ep_status task_speech_report(const task *t, const task_oracle *ask, const char *dir, char why[TASK_WHY])
{
    const task_speech_data *d = t->own;
    tally a;
    ep_status st = make(t, ask, &a);
    for (uint64_t k = 0; st == EP_OK && k < d->n[TASK_TEST]; k++) {
        st = add(&a, k);
        if (st == EP_OK && k == 0) st = write_utterance(&a, dir, why);
    }
    if (st == EP_OK) st = write_parts(d, dir, why);
    if (st == EP_OK) st = write_accuracy(&a, dir, why);
    if (st == EP_OK) st = write_confusion(&a, dir, why);
    drop(&a);
    return st;
}
