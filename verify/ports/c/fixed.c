/* fixed.c: an integer core as a port of eprop-verify: the template for fixed point, around optimized/fixed/fix.h.
 *
 *     cc -std=c11 -O2 -Ioptimized/fixed -o fixed verify/ports/c/fixed.c optimized/fixed/[a-z]*.c
 *     eprop-verify port --port ./fixed
 *
 * Words are int32 in hexadecimal, in two's complement: the integers of reference/FIXED.md, nothing is scaled. To judge a core of
 * your own, replace what is called fix_. The lines: verify/PROTOCOL.md.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fix.h"

enum { IN = 8, REC = 8, OUT = 4, ROW = IN + REC + 1, STEPS = 256, TRIALS = 4, MEMORY = 1 << 16 };

static struct {                          /* one case, as it was sent */
    char model[24], preset[24], rule[24], loss[24], format[24], want[400], regime[24], carry[24], report[400], draws[24];
    int T, B, n_in, n_rec, n_out, n_ref, delay, updates, odd; /* odd: an option that is not here */
    int32_t kappa, v_th, slope, b_forget, c_reg, f_target, eta, lambda;
    int32_t Win[4][REC][IN], Wrec[4][REC][REC], b[4][REC], Wout[OUT][REC], bout[OUT], Bfb[REC][OUT], alpha[REC], rho[REC], beta[REC];
    int32_t x[TRIALS][STEPS + 1][IN], target[TRIALS][STEPS + 1][OUT], mask[TRIALS][STEPS + 1];
} c;
static int32_t W[4 * REC * ROW], WO[OUT * (REC + 1)], FB[REC * OUT], spikes[REC];
static uint64_t memory[MEMORY / 8];
static fix_profile profile;
static fix_state *core;
static int n_got, lstm, alif;

static const struct { const char *name; const fix_profile *is; } profiles[] = {
    {"fixed:q15", &fix_q15}, {"fixed:s16.15", &fix_s16_15}, {"fixed:w8", &fix_w8}, {"fixed:reckon", &fix_reckon}};

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static int wanted(const char *name)
{
    char word[40];
    snprintf(word, sizeof word, ",%s,", name);
    return strstr(c.want, word) != NULL; /* `want` is kept with commas at both ends */
}

static void got(const char *name, const int *index, int n, int32_t value)
{
    uint32_t word = (uint32_t)value;
    printf("got %s", name);
    for (int i = 0; i < n; i++) printf(" %d", index[i]);
    printf(" %08" PRIx32 "\n", word);
    n_got++;
}

/* Quantity q of the core: n rows (m = 0: n numbers) from element `first` on, rows `stride` apart; of channel ch if the model has
 * channels. In front: trial and step, or (b = -1) the update. */
static void report(const char *name, int b, int t, int ch, int q, int first, int n, int m, int stride)
{
    int index[5], depth = 0;
    if (!wanted(name)) return;
    if (t > 0 && b >= 0 && c.B > 1) index[depth++] = b;
    if (t > 0) index[depth++] = t;
    if (ch >= 0) index[depth++] = ch;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < (m ? m : 1); i++) {
            index[depth] = j;
            index[depth + 1] = i;
            got(name, index, depth + 1 + (m > 0), fix_get(core, q, (size_t)(first + j * stride + i)));
        }
}

/* A trace: row j, column by column; LSTM: channel by channel. at: the core's element, -1: it has none, which is 0. */
static void report_trace(const char *name, int b, int t, int q, int channels)
{
    int M = c.n_in + c.n_rec + 1, index[4], depth = 0;
    if (!wanted(name)) return;
    if (c.B > 1) index[depth++] = b;
    index[depth++] = t;
    for (int j = 0; j < c.n_rec; j++)
        for (int m = 0; m < (lstm ? 4 : 1) * M; m++) {
            int ch = m / M, i = m % M, masked = !lstm && i == c.n_in + j;
            int32_t value = fix_get(core, q, (size_t)(q == FIX_EV ? i : (ch * c.n_rec + j) * M + i));
            index[depth] = j;
            index[depth + 1] = m;
            got(name, index, depth + 2, masked || ch >= channels ? 0 : value);
        }
}

static void report_step(int b, int t)
{
    const struct { const char *name; int q, n; } state[] = {
        {"v", FIX_V, c.n_rec}, {"a", FIX_A, c.n_rec}, {"c", FIX_CC, c.n_rec}, {"z", FIX_z, c.n_rec}, {"r", FIX_r, c.n_rec},
        {"psi", FIX_P, c.n_rec}, {"y", FIX_Y, c.n_out}, {"err", FIX_ER, c.n_out}, {"L", FIX_L, c.n_rec}};
    for (int ch = 0; ch < (lstm ? 4 : 1); ch++) report("I", b, t, lstm ? ch : -1, FIX_I, ch * c.n_rec, c.n_rec, 0, 1);
    for (int k = 0; k < 6; k++) report(state[k].name, b, t, -1, state[k].q, 0, state[k].n, 0, 1);
    report_trace("eps_v", b, t, FIX_EV, 1);
    report_trace("eps_a", b, t, FIX_EA, 1);
    report_trace("eps_c", b, t, FIX_EL, 3);
    if (alif) report_trace("e", b, t, FIX_E, 1); /* the others keep no e */
    report_trace("ebar", b, t, FIX_EB, 4);
    for (int k = 6; k < 9; k++) report(state[k].name, b, t, -1, state[k].q, 0, state[k].n, 0, 1);
}

