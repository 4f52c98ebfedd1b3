/* Omniglot's folders and official runs: whole, and broken in every way we know of. The real data where EPROP_OMNIGLOT names their folder.
 * SPDX-License-Identifier: MIT */
#include "png_tree.h"
#include "test/run.h"

static const glyph_form form = {28, false};
static char why[TASK_WHY];

static void refused(ep_status got, ep_status want, const char *file, const char *says)
{
    ck_assert_msg(got == want && strstr(why, file) && strstr(why, says) && !strchr(why, '\n'), "%d: %s", got, why);
}

START_TEST(pictures)
{
    unsigned char ink[GLYPH_AREA], got[GLYPH_AREA];
    for (int n = 0; n < 10; n++) {
        glyph_draw(n, 2, 3, ink);
        tree_png("a.png", ink, GLYPH_SIDE, 1);
        tree_png("b.png", ink, GLYPH_SIDE, 8);
        ck_assert_msg(glyph_read_png(tree_path("a.png"), got, why) == EP_OK, "%s", why);
        ck_assert_int_eq(memcmp(got, ink, sizeof ink), 0);
        ck_assert_msg(glyph_read_png(tree_path("b.png"), got, why) == EP_OK, "%s", why);
        ck_assert_int_eq(memcmp(got, ink, sizeof ink), 0);
    }
}
END_TEST

