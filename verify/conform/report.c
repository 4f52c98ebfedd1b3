/* report.c: eprop-report from outside: what it builds, what it refuses, what it notices.
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prove[] =
    "{\"version\": \"0.1.0\", \"level\": \"quick\", \"commit\": \"c0ffee\", \"verdict\": \"holds\", \"seconds\": 1.5, \"peak_rss_mb\": 20,\n"
    " \"rows\": [{\"model\": \"alif\", \"evidence\": \"A\", \"case\": \"<b>\", \"compared\": \"x\", \"bound\": \"2^-90\", \"value\": 0, \"verdict\": \"holds\", \"note\": null},\n"
    "          {\"model\": \"lstm\", \"evidence\": \"D\", \"case\": \"s\", \"compared\": \"x\", \"bound\": 1e-9, \"value\": 1e-12, \"verdict\": \"holds\"}],\n"
    " \"blind_spots\": [{\"evidence\": \"A\", \"text\": \"sees the local half only\"}]}\n";

static const struct { const char *name, *text; } tables[] = {
    {"data/precision.tsv", "# model\tbits\terr\tbound\tslip_err\nalif\t24\t1e-6\t1e-5\t0.1\nalif\t53\t1e-15\t1e-14\t0.1\nalif\t1024\t3e-307\t1e-306\t0.1\n"},
    {"data/raster.tsv", "# t\tj\tz\tv\tpsi\te\tL\n1\t0\t0\t0.1\t0\t0\t0.2\n1\t1\t1\t0.9\t0.3\t0.1\t0.1\n2\t0\t1\t0.8\t0.3\t0.2\t0.1\n2\t1\t0\t0.1\t0\t0.1\t0\n"},
    {"data/gradients.tsv", "# j\ti\tbptt\teprop1\tdiff\n0\t0\t0\t0\t0\n0\t1\t1\t0.5\t0.5\n1\t0\t-2\t-2\t0\n1\t1\t0\t0\t0\n"},
    {"data/approx.tsv", "# model\trule\twindow\tseed\tcosine\trel_norm\trel_err\nalif\teprop1-random\t0\t-\t0.3\t0.9\t1\nalif\teprop3\t7\tzc\t1\t1\t1e-16\n"},
    {"data/boundary.tsv", "# model\twindow\tseed\trel_err\tcosine\nlstm\t7\tc\t0.24\t0.97\nlstm\t7\tzc\t4e-16\t1\n"},
    {"data/certified.tsv", "# model\tn_rec\tT\tbits_needed\tq\tseconds\nalif\t50\t100\t140\t53\t1\nalif\t50\t200\t180\t53\t2\n"},
    {"data/slips.tsv", "# slip\tplace\tA\tB\tC\tD\tE\trtrl\tpredicted\npsi late\ttraces\tseen\tseen\tseen\tseen\tseen\tseen\tyes\n"},
    {"data/liveness.tsv", "# case\trate\nalif 1\t0.05\n"},
};
enum { N_TABLES = sizeof tables / sizeof *tables };

static char dir[256], run[300], out[300];
static run_result r;

static void fixture(void)
{
    run_temp(dir, sizeof dir);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(out, sizeof out, "%s/out", dir);
    run_write(dir, "run/prove.json", prove);
    for (int k = 0; k < N_TABLES; k++) run_write(run, tables[k].name, tables[k].text);
}

static void cleanup(void) { run_clean(dir); }

static void report(const char *command, const char *a, const char *b)
{
    const char *args[RUN_ARGS] = {command, a, b};
    run_program(&r, "eprop-report", args, NULL, 60);
}

static void expect_page(const char *name, const char *text, bool wanted)
{
    char *page = run_read(out, name);
    cr_assert(page != NULL, "no %s", name);
    cr_assert_eq(strstr(page, text) != NULL, wanted, "%s %s '%s'", name, wanted ? "lacks" : "has", text);
    free(page);
}

TestSuite(report, .init = fixture, .fini = cleanup);

Test(report, builds_a_whole_report)
{
    static const char *const files[] = {"report.html", "report.md", "SHA256SUMS", "manifest.json", "prove.json", "figures/precision.svg", "figures/raster.svg",
                                        "figures/gradients.svg", "figures/approx.svg", "figures/boundary.svg", "figures/certified.svg", "figures/raster.gp", "figures/raster.pdf",
                                        "figures/raster.dat", "data/liveness.tsv"};
    report("build", run, out);
    cr_assert_eq(r.code, 0, "exit %d: %s", r.code, r.err);
    cr_assert(strstr(r.out, "/out/report.html\n") && run_lines(r.out) == 1, "%s", r.out);
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        char *text = run_read(out, files[k]);
        cr_assert(text && *text, "%s is missing or empty", files[k]);
        free(text);
    }
    expect_page("report.html", "It holds: ", true);
    expect_page("report.html", "&lt;b&gt;", true);
    expect_page("report.html", "<b>", false);
    expect_page("report.html", "<script", false);
    expect_page("report.html", "src=\"http", false);
    for (int k = 0; k < N_TABLES; k++) {
        char note[80];
        snprintf(note, sizeof note, "Not in this run: %s", tables[k].name);
        expect_page("report.html", note, false);
    }
    expect_page("report.md", "git checkout c0ffee && make deps report", true);
    cr_assert_eq(run_entries(dir), 2, "something was left beside the report");
}

Test(report, replaces_an_earlier_report_and_nothing_else)
{
    report("build", run, out);
    report("build", run, out);
    cr_assert_eq(r.code, 0, "second build: %s", r.err);
    cr_assert_eq(run_entries(dir), 2, "something was left beside the report");
    char other[300];
    snprintf(other, sizeof other, "%s/other", dir);
    run_write(dir, "other/precious.txt", "mine");
    report("build", run, other);
    cr_assert_eq(r.code, 2, "exit %d", r.code);
    cr_assert(strstr(r.err, "holds no earlier report"), "%s", r.err);
    cr_assert_eq(run_entries(other), 1, "the folder was touched");
}

Test(report, check_accepts_its_own_and_notices_a_change)
{
    static const struct { const char *file, *text, *says; } changes[] = {
        {"figures/precision.svg", "<svg></svg>", "figures/precision.svg is not the file that SHA256SUMS lists"},
        {"data/boundary.tsv", "# model\twindow\tseed\trel_err\tcosine\nlstm\t7\tc\t0.01\t1\n", "data/boundary.tsv is not the file"},
        {"report.html", "all is well", "report.html is not the file"},
    };
    for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
        report("build", run, out);
        report("check", out, NULL);
        cr_assert_eq(r.code, 0, "%s%s", r.out, r.err);
        run_write(out, changes[k].file, changes[k].text);
        report("check", out, NULL);
        cr_assert_eq(r.code, 1, "change %zu: exit %d", k, r.code);
        cr_assert(strstr(r.out, changes[k].says), "change %zu: %s", k, r.out);
    }
}

Test(report, missing_data_is_said)
{
    for (int k = 0; k < N_TABLES; k++) {
        char path[400], note[80];
        snprintf(path, sizeof path, "%s/%s", run, tables[k].name);
        remove(path);
        report("build", run, out);
        cr_assert_eq(r.code, 0, "without %s: %s", tables[k].name, r.err);
        snprintf(note, sizeof note, "Not in this run: %s.", tables[k].name);
        expect_page("report.html", note, true);
        expect_page("report.md", note, true);
    }
}

/* Several runs make one report, with the facts of each; a table that two of them have is refused. */
Test(report, several_runs)
{
    char other[300];
    snprintf(other, sizeof other, "%s/ports", dir);
    run_write(dir, "ports/data/ports.tsv", "# port\tclaimed\treached\ntiny\tbound\tbound\n");
    run_write(other, "manifest.json", "{\"commit\": \"beef\", \"cpu\": \"a processor\"}\n");
    const char *args[RUN_ARGS] = {"build", run, other, out};
    run_program(&r, "eprop-report", args, NULL, 60);
    cr_assert_eq(r.code, 0, "%s", r.err);
    expect_page("report.html", "<td>tiny<td", true);
    expect_page("report.html", "a processor", true);
    report("check", out, NULL);
    cr_assert_eq(r.code, 0, "%s%s", r.out, r.err);
    report("build", other, out);
    cr_assert_eq(r.code, 0, "without a proof: %s", r.err);
    expect_page("report.html", "It holds", false);
    run_write(other, "data/liveness.tsv", tables[7].text);
    run_program(&r, "eprop-report", args, NULL, 60);
    cr_assert_eq(r.code, 2, "exit %d", r.code);
    cr_assert(strstr(r.err, "data/liveness.tsv: found it in"), "%s", r.err);
    run_write(other, "data/liveness.tsv", "# a\n");
    run_write(other, "manifest.json", "{\"commit\": \n");
    report("build", other, out);
    cr_assert(r.code == 2 && strstr(r.err, "ports/manifest.json:"), "%d %s", r.code, r.err);
}

