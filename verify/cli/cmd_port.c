/* eprop-verify port.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "outfile.h"
#include "port_verdict.h"

enum { MOST_FILES = 1024, MOST_FORCED = 3, LARGE = 200000 /* elements */ };

typedef struct options {
    vfy_port_args port;
    const char *vectors, *junit, *json, *only, *xfail;
    bool one_preset, has_way, done, detect;
    ep_preset preset;
    vfy_class claim;
    long from, to; /* --trace */
    long timeout, least; /* least: cases that must have been tested */
} options;

/* Cases from files, or from the reference. */
typedef struct cases {
    vfy_epv_file *file[MOST_FILES];
    int n_file;
    const vfy_epv_case **list;
    vfy_judged *judged;
    size_t n;
    vfy_class claim;
} cases;

static void print_help(void)
{
    printf("usage: %s port (--port 'COMMAND' | --plugin FILE.so | --response FILE) [OPTION]...\n\n"
           "Shows an implementation of e-prop the cases that it claims, compares what it answers with certified values, and\n"
           "names the first quantity that is wrong. TAP on stdout. How a port talks: verify/PROTOCOL.md; templates: verify/ports.\n\n"
           "  --port COMMAND    a program that speaks lines on stdin and stdout; words are split at blanks, no shell; paths of\n"
           "                    existing files are made absolute, because it runs in an empty directory\n"
           "  --plugin FILE     a shared object that exports eprop_port_v1\n"
           "  --response FILE   a file with the answers\n"
           "  --vectors DIR     vector files (also a single file)%s\n"
           "  --preset P        only cases of this preset (any delay)\n"
           "  --detect          which preset, or which combination of options, explains what the port answers\n"
           "  --only ID         only this case\n"
           "  --trace A:B       with --only: every number of steps A to B, got and wanted, in place of the verdict\n"
           "  --claim CLASS     exact: correctly rounded; bound (default): within what rounding can do; direction: every\n"
           "                    gradient within 8 degrees and 25 %% of its length\n"
           "  --xfail FILE      ids of cases that are known to fail, one a line, # begins a comment: reported, not counted\n"
           "  --min N           fewer than N tested cases are exit code 4 (default 1)\n"
           "  --timeout S       seconds for one answer, 1 to 3600 (default 10)\n"
           "  --memory MB       limit of the port's address space, 0: none (default 4096)\n"
           "  --junit FILE, --json FILE   the verdict for machines\n"
           "  --help            this text\n\n"
           "Exit code: 0 conforms, 1 does not, 2 usage or a bad vector file, 3 the port crashed, was too slow or broke the\n"
           "protocol, 4 nothing was tested.\n",
           cli_name, cli_oracle() ? "; default: level 1, made now" : "; required: this judge has no reference");
}

static int choose(options *o, vfy_way way, const char *target)
{
    if (o->has_way) return cli_usage("port: found two ports, expected one of --port, --plugin, --response");
    o->has_way = true;
    o->port.way = way;
    o->port.target = target;
    if (way != VFY_WAY_COMMAND && access(target, R_OK)) return cli_usage("%.200s: cannot be read", target);
    return CLI_HOLDS;
}

