/* speech-corpus: writes the stand-in for TIMIT. Each utterance is spoken in a process of its own, so that it does not depend on
 * those before; several run side by side. What is there already is kept, so a run that was stopped goes on.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "synth.h"

enum { EXIT_USAGE = 2, EXIT_MACHINE = 3, PATH_SIZE = 4096, RATE_SPREAD = 41 };

typedef struct settings {
    const char *out;
    uint64_t seed;
    int speakers, test, jobs;
    bool riff;
} settings;

static const char usage[] =
    "usage: speech-corpus [options]\n"
    "Writes a corpus in TIMIT's layout, {TRAIN,TEST}/DRn/SPEAKER/SENTENCE.{WAV,PHN,TXT}, spoken by espeak-ng.\n"
    "  --out DIR       where (default build/corpus); what is there already is kept\n"
    "  --seed N        another seed, another corpus (default 1)\n"
    "  --speakers N    speakers with 8 sentences each, one ninth of them under TEST (default 288: 2048 + 256 utterances)\n"
    "  --riff          RIFF files; default: NIST SPHERE as on TIMIT's disc\n"
    "  --jobs N        processes side by side (default: the number of processors)\n"
    "  --help, --version\n"
    "Exit: 0 success; 2 usage; 3 the machine failed (disk, memory, espeak-ng's data missing)\n";

static int complain(int code, const char *text)
{
    (void)fprintf(stderr, "speech-corpus: %s\n", text);
    return code;
}

static bool make_folders(const char *path)
{
    char copy[PATH_SIZE];
    (void)snprintf(copy, sizeof copy, "%s", path);
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        if (mkdir(copy, 0777) && errno != EEXIST) return false;
        *p = '/';
    }
    return !mkdir(copy, 0777) || errno == EEXIST;
}

/* ---- one utterance ----------------------------------------------------------------------------------------- */

static void base_of(const settings *o, const corpus_speaker *s, int index, char *folder, char *base)
{
    int k = index % CORPUS_SENTENCES;
    (void)snprintf(folder, PATH_SIZE, "%s/%s/DR%d/%s", o->out, s->test ? "TEST" : "TRAIN", s->region, s->name);
    (void)snprintf(base, PATH_SIZE, "%.3900s/%s%d", folder, k < 5 ? "SX" : "SI", index + 1);
}

static bool exists(const char *base)
{
    char path[PATH_SIZE + 8];
    struct stat s;
    (void)snprintf(path, sizeof path, "%s.WAV", base);
    return !stat(path, &s) && s.st_size > 0;
}

/* In a child: speaks and writes. */
static int make_one(const settings *o, const corpus_speaker *s, int index, const char *base)
{
    char text[CORPUS_TEXT], id[40], err[600];
    const uint64_t at = (uint64_t)index;
    int16_t *x;
    task_labels labels;
    corpus_utterance u = {.text = text, .id = id, .labels = &labels};
    int rate = s->rate - RATE_SPREAD / 2 + (int)task_pick(o->seed, (uint64_t)14 << 56 | at, 0, RATE_SPREAD);
    corpus_sentence(o->seed, at, text);
    (void)snprintf(id, sizeof id, "%.7s_%.20s", s->name, strrchr(base, '/') + 1);
    ep_status st = synth_speak(s, text, rate, o->seed, at, &x, &u.samples, &labels, err, sizeof err);
    if (!st) {
        u.x = x;
        st = corpus_write(base, &u, o->riff, err, sizeof err);
        free(x);
        task_labels_free(&labels);
    }
    return st ? complain(EXIT_MACHINE, err) : 0;
}

/* ---- all of them --------------------------------------------------------------------------------------------- */

static void progress(int done, int all)
{
    if (isatty(STDERR_FILENO)) (void)fprintf(stderr, "\rspeech-corpus: %d of %d utterances", done, all);
    else if (done % 256 == 0 || done == all) (void)fprintf(stderr, "speech-corpus: %d of %d utterances\n", done, all);
    if (done == all && isatty(STDERR_FILENO)) (void)fputc('\n', stderr);
}

/* Waits for one child; its exit code. */
static int reap(void)
{
    int status;
    while (wait(&status) < 0)
        if (errno != EINTR) return EXIT_MACHINE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_MACHINE;
}

static int start_one(const settings *o, const corpus_speaker *s, int index, const char *base)
{
    (void)fflush(NULL);
    pid_t child = fork();
    if (child < 0) return complain(EXIT_MACHINE, strerror(errno));
    if (child == 0) _exit(make_one(o, s, index, base));
    return 0;
}

