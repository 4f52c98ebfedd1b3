/* eprop-train: one task, one learning rule, one engine.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ending.h"
#include "oneshot.h"
#include "oneshot_cli.h"
#include "options.h"

static volatile sig_atomic_t stop;
static task_team team = {.size = 1};

/* The first signal asks for a clean end, the second ends at once. */
static void on_signal(int number)
{
    if (stop) {
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
    stop = 1;
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGINT, &a, NULL);
    (void)sigaction(SIGTERM, &a, NULL);
}

static int failed(ep_status st, const char *why)
{
    return team.rank > 0 && !*why ? cli_exit_code(st) : cli_failed(st, why); /* rank 0 says it */
}

/* ---- progress ---------------------------------------------------------------------------------------------------- */

static void see(void *user, const task_point *p, double left)
{
    static const char full[] = "########################";
    static double last;
    const options *o = user;
    double now = task_now(), done = (double)(p->iteration + 1) / o->t.spec.iterations;
    if (now - last < 0.1) return;
    last = now;
    fprintf(stderr, "\r\033[K%ld/%d [%-24.*s] loss %.4g", p->iteration + 1, o->t.spec.iterations, (int)(24 * done), full, p->loss);
    if (!isnan(p->valid_measure)) fprintf(stderr, ", %s %.3f", o->t.kind->measure, p->valid_measure);
    if (!isnan(p->solved)) fprintf(stderr, ", length %g, solved %g", p->length, p->solved);
    fprintf(stderr, ", %.0f s left", left);
    fflush(stderr);
}

/* ---- results ------------------------------------------------------------------------------------------------------- */

static void print_ending(const options *o, const task_outcome *r)
{
    switch (r->end) {
    case TASK_ENDED: printf("ended after %ld iterations\n", r->iterations); break;
    case TASK_STOP_RULE: printf("stop rule met: %s below %g at iteration %ld\n", o->t.kind->measure, o->t.spec.stop_below, r->stopped_at); break;
    case TASK_SIGNAL: printf("stopped by a signal after %ld iterations%s\n", r->iterations, o->train.checkpoint ? ", checkpoint written" : ""); break;
    case TASK_DIVERGED:
    case TASK_SG_DIVERGED: break;
    }
}

static void print_results(const options *o, const task_outcome *r)
{
    struct rusage u = {0};
    double harness = r->total - r->seconds[TASK_T_ENGINE] - r->seconds[TASK_T_CHECK];
    (void)getrusage(RUSAGE_SELF, &u);
    printf("%s %s, %s, %s, seed %llu\n", o->t.kind->name, o->t.variant, ep_rule_name(o->train.rule), r->engine, (unsigned long long)o->t.seed);
    print_ending(o, r);
    if (!isnan(r->solved)) printf("solved up to a length of %g after %ld updates of the weights\n", r->solved, r->updates);
    if (r->sg_off >= 0 && r->end != TASK_SG_DIVERGED) printf("the synthesiser diverged at update %ld and was left out from there on\n", r->sg_off);
    printf("last loss %.15g, regulariser %.6g, rate %.4g spikes a step\n", r->last.loss, r->last.loss_reg, r->last.rate);
    if (!isnan(r->test_loss)) printf("test loss %.6g", r->test_loss);
    if (!isnan(r->test_measure)) printf(", test %s %.4f", o->t.kind->measure, r->test_measure);
    if (!isnan(r->test_loss)) printf("\n");
    if (!isnan(r->first_flip_t))
        printf("first spike that differs from the reference: step %g, neuron %g, margin %.3g\n", r->first_flip_t, r->first_flip_j, r->first_flip_margin);
    printf("time %.3f s:", r->total);
    for (int k = 0; k < TASK_N_PHASE; k++)
        if (r->seconds[k] > 0) printf(" %s %.1f %%", task_phase_names[k], 100 * r->seconds[k] / r->total);
    printf("\n%.3g ns a neuron and step, harness %.1f %% (%.1f %% without what the engine computes on held-out trials), engine %.1f MB, peak memory %.1f MB\n",
           r->ns_per_neuron_step, 100 * harness / r->total, 100 * (harness - r->valid_engine) / r->total, (double)r->engine_bytes / 1e6, (double)u.ru_maxrss / 1024);
}

