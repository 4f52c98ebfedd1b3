/* test_prepare.c: what the figures are drawn from: order, logarithms, exact zeros, and single points.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <check.h>
#include <string.h>

#include "test/run.h"

typedef struct prepared { rep_table t; rep_buf dat, vars; rep_error err; ep_status status; } prepared;

/* Reads the text as the table of the named figure and prepares its plot data. */
static prepared prepare(const char *figure, const char *text)
{
    prepared p = {0};
    rep_buf b = {0};
    const rep_part *f = NULL;
    for (int k = 0; k < rep_part_count(); k++)
        if (strcmp(rep_part_at(k)->name, figure) == 0) f = rep_part_at(k);
    ck_assert_ptr_nonnull(f);
    rep_put(&b, "%s", text);
    ck_assert_msg(rep_table_parse(&b, "f.tsv", f->want, f->n_want, &p.t, &p.err) == EP_OK, "%s", p.err.text);
    p.status = f->prepare(&p.t, &p.dat, &p.vars, &p.err);
    return p;
}

static void drop(prepared *p)
{
    rep_table_clear(&p->t);
    rep_buf_clear(&p->dat);
    rep_buf_clear(&p->vars);
}

static void expect(const char *text, const char *wanted) { ck_assert_msg(strstr(text, wanted) != NULL, "wanted\n%s\ngot\n%s", wanted, text); }

/* Rules in the order of the file; within a rule by seed, then by window, whatever the order of the rows. */
START_TEST(approximations_are_sorted)
{
    prepared p = prepare("approx", "# model\trule\twindow\tseed\tcosine\trel_norm\trel_err\n"
                                   "lif\teprop1-random\t0\t-\t0.5\t2\t1\nlif\teprop3\t20\tnone\t0.9\t1\t1\nlif\teprop3\t4\tzc\t1\t1\t0\n"
                                   "lif\teprop3\t4\tnone\t0.8\t1\t1\nalif\teprop3\t4\tzc\t0.99\t1.5\t0\n");
    ck_assert_int_eq(p.status, EP_OK);
    expect(p.vars.s, "array model[2] = ['lif', 'alif']\n");
    expect(p.vars.s, "array category[4] = ['eprop1-random', 'eprop3, window 4, seed none', 'eprop3, window 20, seed none', 'eprop3, window 4, seed zc']\n");
    expect(p.dat.s, "1 0.5 2\n3 0.9 1\n4 1 1\n2 0.8 1\n");
    expect(p.dat.s, "\n\n# category  first value  second value\n4 0.99 1.5\n");
    drop(&p);
}
END_TEST

/* An error of exactly 0 has no logarithm: it stands left of all others, and of 1e-16. */
START_TEST(exact_zero_has_a_place)
{
    prepared p = prepare("boundary", "# model\twindow\tseed\trel_err\tcosine\nlstm\t7\tc\t0.01\t1\nlstm\t7\tzc\t0\t1\n");
    expect(p.vars.s, "zero = -18\n");
    expect(p.dat.s, "1 -2 1\n2 -18 1\n");
    drop(&p);
    p = prepare("boundary", "# model\twindow\tseed\trel_err\tcosine\nlstm\t7\tc\t1e-300\t1\nlstm\t7\tzc\t0\t1\n");
    expect(p.vars.s, "zero = -302\n");
    drop(&p);
    p = prepare("boundary", "# model\twindow\tseed\trel_err\tcosine\nlstm\t7\tc\t0.01\t1\nlstm\t7\tzc\t1e-20\t1\n");
    expect(p.vars.s, "zero = NaN\n");
    expect(p.dat.s, "2 -20 1\n");
    drop(&p);
}
END_TEST

START_TEST(precision_in_powers_of_two)
{
    prepared p = prepare("precision", "# model\tbits\terr\tbound\tslip_err\nlif\t24\t0.25\t1\t0.5\nrate\t24\t0\t1\t0.5\nlif\t1024\t1e-400\t1\t-\n");
    expect(p.dat.s, "24 -2 0 -1\n1024 -1328.77124 0 NaN\n");
    expect(p.dat.s, "24 NaN 0 -1\n");
    expect(p.vars.s, "bits_max = 1024\n");
    drop(&p);
}
END_TEST

/* Points are joined in order of size; a size that occurs once is left out. */
START_TEST(certified_series)
{
    prepared p = prepare("certified", "# model\tn_rec\tT\tbits_needed\tq\tseconds\nalif\t10\t200\t90\t53\t1\nalif\t10\t50\t60\t53\t1\nalif\t40\t50\t70\t53\t1\nlstm\t5\t5\t99\t53\t1\n");
    ck_assert_str_eq(p.dat.s, "# x  bits needed  label\n50 60 \"\"\n200 90 \"N = 10\"\n\n\n# x  bits needed  label\n10 60 \"\"\n40 70 \"T = 50\"\n");
    expect(p.vars.s, "n_steps = 1\narray of_steps[1] = [1]\nn_neurons = 1\narray of_neurons[1] = [1]\n");
    drop(&p);
}
END_TEST