/* What got better, worse, appeared and vanished; a change inside the intervals is none. */
Test(report, diff_says_what_changed)
{
    char a[300], b[300];
    snprintf(a, sizeof a, "%s/a", dir);
    snprintf(b, sizeof b, "%s/b", dir);
    run_write(dir, "a/data/exponents.tsv", "# curve\taxis\tfrom\tto\texponent\tlow\thigh\ne\tN\t1\t9\t1\t0.9\t1.1\ne\tT\t1\t9\t1\t0.9\t1.1\ne\tB\t1\t9\t1\t0.9\t1.1\nold\tN\t1\t9\t1\t1\t1\n");
    run_write(dir, "b/data/exponents.tsv", "# curve\taxis\tfrom\tto\texponent\tlow\thigh\ne\tN\t1\t9\t1.05\t1\t1.2\ne\tT\t1\t9\t2\t1.9\t2.1\ne\tB\t1\t9\t0.5\t0.4\t0.6\nnew\tN\t1\t9\t1\t1\t1\n");
    report("diff", a, b);
    cr_assert_eq(r.code, 1, "exit %d: %s", r.code, r.err);
    cr_assert(strstr(r.out, "worse     exponents: e, T, 1, 9: exponent 1, then 2\n"), "%s", r.out);
    cr_assert(strstr(r.out, "better    exponents: e, B, 1, 9: exponent 1, then 0.5\n"), "%s", r.out);
    cr_assert(strstr(r.out, "vanished  exponents: old") && strstr(r.out, "appeared  exponents: new") && !strstr(r.out, "e, N"), "%s", r.out);
    cr_assert(strstr(r.out, "1 better, 1 worse, 1 appeared, 1 vanished, 1 the same within noise\n"), "%s", r.out);
    report("diff", run, run);
    cr_assert(r.code == 0 && strstr(r.out, "0 better, 0 worse, 0 appeared, 0 vanished"), "%d %s%s", r.code, r.out, r.err);
    char *text = strdup(prove);
    memcpy(strstr(text, "\"verdict\": \"holds\""), "\"verdict\": \"fails\"", 18);
    memcpy(strstr(text, "\"verdict\": \"holds\", \"note\""), "\"verdict\": \"fails\"", 18);
    run_write(dir, "b/prove.json", text);
    run_write(dir, "a/prove.json", prove);
    free(text);
    report("diff", a, b);
    cr_assert(strstr(r.out, "worse     prove: alif, A, <b>, x: holds, then fails\n"), "%s", r.out);
    report("diff", a, "/no/such");
    cr_assert_eq(r.code, 2, "exit %d", r.code);
}