/* ---- the run ------------------------------------------------------------------------------------------------------------ */

static int prepare_out(options *o, int argc, char **argv)
{
    if (!o->train.out) return 0;
    int code = cli_make_folders(o->train.out);
    if (code) return code;
    ep_status st = task_write_manifest(&o->t, &o->train, argc, argv, o->why);
    return st == EP_OK ? 0 : failed(st, o->why);
}

static int report(options *o, const task_outcome *r)
{
    char path[4096];
    ep_status st = o->json ? task_write_summary(&o->t, &o->train, r, o->json, o->why) : EP_OK;
    if (st == EP_OK && o->train.out && snprintf(path, sizeof path, "%s/summary.json", o->train.out) < (int)sizeof path)
        st = task_write_summary(&o->t, &o->train, r, path, o->why);
    if (st != EP_OK) return failed(st, o->why);
    if (!o->quiet) print_results(o, r);
    if (r->end < TASK_DIVERGED) return 0;
    if (r->end == TASK_SG_DIVERGED) {
        fprintf(stderr, "eprop-train: the synthesiser of gradients diverged at update %ld: root mean square of what it says is %.3g, limit sg_limit = %g; "
                "--set sg_drop=1 goes on without it%s\n", r->sg_off, r->sg_rms, o->t.spec.sg_limit, o->train.checkpoint ? "; the last checkpoint is kept" : "");
        return 1;
    }
    fprintf(stderr, "eprop-train: training diverged at iteration %ld: loss or gradient is not finite%s\n", r->iterations,
            o->train.checkpoint ? "; the last checkpoint is kept" : "");
    return 1;
}

static int run(options *o, int argc, char **argv)
{
    task_outcome r;
    bool lead = team.rank == 0, bar = lead && !o->quiet && isatty(STDERR_FILENO);
    int code = lead ? prepare_out(o, argc, argv) : 0;
    task_team_most(&team, &code, 1);
    if (code) return code;
    o->train.stop = &stop;
    o->train.team = &team;
    o->train.see = bar ? see : NULL;
    o->train.user = o;
    catch_signals();
    ep_status st = task_train(&o->t, &o->train, &r, o->why);
    if (bar) fprintf(stderr, "\r\033[K");
    if (st != EP_OK) return failed(st, o->why);
    return lead ? report(o, &r) : r.end < TASK_DIVERGED ? 0 : 1;
}

static int train(int argc, char **argv)
{
    options o;
    const shot_kind *oneshot = argc > 1 ? shot_find(argv[1]) : NULL;
    if (oneshot) {
        catch_signals();
        return oneshot_main(oneshot, argc, argv, &stop);
    }
    int code = options_read(argc, argv, &o);
    if (code >= 0) return code;
    if (!task_team_join(&argc, &argv, &team)) {
        fprintf(stderr, "eprop-train: found %d processes of mpirun, expected one: this program was built without MPI\n", task_team_started());
        return 2;
    }
    ep_status st = task_open(&o.t, o.why);
    if (st != EP_OK && team.rank > 0) strcpy(o.why, ""); /* all fail alike */
    code = st == EP_OK ? run(&o, argc, argv) : failed(st == EP_IO ? EP_DOMAIN : st, o.why); /* data that are not there: bad input */
    task_close(&o.t);
    task_team_leave(&team);
    return code;
}

int main(int argc, char **argv)
{
    int code = train(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fprintf(stderr, "eprop-train: stdout: cannot be written, the output is not whole\n");
    return 3;
}