static int take(options *o, int c)
{
    switch (c) {
    case 'p': return choose(o, VFY_WAY_COMMAND, optarg);
    case 'g': return choose(o, VFY_WAY_PLUGIN, optarg);
    case 'r': return choose(o, VFY_WAY_RESPONSE, optarg);
    case 'v': o->vectors = optarg; break;
    case 'd': o->detect = true; break;
    case 'o': o->only = !strncmp(optarg, "ep:", 3) ? optarg + 3 : optarg; break;
    case 'u': o->junit = optarg; break;
    case 'a': {
        char text[48], *colon;
        (void)snprintf(text, sizeof text, "%.40s", optarg);
        if ((colon = strchr(text, ':'))) *colon++ = '\0';
        if (!colon || !cli_number(text, 1, EP_MAX_DIM, &o->from) || !cli_number(colon, o->from, EP_MAX_DIM, &o->to))
            return cli_usage("--trace: found '%.40s', expected A:B, steps from 1 on", optarg);
        break;
    }
    case 'j':
        o->json = optarg;
#ifdef EPROP_NO_JANSSON
        return cli_usage("--json: this judge was built without Jansson");
#endif
        break;
    case 'e':
        if (!(o->one_preset = ep_preset_parse(optarg, &o->preset))) return cli_usage("--preset: found '%.40s', expected a preset's name", optarg);
        break;
    case 'c':
        if (!vfy_class_parse(optarg, &o->claim)) return cli_usage("--claim: found '%.40s', expected exact, bound or direction", optarg);
        break;
    case 't':
        if (!cli_number(optarg, 1, 3600, &o->timeout)) return cli_usage("--timeout: found '%.40s', expected 1 to 3600", optarg);
        break;
    case 'x': o->xfail = optarg; break;
    case 'n':
        if (!cli_number(optarg, 1, 1000000, &o->least)) return cli_usage("--min: found '%.40s', expected 1 to 1000000", optarg);
        break;
    case 'm':
        if (!cli_number(optarg, 0, 1048576, &o->port.memory_mb)) return cli_usage("--memory: found '%.40s', expected 0 to 1048576", optarg);
        break;
    case 'h':
        print_help();
        o->done = true;
        break;
    default: break;
    }
    return CLI_HOLDS;
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option longs[] = {{"port", 1, 0, 'p'}, {"plugin", 1, 0, 'g'}, {"response", 1, 0, 'r'}, {"vectors", 1, 0, 'v'},
                                          {"only", 1, 0, 'o'}, {"trace", 1, 0, 'a'}, {"junit", 1, 0, 'u'}, {"json", 1, 0, 'j'}, {"preset", 1, 0, 'e'},
                                          {"claim", 1, 0, 'c'}, {"xfail", 1, 0, 'x'}, {"min", 1, 0, 'n'}, {"detect", 0, 0, 'd'}, {"timeout", 1, 0, 't'}, {"memory", 1, 0, 'm'}, {"help", 0, 0, 'h'},
                                          {0, 0, 0, 0}};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == '?') return cli_usage("port: found '%.60s', expected an option of `port --help`", argv[optind - 1]);
        if (c == ':') return cli_usage("port: %.60s: expected a value", argv[optind - 1]);
        int code = take(o, c);
        if (code != CLI_HOLDS || o->done) return code;
    }
    o->port.timeout = (double)o->timeout;
    if (optind < argc) return cli_usage("port: found '%.60s', expected no further argument", argv[optind]);
    if (!o->has_way) return cli_usage("port: expected one of --port, --plugin, --response");
    if (o->to && !o->only) return cli_usage("--trace: expected --only ID, the case to show");
    if (o->detect && o->port.way == VFY_WAY_RESPONSE) return cli_usage("--detect: expected a port that can be asked");
    if (o->detect && !cli_oracle()) return cli_usage("--detect: this judge has no reference to search with; eprop-verify has");
    if (!o->vectors && !cli_oracle()) return cli_usage("port: expected --vectors DIR, this judge has no reference to make them with");
    return CLI_HOLDS;
}

/* ---- cases ------------------------------------------------------------------------------------------------------------ */

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static int is_epv(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return n > 4 && !strcmp(e->d_name + n - 4, ".epv");
}

static int read_one(const char *path, cases *k)
{
    char err[VFY_EPV_ERR] = "";
    if (k->n_file == MOST_FILES) return cli_usage("%.200s: more than %d files", path, MOST_FILES);
    if (vfy_epv_read(path, &k->file[k->n_file], err, sizeof err) != EP_OK) return cli_usage("%s", err);
    k->n_file++;
    return CLI_HOLDS;
}

