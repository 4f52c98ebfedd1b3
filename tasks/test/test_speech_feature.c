/* Features against values worked out here by other routes: closed forms for an impulse, a tone and silence, and a direct DFT in
 * long double with its own mel filters (corners by 2595 log10, where the library uses 1127 ln: the factor cancels).
 * SPDX-License-Identifier: MIT */
#include "feature.h"

#include <check.h>
#include <math.h>

#include "test/run.h"

static const long double pi = 3.141592653589793238462643383279502884L;

static long double hamming(int k) { return 0.54L - 0.46L * cosl(2 * pi * k / 399); }

/* float results of double arithmetic: half an ulp, and 1e-12 for the double's own errors. */
static void near_float(float got, long double want)
{
    long double limit = ldexpl(fmaxl(fabsl(want), 0x1p-20L), -24) + 1e-12L * fmaxl(fabsl(want), 100);
    ck_assert_msg(fabsl(got - want) <= limit, "got %a, want %La", (double)got, want);
}

START_TEST(windows_of_25_ms_every_10_ms)
{
    static const size_t samples[] = {0, 399, 400, 559, 560, 16000}, frames[] = {0, 0, 1, 1, 2, 98};
    for (int k = 0; k < 6; k++) ck_assert_uint_eq(task_feature_frames(samples[k]), frames[k]);
    ck_assert_int_eq(task_feature_size(TASK_MFCC), 39);
    ck_assert_int_eq(task_feature_size(TASK_FBANK), 123);
}
END_TEST

/* 1/2 at sample p: s_p = 1/2 and s_{p+1} = -0.97/2, so |X_m|^2 = 1/4 |w_p - 0.97 w_{p+1} e^{-i w}|^2. */
START_TEST(spectrum_of_an_impulse)
{
    task_extractor *e = task_extractor_new(TASK_FBANK);
    for (int p = 0; p < 400; p += 57) {
        int16_t x[720] = {0};
        double power[257];
        x[160 + p] = 16384;
        task_extractor_power(e, x, 160, power);
        for (int m = 0; m < 257; m++) {
            long double w = 2 * pi * m / 512, a = hamming(p), b = p < 399 ? 0.97L * hamming(p + 1) : 0;
            long double re = a - b * cosl(w), im = b * sinl(w), want = (re * re + im * im) / 4;
            ck_assert_msg(fabsl(power[m] - want) < 1e-14L, "p %d, bin %d: %a, %La", p, m, power[m], want);
        }
        float out[41];
        task_extractor_run(e, x + 160, 400, out, 41);
        near_float(out[40], logl(0.25L));
    }
    task_extractor_free(e);
}
END_TEST

/* sum_k w_k e^{i theta k}: Dirichlet kernels of the window's three terms. */
static void window_transform(long double theta, long double *re, long double *im)
{
    static const long double weight[3] = {0.54L, -0.23L, -0.23L};
    *re = *im = 0;
    for (int r = 0; r < 3; r++) {
        long double t = theta + (r == 1 ? 1 : r == 2 ? -1 : 0) * 2 * pi / 399;
        long double d = fabsl(sinl(t / 2)) < 1e-15L ? 400 : sinl(200 * t) / sinl(t / 2);
        *re += weight[r] * d * cosl(t * 399 / 2);
        *im += weight[r] * d * sinl(t * 399 / 2);
    }
}

/* A cos(2 pi f k): two lines, each through the filter 1 - 0.97 e^{-i w}; samples are rounded, which adds at most
 * sum_k w_k (1 + 0.97)/2 / 32768 to |X|. */
START_TEST(spectrum_of_a_tone)
{
    static const double hz[] = {1000, 440, 3999.5};
    static int16_t x[1000];
    task_extractor *e = task_extractor_new(TASK_FBANK);
    for (int r = 0; r < 3; r++) {
        long double w0 = 2 * pi * hz[r] / 16000;
        double power[257];
        int top = 0;
        for (int k = 0; k < 1000; k++) x[k] = (int16_t)lrintl(20000 * cosl(w0 * k));
        task_extractor_power(e, x, 320, power);
        for (int m = 0; m < 257; m++) {
            long double re = 0, im = 0, w = 2 * pi * m / 512, slack = 0.54L * 400 * 0.985L / 32768;
            for (int sign = -1; sign <= 1; sign += 2) {
                long double wr, wi, v = sign * w0, gr = 1 - 0.97L * cosl(v), gi = 0.97L * sinl(v), pr, pim;
                window_transform(v - w, &wr, &wi);
                pr = cosl(v * 320) * gr - sinl(v * 320) * gi;
                pim = cosl(v * 320) * gi + sinl(v * 320) * gr;
                re += (pr * wr - pim * wi) * 10000 / 32768;
                im += (pr * wi + pim * wr) * 10000 / 32768;
            }
            long double size = sqrtl(re * re + im * im);
            ck_assert_msg(fabsl(sqrtl(power[m]) - size) <= slack, "%g Hz, bin %d: %La, %La", hz[r], m, sqrtl(power[m]), size);
            if (power[m] > power[top]) top = m;
        }
        ck_assert_int_eq(top, (int)lround(hz[r] * 512 / 16000));
    }
    task_extractor_free(e);
}
END_TEST

