/* Generated characters, the reduction of pictures, the division of alphabets.
 * SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "glyph.h"
#include "test/run.h"

static char why[TASK_WHY];

/* One character as it is drawn and reduced, and the hash of the whole set in two forms: the same bits on every machine. */
START_TEST(golden)
{
    static const unsigned char want[14 * 14] = {[29] = 63, 129, 86, 7, [45] = 43, 116, 127, 88, 16, [62] = 36, 104, 122, 107, 27, [79] = 20, 93, 7,
                                                [129] = 18, 95, 113, 129, 102, 134, 129, 111, 129, 86, [141] = 5, 113, 113, 27, [152] = 18, [155] = 127, 27};
    static const struct { glyph_form form; uint64_t hash; } whole[] = {{{28, false}, 0xc25a7506935827fbU}, {{14, true}, 0x2e01aad4afc58e64U}};
    unsigned char ink[GLYPH_AREA], out[14 * 14];
    glyph_draw(4, 7, 2, ink);
    ck_assert_uint_eq(ep_hash(EP_HASH, ink, sizeof ink), 0xd22ead5a31f84032U);
    glyph_reduce((glyph_form){14, true}, ink, out);
    ck_assert_int_eq(memcmp(out, want, sizeof want), 0);
    for (size_t k = 0; k < sizeof whole / sizeof *whole; k++) {
        glyph_set s;
        ck_assert_msg(glyph_generate(whole[k].form, &s, why) == EP_OK, "%s", why);
        size_t area = (size_t)whole[k].form.side * (size_t)whole[k].form.side;
        ck_assert_uint_eq(s.n_pictures, 12000);
        ck_assert_uint_eq(ep_hash(EP_HASH, s.pixel, s.n_pictures * area), whole[k].hash);
        glyph_free(&s);
    }
}
END_TEST

/* Ink of each cell by counting the points of a 105 side x 105 side grid. */
static void count_points(const unsigned char *ink, int side, unsigned char *out)
{
    for (int r = 0; r < side; r++)
        for (int c = 0; c < side; c++) {
            int sum = 0;
            for (int y = r * GLYPH_SIDE; y < (r + 1) * GLYPH_SIDE; y++)
                for (int x = c * GLYPH_SIDE; x < (c + 1) * GLYPH_SIDE; x++) sum += ink[y / side * GLYPH_SIDE + x / side];
            out[r * side + c] = (unsigned char)((2 * 255 * sum + GLYPH_AREA) / (2 * GLYPH_AREA));
        }
}

START_TEST(reduction_is_by_area)
{
    static const int sides[] = {1, 2, 7, 14, 20, 28, 35, 105};
    unsigned char ink[GLYPH_AREA], got[GLYPH_AREA], want[GLYPH_AREA];
    for (size_t k = 0; k < sizeof sides / sizeof *sides; k++) {
        glyph_draw((int)k, 3, 5, ink);
        glyph_reduce((glyph_form){sides[k], false}, ink, got);
        count_points(ink, sides[k], want);
        ck_assert_msg(memcmp(got, want, (size_t)sides[k] * (size_t)sides[k]) == 0, "side %d", sides[k]);
    }
    for (int i = 0; i < GLYPH_AREA; i++) want[i] = (unsigned char)(255 * ink[i]);
    ck_assert_int_eq(memcmp(got, want, sizeof got), 0); /* full size: the picture itself */
    memset(ink, 1, sizeof ink);
    glyph_reduce((glyph_form){28, true}, ink, got);
    for (int i = 0; i < 28 * 28; i++) ck_assert_int_eq(got[i], 255);
}
END_TEST

