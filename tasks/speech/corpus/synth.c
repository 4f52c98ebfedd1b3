/* espeak-ng, then libsamplerate, then gain, noise and labels.
 * SPDX-License-Identifier: MIT */
#include "synth.h"

#include <espeak-ng/speak_lib.h>
#include <math.h>
#include <samplerate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_SYNTH = 13, SILENCE_LEAST = 1280, SILENCE_SPREAD = 2400, NOISE_BITS = 16 };

/* What the callback collects. espeak-ng hands on one pointer, with every event. */
typedef struct take {
    int16_t *x;
    size_t samples, room;
    corpus_event *ev;
    size_t n, n_room;
    bool failed;
} take;

static bool room_for(void **p, size_t *room, size_t want, size_t each)
{
    if (want <= *room) return true;
    size_t more = *room ? 2 * *room : 65536;
    if (more < want) more = want;
    void *q = realloc(*p, more * each);
    if (!q) return false;
    *p = q;
    *room = more;
    return true;
}

static int collect(short *wav, int count, espeak_EVENT *e)
{
    take *t = e->user_data;
    if (!t) return 0;
    void *x = t->x, *ev = t->ev;
    for (; e->type != espeakEVENT_LIST_TERMINATED; e++) {
        if (e->type != espeakEVENT_PHONEME) continue;
        t->failed |= !room_for(&ev, &t->n_room, t->n + 1, sizeof *t->ev);
        t->ev = ev;
        if (t->failed) return 1;
        corpus_event *to = &t->ev[t->n++];
        *to = (corpus_event){.start = e->sample};
        memcpy(to->name, e->id.string, sizeof e->id.string);
    }
    if (!wav || count <= 0) return 0;
    t->failed |= !room_for(&x, &t->room, t->samples + (size_t)count, sizeof *t->x);
    t->x = x;
    if (t->failed) return 1;
    memcpy(t->x + t->samples, wav, (size_t)count * sizeof *t->x);
    t->samples += (size_t)count;
    return 0;
}

ep_status synth_start(char *err, size_t n)
{
    int rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, NULL, espeakINITIALIZE_PHONEME_EVENTS | espeakINITIALIZE_DONT_EXIT);
    if (rate != CORPUS_SYNTH_RATE) {
        (void)snprintf(err, n, "espeak-ng: found a rate of %d; expected %d (is espeak-ng-data installed?)", rate, CORPUS_SYNTH_RATE);
        return EP_IO;
    }
    espeak_SetSynthCallback(collect);
    return EP_OK;
}

const char *synth_version(void) { return espeak_Info(NULL); }

static ep_status speak(const corpus_speaker *s, const char *text, int rate, take *t, char *err, size_t n)
{
    if (espeak_SetVoiceByName(s->voice) != EE_OK) {
        (void)snprintf(err, n, "espeak-ng: found no voice %s", s->voice);
        return EP_IO;
    }
    (void)espeak_SetParameter(espeakRATE, rate, 0);
    (void)espeak_SetParameter(espeakPITCH, s->pitch, 0);
    (void)espeak_SetParameter(espeakRANGE, s->range, 0);
    if (espeak_Synth(text, strlen(text) + 1, 0, POS_CHARACTER, 0, espeakCHARS_UTF8, NULL, t) == EE_OK && !t->failed && t->samples && t->n)
        return EP_OK;
    (void)snprintf(err, n, "espeak-ng: could not speak \"%s\" with voice %s", text, s->voice);
    return EP_IO;
}

/* To 16 kHz, behind `before` samples of silence in out [total]. */
static ep_status resample(const take *t, size_t before, size_t total, float *out, char *err, size_t n)
{
    float *in = malloc(t->samples * sizeof *in);
    if (!in) return EP_NOMEM;
    src_short_to_float_array(t->x, in, (int)t->samples);
    SRC_DATA d = {.data_in = in, .data_out = out + before, .input_frames = (long)t->samples, .output_frames = (long)(total - before),
                  .src_ratio = (double)TASK_RATE / CORPUS_SYNTH_RATE};
    int bad = src_simple(&d, SRC_SINC_MEDIUM_QUALITY, 1);
    free(in);
    if (!bad) return EP_OK;
    (void)snprintf(err, n, "libsamplerate: %s", src_strerror(bad));
    return EP_IO;
}

static int16_t quantised(double v) { return (int16_t)lrint(fmax(-32768, fmin(32767, v))); }

static ep_status finish(const corpus_speaker *s, const take *t, uint64_t seed, uint64_t index, int16_t **x, size_t *samples, task_labels *labels,
                        char *err, size_t n)
{
    const uint64_t stream = (uint64_t)STREAM_SYNTH << 56 | index;
    size_t before = SILENCE_LEAST + task_pick(seed, stream, 0, SILENCE_SPREAD), after = SILENCE_LEAST + task_pick(seed, stream, 1, SILENCE_SPREAD);
    size_t total = before + t->samples * TASK_RATE / CORPUS_SYNTH_RATE + after;
    float *sound = calloc(total, sizeof *sound);
    int16_t *out = malloc(total * sizeof *out);
    ep_status st = sound && out ? resample(t, before, total, sound, err, n) : EP_NOMEM;
    for (size_t k = 0; !st && k < total; k++)
        out[k] = quantised(s->gain * 32768 * sound[k] + s->noise * ep_rng_normal(seed, stream, 1000 + 6 * k, NOISE_BITS));
    if (!st) st = corpus_label(t->ev, t->n, t->x, (long)t->samples, s->rhotic, (long)before, (long)total, labels, err, n);
    free(sound);
    if (st) {
        free(out);
        return st;
    }
    *x = out;
    *samples = total;
    return EP_OK;
}

ep_status synth_speak(const corpus_speaker *s, const char *text, int rate, uint64_t seed, uint64_t index, int16_t **x, size_t *samples,
                      task_labels *labels, char *err, size_t n)
{
    take t = {0};
    ep_status st = speak(s, text, rate, &t, err, n);
    if (!st) st = finish(s, &t, seed, index, x, samples, labels, err, n);
    if (st == EP_NOMEM) (void)snprintf(err, n, "out of memory");
    free(t.x);
    free(t.ev);
    return st;
}