static int make_all(const settings *o)
{
    int all = o->speakers * CORPUS_SENTENCES, done = 0, running = 0, code = 0;
    for (int index = 0; index < all && !code; index++) {
        corpus_speaker s;
        char folder[PATH_SIZE], base[PATH_SIZE];
        corpus_speaker_make(o->seed, index / CORPUS_SENTENCES, o->speakers, o->test, &s);
        base_of(o, &s, index, folder, base);
        if (exists(base)) {
            done++;
            continue;
        }
        if (running == o->jobs) {
            code = reap();
            running--;
            if (!code) progress(++done, all);
        }
        if (!code && !make_folders(folder)) code = complain(EXIT_MACHINE, strerror(errno));
        if (!code) code = start_one(o, &s, index, base);
        if (!code) running++;
    }
    for (; running; running--) {
        int c = reap();
        if (!c && !code) progress(++done, all);
        if (!code) code = c;
    }
    return code;
}

/* What the directory holds; another corpus there is not overwritten. */
static int claim(const settings *o)
{
    char path[PATH_SIZE], mine[400], there[400] = "";
    (void)snprintf(path, sizeof path, "%.3900s/CORPUS.TXT", o->out);
    (void)snprintf(mine, sizeof mine, "Synthetic speech in TIMIT's layout. seed %llu, speakers %d, audio %s, espeak-ng %.100s\n", (unsigned long long)o->seed,
                   o->speakers, o->riff ? "RIFF" : "SPHERE", synth_version());
    if (!make_folders(o->out)) {
        (void)fprintf(stderr, "speech-corpus: %s: cannot make this directory: %s\n", o->out, strerror(errno));
        return EXIT_MACHINE;
    }
    FILE *f = fopen(path, "r");
    if (f) {
        if (!fgets(there, sizeof there, f)) there[0] = '\0';
        (void)fclose(f);
    }
    if (f && strcmp(there, mine) != 0) {
        there[strcspn(there, "\n")] = mine[strcspn(mine, "\n")] = '\0';
        (void)fprintf(stderr, "speech-corpus: %s: found \"%s\"; expected \"%s\" (remove the directory, or choose another by --out)\n", path, there, mine);
        return EXIT_USAGE;
    }
    if (f) return 0;
    f = fopen(path, "w");
    bool good = f && fputs(mine, f) >= 0;
    if (f) good = !fclose(f) && good;
    if (good) return 0;
    (void)fprintf(stderr, "speech-corpus: %s: cannot write: %s\n", path, strerror(errno));
    return EXIT_MACHINE;
}

/* ---- command line ------------------------------------------------------------------------------------------------ */

static bool whole(const char *text, long lo, long hi, long *out)
{
    char *end;
    errno = 0;
    *out = strtol(text, &end, 10);
    return end != text && !*end && !errno && *out >= lo && *out <= hi;
}

static int number_option(const char *name, const char *text, long lo, long hi, long *out)
{
    if (whole(text, lo, hi, out)) return 0;
    (void)fprintf(stderr, "speech-corpus: --%s: found '%s'; expected a whole number from %ld to %ld\n", name, text, lo, hi);
    return EXIT_USAGE;
}

/* 0: go on; else exit code + 1. */
static int options(int argc, char **argv, settings *o)
{
    static const struct option known[] = {{"out", 1, NULL, 'o'}, {"seed", 1, NULL, 's'}, {"speakers", 1, NULL, 'n'}, {"riff", 0, NULL, 'r'},
                                          {"jobs", 1, NULL, 'j'}, {"help", 0, NULL, 'h'}, {"version", 0, NULL, 'v'}, {0}};
    long v = 0;
    int c, bad = 0;
    while (!bad && (c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'o': o->out = optarg; break;
        case 's': bad = number_option("seed", optarg, 0, 1L << 30, &v), o->seed = (uint64_t)v; break;
        case 'n': bad = number_option("speakers", optarg, 3, 6760, &v), o->speakers = (int)v; break;
        case 'j': bad = number_option("jobs", optarg, 1, 1024, &v), o->jobs = (int)v; break;
        case 'r': o->riff = true; break;
        case 'h': (void)fputs(usage, stdout); return 1;
        case 'v': (void)printf("speech-corpus %s\n", EP_VERSION); return 1;
        default: bad = EXIT_USAGE;
        }
    }
    if (!bad && optind < argc) {
        (void)fprintf(stderr, "speech-corpus: found '%s'; expected options only, see --help\n", argv[optind]);
        bad = EXIT_USAGE;
    }
    return bad ? bad + 1 : 0;
}

int main(int argc, char **argv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    settings o = {.out = "build/corpus", .seed = 1, .speakers = 288, .jobs = cores > 0 ? (int)cores : 1};
    char err[600];
    int code = options(argc, argv, &o);
    if (code) return code - 1;
    o.test = o.speakers / 9 > 1 ? o.speakers / 9 : 2;
    if (synth_start(err, sizeof err)) return complain(EXIT_MACHINE, err);
    code = claim(&o);
    return code ? code : make_all(&o);
}
