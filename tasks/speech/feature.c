/* Mel-cepstra and filterbanks by FFTW.
 * SPDX-License-Identifier: MIT */
#include "feature.h"

#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FFT = 512, BINS = FFT / 2 + 1, CEPSTRA = 13, MFCC_FILTERS = 26, FBANK_FILTERS = 40 };
static const double floor_energy = 1e-10, floor_std = 1e-10, pi = 3.14159265358979323846;

struct task_extractor {
    task_feature kind;
    int filters;
    double window[TASK_WINDOW];
    double mel[FBANK_FILTERS][BINS];
    int first[FBANK_FILTERS], last[FBANK_FILTERS]; /* bins that a triangle covers */
    double dct[CEPSTRA][MFCC_FILTERS];
    double *in;
    fftw_complex *out;
    fftw_plan plan;
};

int task_feature_static(task_feature kind) { return kind == TASK_MFCC ? CEPSTRA : FBANK_FILTERS + 1; }
int task_feature_size(task_feature kind) { return 3 * task_feature_static(kind); }
size_t task_feature_frames(size_t samples) { return samples < TASK_WINDOW ? 0 : 1 + (samples - TASK_WINDOW) / TASK_STEP; }

static double mel_of(double hz) { return 1127 * log1p(hz / 700); }
static double hz_of(double mel) { return 700 * expm1(mel / 1127); }

/* H_qm: from corner q-1 up to corner q, down to corner q+1. */
static void make_mel(task_extractor *e)
{
    double top = mel_of(TASK_RATE / 2.0), each = top / (e->filters + 1);
    for (int q = 0; q < e->filters; q++) {
        double lo = hz_of(q * each), mid = hz_of((q + 1) * each), hi = hz_of((q + 2) * each);
        e->first[q] = BINS;
        for (int m = 0; m < BINS; m++) {
            double f = m * (double)TASK_RATE / FFT;
            double h = f <= mid ? (f - lo) / (mid - lo) : (hi - f) / (hi - mid);
            if (!(h > 0)) continue;
            e->mel[q][m] = h;
            if (e->first[q] == BINS) e->first[q] = m;
            e->last[q] = m;
        }
    }
}

task_extractor *task_extractor_new(task_feature kind)
{
    task_extractor *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->kind = kind;
    e->filters = kind == TASK_MFCC ? MFCC_FILTERS : FBANK_FILTERS;
    e->in = fftw_alloc_real(FFT);
    e->out = fftw_alloc_complex(BINS);
    if (e->in && e->out) e->plan = fftw_plan_dft_r2c_1d(FFT, e->in, e->out, FFTW_ESTIMATE);
    if (!e->plan) {
        task_extractor_free(e);
        return NULL;
    }
    for (int k = 0; k < TASK_WINDOW; k++) e->window[k] = 0.54 - 0.46 * cos(2 * pi * k / (TASK_WINDOW - 1));
    make_mel(e);
    for (int n = 0; n < CEPSTRA; n++)
        for (int q = 0; q < MFCC_FILTERS; q++) e->dct[n][q] = cos(pi * n * (q + 0.5) / MFCC_FILTERS);
    return e;
}

void task_extractor_free(task_extractor *e)
{
    if (!e) return;
    if (e->plan) fftw_destroy_plan(e->plan);
    fftw_free(e->in);
    fftw_free(e->out);
    free(e);
}

void task_extractor_power(task_extractor *e, const int16_t *x, size_t at, double *power)
{
    for (size_t k = 0; k < TASK_WINDOW; k++) {
        double before = at + k ? 0.97 * x[at + k - 1] : 0;
        e->in[k] = e->window[k] * (x[at + k] - before) / 32768;
    }
    memset(e->in + TASK_WINDOW, 0, (FFT - TASK_WINDOW) * sizeof *e->in);
    fftw_execute(e->plan);
    for (int m = 0; m < BINS; m++) {
        const double *X = (const double *)&e->out[m];
        power[m] = X[0] * X[0] + X[1] * X[1];
    }
}

static double energy(const int16_t *x)
{
    double sum = 0;
    for (int k = 0; k < TASK_WINDOW; k++) sum += (x[k] / 32768.0) * (x[k] / 32768.0);
    return sum;
}

void task_extractor_run(task_extractor *e, const int16_t *x, size_t samples, float *out, size_t stride)
{
    size_t frames = task_feature_frames(samples);
    double power[BINS], band[FBANK_FILTERS];
    for (size_t f = 0; f < frames; f++, out += stride) {
        task_extractor_power(e, x, f * TASK_STEP, power);
        for (int q = 0; q < e->filters; q++) {
            double sum = 0;
            for (int m = e->first[q]; m <= e->last[q]; m++) sum += e->mel[q][m] * power[m];
            band[q] = log(fmax(sum, floor_energy));
        }
        if (e->kind == TASK_FBANK) {
            for (int q = 0; q < e->filters; q++) out[q] = (float)band[q];
            out[e->filters] = (float)log(fmax(energy(x + f * TASK_STEP), floor_energy));
            continue;
        }
        for (int n = 0; n < CEPSTRA; n++) {
            double c = 0;
            for (int q = 0; q < e->filters; q++) c += e->dct[n][q] * band[q];
            out[n] = (float)c;
        }
    }
}

void task_feature_deltas(float *v, size_t frames, size_t n, size_t stride)
{
    for (size_t f = 0; f < frames; f++)
        for (size_t k = 0; k < n; k++)
            v[f * stride + n + k] = f == 0 || f + 1 == frames ? 0 : v[(f + 1) * stride + k] - v[(f - 1) * stride + k];
    for (size_t f = 0; f < frames; f++)
        for (size_t k = n; k < 2 * n; k++)
            v[f * stride + n + k] = f == 0 || f + 1 == frames ? 0 : v[(f + 1) * stride + k] - v[(f - 1) * stride + k];
}

enum { MOST_COLUMNS = 3 * (FBANK_FILTERS + 1) };

/* out_k = sum over the rows in use of v_k, or of (v_k - centre_k)^2 where centres are given; returns how many rows. */
static double column_sums(const float *v, size_t rows, size_t n, size_t stride, const bool *use, const double *centre, double *out)
{
    double used = 0;
    for (size_t k = 0; k < n; k++) out[k] = 0;
    for (size_t r = 0; r < rows; r++, v += stride) {
        if (use && !use[r]) continue;
        used++;
        for (size_t k = 0; k < n; k++) {
            double d = centre ? v[k] - centre[k] : v[k];
            out[k] += centre ? d * d : d;
        }
    }
    return used;
}

void task_feature_zscore(float *v, size_t rows, size_t n, size_t stride, const bool *use)
{
    double mean[MOST_COLUMNS], std[MOST_COLUMNS];
    double used = column_sums(v, rows, n, stride, use, NULL, mean);
    if (!(used > 0)) return;
    for (size_t k = 0; k < n; k++) mean[k] /= used;
    (void)column_sums(v, rows, n, stride, use, mean, std);
    for (size_t k = 0; k < n; k++) std[k] = fmax(sqrt(std[k] / used), floor_std);
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < n; k++) v[r * stride + k] = (float)((v[r * stride + k] - mean[k]) / std[k]);
}