Test(report, failing_rows_come_first)
{
    char *text = strdup(prove), *at = strstr(text, "\"verdict\": \"holds\", \"note\"");
    memcpy(strstr(text, "\"verdict\": \"holds\""), "\"verdict\": \"fails\"", 18);
    memcpy(at, "\"verdict\": \"fails\"", 18);
    run_write(run, "prove.json", text);
    free(text);
    report("build", run, out);
    cr_assert_eq(r.code, 0, "%s", r.err);
    expect_page("report.html", "It does not hold", true);
    expect_page("report.html", "It holds:", false);
    expect_page("report.html", "<td class=\"c-bad\">fails: 1 of 1<td", true);
    expect_page("report.html", "<td class=\"c-good\">holds: 1", true);
}

/* Runs of one model, one neuron, one step, no spike: the figures are poor, and drawn. */
Test(report, small_runs_are_drawn)
{
    static const struct { const char *name, *text; } small[] = {
        {"data/precision.tsv", "# model\tbits\terr\tbound\tslip_err\nalif\t24\t0\t0\t-\n"},
        {"data/raster.tsv", "# t\tj\tz\tv\tpsi\te\tL\n1\t0\t0\t0\t0\t0\t0\n"},
        {"data/gradients.tsv", "# j\ti\tbptt\teprop1\tdiff\n0\t0\t0\t0\t0\n"},
        {"data/approx.tsv", "# model\trule\twindow\tseed\tcosine\trel_norm\trel_err\nalif\teprop1-random\t0\t-\tnan\t0\t1\n"},
        {"data/boundary.tsv", "# model\twindow\tseed\trel_err\tcosine\nlstm\t7\tzc\t0\t1\n"},
        {"data/certified.tsv", "# model\tn_rec\tT\tbits_needed\tq\tseconds\nalif\t50\t100\t140\t53\t1\n"},
    };
    for (size_t k = 0; k < sizeof small / sizeof *small; k++) {
        run_write(run, small[k].name, small[k].text);
        report("build", run, out);
        cr_assert_eq(r.code, 0, "%s: exit %d, %s", small[k].name, r.code, r.err);
    }
}

