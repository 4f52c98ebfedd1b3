/* port.c: e-prop 1 for LIF and ALIF in binary32, and the lines by which eprop-verify talks to it: the template of a port.
 *
 *     cc -std=c11 -O2 -ffp-contract=off -o port port.c -lm  &&  eprop-verify port --port ./port
 *
 * Copy it, put your own code in the place of forward(), readout(), learn() and regularise(), and keep the rest.
 * Convention paper2019, any delay, refractoriness, late learning signal; equations and lines: verify/PROTOCOL.md.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN = 16, REC = 16, OUT = 4, ROW = IN + REC + 4, STEPS = 512, TRIALS = 4, RING = 33 };

static struct {                          /* one case, as it was sent */
    char model[24], preset[24], rule[24], loss[24], format[24], path[24], want[400];
    int T, B, n_in, n_rec, n_out, n_ref, delay, delay_L, odd; /* odd: an option that is not here */
    float kappa, v_th, gamma, c_reg, f_target;
    float Win[REC][IN], Wrec[REC][REC], b[REC], Wout[OUT][REC], bout[OUT], Bfb[REC][OUT], alpha[REC], rho[REC], beta[REC];
    float x[TRIALS][STEPS + 1][IN], target[TRIALS][STEPS + 1][OUT], mask[TRIALS][STEPS + 1];
} c;
static struct {                          /* one trial after its last step */
    float I[REC], v[REC], a[REC], r[REC], psi[REC], y[OUT], err[OUT], L[REC], zbar[REC], onebar;
    float z[RING][REC], late[RING][REC]; /* z and L of the last steps: z^t is z[t % RING] */
    float eps_v[REC][ROW], eps_a[REC][ROW], e[REC][ROW], ebar[REC][ROW]; /* columns: inputs, recurrent, bias, constants */
} s;
static struct { float g[REC][ROW], e[REC][ROW], Wout[OUT][REC], bout[OUT], spikes[REC], E; } sum; /* over all steps */
static int n_got, columns, adaptive;

/* ---- the network ------------------------------------------------------------------------------------------------- */

static void traces(int trial, int t, int j, float v_before, float a_before)
{
    const float *z = s.z[(t - c.delay + RING) % RING];
    int bias = c.n_in + c.n_rec;
    for (int m = 0; m < columns; m++) {
        float pre = m == bias ? 1 : m == bias + 1 ? v_before : 0;
        float R = m == bias + 2 ? a_before : 0, U = m == bias + 3 ? -s.a[j] : 0;
        if (m < c.n_in)
            pre = c.x[trial][t][m];
        else if (m < bias)
            pre = m - c.n_in == j ? 0 : z[m - c.n_in];
        s.eps_a[j][m] = c.rho[j] * s.eps_a[j][m] + s.e[j][m] + R;
        s.eps_v[j][m] = c.alpha[j] * s.eps_v[j][m] + pre;
        s.e[j][m] = s.psi[j] * (s.eps_v[j][m] - c.beta[j] * s.eps_a[j][m] + U);
        s.ebar[j][m] = c.kappa * s.ebar[j][m] + s.e[j][m];
    }
}

static void forward(int trial, int t)
{
    const float *z = s.z[(t - c.delay + RING) % RING], *z_before = s.z[(t - 1) % RING];
    float *z_now = s.z[t % RING];
    for (int j = 0; j < c.n_rec; j++) {
        float v_before = s.v[j], a_before = s.a[j];
        float I = c.b[j];
        for (int i = 0; i < c.n_rec; i++)
            I += c.Wrec[j][i] * z[i];
        for (int i = 0; i < c.n_in; i++)
            I += c.Win[j][i] * c.x[trial][t][i];
        s.I[j] = I;
        s.v[j] = c.alpha[j] * v_before + I - c.v_th * z_before[j];
        s.a[j] = c.rho[j] * a_before + z_before[j];
        float above = s.v[j] - (c.v_th + c.beta[j] * s.a[j]);
        float tent = 1 - fabsf(above) / c.v_th;
        int refractory = s.r[j] > 0;
        s.psi[j] = tent > 0 && !refractory ? c.gamma / c.v_th * tent : 0;
        z_now[j] = above > 0 && !refractory ? 1 : 0;
        if (z_now[j] > 0)
            s.r[j] = c.n_ref > 1 ? (float)(c.n_ref - 1) : 0;
        else if (refractory)
            s.r[j] -= 1;
        sum.spikes[j] += z_now[j];
        traces(trial, t, j, v_before, a_before);
    }
}

