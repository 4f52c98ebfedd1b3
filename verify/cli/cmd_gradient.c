/* eprop-verify gradient.
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <jansson.h>
#include <string.h>

#include "cli.h"
#include "epv_parse.h"
#include "gradient.h"
#include "outfile.h"

typedef struct options {
    const char *in, *out, *json, *synth_path;
    bool has_rule, has_round, has_seed, done;
    ref_seed seed;
    long window;
    vfy_synth synth;
    ep_rule rule;
    vfy_format round;
    long most_bits;
    int threads;
    const vfy_progress *progress;
} options;

static void print_help(void)
{
    printf("usage: eprop-verify gradient FILE.epv [OPTION]...\n\n"
           "Correctly rounded gradients of every network in a vector file. An entry that the precision allowed can't decide\n"
           "is marked and its proved enclosure given.\n\n"
           "  --rule RULE       bptt, rtrl, eprop1-symmetric, eprop1-random, eprop1-adaptive, eprop1-global, tbptt, tbptt-sg,\n"
           "                    eprop3, eprop3-sg (default: the case's own)\n"
           "  --window N        steps of a window (default: the case's own, or 1)\n"
           "  --seed KIND       none, c, z, zc: what is seeded at a window's end (default: the case's own), exactly, or\n"
           "  --synth FILE      as the synthesiser in FILE says (tbptt-sg, eprop3-sg; verify/synth_file.h has the form)\n"
           "  --round FORMAT    binary32 or binary64 (default: the case's own)\n"
           "  --max-bits N      precision cap, 128 to 65536 (default 8192)\n"
           "  --threads N       threads, 1 to 64 (default: all processors)\n"
           "  --out FILE.epv    the same cases with the expected lines filled in\n"
           "  --json FILE       every entry for machines\n"
           "  --help            this text\n\n"
           "Without --out, every entry is printed: name, indices, raw bits, value. Exit code: 0 every entry is decided, 2 usage\n"
           "or a bad file, 5 an entry is undecided.\n");
}

static bool parse_round(const char *s, vfy_format *out)
{
    if (!strcmp(s, "binary32")) *out = VFY_F32;
    else if (!strcmp(s, "binary64")) *out = VFY_F64;
    else return false;
    return true;
}

static bool parse_seed(const char *s, ref_seed *out)
{
    for (int k = 0; k < VFY_N_SEED; k++)
        if (!strcmp(s, vfy_seed_name((vfy_seed)k))) {
            *out = (ref_seed)k;
            return true;
        }
    return false;
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option longs[] = {{"rule", 1, 0, 'r'}, {"round", 1, 0, 'f'}, {"max-bits", 1, 0, 'b'},
                                          {"threads", 1, 0, 't'}, {"window", 1, 0, 'w'}, {"seed", 1, 0, 's'}, {"synth", 1, 0, 'y'}, {"out", 1, 0, 'o'}, {"json", 1, 0, 'j'},
                                          {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    long n = 0;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", longs, NULL)) != -1;) {
        if (c == 'r' && !(o->has_rule = ep_rule_parse(optarg, &o->rule)))
            return cli_usage("--rule: found '%.40s', expected a learning rule (see gradient --help)", optarg);
        if (c == 'f' && !(o->has_round = parse_round(optarg, &o->round)))
            return cli_usage("--round: found '%.40s', expected binary32 or binary64", optarg);
        if (c == 'b' && !cli_number(optarg, 128, REF_MAX_PREC, &o->most_bits))
            return cli_usage("--max-bits: found '%.40s', expected 128 to 65536", optarg);
        if (c == 't') {
            if (!cli_number(optarg, 1, 64, &n)) return cli_usage("--threads: found '%.40s', expected 1 to 64", optarg);
            o->threads = (int)n;
        }
        if (c == 'w' && !cli_number(optarg, 1, 1000000, &o->window)) return cli_usage("--window: found '%.40s', expected 1 to 1000000", optarg);
        if (c == 's' && !(o->has_seed = parse_seed(optarg, &o->seed))) return cli_usage("--seed: found '%.40s', expected none, c, z or zc", optarg);
        if (c == 'y') o->synth_path = optarg;
        if (c == 'o') o->out = optarg;
        if (c == 'j') o->json = optarg;
        if (c == 'h') {
            print_help();
            o->done = true;
            return CLI_HOLDS;
        }
        if (c == '?') return cli_usage("gradient: found '%.60s', expected an option of `gradient --help`", argv[optind - 1]);
        if (c == ':') return cli_usage("gradient: %.60s: expected a value", argv[optind - 1]);
    }
    if (optind + 1 != argc) return cli_usage("gradient: found %d files, expected one FILE.epv", argc - optind);
    o->in = argv[optind];
    if (o->synth_path && o->out) return cli_usage("--out with --synth: a vector file holds no synthesiser");
    return CLI_HOLDS;
}

static bool synthetic(ep_rule r) { return r == EP_TBPTT_SG || r == EP_EPROP3_SG; }

/* Is the synthesiser one for this case? */
static int check_synth(const options *o, const vfy_epv_case *k, const vfy_gradient_args *a)
{
    size_t needs = 0;
    if (!o->synth_path) return CLI_HOLDS;
    if (!synthetic(a->rule)) return cli_usage("%s:%ld: --synth with rule %s, expected tbptt-sg or eprop3-sg", o->in, k->line, ep_rule_name(a->rule));
    if (a->seed == REF_SEED_NONE) return cli_usage("%s:%ld: --synth with seed none, expected --seed c, z or zc", o->in, k->line);
    ep_status st = vfy_synth_needs(&o->synth, &k->net, a->seed, &needs);
    if (st != EP_OK) return cli_status(st, o->in);
    if (needs != o->synth.n) return cli_usage("%s: found %zu numbers, expected %zu for %s:%ld", o->synth_path, o->synth.n, needs, o->in, k->line);
    return CLI_HOLDS;
}

