/* SPDX-License-Identifier: MIT */
#include "case_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_bits(FILE *f, bool f64, double v)
{
    uint64_t wide;
    uint32_t narrow;
    float single = (float)v;
    memcpy(&wide, &v, sizeof wide);
    memcpy(&narrow, &single, sizeof narrow);
    if (f64) fprintf(f, "%016" PRIx64, wide);
    else fprintf(f, "%08" PRIx32, narrow);
}

/* Elements that are not zero, indices along up to three axes of which the first is left out where its length is 1. */
static void put_array(FILE *f, const char *name, const double *v, const size_t len[3], int axes, size_t first_t, bool f64)
{
    for (size_t a = 0; v && a < len[0]; a++)
        for (size_t b = 0; b < len[1]; b++)
            for (size_t c = 0; c < len[2]; c++) {
                double x = v[(a * len[1] + b) * len[2] + c];
                if (!(x < 0) && !(x > 0)) continue;
                fprintf(f, "in %s", name);
                if (len[0] > 1) fprintf(f, " %zu", a);
                if (axes > 1) fprintf(f, " %zu", b + first_t);
                fprintf(f, " %zu ", c);
                put_bits(f, f64, x);
                fputc('\n', f);
            }
}

static void put_inputs(FILE *f, const bench_case *c, const subject *s, bool f64)
{
    static const char *const theta[] = {"alpha", "rho", "beta"};
    const ep_net *n = &s->net;
    size_t ch = (size_t)ep_model_channels(c->model), N = (size_t)c->N, I = (size_t)c->n_in, K = (size_t)c->n_out, T = (size_t)c->T, B = (size_t)c->B;
    put_array(f, "Win", n->Win, (size_t[]){ch, N, I}, 2, 0, f64);
    put_array(f, "Wrec", n->Wrec, (size_t[]){ch, N, N}, 2, 0, f64);
    put_array(f, "b", n->b, (size_t[]){ch, 1, N}, 1, 0, f64);
    put_array(f, "Wout", n->Wout, (size_t[]){1, K, N}, 2, 0, f64);
    for (int p = 0; p < 3; p++) put_array(f, theta[p], n->theta[p], (size_t[]){1, 1, N}, 1, 0, f64);
    put_array(f, "x", s->x64, (size_t[]){B, T, I}, 2, 1, f64);
    put_array(f, "target", s->target64, (size_t[]){B, T, K}, 2, 1, f64);
}

/* Keys of the computation: NAME, `between`, VALUE, `after`. */
static void put_keys(FILE *f, const bench_case *c, const subject *s, bool f64, const char *between, const char *after)
{
    const struct { const char *name; int v; } size[] = {{"T", c->T}, {"B", c->B}, {"n_in", c->n_in}, {"n_rec", c->N}, {"n_out", c->n_out}};
    const struct { const char *name; double v; } real[] = {{"kappa", s->net.kappa}, {"v_th", s->net.v_th}, {"gamma", s->net.gamma}};
    fprintf(f, "model%s%s%spreset%spaper2019%srule%s%s%sformat%s%s", between, ep_model_name(c->model), after, between, after, between, ep_rule_name(c->rule), after,
            between, f64 ? "f64" : "f32");
    for (int k = 0; k < 5; k++) fprintf(f, "%s%s%s%d", after, size[k].name, between, size[k].v);
    fprintf(f, "%sloss%sregression", after, between);
    for (int k = 0; k < (ep_model_spikes(c->model) ? 3 : 1); k++) {
        fprintf(f, "%s%s%s", after, real[k].name, between);
        put_bits(f, f64, real[k].v);
    }
}

bool bench_case_file(FILE *f, const bench_case *c, const subject *s, bool f64)
{
    fprintf(f, "epv 1\ncase ep:-\n");
    put_keys(f, c, s, f64, " ", "\n");
    fputc('\n', f);
    put_inputs(f, c, s, f64);
    return fprintf(f, "end\n") > 0 && fflush(f) == 0 && !ferror(f);
}

bool bench_case_send(FILE *f, const bench_case *c, const subject *s, bool f64, const char *want)
{
    fprintf(f, "case ep:- ");
    put_keys(f, c, s, f64, "=", " ");
    fprintf(f, " want=%s\n", want);
    put_inputs(f, c, s, f64);
    return fprintf(f, "end\n") > 0 && fflush(f) == 0 && !ferror(f);
}

/* ---- answers -------------------------------------------------------------------------------------------------------- */

static bool bits(const char *text, bool f64, double *v)
{
    uint64_t wide = 0;
    size_t n = strlen(text);
    if (n != (f64 ? 16u : 8u) || strspn(text, "0123456789abcdef") != n || sscanf(text, "%" SCNx64, &wide) != 1) return false;
    uint32_t narrow = (uint32_t)wide;
    float single;
    memcpy(&single, &narrow, sizeof single);
    memcpy(v, &wide, sizeof wide);
    if (!f64) *v = (double)single;
    return true;
}

/* Axes of what may come back; the first is left out where its length is 1. */
static int axes_of(const char *name, const bench_case *c, size_t len[3], int *group)
{
    static const char *const grads[] = {"dWin", "dWrec", "db", "dWout", "dbout"};
    size_t ch = (size_t)ep_model_channels(c->model), N = (size_t)c->N, I = (size_t)c->n_in, K = (size_t)c->n_out;
    const size_t shape[6][3] = {{ch, N, I}, {ch, N, N}, {ch, 1, N}, {1, K, N}, {1, 1, K}, {(size_t)c->B, (size_t)c->T, N}};
    static const int axes[6] = {2, 2, 1, 2, 1, 2};
    for (int k = 0; k < 6; k++)
        if (strcmp(name, k < 5 ? grads[k] : "z") == 0) {
            memcpy(len, shape[k], sizeof shape[k]);
            *group = k;
            return axes[k];
        }
    return 0;
}

ep_status bench_case_got(const char *line, const bench_case *c, const subject *s, bool f64, double *g, signed char *z, char why[BENCH_WHY])
{
    char name[16], raw[20];
    size_t len[3], at[3] = {0, 0, 0}, i = 0;
    int group = -1, used = 0, more;
    double v;
    int axes = sscanf(line, "got %15[A-Za-z_]%n", name, &used) == 1 ? axes_of(name, c, len, &group) : 0;
    bool good = axes > 0;
    for (int k = good && len[0] > 1 ? 0 : 3 - axes; good && k < 3; k++) {
        good = sscanf(line + used, " %zu%n", &at[k], &more) == 1;
        used += good ? more : 0;
        if (k == 1 && group == 5) at[k]--; /* t counts from 1 */
        good = good && at[k] < len[k];
        if (k == 0) k += 2 - axes;         /* two axes of which the first is the channel */
    }
    good = good && sscanf(line + used, " %19s%n", raw, &more) == 1 && line[used + more] == '\0' && bits(raw, f64, &v);
    if (!good) {
        bench_say(why, "found '%.80s', expected got, a gradient or z, its indices, %d hexadecimal digits", line, f64 ? 16 : 8);
        return EP_FORMAT;
    }
    i = (at[0] * len[1] + at[1]) * len[2] + at[2];
    if (group == 5) {
        if (z) z[i] = v > 0.5;
        return EP_OK;
    }
    for (int k = 0; k < group; k++) i += ep_group_size(&s->net, (ep_group)k);
    g[i] = v;
    return EP_OK;
}