static void readout(int trial, int t)
{
    float p[OUT], top = -INFINITY, all = 0, mass = 0;
    float m = c.mask[trial][t];
    for (int k = 0; k < c.n_out; k++) {
        float drive = c.bout[k];
        for (int j = 0; j < c.n_rec; j++)
            drive += c.Wout[k][j] * s.z[t % RING][j];
        s.y[k] = c.kappa * s.y[k] + drive;
        if (s.y[k] > top) top = s.y[k];
    }
    for (int k = 0; k < c.n_out; k++) {
        all += p[k] = expf(s.y[k] - top);
        mass += c.target[trial][t][k];
    }
    for (int k = 0; k < c.n_out; k++) {
        float want = c.target[trial][t][k];
        float off = s.y[k] - want;
        if (strcmp(c.loss, "classification")) {
            s.err[k] = m * off;
            sum.E += 0.5f * (off * s.err[k]);
        } else {
            s.err[k] = m * (p[k] / all * mass - want);
            sum.E += m * (want * (logf(all) - s.y[k] + top));
        }
    }
}

static void learn(int t)
{
    s.onebar = c.kappa * s.onebar + 1;
    for (int j = 0; j < c.n_rec; j++) {
        s.L[j] = 0;
        for (int k = 0; k < c.n_out; k++)
            s.L[j] += c.Bfb[j][k] * s.err[k];
        s.late[t % RING][j] = s.L[j];
        float L = s.late[(t - c.delay_L + RING) % RING][j];
        s.zbar[j] = c.kappa * s.zbar[j] + s.z[t % RING][j];
        for (int m = 0; m < columns; m++) {
            sum.g[j][m] += L * s.ebar[j][m];
            sum.e[j][m] += s.e[j][m];
        }
        for (int k = 0; k < c.n_out; k++)
            sum.Wout[k][j] += s.err[k] * s.zbar[j];
    }
    for (int k = 0; k < c.n_out; k++)
        sum.bout[k] += s.err[k] * s.onebar;
}

static void regularise(void)
{
    float steps = (float)(c.T * c.B);
    for (int j = 0; j < c.n_rec && c.c_reg > 0; j++) {
        float off = sum.spikes[j] / steps - c.f_target;
        float reg = c.c_reg * off / steps;
        sum.E += 0.5f * (c.c_reg * off * off);
        for (int m = 0; m < columns; m++)
            sum.g[j][m] += reg * sum.e[j][m];
    }
}

static void got(const char *name, const int *index, int n, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("got %s", name);
    for (int i = 0; i < n; i++) printf(" %d", index[i]);
    printf(" %08" PRIx32 "\n", bits);
    n_got++;
}

/* n rows of m numbers; m = 0: n numbers; n = 0: one number. Trial and step stand in front where t > 0. */
static void report(const char *name, int b, int t, const float *at, int n, int m, int stride)
{
    char word[40];
    int index[4], depth = 0;
    snprintf(word, sizeof word, ",%s,", name);
    if (!strstr(c.want, word)) return;   /* `want` is kept with commas at both ends */
    if (t > 0 && c.B > 1) index[depth++] = b;
    if (t > 0) index[depth++] = t;
    for (int j = 0; j < (n ? n : 1); j++)
        for (int i = 0; i < (m ? m : 1); i++) {
            index[depth] = j;
            index[depth + 1] = i;
            got(name, index, depth + (n > 0) + (m > 0), at[j * stride + i]);
        }
}

static void step(int b, int t)
{
    const struct { const char *name; float *at; int n, m, stride; } array[] = {
        {"I", s.I, c.n_rec, 0, 1}, {"v", s.v, c.n_rec, 0, 1}, {"a", s.a, c.n_rec, 0, 1}, {"z", s.z[t % RING], c.n_rec, 0, 1},
        {"r", s.r, c.n_rec, 0, 1}, {"psi", s.psi, c.n_rec, 0, 1}, {"eps_v", &s.eps_v[0][0], c.n_rec, columns, ROW},
        {"eps_a", &s.eps_a[0][0], c.n_rec, columns, ROW}, {"e", &s.e[0][0], c.n_rec, columns, ROW},
        {"ebar", &s.ebar[0][0], c.n_rec, columns, ROW}, {"y", s.y, c.n_out, 0, 1}, {"err", s.err, c.n_out, 0, 1},
        {"L", s.L, c.n_rec, 0, 1}};
    forward(b, t);
    readout(b, t);
    learn(t);
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
        {"loss", c.loss, 0, 0}, {"format", c.format, 0, 0}, {"reset_path", c.path, 0, 0}, {"T", 0, &c.T, 0},
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
        else if (key[i].text) sprintf(key[i].text, key[i].text == c.want ? ",%.390s," : "%.23s", value);
        else if (key[i].whole) *key[i].whole = atoi(value);
        else *key[i].real = number(value);
    }
    for (int k = 0; k < TRIALS * (STEPS + 1); k++) (&c.mask[0][0])[k] = 1;
    adaptive = !strcmp(c.model, "alif");
    return !c.odd && !strcmp(c.preset, "paper2019") && strcmp(c.path, "local") && c.delay < RING && c.delay_L < RING;
}