/* Gradients (u = 0), or weights after update u. */
static void report_parameters(int u)
{
    int N = c.n_rec, M = c.n_in + N + 1, w = u ? FIX_W : FIX_G, wo = u ? FIX_WO : FIX_GO;
    for (int ch = 0; ch < (lstm ? 4 : 1); ch++) {
        int at = ch * N * M, axis = lstm ? ch : -1;
        report(u ? "Win" : "dWin", -1, u, axis, w, at, N, c.n_in, M);
        report(u ? "Wrec" : "dWrec", -1, u, axis, w, at + c.n_in, N, N, M);
        report(u ? "b" : "db", -1, u, axis, w, at + M - 1, N, 0, M);
    }
    report(u ? "Wout" : "dWout", -1, u, -1, wo, 0, c.n_out, N, N + 1);
    report(u ? "bout" : "dbout", -1, u, -1, wo, N, c.n_out, 0, N + 1);
    if (u) report("B", -1, u, -1, FIX_FB, 0, N, c.n_out, c.n_out);
    for (int j = 0; u && wanted("count") && j < N; j++) got("count", (int[]){u, j}, 2, spikes[j]);
}

/* ---- one case ---------------------------------------------------------------------------------------------------- */

/* The network as the core takes it; 0: the core refuses it. */
static int prepare(void)
{
    int N = c.n_rec, M = c.n_in + N + 1, known = -1;
    for (int k = 0; k < 4; k++)
        if (!strcmp(profiles[k].name, c.format)) known = k;
    if (known < 0) return 0;
    profile = *profiles[known].is;
    for (int q = 0; q < (lstm ? 4 : 1) * N; q++) {
        for (int i = 0; i < c.n_in; i++) W[q * M + i] = c.Win[q / N][q % N][i];
        for (int i = 0; i < N; i++) W[q * M + c.n_in + i] = c.Wrec[q / N][q % N][i];
        W[q * M + M - 1] = c.b[q / N][q % N];
    }
    for (int k = 0; k < c.n_out; k++) {
        for (int j = 0; j < N; j++) WO[k * (N + 1) + j] = c.Wout[k][j];
        WO[k * (N + 1) + N] = c.bout[k];
    }
    for (int j = 0; j < N; j++)
        for (int k = 0; k < c.n_out; k++) FB[j * c.n_out + k] = c.Bfb[j][k];
    fix_feedback feedback = !strcmp(c.rule, "eprop1-symmetric") ? FIX_SYMMETRIC : !strcmp(c.rule, "eprop1-global") ? FIX_GLOBAL
                          : !strcmp(c.rule, "eprop1-adaptive")  ? FIX_ADAPTIVE : FIX_RANDOM;
    fix_config f = {.profile = &profile, .n_in = c.n_in, .n_rec = N, .n_out = c.n_out, .delay = c.delay, .n_ref = c.n_ref, .alif = alif,
                    .lstm = lstm, .softmax = !strcmp(c.loss, "classification"), .feedback = feedback, .alpha = c.alpha[0], .kappa = c.kappa,
                    .keep = (INT32_C(1) << profile.q[FIX_D].frac) - c.lambda, .v_th = c.v_th, .slope = c.slope, .eta = c.eta,
                    .b_forget = c.b_forget, .c_reg = c.c_reg, .n_star = c.f_target, .rho = c.rho, .beta = c.beta, .W = W, .WO = WO,
                    .FB = FB, .seed = strtoull(c.draws, NULL, 10)};
    memset(spikes, 0, sizeof spikes);
    return fix_init(&core, &f, memory, sizeof memory) == FIX_OK;
}