/* Wherever a character stands, centred it is the same picture, with as much room on the left as on the right, up to a pixel. */
START_TEST(centring)
{
    unsigned char ink[GLYPH_AREA] = {0}, a[GLYPH_AREA] = {0}, b[GLYPH_AREA] = {0};
    static const int dot[][2] = {{0, 0}, {1, 5}, {20, 2}, {33, 40}, {30, 7}};
    for (int n = 0; n < 2; n++) {
        memset(ink, 0, sizeof ink);
        for (size_t k = 0; k < sizeof dot / sizeof *dot; k++) ink[(dot[k][0] + 60 * n) * GLYPH_SIDE + dot[k][1] + 50 * n] = 1;
        glyph_reduce((glyph_form){GLYPH_SIDE, true}, ink, n ? b : a);
    }
    ck_assert_int_eq(memcmp(a, b, sizeof a), 0);
    ck_assert_int_eq(a[(0 + 35) * GLYPH_SIDE + 0 + 32], 255); /* rows 0..33: 35 above, 36 below; columns 0..40: 32 each */
    int sum = 0;
    for (int i = 0; i < GLYPH_AREA; i++) sum += a[i];
    ck_assert_int_eq(sum, 5 * 255);
    memset(ink, 0, sizeof ink);
    glyph_reduce((glyph_form){28, true}, ink, a);
    for (int i = 0; i < 28 * 28; i++) ck_assert_int_eq(a[i], 0);
}
END_TEST

static int by_value(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Every character has ink in every hand; two hands never draw the same; no alphabet repeats another's character. */
START_TEST(characters_differ)
{
    glyph_set s;
    ck_assert_int_eq(glyph_generate((glyph_form){28, false}, &s, why), EP_OK);
    ck_assert_uint_eq(s.n_alphabets, 30);
    ck_assert_uint_eq(s.n_classes, 600);
    uint64_t *seen = malloc(s.n_pictures * sizeof *seen);
    ck_assert_ptr_nonnull(seen);
    for (size_t c = 0; c < s.n_classes; c++) {
        ck_assert_int_eq(s.of[c].count, 20);
        ck_assert_uint_eq(s.of[c].alphabet, c / 20);
        ck_assert_uint_eq(s.of[c].first, 20 * c);
    }
    for (size_t k = 0; k < s.n_pictures; k++) {
        int ink = 0;
        for (size_t i = 0; i < 784; i++) ink += s.pixel[784 * k + i];
        ck_assert_int_gt(ink, 5 * 255); /* five cells of 784: strokes may lie over each other */
        seen[k] = ep_hash(EP_HASH, s.pixel + 784 * k, 784);
    }
    qsort(seen, s.n_pictures, sizeof *seen, by_value);
    for (size_t k = 1; k < s.n_pictures; k++) ck_assert_uint_lt(seen[k - 1], seen[k]);
    free(seen);
    glyph_free(&s);
}
END_TEST

static void divided(size_t n, size_t background, const char *want)
{
    glyph_set s = {.form = {14, false}};
    for (size_t a = 0; a < n; a++) ck_assert_int_eq(glyph_add_alphabet(&s, "a"), EP_OK);
    ep_status st = glyph_divide(&s, background, why);
    ck_assert_int_eq(st, want ? EP_OK : EP_FORMAT);
    for (size_t a = 0; want && a < n; a++) ck_assert_int_eq("tvx"[s.split[a]], want[a]);
    if (!want) ck_assert_msg(strstr(why, "expected at least") && !strchr(why, '\n'), "%s", why);
    glyph_free(&s);
}

START_TEST(alphabets_are_divided)
{
    divided(3, 3, "tvx");
    divided(5, 5, "tttvx");
    divided(12, 12, "ttttttttvvxx");
    divided(4, 2, "tvxx");
    divided(8, 6, "tttttvxx");
    divided(2, 2, NULL);
    divided(0, 0, NULL);
    divided(3, 1, NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("omniglot: characters");
    TCase *t = tcase_create("glyph");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, golden);
    tcase_add_test(t, reduction_is_by_area);
    tcase_add_test(t, centring);
    tcase_add_test(t, characters_differ);
    tcase_add_test(t, alphabets_are_divided);
    suite_add_tcase(s, t);
    return test_run(s);
}
