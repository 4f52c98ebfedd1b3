/* eprop-verify certify: evidence B for one network of any size.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "cli.h"
#include "epv.h"
#include "evidence.h"

typedef struct options {
    vfy_case_spec spec;
    long bits, threads;
    const char *file;
    const vfy_progress *progress;
    bool done;
} options;

static void print_help(void)
{
    printf("usage: eprop-verify certify [FILE.epv] [OPTION]...\n\n"
           "Proves |BPTT - sum L e| <= 2^-q scale for every entry of the gradient, scale = the group's largest entry, with\n"
           "every spike decision proved: for the networks of a vector file, or for a generated one. Reports the precision that\n"
           "was needed.\n\n"
           "  --model M      lif, alif, lsnn, lstm, rate, synaptic (default alif)\n"
           "  --n-rec N      neurons, and inputs (default 100)\n"
           "  --steps T      (default 1000)\n"
           "  --rate R       share of steps with a spike that is aimed at (default 0.02)\n"
           "  --seed N       (default 3)\n"
           "  --bits Q       q (default 53)\n"
           "  --threads N    threads, 1 to 64 (default: all processors)\n"
           "  --help         this text\n\n"
           "Exit code: 0 proved, 1 the two differ, 2 usage or a bad file, 5 undecided.\n");
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option longs[] = {{"model", 1, 0, 'm'}, {"n-rec", 1, 0, 'n'}, {"steps", 1, 0, 's'}, {"rate", 1, 0, 'r'},
                                          {"seed", 1, 0, 'e'}, {"bits", 1, 0, 'b'}, {"threads", 1, 0, 't'}, {"help", 0, 0, 'h'},
                                          {0, 0, 0, 0}};
    long v = 0;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'm' && !ep_model_parse(optarg, &o->spec.model))
            return cli_usage("--model: found '%.40s', expected lif, alif, lsnn, lstm, rate or synaptic", optarg);
        if (strchr("nsebt", c) && !cli_number(optarg, 1, c == 'b' ? 4096 : c == 't' ? 64 : 100000, &v))
            return cli_usage("certify: found '%.40s', expected a whole number in range", optarg);
        if (c == 'n') o->spec.n_rec = o->spec.n_in = (int)v;
        if (c == 's') o->spec.T = (int)v;
        if (c == 'e') o->spec.seed = (uint64_t)v;
        if (c == 'b') o->bits = v;
        if (c == 't') o->threads = v;
        if (c == 'r') {
            char tail;
            if (sscanf(optarg, "%lf%c", &o->spec.rate, &tail) != 1 || !(o->spec.rate >= 0.01 && o->spec.rate <= 0.2))
                return cli_usage("--rate: found '%.40s', expected 0.01 to 0.2", optarg);
        }
        if (c == 'h') {
            print_help();
            o->done = true;
            return CLI_HOLDS;
        }
        if (c == '?') return cli_usage("certify: found '%.60s', expected an option of `certify --help`", argv[optind - 1]);
        if (c == ':') return cli_usage("certify: %.60s: expected a value", argv[optind - 1]);
    }
    if (optind + 1 < argc) return cli_usage("certify: found '%.60s', expected at most one FILE.epv", argv[optind + 1]);
    o->file = optind < argc ? argv[optind] : NULL;
    return CLI_HOLDS;
}

static int certify(const options *o, const vfy_case *k, const char *name)
{
    vfy_certificate ct;
    ep_status st = vfy_certify(k, (double)o->bits, NULL, (int)o->threads, o->progress, &ct);
    cli_progress_end();
    if (st == EP_UNABLE) {
        fprintf(stderr, "eprop-verify: %s: a spike is undecided\n", name);
        return CLI_UNDECIDED;
    }
    if (st != EP_OK) return cli_status(st, name);
    bool proved = ct.log2_gap <= -(double)o->bits;
    printf("%s\n  %s: |BPTT - sum L e| <= 2^%.1f scale for all %zu entries (asked: 2^-%ld)\n", name,
           ct.disjoint ? "differ" : proved ? "proved" : "undecided", ct.log2_gap, ct.entries, o->bits);
    printf("  precision: %ld bits for the adjoint, %ld for the traces; the adjoint lost %.0f bits in %d steps, %.2f a step\n",
           ct.bits_L, ct.bits_e, ct.bits_lost, k->batch.T, ct.bits_lost / (double)k->batch.T);
    if (ep_model_spikes(k->net.model))
        printf("  %zu spikes, every decision proved; smallest |v - v_th - beta a| = %.3g\n", ct.spikes, ct.min_margin);
    printf("  %.1f s, %.0f MB\n", ct.seconds, cli_peak_rss_mb());
    return ct.disjoint ? CLI_FAILS : proved ? CLI_HOLDS : CLI_UNDECIDED;
}

static int certify_file(const options *o)
{
    vfy_epv_file *file = NULL;
    char err[VFY_EPV_ERR] = "", name[512];
    int code = CLI_HOLDS;
    if (vfy_epv_read(o->file, &file, err, sizeof err) != EP_OK) return cli_usage("%s", err);
    for (size_t i = 0; i < file->n; i++) {
        if (vfy_format_is_fixed(file->cases[i].format)) {
            code = cli_usage("%s:%ld: found integers, expected f32 or f64: they need no proof", o->file, file->cases[i].line);
            break;
        }
        vfy_case k = {.net = file->cases[i].net, .batch = file->cases[i].batch};
        snprintf(name, sizeof name, "%s:%ld: %s", o->file, file->cases[i].line, ep_model_name(k.net.model));
        int c = certify(o, &k, name);
        if (code == CLI_HOLDS || c == CLI_USAGE || (c == CLI_FAILS && code == CLI_UNDECIDED)) code = c;
    }
    vfy_epv_free(file);
    return code;
}

int cmd_certify(int argc, char **argv)
{
    vfy_progress progress = cli_progress();
    options o = {.spec = {.model = EP_ALIF, .n_in = 100, .n_rec = 100, .n_out = 3, .T = 1000, .n_ref = 3, .rate = 0.02, .seed = 3},
                 .bits = 53, .threads = cli_threads(), .progress = &progress};
    vfy_case k;
    int code = parse(argc, argv, &o);
    if (code != CLI_HOLDS || o.done) return code;
    if (o.file) return certify_file(&o);
    if (!ep_model_spikes(o.spec.model)) o.spec.rate = 0.0;
    ep_status st = vfy_case_make(&o.spec, &k);
    code = st == EP_OK ? certify(&o, &k, k.name) : st == EP_UNABLE ? CLI_NOTHING : cli_status(st, "certify");
    if (st == EP_UNABLE) fprintf(stderr, "eprop-verify: certify: found no network that is alive at this size and rate\n");
    vfy_case_free(&k);
    return code;
}
