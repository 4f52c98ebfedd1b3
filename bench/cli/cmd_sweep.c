/* eprop-bench sweep: trainings from a file of patterns, several at a time, by one process or by the ranks of mpirun.
 *
 * A run has a folder DIR/NAME with its command, its log, its checkpoint and what eprop-train leaves. A run whose
 * summary.json says that it came to its end is not done again; one with a checkpoint goes on from there.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tasks/team.h"
#include "../sweep.h"
#include "cli.h"

enum { PATH = 4096, MOST_WORDS = 128, MOST_JOBS = 64 };

static const char usage[] =
    "usage: eprop-bench sweep FILE --out DIR [options]\n"
    "       mpirun -n K eprop-bench sweep FILE --out DIR [options]\n"
    "\n"
    "Trains what FILE lists: a line is a command line of eprop-train; {a,b,c} in it stands for each of its choices.\n"
    "Started again, it goes on: runs that came to their end are left, others go on from their checkpoints.\n"
    "\n"
    "  --out DIR        a folder for each run; sweep.tsv, a line a run\n"
    "  --jobs N         runs at a time in this process, or in each rank (default 1)\n"
    "  --train PROGRAM  in place of the eprop-train beside this program\n"
    "  --list           only show the runs, and which are done\n"
    "  --quiet          no line for each run that ends\n"
    "\n"
    "exit codes: 0 all runs came to their end; 1 some failed; 2 usage or bad input; 3 the machine failed\n";

typedef struct order {
    const char *file, *out;
    char train[PATH];
    long jobs;
    bool list, quiet;
    sweep s;
    task_team team;
    int failed, machine;   /* runs that failed; of them for want of disk or memory */
    pid_t pid[MOST_JOBS];
    size_t job[MOST_JOBS];
} order;

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    (void)sigemptyset(&a.sa_mask);
    (void)sigaction(SIGINT, &a, NULL);
    (void)sigaction(SIGTERM, &a, NULL);
}

/* ---- one run ------------------------------------------------------------------------------------------------- */

static bool path_of(const order *o, size_t k, const char *file, char path[PATH])
{
    return snprintf(path, PATH, "%s/%s%s%s", o->out, o->s.run[k].name, *file ? "/" : "", file) < PATH;
}

/* Its summary, if it came to its end; else NULL. */
static json_t *ended(const order *o, size_t k)
{
    char path[PATH];
    json_t *root = path_of(o, k, "summary.json", path) ? json_load_file(path, 0, NULL) : NULL;
    const char *end = json_string_value(json_object_get(root, "end"));
    if (end && strcmp(end, "signal") != 0) return root;
    json_decref(root);
    return NULL;
}

/* The folder belongs to this command, or becomes its own. */
static bool claim(const order *o, size_t k)
{
    char path[PATH], found[SWEEP_TEXT + 1] = "";
    const char *text = o->s.run[k].text;
    if (!path_of(o, k, "", path) || (mkdir(path, 0777) != 0 && errno != EEXIST) || !path_of(o, k, "command", path)) {
        fprintf(stderr, "eprop-bench: %.300s: cannot be created: %s\n", path, strerror(errno));
        return false;
    }
    FILE *f = fopen(path, "r");
    if (f) {
        size_t n = fread(found, 1, SWEEP_TEXT, f);
        found[n] = '\0';
        (void)fclose(f);
        if (strcmp(found, text) == 0) return true;
        fprintf(stderr, "eprop-bench: %.200s: found '%.200s', expected '%.200s': another run's folder\n", path, found, text);
        return false;
    }
    f = fopen(path, "w");
    bool good = f && fputs(text, f) >= 0;
    good = f && fclose(f) == 0 && good;
    if (!good) fprintf(stderr, "eprop-bench: %.300s: cannot be written: %s\n", path, strerror(errno));
    return good;
}

