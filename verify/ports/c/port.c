/* port.c: the lines by which eprop-verify talks to network.h beside it: the template of a port.
 *
 *     cc -std=c11 -O2 -ffp-contract=off -o port port.c -lm  &&  eprop-verify port --port ./port
 *
 * Copy both, put your own code in the place of network.h's functions, and keep the rest. The lines: verify/PROTOCOL.md.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "network.h"

static int n_got;

static void got(const char *name, const int *index, int n, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("got %s", name);
    for (int i = 0; i < n; i++) printf(" %d", index[i]);
    printf(" %08" PRIx32 "\n", bits);
    n_got++;
}

/* n rows of m numbers; m = 0: n numbers; n = 0: one number. In front: trial and step, or (b = -1) the update. */
static void report(const char *name, int b, int t, const float *at, int n, int m, int stride)
{
    char word[40];
    int index[4], depth = 0;
    snprintf(word, sizeof word, ",%s,", name);
    if (!strstr(c.want, word)) return;   /* `want` is kept with commas at both ends */
    if (t > 0 && b >= 0 && c.B > 1) index[depth++] = b;
    if (t > 0) index[depth++] = t;
    for (int j = 0; j < (n ? n : 1); j++)
        for (int i = 0; i < (m ? m : 1); i++) {
            index[depth] = j;
            index[depth + 1] = i;
            got(name, index, depth + (n > 0) + (m > 0), at[j * stride + i]);
        }
}

static void report_step(int b, int t)
{
    const struct { const char *name; float *at; int n, m, stride; } array[] = {
        {"I", s.I, c.n_rec, 0, 1}, {"v", s.v, c.n_rec, 0, 1}, {"a", s.a, c.n_rec, 0, 1}, {"z", s.z[t % RING], c.n_rec, 0, 1},
        {"r", s.r, c.n_rec, 0, 1}, {"psi", s.psi, c.n_rec, 0, 1}, {"eps_v", &s.eps_v[0][0], c.n_rec, columns, ROW},
        {"eps_a", &s.eps_a[0][0], c.n_rec, columns, ROW}, {"e", &s.e[0][0], c.n_rec, columns, ROW},
        {"ebar", &s.ebar[0][0], c.n_rec, columns, ROW}, {"y", s.y, c.n_out, 0, 1}, {"err", s.err, c.n_out, 0, 1},
        {"L", s.L, c.n_rec, 0, 1}};
    for (size_t k = 0; k < sizeof array / sizeof *array; k++)
        report(array[k].name, b, t, array[k].at, array[k].n, array[k].m, array[k].stride);
}

static void report_gradients(void)
{
    int N = c.n_rec, bias = c.n_in + N;
    report("E", 0, 0, &sum.E, 0, 0, 0);
    report("dWin", 0, 0, &sum.g[0][0], N, c.n_in, ROW);
    report("dWrec", 0, 0, &sum.g[0][c.n_in], N, N, ROW);
    report("db", 0, 0, &sum.g[0][bias], N, 0, ROW);
    report("dalpha", 0, 0, &sum.g[0][bias + 1], N, 0, ROW);
    report("drho", 0, 0, &sum.g[0][bias + 2], N, 0, ROW);
    report("dbeta", 0, 0, &sum.g[0][bias + 3], N, 0, ROW);
    report("dWout", 0, 0, &sum.Wout[0][0], c.n_out, N, REC);
    report("dbout", 0, 0, sum.bout, c.n_out, 0, 1);
}

static void report_update(int u)
{
    char word[24];
    int N = c.n_rec;
    snprintf(word, sizeof word, ",%d,", u);
    if (!strstr(c.report, word)) return;
    report("count", -1, u, count, N, 0, 1);
    report("loss", -1, u, &sum.E, 0, 0, 0);
    report("Win", -1, u, &c.Win[0][0], N, c.n_in, IN);
    report("Wrec", -1, u, &c.Wrec[0][0], N, N, REC);
    report("b", -1, u, c.b, N, 0, 1);
    report("Wout", -1, u, &c.Wout[0][0], c.n_out, N, REC);
    report("bout", -1, u, c.bout, c.n_out, 0, 1);
    report("B", -1, u, &c.Bfb[0][0], N, c.n_out, OUT);
}