/* Each bad file: exit 2, one line with file and place, and no output folder. */
typedef struct { char file[32], text[200], says[120]; } bad_row;

ParameterizedTestParameters(report, malformed_input_is_refused)
{
    static bad_row rows[] = {
        {"prove.json", "", "prove.json:1: "},
        {"prove.json", "{\"version\": \"1\",\n \"rows\": [}", "prove.json:2: "},
        {"prove.json", "[]", "prove.json:1: found an array, expected an object"},
        {"prove.json", "{\"version\": \"1\", \"verdict\": \"holds\"}", "rows: found nothing, expected an array"},
        {"prove.json", "{\"version\": \"1\", \"verdict\": \"holds\", \"rows\": [3]}", "rows[0]: found a number, expected an object"},
        {"prove.json", "{\"version\": \"1\", \"verdict\": \"holds\", \"rows\": [{\"model\": \"a\", \"evidence\": \"A\", \"verdict\": \"maybe\"}]}",
         "rows[0].verdict: found 'maybe', expected holds"},
        {"prove.json", "{\"version\": \"1\", \"verdict\": \"holds\", \"rows\": [{\"model\": \"a\", \"evidence\": \"F\", \"verdict\": \"holds\"}]}",
         "rows[0].evidence: found 'F', expected one of A B C D E"},
        {"prove.json", "{\"version\": \"1\", \"verdict\": \"holds\", \"rows\": [{\"model\": \"a\", \"evidence\": \"A\", \"verdict\": \"fails\"}]}",
         "found 'holds' although 1 rows fail"},
        {"data/precision.tsv", "# model\tbits\terr\tbound\tslip_err\nalif\t24\tx\t1\t1\n", "precision.tsv:2: found 'x' in column err"},
        {"data/raster.tsv", "# t\tj\tz\tv\tpsi\te\tL\n1\t0\t0\n", "raster.tsv:2: found 3 fields, expected 7"},
        {"data/raster.tsv", "# t\tj\tz\tv\tpsi\te\tL\n1\t-\t0\t1\t1\t1\t1\n", "row 1: found no number in t, j or z"},
        {"data/gradients.tsv", "# j\ti\tbptt\teprop1\tdiff\n0\t5000\t1\t1\t0\n", "expected an index from 0 to 4095"},
        {"data/approx.tsv", "", "approx.tsv:1: found an empty file"},
        {"data/boundary.tsv", "# model\tseed\n", "boundary.tsv:1: found 'seed' as column 2, expected 'window'"},
        {"data/certified.tsv", "# model\tn_rec\tT\tbits_needed\tq\tseconds\nalif\t5\t5\tnan\t53\t1\n", "found 'nan' in column bits_needed"},
        {"data/slips.tsv", "# slip\tplace\n", "slips.tsv:1: found 'nothing' as column 3, expected 'A'"},
        {"data/liveness.tsv", "rate\n", "liveness.tsv:1: found 'rate', expected a header line"},
    };
    return cr_make_param_array(bad_row, rows, sizeof rows / sizeof *rows);
}