/* Every length that a cut can leave, and one bit wrong in every byte: refused, or (where the picture is not touched) the same. */
START_TEST(damaged_pictures)
{
    unsigned char ink[GLYPH_AREA], got[GLYPH_AREA], bytes[4096];
    size_t refusals = 0;
    glyph_draw(1, 2, 3, ink);
    tree_png("whole.png", ink, GLYPH_SIDE, 1);
    FILE *f = fopen(tree_path("whole.png"), "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_uint_gt(n, 100);
    ck_assert_uint_lt(n, sizeof bytes);
    for (size_t k = 0; k < 2 * n; k++) {
        size_t len = k < n ? k : n;
        if (k >= n) bytes[k - n] ^= (unsigned char)(1U << k % 8);
        f = tree_open("broken.png");
        ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
        ck_assert_int_eq(fclose(f), 0);
        if (k >= n) bytes[k - n] ^= (unsigned char)(1U << k % 8);
        ep_status st = glyph_read_png(tree_path("broken.png"), got, why);
        if (st == EP_OK) ck_assert_int_eq(memcmp(got, ink, sizeof ink), 0);
        else refused(st, EP_FORMAT, "broken.png", "found");
        refusals += st != EP_OK;
    }
    ck_assert_uint_gt(refusals, 2 * n - 40); /* the last chunk carries no picture */
}
END_TEST

START_TEST(wrong_pictures)
{
    unsigned char ink[GLYPH_AREA], got[GLYPH_AREA], none[GLYPH_AREA] = {0};
    glyph_draw(1, 2, 3, ink);
    tree_png("small.png", ink, 28, 1);
    refused(glyph_read_png(tree_path("small.png"), got, why), EP_FORMAT, "small.png", "found 28 x 28 pixels, expected 105 x 105");
    tree_png("large.png", ink, 106, 1);
    refused(glyph_read_png(tree_path("large.png"), got, why), EP_FORMAT, "large.png", "found 106 x 106");
    tree_png("white.png", none, GLYPH_SIDE, 1);
    refused(glyph_read_png(tree_path("white.png"), got, why), EP_FORMAT, "white.png", "found no ink");
    tree_text("text.png", "GIF89a");
    refused(glyph_read_png(tree_path("text.png"), got, why), EP_FORMAT, "text.png", "found no PNG");
    refused(glyph_read_png(tree_path("absent.png"), got, why), EP_IO, "absent.png", "cannot be read");
}
END_TEST

/* Folders give what the same pictures give when they are put in one by one; in the order of their names. */
START_TEST(trees)
{
    glyph_set s, want = {.form = form};
    unsigned char ink[GLYPH_AREA];
    tree_alphabets("all", 0, 3, 2, 3);
    tree_text("all/README", "not an alphabet");
    tree_text("all/Script00/notes.txt", "not a character");
    tree_text("all/Script00/character01/.0001_01.png", "hidden");
    tree_text("all/Script00/character01/Thumbs.db", "not a picture");
    for (int a = 0; a < 3; a++)
        for (int c = 0; c < 2; c++)
            for (int d = 0; d < 3; d++) {
                if (c + d == 0) ck_assert_int_eq(glyph_add_alphabet(&want, "x"), EP_OK);
                if (d == 0) ck_assert_int_eq(glyph_add_class(&want), EP_OK);
                glyph_draw(a, c, d, ink);
                ck_assert_int_eq(glyph_put(&want, ink), EP_OK);
            }
    ck_assert_msg(glyph_load(tree_path("all"), form, &s, why) == EP_OK, "%s", why);
    ck_assert_uint_eq(s.n_pictures, want.n_pictures);
    ck_assert_uint_eq(s.n_classes, want.n_classes);
    ck_assert_int_eq(memcmp(s.pixel, want.pixel, s.n_pictures * 784), 0);
    ck_assert_str_eq(s.name[2], "Script02");
    ck_assert(s.split[0] == TASK_TRAIN && s.split[1] == TASK_VALID && s.split[2] == TASK_TEST);
    glyph_free(&s);
    glyph_free(&want);
    tree_alphabets("both/images_background", 0, 2, 1, 2);
    tree_alphabets("both/images_evaluation", 5, 3, 1, 2);
    ck_assert_msg(glyph_load(tree_path("both"), form, &s, why) == EP_OK, "%s", why);
    ck_assert_uint_eq(s.n_alphabets, 5);
    ck_assert(s.split[0] == TASK_TRAIN && s.split[1] == TASK_VALID && s.split[2] == TASK_TEST && s.split[4] == TASK_TEST);
    glyph_free(&s);
}
END_TEST

START_TEST(broken_trees)
{
    glyph_set s;
    refused(glyph_load(tree_path("nowhere"), form, &s, why), EP_IO, "nowhere", "cannot read");
    tree_text("bare/README", "nothing here");
    refused(glyph_load(tree_path("bare"), form, &s, why), EP_FORMAT, "bare", "found no alphabet");
    tree_alphabets("two", 0, 2, 1, 2);
    refused(glyph_load(tree_path("two"), form, &s, why), EP_FORMAT, "omniglot", "found 2 alphabets, expected at least 3");
    tree_text("two/Latin/list.txt", "no character");
    refused(glyph_load(tree_path("two"), form, &s, why), EP_FORMAT, "Latin", "empty alphabet");
    tree_glyph("one/Latin/character01/0001_01.png", 0, 0, 0);
    refused(glyph_load(tree_path("one"), form, &s, why), EP_FORMAT, "one/Latin/character01", "fewer than two");
    tree_alphabets("bad", 0, 3, 1, 2);
    tree_text("bad/Script01/character01/0001_02.png", "\x89PNG\r\n\x1a\n");
    refused(glyph_load(tree_path("bad"), form, &s, why), EP_FORMAT, "Script01/character01/0001_02.png", "found no PNG");
}
END_TEST

/* Three classes, their training pictures listed in another order than their names'. */
static void write_run(const char *dir, const char *labels)
{
    char name[TREE_PATH];
    for (int k = 0; k < 3; k++) {
        (void)snprintf(name, sizeof name, "%s/run01/training/class%02d.png", dir, k + 1);
        tree_glyph(name, 0, k, 0);
        (void)snprintf(name, sizeof name, "%s/run01/test/item%02d.png", dir, k + 1);
        tree_glyph(name, 0, (k + 1) % 3, 1);
    }
    (void)snprintf(name, sizeof name, "%s/run01/class_labels.txt", dir);
    tree_text(name, labels);
}

START_TEST(official_runs)
{
    static const char good[] = "run01/test/item01.png run01/training/class02.png\nrun01/test/item02.png run01/training/class03.png\n"
                               "\nrun01/test/item03.png run01/training/class01.png\n";
    static const struct { const char *labels, *file, *says; } wrong[] = {
        {"run01/test/item01.png\n", "class_labels.txt", "line 1"}, {"a b c\n", "class_labels.txt", "line 1"}, {"", "class_labels.txt", "fewer than two"},
        {"run01/test/item01.png run01/training/class01.png\nrun01/test/item02.png run01/training/class02.png", "class_labels.txt", "line 2"},
        {"run01/test/item01.png run01/training/class01.png\nrun01/test/item09.png run01/training/class02.png\n", "item09.png", "cannot be read"}};
    glyph_runs r;
    unsigned char ink[GLYPH_AREA], want[784];
    write_run("runs", good);
    ck_assert_msg(glyph_load_runs(tree_path("runs"), form, &r, why) == EP_OK, "%s", why);
    ck_assert_uint_eq(r.n, 1);
    ck_assert_int_eq(r.run[0].n_way, 3);
    ck_assert_int_eq(r.run[0].n_test, 3);
    for (int k = 0; k < 3; k++) {
        ck_assert_int_eq(r.run[0].label[k], (k + 1) % 3);
        glyph_draw(0, k, 0, ink);
        glyph_reduce(form, ink, want);
        ck_assert_int_eq(memcmp(r.run[0].example + 784 * k, want, 784), 0);
        glyph_draw(0, (k + 1) % 3, 1, ink);
        glyph_reduce(form, ink, want);
        ck_assert_int_eq(memcmp(r.run[0].test + 784 * k, want, 784), 0);
    }
    glyph_free_runs(&r);
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        write_run("runs", wrong[k].labels);
        ep_status st = glyph_load_runs(tree_path("runs"), form, &r, why);
        refused(st, strstr(wrong[k].says, "cannot") ? EP_IO : EP_FORMAT, wrong[k].file, wrong[k].says);
    }
    tree_text("none/README", "");
    refused(glyph_load_runs(tree_path("none"), form, &r, why), EP_FORMAT, "none", "found no run");
}
END_TEST