static float number(const char *text)
{
    uint32_t bits = (uint32_t)strtoul(text, NULL, 16);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* NAME=VALUE words of a case; 0: outside of what the port line cannot say. */
static int head(char *line)
{
    const struct { const char *name; char *text; int *whole; float *real; } key[] = {
        {"model", c.model, 0, 0}, {"preset", c.preset, 0, 0}, {"want", c.want, 0, 0}, {"rule", c.rule, 0, 0},
        {"loss", c.loss, 0, 0}, {"format", c.format, 0, 0}, {"reset_path", c.path, 0, 0}, {"regime", c.regime, 0, 0},
        {"carry", c.carry, 0, 0}, {"report", c.report, 0, 0}, {"given", c.given, 0, 0}, {"updates", 0, &c.updates, 0},
        {"eta", 0, 0, &c.eta}, {"lambda", 0, 0, &c.lambda}, {"T", 0, &c.T, 0},
        {"B", 0, &c.B, 0}, {"n_in", 0, &c.n_in, 0}, {"n_rec", 0, &c.n_rec, 0}, {"n_out", 0, &c.n_out, 0},
        {"n_ref", 0, &c.n_ref, 0}, {"delay", 0, &c.delay, 0}, {"delay_L", 0, &c.delay_L, 0}, {"kappa", 0, 0, &c.kappa},
        {"v_th", 0, 0, &c.v_th}, {"gamma", 0, 0, &c.gamma}, {"c_reg", 0, 0, &c.c_reg}, {"f_target", 0, 0, &c.f_target}};
    size_t n = sizeof key / sizeof *key, i;
    memset(&c, 0, sizeof c);
    c.delay = 1;
    for (char *word = strtok(line + 5, " \n"); (word = strtok(NULL, " \n"));) {
        char *value = strchr(word, '=');
        if (!value) return 0;
        *value++ = '\0';
        for (i = 0; i < n && strcmp(key[i].name, word); i++) continue;
        if (i == n) c.odd = 1;
        else if (key[i].text) sprintf(key[i].text, key[i].text == c.want || key[i].text == c.report ? ",%.390s," : "%.23s", value);
        else if (key[i].whole) *key[i].whole = atoi(value);
        else *key[i].real = number(value);
    }
    for (int k = 0; k < TRIALS * (STEPS + 1); k++) (&c.mask[0][0])[k] = 1;
    adaptive = !strcmp(c.model, "alif");
    symmetric = !strcmp(c.rule, "eprop1-symmetric");
    given_z = strchr(c.given, 'z') != NULL;
    given_psi = strstr(c.given, "psi") != NULL;
    given_L = strchr(c.given, 'L') != NULL;
    return !c.odd && !strcmp(c.preset, "paper2019") && strcmp(c.path, "local") && c.delay < RING && c.delay_L < RING;
}

/* NAME INDICES BITS into its array: an input, or a state (`set`) after step t; a trial's index comes first and may be
 * left out. */
static void store(char kind, char *word[], int n, int t)
{
    const struct { char kind; const char *name; float *at; int stride[3]; } array[] = {
        {'i', "Win", &c.Win[0][0], {0, IN, 1}}, {'i', "Wrec", &c.Wrec[0][0], {0, REC, 1}}, {'i', "b", c.b, {0, 0, 1}},
        {'i', "Wout", &c.Wout[0][0], {0, REC, 1}}, {'i', "bout", c.bout, {0, 0, 1}}, {'i', "B", &c.Bfb[0][0], {0, OUT, 1}},
        {'i', "alpha", c.alpha, {0, 0, 1}}, {'i', "rho", c.rho, {0, 0, 1}}, {'i', "beta", c.beta, {0, 0, 1}},
        {'i', "x", &c.x[0][0][0], {(STEPS + 1) * IN, IN, 1}}, {'i', "target", &c.target[0][0][0], {(STEPS + 1) * OUT, OUT, 1}},
        {'i', "mask", &c.mask[0][0], {0, STEPS + 1, 1}}, {'i', "z", &c.z[0][0][0], {(STEPS + 1) * REC, REC, 1}},
        {'i', "psi", &c.psi[0][0][0], {(STEPS + 1) * REC, REC, 1}}, {'i', "L", &c.L[0][0][0], {(STEPS + 1) * REC, REC, 1}},
        {'s', "v", s.v, {0, 0, 1}}, {'s', "a", s.a, {0, 0, 1}}, {'s', "r", s.r, {0, 0, 1}}, {'s', "z", s.z[t % RING], {0, 0, 1}},
        {'s', "y", s.y, {0, 0, 1}}, {'s', "eps_v", &s.eps_v[0][0], {0, ROW, 1}}, {'s', "eps_a", &s.eps_a[0][0], {0, ROW, 1}},
        {'s', "e", &s.e[0][0], {0, ROW, 1}}, {'s', "ebar", &s.ebar[0][0], {0, ROW, 1}}};
    int at = 0;
    for (size_t k = 0; k < sizeof array / sizeof *array; k++)
        if (array[k].kind == kind && !strcmp(array[k].name, word[0])) {
            for (int i = n - 2, d = 2; i > 0; i--, d--) at += atoi(word[i]) * array[k].stride[d];
            array[k].at[at] = number(word[n - 1]);
        }
}

static int split(char *line, char *word[])
{
    int n = 0;
    for (char *w = strtok(line, " \n"); w && n < 8; w = strtok(NULL, " \n")) word[n++] = w;
    return n;
}

int main(void)
{
    char line[1100], *word[8];
    int ok = 0, b = 0, t = 0;
    while (fgets(line, sizeof line, stdin) && strcmp(line, "bye\n") != 0) {
        int ends = !strcmp(line, "end\n"), forced = !strcmp(line, "step\n");
        if (!strncmp(line, "eprop ", 6))
            printf("port name=c-template version=1 formats=f32 models=lif,alif rules=eprop1 losses=regression,classification "
                   "quantities=I,v,a,z,r,psi,eps_v,eps_a,e,ebar,y,err,E,L,dWin,dWrec,db,dWout,dbout,dalpha,drho,dbeta,"
                   "count,loss,Win,Wrec,b,Wout,bout,B given=z,psi,L "
                   "max_in=%d max_rec=%d max_out=%d max_T=%d max_B=%d set=yes contract=off\nready\n", IN, REC, OUT, STEPS, TRIALS);
        else if (!strncmp(line, "case ", 5)) ok = head(line);
        else if (!ok) printf("%s", ends || forced ? "unsupported this convention, size or format\n" : "");
        else if (!strncmp(line, "in ", 3)) store('i', word, split(line + 3, word), 0);
        else if (!strncmp(line, "set t=", 6)) {
            int n = split(line + 6, word), at = atoi(word[0]), trial = !strncmp(word[1], "b=", 2);
            b = trial ? atoi(word[1] + 2) : 0;
            t = at > t ? at : t;
            store('s', word + 1 + trial, n - 1 - trial, at);
        } else {
            n_got = 0;
            if (forced) step(b, t + 1);
            else run();
            printf("done %d\n", n_got);
            t = 0;
        }
        if (ends || forced || line[1] == 'p') fflush(stdout);
    }
    return 0;
}