static void become(const order *o, size_t k)
{
    char text[SWEEP_TEXT], train[PATH], dir[PATH], checkpoint[PATH], log[PATH];
    char *argv[MOST_WORDS + 8] = {train};
    char options[4][16] = {"--out", "--checkpoint", "--quiet", "--resume"};
    int n = 0;
    (void)snprintf(text, sizeof text, "%s", o->s.run[k].text);
    (void)snprintf(train, sizeof train, "%s", o->train);
    bool good = path_of(o, k, "", dir) && path_of(o, k, "checkpoint", checkpoint) && path_of(o, k, "log", log) &&
                sweep_words(text, argv + 1, MOST_WORDS, &n);
    if (!good) _exit(2);
    n++;
    argv[n++] = options[0];
    argv[n++] = dir;
    argv[n++] = options[1];
    argv[n++] = checkpoint;
    argv[n++] = options[2];
    if (access(checkpoint, R_OK) == 0) argv[n++] = options[3];
    argv[n] = NULL;
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 || setenv("EPROP_ALONE", "1", 1) != 0) _exit(3);
    (void)execv(train, argv);
    _exit(127);
}

/* What the log ends with. */
static void last_line(const order *o, size_t k, char *line, size_t room)
{
    char path[PATH], *end;
    FILE *f = path_of(o, k, "log", path) ? fopen(path, "r") : NULL;
    *line = '\0';
    while (f && fgets(line, (int)room, f)) continue;
    if (f) (void)fclose(f);
    if ((end = strchr(line, '\n'))) *end = '\0';
}

static void judge(order *o, size_t k, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    json_t *summary = ended(o, k);
    char line[400];
    const char *name = o->s.run[k].name;
    if (summary && code <= 1) {
        if (!o->quiet) fprintf(stderr, "%s: %s\n", name, json_string_value(json_object_get(summary, "end")));
    } else if (!stop) {
        last_line(o, k, line, sizeof line);
        fprintf(stderr, "eprop-bench: run %.150s did not come to its end, exit code %d: %s\n", name, code, line);
        o->failed++;
        o->machine += code == 3;
    }
    json_decref(summary);
}

/* ---- all runs ---------------------------------------------------------------------------------------------------- */

static void begin(order *o, int slot, size_t k)
{
    if (!claim(o, k)) {
        o->failed++;
        return;
    }
    pid_t pid = fork();
    if (pid == 0) become(o, k);
    if (pid < 0) {
        fprintf(stderr, "eprop-bench: no process for run %.150s: %s\n", o->s.run[k].name, strerror(errno));
        o->failed++;
        o->machine++;
        return;
    }
    o->pid[slot] = pid;
    o->job[slot] = k;
}

/* Fills slots with runs that are not done; false: there are no more. */
static bool fill(order *o)
{
    for (int slot = 0; slot < o->jobs; slot++) {
        while (!o->pid[slot] && !stop) {
            long k = task_team_next(&o->team);
            if (k >= (long)o->s.n) return false;
            json_t *summary = ended(o, (size_t)k);
            if (!summary) begin(o, slot, (size_t)k);
            json_decref(summary);
        }
    }
    return !stop;
}

static bool busy(const order *o)
{
    for (int slot = 0; slot < o->jobs; slot++)
        if (o->pid[slot]) return true;
    return false;
}

static void run_all(order *o)
{
    bool more = true, told = false;
    while ((more = more && fill(o)) || busy(o)) {
        int status;
        if (stop && !told) {
            for (int slot = 0; slot < o->jobs; slot++)
                if (o->pid[slot]) (void)kill(o->pid[slot], SIGTERM);
            told = true;
        }
        pid_t pid = waitpid(-1, &status, 0);
        for (int slot = 0; pid > 0 && slot < o->jobs; slot++)
            if (o->pid[slot] == pid) {
                o->pid[slot] = 0;
                judge(o, o->job[slot], status);
            }
    }
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static void put_value(FILE *f, const json_t *v)
{
    if (json_is_string(v)) fprintf(f, "\t%s", json_string_value(v));
    else if (json_is_integer(v)) fprintf(f, "\t%lld", (long long)json_integer_value(v));
    else if (json_is_real(v)) fprintf(f, "\t%.10g", json_real_value(v));
    else fprintf(f, "\t-");
}

static bool write_table(const order *o)
{
    static const char *const keys[] = {"task", "variant", "rule", "engine", "seed", "end", "iterations", "updates", "solved", "last_loss",
                                       "test_loss", "test_measure", "seconds"};
    char path[PATH], tmp[PATH];
    if (snprintf(path, sizeof path, "%s/sweep.tsv", o->out) >= PATH || snprintf(tmp, sizeof tmp, "%s/sweep.tsv.tmp", o->out) >= PATH) return false;
    FILE *f = fopen(tmp, "w");
    if (!f) return false;
    fprintf(f, "# run");
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) fprintf(f, " %s", keys[k]);
    fprintf(f, "\n");
    for (size_t n = 0; n < o->s.n; n++) {
        json_t *summary = ended(o, n);
        if (!summary) continue;
        fprintf(f, "%s", o->s.run[n].name);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) put_value(f, json_object_get(summary, keys[k]));
        fprintf(f, "\n");
        json_decref(summary);
    }
    bool good = !ferror(f);
    return (fclose(f) == 0) & good && rename(tmp, path) == 0;
}