/* t, by which the draws count, goes on from trial to trial: all run on one core. */
static int run(void)
{
    for (int u = 1; u <= (c.updates ? c.updates : 1); u++) {
        char word[24];
        snprintf(word, sizeof word, ",%d,", u);
        for (int b = 0; b < c.B; b++) {
            if (u == 1 || strcmp(c.carry, "all")) fix_begin(core);
            for (int t = 1; t <= c.T; t++) {
                if (fix_step(core, c.x[b][t], c.mask[b][t] ? c.target[b][t] : NULL) != FIX_OK) return 0;
                for (int j = 0; j < c.n_rec; j++) spikes[j] += fix_get(core, FIX_z, (size_t)j);
                if (!c.updates) report_step(b, t);
                if (!strcmp(c.regime, "online")) fix_update(core);
            }
            fix_end(core);
        }
        if (!c.updates) report_parameters(0);
        if (!strcmp(c.regime, "batch")) fix_update(core);
        if (c.updates && strstr(c.report, word)) report_parameters(u);
    }
    return 1;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static int32_t number(const char *text)
{
    return (int32_t)(uint32_t)strtoul(text, NULL, 16);
}

/* NAME=VALUE words of a case; 0: outside of what the port line cannot say. */
static int head(char *line)
{
    const struct { const char *name; char *text; int *whole; int32_t *word; } key[] = {
        {"model", c.model, 0, 0}, {"preset", c.preset, 0, 0}, {"want", c.want, 0, 0}, {"rule", c.rule, 0, 0}, {"loss", c.loss, 0, 0},
        {"format", c.format, 0, 0}, {"regime", c.regime, 0, 0}, {"carry", c.carry, 0, 0}, {"report", c.report, 0, 0}, {"draws", c.draws, 0, 0},
        {"updates", 0, &c.updates, 0}, {"T", 0, &c.T, 0}, {"B", 0, &c.B, 0}, {"n_in", 0, &c.n_in, 0}, {"n_rec", 0, &c.n_rec, 0},
        {"n_out", 0, &c.n_out, 0}, {"n_ref", 0, &c.n_ref, 0}, {"delay", 0, &c.delay, 0}, {"eta", 0, 0, &c.eta}, {"lambda", 0, 0, &c.lambda},
        {"kappa", 0, 0, &c.kappa}, {"v_th", 0, 0, &c.v_th}, {"slope", 0, 0, &c.slope}, {"b_forget", 0, 0, &c.b_forget},
        {"c_reg", 0, 0, &c.c_reg}, {"f_target", 0, 0, &c.f_target}};
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
        else *key[i].word = number(value);
    }
    for (int k = 0; k < TRIALS * (STEPS + 1); k++) (&c.mask[0][0])[k] = 1;
    lstm = !strcmp(c.model, "lstm");
    alif = !strcmp(c.model, "alif");
    return !c.odd && !strcmp(c.preset, "paper2019");
}

/* in NAME INDICES WORD into its array; a trial's or a channel's index comes first and may be left out. */
static void store(char *word[], int n)
{
    const struct { const char *name; int32_t *at; int stride[3]; } array[] = {
        {"Win", &c.Win[0][0][0], {REC * IN, IN, 1}}, {"Wrec", &c.Wrec[0][0][0], {REC * REC, REC, 1}}, {"b", &c.b[0][0], {0, REC, 1}},
        {"Wout", &c.Wout[0][0], {0, REC, 1}}, {"bout", c.bout, {0, 0, 1}}, {"B", &c.Bfb[0][0], {0, OUT, 1}}, {"alpha", c.alpha, {0, 0, 1}},
        {"rho", c.rho, {0, 0, 1}}, {"beta", c.beta, {0, 0, 1}}, {"x", &c.x[0][0][0], {(STEPS + 1) * IN, IN, 1}},
        {"target", &c.target[0][0][0], {(STEPS + 1) * OUT, OUT, 1}}, {"mask", &c.mask[0][0], {0, STEPS + 1, 1}}};
    int at = 0;
    for (size_t k = 0; k < sizeof array / sizeof *array; k++)
        if (!strcmp(array[k].name, word[0])) {
            for (int i = n - 2, d = 2; i > 0; i--, d--) at += atoi(word[i]) * array[k].stride[d];
            array[k].at[at] = number(word[n - 1]);
        }
}

int main(void)
{
    char line[1100], *word[8];
    int ok = 0;
    while (fgets(line, sizeof line, stdin) && strcmp(line, "bye\n") != 0) {
        int ends = !strcmp(line, "end\n"), hello = !strncmp(line, "eprop ", 6);
        if (hello)
            printf("port name=c-fixed version=1 formats=fixed:q15,fixed:s16.15,fixed:w8,fixed:reckon models=lif,alif,lstm rules=eprop1 "
                   "losses=regression,classification quantities=I,v,a,c,z,r,psi,eps_v,eps_a,eps_c,e,ebar,y,err,L,dWin,dWrec,db,dWout,dbout,"
                   "count,Win,Wrec,b,Wout,bout,B max_in=%d max_rec=%d max_out=%d max_T=%d max_B=%d set=no\nready\n", IN, REC, OUT, STEPS, TRIALS);
        else if (!strncmp(line, "case ", 5)) ok = head(line);
        else if (ok && !strncmp(line, "in ", 3)) {
            int n = 0;
            for (char *w = strtok(line + 3, " \n"); w && n < 8; w = strtok(NULL, " \n")) word[n++] = w;
            store(word, n);
        } else if (ends) {
            n_got = 0;
            if (ok && prepare() && run()) printf("done %d\n", n_got);
            else printf("unsupported this convention, format or network\n");
        }
        if (ends || hello) fflush(stdout);
    }
    return 0;
}