/* NAME INDICES BITS into its array; a trial's index comes first and may be left out. */
static void store(char *word[], int n, int b, int t)
{
    const struct { const char *name; float *at; int stride[3]; } array[] = {
        {"Win", &c.Win[0][0], {0, IN, 1}}, {"Wrec", &c.Wrec[0][0], {0, REC, 1}}, {"b", c.b, {0, 0, 1}},
        {"Wout", &c.Wout[0][0], {0, REC, 1}}, {"bout", c.bout, {0, 0, 1}}, {"B", &c.Bfb[0][0], {0, OUT, 1}},
        {"alpha", c.alpha, {0, 0, 1}}, {"rho", c.rho, {0, 0, 1}}, {"beta", c.beta, {0, 0, 1}},
        {"x", &c.x[b][0][0], {(STEPS + 1) * IN, IN, 1}}, {"target", &c.target[b][0][0], {(STEPS + 1) * OUT, OUT, 1}},
        {"mask", &c.mask[b][0], {0, STEPS + 1, 1}}, {"v", s.v, {0, 0, 1}}, {"a", s.a, {0, 0, 1}}, {"r", s.r, {0, 0, 1}},
        {"z", s.z[t % RING], {0, 0, 1}}, {"y", s.y, {0, 0, 1}}, {"eps_v", &s.eps_v[0][0], {0, ROW, 1}},
        {"eps_a", &s.eps_a[0][0], {0, ROW, 1}}, {"e", &s.e[0][0], {0, ROW, 1}}, {"ebar", &s.ebar[0][0], {0, ROW, 1}}};
    int at = 0;
    for (size_t k = 0; k < sizeof array / sizeof *array; k++)
        if (!strcmp(array[k].name, word[0])) {
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

static void run(void)
{
    columns = c.n_in + c.n_rec + 2 + (adaptive ? 2 : 0);
    for (int j = 0; j < c.n_rec && !strcmp(c.rule, "eprop1-symmetric"); j++)
        for (int k = 0; k < c.n_out; k++) c.Bfb[j][k] = c.Wout[k][j];
    memset(&sum, 0, sizeof sum);
    for (int b = 0; b < c.B; b++) {
        memset(&s, 0, sizeof s);
        for (int t = 1; t <= c.T; t++) step(b, t);
    }
    regularise();
    report_gradients();
}

int main(void)
{
    char line[1100], *word[8];
    int ok = 0, b = 0, t = 0;
    while (fgets(line, sizeof line, stdin) && strcmp(line, "bye\n") != 0) {
        int ends = !strcmp(line, "end\n"), forced = !strcmp(line, "step\n");
        if (!strncmp(line, "eprop ", 6))
            printf("port name=c-template version=1 formats=f32 models=lif,alif rules=eprop1 losses=regression,classification "
                   "quantities=I,v,a,z,r,psi,eps_v,eps_a,e,ebar,y,err,E,L,dWin,dWrec,db,dWout,dbout,dalpha,drho,dbeta "
                   "max_in=%d max_rec=%d max_out=%d max_T=%d max_B=%d set=yes contract=off\nready\n", IN, REC, OUT, STEPS, TRIALS);
        else if (!strncmp(line, "case ", 5)) ok = head(line);
        else if (!ok) printf("%s", ends || forced ? "unsupported this convention, size or format\n" : "");
        else if (!strncmp(line, "in ", 3)) store(word, split(line + 3, word), 0, 0);
        else if (!strncmp(line, "set t=", 6)) {
            int n = split(line + 6, word), at = atoi(word[0]), trial = !strncmp(word[1], "b=", 2);
            b = trial ? atoi(word[1] + 2) : 0;
            t = at > t ? at : t;
            store(word + 1 + trial, n - 1 - trial, b, at);
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