START_TEST(silence_is_the_floor)
{
    static int16_t x[400];
    float out[41];
    for (int kind = 0; kind < 2; kind++) {
        task_extractor *e = task_extractor_new((task_feature)kind);
        task_extractor_run(e, x, 400, out, 41);
        for (int n = 0; n < task_feature_static((task_feature)kind); n++)
            near_float(out[n], kind == TASK_FBANK ? logl(1e-10L) : n ? 0 : 26 * logl(1e-10L));
        task_extractor_free(e);
    }
}
END_TEST

/* ---- the whole way, directly --------------------------------------------------------------------------- */

static long double corner(int q, int filters)
{
    long double top = 2595 * log10l(1 + 8000 / 700.0L);
    return 700 * (powl(10, top * q / (filters + 1) / 2595) - 1);
}

static void direct(const int16_t *x, size_t at, int filters, long double *band)
{
    long double power[257];
    for (int m = 0; m < 257; m++) {
        long double re = 0, im = 0;
        for (int k = 0; k < 400; k++) {
            long double before = at + (size_t)k ? x[at + (size_t)k - 1] : 0;
            long double s = hamming(k) * (x[at + (size_t)k] - 0.97L * before) / 32768;
            re += s * cosl(2 * pi * (m * k % 512) / 512);
            im -= s * sinl(2 * pi * (m * k % 512) / 512);
        }
        power[m] = re * re + im * im;
    }
    for (int q = 0; q < filters; q++) {
        long double lo = corner(q, filters), mid = corner(q + 1, filters), hi = corner(q + 2, filters), sum = 0;
        for (int m = 0; m < 257; m++) {
            long double f = 31.25L * m, h = fminl((f - lo) / (mid - lo), (hi - f) / (hi - mid));
            if (h > 0) sum += h * power[m];
        }
        band[q] = logl(fmaxl(sum, 1e-10L));
    }
}

START_TEST(short_vector_by_direct_dft)
{
    int16_t x[720];
    for (unsigned k = 0; k < 720; k++) x[k] = (int16_t)(ep_rng_u64(7, 3, k) % 30001 - 15000);
    float mfcc[3 * 13], fbank[3 * 41];
    task_extractor *m = task_extractor_new(TASK_MFCC), *b = task_extractor_new(TASK_FBANK);
    task_extractor_run(m, x, 720, mfcc, 13);
    task_extractor_run(b, x, 720, fbank, 41);
    for (size_t f = 0; f < 3; f++) {
        long double band[40], energy = 0;
        direct(x, 160 * f, 40, band);
        for (int q = 0; q < 40; q++) near_float(fbank[f * 41 + (size_t)q], band[q]);
        for (size_t k = 0; k < 400; k++) energy += x[160 * f + k] / 32768.0L * (x[160 * f + k] / 32768.0L);
        near_float(fbank[f * 41 + 40], logl(energy));
        direct(x, 160 * f, 26, band);
        for (int n = 0; n < 13; n++) {
            long double c = 0;
            for (int q = 0; q < 26; q++) c += band[q] * cosl(pi * n * (2 * q + 1) / 52);
            near_float(mfcc[f * 13 + (size_t)n], c);
        }
    }
    task_extractor_free(m);
    task_extractor_free(b);
}
END_TEST

/* ---- deltas, z-scores ------------------------------------------------------------------------------------ */

START_TEST(deltas_by_hand)
{
    /* columns: value 1 4 9 16 25 -> delta 0 8 12 16 0 -> delta of delta 0 12 8 -12 0; a column behind stays */
    float v[5][7] = {{0}};
    static const float value[] = {1, 4, 9, 16, 25}, d[] = {0, 8, 12, 16, 0}, dd[] = {0, 12, 8, -12, 0};
    for (int f = 0; f < 5; f++) v[f][0] = value[f], v[f][1] = -value[f], v[f][6] = 77;
    task_feature_deltas(&v[0][0], 5, 2, 7);
    for (int f = 0; f < 5; f++) {
        const float want[] = {value[f], -value[f], d[f], -d[f], dd[f], -dd[f], 77};
        for (int k = 0; k < 7; k++) ck_assert(!(v[f][k] < want[k] || v[f][k] > want[k]));
    }
    float one[3] = {5, 1, 1};
    task_feature_deltas(one, 1, 1, 3);
    ck_assert(!(fabsf(one[1]) > 0) && !(fabsf(one[2]) > 0));
}
END_TEST

START_TEST(zscore_by_hand)
{
    /* rows in use: 2, 4, 6, 8 (mean 5, std sqrt 5); the others get the same line. Second column: constant. */
    float v[6][3] = {{2, 3, 9}, {4, 3, 9}, {100, 3, 9}, {6, 3, 9}, {8, 3, 9}, {5, 4, 9}};
    const bool use[] = {true, true, false, true, true, false};
    task_feature_zscore(&v[0][0], 6, 2, 3, use);
    static const long double was[] = {2, 4, 100, 6, 8, 5};
    for (int r = 0; r < 6; r++) {
        near_float(v[r][0], (was[r] - 5) / sqrtl(5));
        near_float(v[r][1], r < 5 ? 0 : 1e10L);
        ck_assert(!(v[r][2] < 9 || v[r][2] > 9));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("speech_feature");
    TCase *c = tcase_create("feature");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, windows_of_25_ms_every_10_ms);
    tcase_add_test(c, spectrum_of_an_impulse);
    tcase_add_test(c, spectrum_of_a_tone);
    tcase_add_test(c, silence_is_the_floor);
    tcase_add_test(c, short_vector_by_direct_dft);
    tcase_add_test(c, deltas_by_hand);
    tcase_add_test(c, zscore_by_hand);
    suite_add_tcase(s, c);
    return test_run(s);
}