static int read_files(const char *dir, cases *k)
{
    struct stat st;
    struct dirent **names = NULL;
    char path[4096];
    int code = CLI_HOLDS;
    if (stat(dir, &st)) return cli_usage("%.200s: cannot be read", dir);
    if (!S_ISDIR(st.st_mode)) return read_one(dir, k);
    int n = scandir(dir, &names, is_epv, by_name);
    for (int i = 0; i < n; i++) {
        if (code == CLI_HOLDS && (size_t)snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name) < sizeof path) code = read_one(path, k);
        free(names[i]);
    }
    free(names);
    return n <= 0 ? cli_usage("%.200s: found no .epv file", dir) : code;
}

/* Delays belong to the network, not to the convention. */
static bool follows(const ep_options *o, ep_preset p)
{
    ep_options want = ep_preset_options(p);
    for (size_t i = 0; i < ep_option_count(); i++) {
        const char *name = ep_option_at(i)->name;
        char a[40], b[40];
        if (!strncmp(name, "delay", 5) || !ep_option_get(o, name, a, sizeof a) || !ep_option_get(&want, name, b, sizeof b)) continue;
        if (strcmp(a, b)) return false;
    }
    return true;
}

static void add(const options *o, cases *k, const vfy_epv_case *c)
{
    if (o->only && strcmp(o->only, c->id)) return;
    if (o->one_preset && !follows(&c->net.opt, o->preset)) return;
    k->list[k->n++] = c;
}

/* What a case without expected lines must compute, if a reference is there; large ones are judged while their answers come. */
static ep_status fill(vfy_epv_case *c)
{
    vfy_certainty sure;
    bool large = vfy_case_elements(c) > LARGE;
    if (c->n_want || c->family == VFY_FAMILY_REJECT || !cli_oracle() || large) return EP_OK;
    ep_status st = cli_oracle()->expect(c, ~UINT64_C(0), &sure);
    return st == EP_NOTIMPL ? EP_OK : st;
}

static int gather(const options *o, cases *k)
{
    char err[512] = "";
    vfy_progress progress = cli_progress();
    size_t all = 0;
    if (o->vectors) {
        int code = read_files(o->vectors, k);
        if (code != CLI_HOLDS) return code;
    } else {
        ep_status st = cli_oracle()->level_one(cli_threads(), &progress, &k->file[0], err, sizeof err);
        cli_progress_end();
        if (st != EP_OK) return cli_status(st, *err ? err : "vectors");
        k->n_file = 1;
    }
    for (int i = 0; i < k->n_file; i++) all += k->file[i]->n;
    k->list = calloc(all + 1, sizeof *k->list);
    k->judged = calloc(all + 1, sizeof *k->judged);
    if (!k->list || !k->judged) return cli_usage("no memory for the cases");
    for (int f = 0; f < k->n_file; f++)
        for (size_t i = 0; i < k->file[f]->n; i++) {
            ep_status st = fill(&k->file[f]->cases[i]);
            if (st != EP_OK) return cli_status(st, k->file[f]->cases[i].id);
            add(o, k, &k->file[f]->cases[i]);
        }
    if (o->only && !k->n) return cli_usage("--only: no case ep:%.20s", o->only);
    return CLI_HOLDS;
}

static void drop(cases *k)
{
    for (int i = 0; i < k->n_file; i++) vfy_epv_free(k->file[i]);
    free(k->list);
    free(k->judged);
}

/* ---- the verdict ------------------------------------------------------------------------------------------------------ */

static void done(void *user, size_t i, vfy_outcome *o)
{
    cases *k = user;
    vfy_judge(k->list[i], o, k->claim, &k->judged[i]);
}

static int write_file(const char *path, const vfy_report *r, bool junit)
{
    vfy_outfile f;
    char err[512] = "";
    ep_status st = vfy_outfile_open(path, &f, err, sizeof err);
    if (st != EP_OK) return cli_usage("%s", err);
    if (junit) vfy_report_junit(f.f, r);
    else st = vfy_report_json(f.f, r);
    if (st == EP_OK) st = vfy_outfile_commit(&f, err, sizeof err);
    else vfy_outfile_abort(&f);
    return st == EP_OK ? CLI_HOLDS : cli_usage("%s", *err ? err : path);
}