/* Missing entries stay missing; colours reach the largest entry, or the 98th percentile where one towers. */
START_TEST(gradients_as_matrices)
{
    prepared p = prepare("gradients", "# j\ti\tbptt\teprop1\tdiff\n1\t1\t4\t3\t-1\n2\t2\t-5\t2\t7\n");
    expect(p.dat.s, "# BPTT\n4 NaN\nNaN -5\n\n\n# e-prop 1\n3 NaN\nNaN 2\n\n\n# difference\n-1 NaN\nNaN 7\n");
    expect(p.vars.s, "j0 = 1\ni0 = 1\nrows = 2\ncols = 2\nspan_both = 5\nspan_diff = 7\n");
    drop(&p);
    p = prepare("gradients", "# j\ti\tbptt\teprop1\tdiff\n0\t0\t0\t0\t0\n");
    expect(p.vars.s, "span_both = 1\nspan_diff = 1\n");
    drop(&p);
    rep_buf b = {0};
    rep_put(&b, "# j\ti\tbptt\teprop1\tdiff\n");
    for (int i = 0; i < 101; i++) rep_put(&b, "0\t%d\t%d\t-1\t%d\n", i, i == 50 ? 100 : 1, i == 50 ? 2 : -1);
    p = prepare("gradients", b.s);
    expect(p.vars.s, "span_both = 1\nspan_diff = 2\n");
    rep_buf_clear(&b);
    drop(&p);
}
END_TEST

/* The busiest three neurons are drawn as curves, by index; all spikes are in the first block. */
START_TEST(raster_picks_the_busiest)
{
    prepared p = prepare("raster", "# t\tj\tz\tv\tpsi\te\tL\n1\t0\t0\t0\t0\t0\t0\n1\t1\t1\t0\t0\t0\t0\n1\t2\t1\t0\t0\t0\t0\n1\t3\t1\t.5\t.1\t.2\t.3\n");
    expect(p.vars.s, "n_focus = 3\nt_max = 1\nj_max = 3\narray focus[3] = ['1', '2', '3']\n");
    expect(p.dat.s, "1 1 1\n1 2 2\n1 3 3\n\n\n");
    expect(p.dat.s, "# t v psi e L\n1 0.5 0.1 0.2 0.3\n");
    drop(&p);
}
END_TEST

static ep_status prepare_with(ep_status (*f)(const rep_table *, rep_buf *, rep_buf *, rep_error *), const char *text, prepared *p)
{
    rep_buf b = {0};
    *p = (prepared){0};
    rep_put(&b, "%s", text);
    ck_assert_msg(rep_table_parse(&b, "f.tsv", NULL, 0, &p->t, &p->err) == EP_OK, "%s", p->err.text);
    return p->status = f(&p->t, &p->dat, &p->vars, &p->err);
}

/* Series in the order of their first row; texts are quoted, missing numbers are NaN. */
START_TEST(series_as_they_are)
{
    prepared p;
    ck_assert_int_eq(prepare_with(rep_prepare_series, "# rule\tx\ty\nb\t1\t2\na\tso \"so\"\t-\nb\t3\tnan\n", &p), EP_OK);
    ck_assert_str_eq(p.dat.s, "# b: x y\n1 2\n3 NaN\n\n\n# a: x y\n\"so 'so'\" NaN\n");
    expect(p.vars.s, "array series[2] = ['b', 'a']\n");
    drop(&p);
    ck_assert_int_eq(prepare_with(rep_prepare_series, "# rule\nb\n", &p), EP_FORMAT);
    drop(&p);
}
END_TEST

/* Quartiles worked by hand: of 1, 2, 4, 8 they lie at 1.75, 3, 5; rows may come in any order, one may lack a value. */
START_TEST(quartiles_over_seeds)
{
    prepared p;
    ck_assert_int_eq(prepare_with(rep_prepare_quartiles, "# rule\tseed\tt\tloss\nr\t1\t10\t8\nr\t2\t10\t1\nr\t3\t10\t2\nr\t4\t10\t4\nr\t1\t5\t7\nr\t2\t5\t-\n", &p), EP_OK);
    ck_assert_str_eq(p.dat.s, "# r: t loss\n5 7 7 7\n10 1.75 3 5\n");
    expect(p.vars.s, "array seeds[1] = [4]\n");
    drop(&p);
    ck_assert_int_eq(prepare_with(rep_prepare_quartiles, "# rule\tseed\tt\tloss\nr\t1\tnever\t8\n", &p), EP_FORMAT);
    drop(&p);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("prepare");
    TCase *c = tcase_create("prepare");
    tcase_add_test(c, approximations_are_sorted);
    tcase_add_test(c, exact_zero_has_a_place);
    tcase_add_test(c, precision_in_powers_of_two);
    tcase_add_test(c, certified_series);
    tcase_add_test(c, gradients_as_matrices);
    tcase_add_test(c, raster_picks_the_busiest);
    tcase_add_test(c, series_as_they_are);
    tcase_add_test(c, quartiles_over_seeds);
    suite_add_tcase(s, c);
    return test_run(s);
}