ParameterizedTest(bad_row *row, report, malformed_input_is_refused, .init = fixture, .fini = cleanup)
{
    run_write(run, row->file, row->text);
    report("build", run, out);
    cr_assert_eq(r.code, 2, "%s: exit %d, %s", row->says, r.code, r.err);
    cr_assert(strstr(r.err, row->says), "wanted '%s', got '%s'", row->says, r.err);
    cr_assert_eq(run_lines(r.err), 1, "%s", r.err);
    cr_assert_eq(run_entries(dir), 1, "%s: output was left behind", row->says);
}

Test(report, machine_failures)
{
    const char *args[RUN_ARGS] = {"build", run, out};
    run_program(&r, "eprop-report", args, dir, 60);
    cr_assert_eq(r.code, 3, "without gnuplot: exit %d", r.code);
    cr_assert(strstr(r.err, "gnuplot: found no program of this name"), "%s", r.err);
    cr_assert_eq(run_lines(r.err), 1, "%s", r.err);
    expect_page("report.html", "Not drawn: there was no gnuplot", true);
    char *data = run_read(out, "figures/precision.dat"), *svg = run_read(out, "figures/precision.svg"), *table = run_read(out, "data/precision.tsv");
    cr_assert(data && table && !svg, "without gnuplot the data are written, and no figure");
    free(data);
    free(table);
    report("build", run, "/proc/no/such/folder");
    cr_assert_eq(r.code, 3, "unwritable: exit %d", r.code);
    cr_assert(strstr(r.err, "cannot make folder"), "%s", r.err);
    cr_assert_eq(run_entries(dir), 2, "output was left behind");
}

Test(report, usage)
{
    static const char *const bad[][4] = {{NULL}, {"paint"}, {"build"}, {"build", "a"}, {"check"}, {"check", "a", "b"}, {"--wrong"}, {"build", "--commit"}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        const char *args[RUN_ARGS] = {bad[k][0], bad[k][1], bad[k][2], bad[k][3]};
        run_program(&r, "eprop-report", args, NULL, 10);
        cr_assert_eq(r.code, 2, "bad usage %zu: exit %d", k, r.code);
        cr_assert(run_lines(r.err) == 1 && !*r.out, "bad usage %zu: %s%s", k, r.err, r.out);
    }
    report("--help", NULL, NULL);
    cr_assert(r.code == 0 && strstr(r.out, "usage: eprop-report"), "%s", r.out);
    report("--version", NULL, NULL);
    cr_assert(r.code == 0 && strncmp(r.out, "eprop-report ", 13) == 0, "%s", r.out);
    report("build", dir, out);
    cr_assert(r.code == 2 && strstr(r.err, "found neither prove.json nor a table"), "%d %s", r.code, r.err);
    report("check", dir, NULL);
    cr_assert(r.code == 2 && strstr(r.err, "SHA256SUMS: found no such file"), "%d %s", r.code, r.err);
}