static void again_text(const options *o, char *buf, size_t n)
{
    static const char *const way[] = {"--port", "--plugin", "--response"};
    int used = snprintf(buf, n, "%s port %s \"%.200s\"", cli_name, way[o->port.way], o->port.target);
    if (o->vectors && used > 0 && (size_t)used < n) (void)snprintf(buf + used, n - (size_t)used, " --vectors \"%.200s\"", o->vectors);
}

/* Marks the failures that the list knows. */
static int excuse(const char *path, cases *k)
{
    char line[256];
    long number = 0;
    FILE *f = fopen(path, "r");
    if (!f) return cli_usage("%.200s: cannot be read", path);
    while (fgets(line, sizeof line, f)) {
        number++;
        line[strcspn(line, "#\n")] = '\0';
        for (size_t n = strlen(line); n && line[n - 1] == ' '; n--) line[n - 1] = '\0';
        const char *id = !strncmp(line, "ep:", 3) ? line + 3 : line;
        if (!*id) continue;
        if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16) {
            (void)fclose(f);
            return cli_usage("%.200s:%ld: found '%.40s', expected a case's id", path, number, line);
        }
        for (size_t i = 0; i < k->n; i++)
            if (!strcmp(k->list[i]->id, id)) k->judged[i].excused = true;
    }
    (void)fclose(f);
    return CLI_HOLDS;
}

/* Of cases that were judged while their answers came: how much memory that took. */
static void say_streamed(const cases *k)
{
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) n += k->list[i]->n_want == 0 && k->list[i]->family != VFY_FAMILY_REJECT && k->judged[i].compared;
    if (n) printf("# %zu case%s judged while the answer came; largest memory of the judge %.1f MB\n", n, n == 1 ? "" : "s", cli_peak_rss_mb());
}

static int report(const options *o, cases *k, const vfy_claims *claims)
{
    char again[500];
    int forced = 0, code = CLI_HOLDS;
    if (o->xfail && (code = excuse(o->xfail, k)) != CLI_HOLDS) return code;
    vfy_judge_causes(k->judged, k->n);
    const vfy_judged *first = vfy_judge_first(k->judged, k->n);
    for (size_t i = 0; i < k->n; i++) {
        vfy_judged *j = &k->judged[i];
        if (j->flip || (j->status == VFY_FAILED && (j == first || forced < MOST_FORCED))) {
            ep_status own = vfy_judge_own(&o->port, cli_oracle(), j);
            if (own != EP_OK) return cli_status(own, "own spikes");
        }
        if (j->status != VFY_FAILED || (j != first && forced >= MOST_FORCED)) continue;
        ep_status st = vfy_judge_forced(&o->port, claims, cli_oracle(), j);
        if (st != EP_OK) return cli_status(st, "forced step");
        forced++;
    }
    again_text(o, again, sizeof again);
    vfy_report r = {claims, k->judged, k->n, o->claim, again};
    vfy_tally t = vfy_judge_tally(k->judged, k->n);
    vfy_report_tap(stdout, &r);
    say_streamed(k);
    if (o->junit) code = write_file(o->junit, &r, true);
    if (o->json && write_file(o->json, &r, false) != CLI_HOLDS) code = CLI_USAGE;
    if (code != CLI_HOLDS) return code;
    code = vfy_tally_code(&t);
    size_t tested = t.passed + t.failed + t.excused;
    if (tested >= (size_t)o->least || code != CLI_HOLDS) return code;
    printf("# %zu cases tested, at least %ld expected\n", tested, o->least);
    return CLI_NOTHING;
}

/* ---- which convention ------------------------------------------------------------------------------------------------- */

static void print_options(const vfy_detected *d)
{
    for (int i = 0; i < d->n_option; i++) {
        const vfy_option_found *f = &d->option[i];
        if (!*f->excluded) continue;
        printf("  %-14s %s", f->name, f->value);
        if (*f->open) printf(", or %s: these cases cannot tell", f->open);
        printf("; excluded: %s\n", f->excluded);
    }
    printf("  no effect here:");
    for (int i = 0; i < d->n_option; i++)
        if (!*d->option[i].excluded && *d->option[i].open) printf(" %s", d->option[i].name);
    printf("\n");
}