static int list(const order *o)
{
    for (size_t k = 0; k < o->s.n; k++) {
        json_t *summary = ended(o, k);
        const char *end = json_string_value(json_object_get(summary, "end"));
        printf("%s\t%s\t%s\n", end ? end : "-", o->s.run[k].name, o->s.run[k].text);
        json_decref(summary);
    }
    return CLI_OK;
}

static int carry_out(order *o)
{
    if (o->list) return o->team.rank == 0 ? list(o) : CLI_OK;
    if (mkdir(o->out, 0777) != 0 && errno != EEXIST) return cli_usage("%.300s: cannot be created: %s", o->out, strerror(errno));
    catch_signals();
    run_all(o);
    int all[2] = {o->failed, o->machine};
    task_team_most(&o->team, all, 2);
    if (o->team.rank == 0 && !write_table(o)) {
        fprintf(stderr, "eprop-bench: %.300s/sweep.tsv: cannot be written: %s\n", o->out, strerror(errno));
        return CLI_MACHINE;
    }
    task_team_wait(&o->team);
    return all[1] ? CLI_MACHINE : all[0] || stop ? CLI_FAILED : CLI_OK;
}

static int read_options(int argc, char **argv, order *o)
{
    static const struct option table[] = {{"out", 1, NULL, 'o'}, {"jobs", 1, NULL, 'j'}, {"train", 1, NULL, 't'}, {"list", 0, NULL, 'l'},
                                          {"quiet", 0, NULL, 'q'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *self = cli_self(), *slash = strrchr(self, '/');
    double v;
    int c;
    *o = (order){.jobs = 1};
    (void)snprintf(o->train, sizeof o->train, "%.*seprop-train", slash ? (int)(slash - self) + 1 : 0, self);
    optind = 1;
    opterr = 0;
    while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) switch (c) {
        case 'h': return fputs(usage, stdout) < 0 ? CLI_MACHINE : CLI_OK;
        case 'o': o->out = optarg; break;
        case 't': (void)snprintf(o->train, sizeof o->train, "%s", optarg); break;
        case 'l': o->list = true; break;
        case 'q': o->quiet = true; break;
        case 'j':
            if (!cli_number(optarg, 1, MOST_JOBS, &v)) return cli_usage("--jobs %.40s: expected a whole number from 1 to 64", optarg);
            o->jobs = (long)v;
            break;
        default: return cli_usage("bad option or missing value: %.60s; see eprop-bench sweep --help", argv[optind - 1]);
        }
    if (optind + 1 != argc) return cli_usage("sweep: found %d files, expected one; see eprop-bench sweep --help", argc - optind);
    o->file = argv[optind];
    if (!o->out) return cli_usage("sweep: found no --out, expected --out DIR%s", "");
    if (access(o->train, X_OK) != 0) return cli_usage("%.300s: no program that can be run; --train names it", o->train);
    return -1;
}

int cmd_sweep(int argc, char **argv)
{
    order o;
    char why[SWEEP_WHY];
    int code = read_options(argc, argv, &o);
    if (code >= 0) return code;
    ep_status st = sweep_read(o.file, &o.s, why);
    if (st != EP_OK) return st == EP_NOMEM ? cli_failed(st, why) : cli_usage("%s", why);
    if (!task_team_join(&argc, &argv, &o.team)) {
        sweep_free(&o.s);
        return cli_usage("found %d processes of mpirun, expected one: this program was built without MPI", task_team_started());
    }
    code = carry_out(&o);
    task_team_leave(&o.team);
    sweep_free(&o.s);
    return code;
}