static vfy_gradient_args case_args(const options *o, const vfy_epv_case *k)
{
    return (vfy_gradient_args){.rule = o->has_rule ? o->rule : k->rule, .window = o->window ? (int)o->window : k->window ? k->window : 1,
                               .seed = o->has_seed ? o->seed : (ref_seed)k->seed, .synth = o->synth_path ? &o->synth : NULL, .reg_off = k->reg_off, .round = o->has_round ? o->round : k->format,
                               .most_bits = o->most_bits, .threads = o->threads, .progress = o->progress};
}

static void position(const vfy_epv_case *k, const vfy_entry *e, char *buf, size_t n)
{
    vfy_shape s = vfy_quantity_shape(e->want.q, &k->net, k->batch.T, k->batch.B, k->updates);
    vfy_position_text(vfy_quantity_name(e->want.q), &s, e->at, buf, n);
}

static void print_entries(const vfy_epv_case *k, const vfy_gradient *g, vfy_format f)
{
    for (size_t i = 0; i < g->n; i++) {
        const vfy_entry *e = &g->entry[i];
        char where[64], hex[17];
        uint64_t bits = 0;
        position(k, e, where, sizeof where);
        if (e->want.kind == VFY_ZERO) printf("%-24s zero\n", where);
        else if (e->want.kind == VFY_UNDECIDED) printf("%-24s undecided in [%.17g, %.17g]\n", where, e->want.lo, e->want.hi);
        else if (vfy_bits_of(f, e->nearest, &bits)) {
            vfy_bits_text(f, bits, hex);
            printf("%-24s %s  %.*g\n", where, hex, f == VFY_F32 ? 9 : 17, e->nearest);
        }
    }
}

static json_t *entries_json(const vfy_epv_case *k, const vfy_gradient *g, const vfy_gradient_args *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < g->n; i++) {
        const vfy_entry *e = &g->entry[i];
        char where[64], hex[17] = "";
        uint64_t bits = 0;
        position(k, e, where, sizeof where);
        json_t *o = json_pack("{s:s, s:s}", "entry", where, "status",
                              e->want.kind == VFY_ZERO ? "zero" : e->want.kind == VFY_VALUE ? "decided" : "undecided");
        if (e->want.kind == VFY_VALUE && vfy_bits_of(a->round, e->nearest, &bits)) {
            vfy_bits_text(a->round, bits, hex);
            json_object_set_new(o, "bits", json_string(hex));
            json_object_set_new(o, "value", json_real(e->nearest));
            json_object_set_new(o, "mag", json_real(e->want.mag));
        }
        if (e->want.kind == VFY_UNDECIDED) {
            json_object_set_new(o, "lo", json_real(e->want.lo));
            json_object_set_new(o, "hi", json_real(e->want.hi));
        }
        json_array_append_new(list, o);
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:i, s:o}", "case", k->id, "model", ep_model_name(k->net.model), "rule",
                     ep_rule_name(a->rule), "format", a->round == VFY_F32 ? "binary32" : "binary64", "decided",
                     (json_int_t)g->decided, "zero", (json_int_t)g->zero, "undecided", (json_int_t)g->undecided, "bits",
                     (int)g->bits, "entries", list);
}