/* A folder with images_background_small1/ and the runs' run01/ ...: what is known of them. */
START_TEST(real_data)
{
    const char *dir = getenv("EPROP_OMNIGLOT");
    char path[1024];
    glyph_set s;
    glyph_runs r;
    if (!dir) return;
    (void)snprintf(path, sizeof path, "%s/images_background_small1", dir);
    ck_assert_msg(glyph_load(path, form, &s, why) == EP_OK, "%s", why);
    ck_assert_uint_eq(s.n_alphabets, 5);
    ck_assert_uint_eq(s.n_classes, 136);
    ck_assert_uint_eq(s.n_pictures, 2720);
    ck_assert_str_eq(s.name[0], "Balinese");
    glyph_free(&s);
    (void)snprintf(path, sizeof path, "%s/all_runs", dir);
    ck_assert_msg(glyph_load_runs(path, form, &r, why) == EP_OK, "%s", why);
    ck_assert_uint_eq(r.n, 20);
    for (size_t k = 0; k < r.n; k++) ck_assert(r.run[k].n_way == 20 && r.run[k].n_test == 20);
    ck_assert_int_eq(r.run[0].label[0], 7); /* item01 shows the character of class08 */
    glyph_free_runs(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("omniglot: pictures from files");
    TCase *t = tcase_create("png");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, tree_make, tree_remove);
    tcase_add_test(t, pictures);
    tcase_add_test(t, damaged_pictures);
    tcase_add_test(t, wrong_pictures);
    tcase_add_test(t, trees);
    tcase_add_test(t, broken_trees);
    tcase_add_test(t, official_runs);
    tcase_add_test(t, real_data);
    suite_add_tcase(s, t);
    return test_run(s);
}