static void print_detected(const vfy_detected *d)
{
    const char *label = ep_preset_name(d->label);
    if (!d->fits) printf("%s: no combination of options explains the answers; the nearest explains %.1f %% of the values; first left over: %s\n",
                         label, 100 * d->share, d->first);
    else if (d->is_preset && d->preset == d->label) printf("%s: the port follows it\n", label);
    else if (d->is_preset) printf("%s: the port was asked for %s, but follows %s\n", label, label, ep_preset_name(d->preset));
    else printf("%s: the port follows no preset, but these options\n", label);
    if (d->fits) print_options(d);
}

static int detect(const options *o)
{
    vfy_progress progress = cli_progress();
    vfy_detected found[EP_N_PRESET] = {{.answered = false}};
    vfy_claims claims = {0};
    char err[512] = "";
    int answered = 0, code = CLI_HOLDS;
    ep_status st = cli_oracle()->detect(&o->port, o->one_preset, o->preset, &progress, &claims, found, err, sizeof err);
    cli_progress_end();
    if (st == EP_PORT) {
        printf("Bail out! %s\n", err);
        return CLI_PORT;
    }
    if (st != EP_OK) return cli_usage("%s", *err ? err : ep_status_name(st));
    for (int l = 0; l < EP_N_PRESET; l++) {
        if (!found[l].answered) continue;
        answered++;
        print_detected(&found[l]);
        if (!found[l].fits) code = CLI_FAILS;
    }
    if (!answered) printf("the port answered no case\n");
    return answered ? code : CLI_NOTHING;
}

static int trace(const options *o, const vfy_epv_case *c)
{
    char err[512] = "";
    ep_status st = vfy_port_trace(&o->port, cli_oracle(), c, (int)o->from, (int)o->to, stdout, err, sizeof err);
    if (st == EP_NOTIMPL) return CLI_NOTHING;
    if (st == EP_PORT) fprintf(stderr, "%s: %s\n", cli_name, err);
    return st == EP_OK ? CLI_HOLDS : st == EP_PORT ? CLI_PORT : cli_usage("%s", *err ? err : ep_status_name(st));
}

static int failed(ep_status st, const char *err)
{
    if (st != EP_PORT) return cli_usage("%s", *err ? err : ep_status_name(st));
    printf("TAP version 14\nBail out! %s\n", err);
    return CLI_PORT;
}

/* Making the cases takes seconds: a port that cannot greet is told so before. */
static int greet(const options *o)
{
    vfy_claims claims = {0};
    char err[512] = "";
    if (o->vectors || o->port.way == VFY_WAY_RESPONSE) return CLI_HOLDS;
    ep_status st = vfy_port_run(&o->port, NULL, 0, &claims, NULL, NULL, err, sizeof err);
    return st == EP_OK ? CLI_HOLDS : failed(st, err);
}

static int run(const options *o, cases *k)
{
    vfy_claims claims = {0};
    char err[512] = "";
    int code = greet(o);
    if (code == CLI_HOLDS) code = gather(o, k);
    if (code != CLI_HOLDS) return code;
    if (o->to) return trace(o, k->list[0]);
    ep_status st = vfy_port_run(&o->port, k->list, k->n, &claims, done, k, err, sizeof err);
    return st == EP_OK ? report(o, k, &claims) : failed(st, err);
}

int cmd_port(int argc, char **argv)
{
    options o = {.claim = VFY_CLASS_BOUND, .timeout = 10, .least = 1, .port.memory_mb = 4096};
    int code = parse(argc, argv, &o);
    if (code != CLI_HOLDS || o.done) return code;
    if (o.detect) return detect(&o);
    cases *k = calloc(1, sizeof *k);
    if (!k) return cli_usage("no memory");
    if (cli_oracle()) o.port.streaming = cli_oracle()->streaming;
    k->claim = o.claim;
    code = run(&o, k);
    drop(k);
    free(k);
    return code;
}