/* The case's expected gradient lines, replaced. */
static ep_status fill_in(vfy_epv_case *k, const vfy_gradient *g, const vfy_gradient_args *a)
{
    ep_status st = EP_OK;
    size_t kept = 0;
    for (size_t i = 0; i < k->n_want; i++)
        if (k->want[i].q < VFY_Q_GRAD) k->want[kept++] = k->want[i];
    k->n_want = kept;
    k->rule = a->rule;
    k->seed = vfy_rule_has_seed(a->rule) ? (vfy_seed)a->seed : VFY_SEED_NONE;
    k->window = vfy_rule_has_window(a->rule) ? a->window : 0;
    for (size_t i = 0; st == EP_OK && i < g->n; i++) st = vfy_epv_add(k, &g->entry[i].want);
    return st;
}

static int one_case(const options *o, vfy_epv_case *k, json_t *all)
{
    vfy_gradient g;
    vfy_gradient_args a = case_args(o, k);
    if (vfy_format_is_fixed(k->format))
        return cli_usage("%s:%ld: found integers, expected f32 or f64: `eprop-verify port` compares integers word for word", o->in, k->line);
    int code = check_synth(o, k, &a);
    if (code != CLI_HOLDS) return code;
    ep_status st = vfy_gradient_certify(&k->net, &k->batch, &a, &g);
    cli_progress_end();
    if (st == EP_NOTIMPL)
        return cli_usage("%s:%ld: rule %s with model %s is not implemented here", o->in, k->line, ep_rule_name(a.rule),
                         ep_model_name(k->net.model));
    if (st == EP_UNABLE) {
        fprintf(stderr, "eprop-verify: %s:%ld: a spike is undecided, so every entry is\n", o->in, k->line);
        return CLI_UNDECIDED;
    }
    if (st != EP_OK) return cli_status(st, o->in);
    code = g.undecided ? CLI_UNDECIDED : CLI_HOLDS;
    if (o->out) st = fill_in(k, &g, &a);
    else print_entries(k, &g, a.round);
    if (all) json_array_append_new(all, entries_json(k, &g, &a));
    fprintf(stderr, "%s:%ld: %s %s: %zu decided, %zu zero, %zu undecided at %ld bits; %zu spike ties settled exactly\n", o->in,
            k->line, ep_model_name(k->net.model), ep_rule_name(a.rule), g.decided, g.zero, g.undecided, g.bits, g.ties);
    vfy_gradient_free(&g);
    return st == EP_OK ? code : cli_status(st, o->in);
}

static int write_json(const char *path, json_t *all)
{
    vfy_outfile f;
    char err[512] = "";
    if (vfy_outfile_open(path, &f, err, sizeof err) != EP_OK) return cli_usage("%s", err);
    if (json_dumpf(all, f.f, JSON_INDENT(1)) != 0 || fputc('\n', f.f) == EOF) {
        vfy_outfile_abort(&f);
        return cli_usage("%s: cannot write", path);
    }
    return vfy_outfile_commit(&f, err, sizeof err) == EP_OK ? CLI_HOLDS : cli_usage("%s", err);
}

int cmd_gradient(int argc, char **argv)
{
    vfy_progress progress = cli_progress();
    options o = {.most_bits = 8192, .threads = cli_threads(), .progress = &progress};
    vfy_epv_file *file = NULL;
    char err[VFY_EPV_ERR] = "";
    int code = parse(argc, argv, &o);
    if (code != CLI_HOLDS || o.done) return code;
    if (o.synth_path && vfy_synth_read(o.synth_path, &o.synth, err, sizeof err) != EP_OK) return cli_usage("%s", err);
    if (vfy_epv_read(o.in, &file, err, sizeof err) != EP_OK) {
        vfy_synth_free(&o.synth);
        return cli_usage("%s", err);
    }
    json_t *all = o.json ? json_array() : NULL;
    for (size_t k = 0; k < file->n && (code == CLI_HOLDS || code == CLI_UNDECIDED); k++) {
        int c = one_case(&o, &file->cases[k], all);
        if (c != CLI_HOLDS) code = c;
    }
    bool write = code == CLI_HOLDS || code == CLI_UNDECIDED;
    if (write && o.out && vfy_epv_write(o.out, file->cases, file->n, err, sizeof err) != EP_OK) code = cli_usage("%s", err);
    if (write && all && write_json(o.json, all) != CLI_HOLDS) code = CLI_USAGE;
    json_decref(all);
    vfy_epv_free(file);
    vfy_synth_free(&o.synth);
    return code;
}
