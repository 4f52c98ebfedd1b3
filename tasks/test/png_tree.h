/* png_tree.h: pictures that tests write, as Omniglot's are: one bit, 0 is ink.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_PNG_TREE_H
#define TEST_PNG_TREE_H

#include <png.h>

#include "glyph.h"
#include "tree.h"

/* Bits (1, 8) a pixel; pictures other than GLYPH_SIDE wide show what fits. */
static inline void tree_png(const char *name, const unsigned char *ink, int side, int bits)
{
    FILE *f = tree_open(name);
    unsigned char row[256];
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    ck_assert_ptr_nonnull(info);
    ck_assert_int_le(side, 256);
    png_init_io(png, f);
    png_set_IHDR(png, info, (png_uint_32)side, (png_uint_32)side, bits, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < side; y++) {
        memset(row, 0, sizeof row);
        for (int x = 0; x < side; x++) {
            bool white = y >= GLYPH_SIDE || x >= GLYPH_SIDE || !ink[y * GLYPH_SIDE + x];
            if (bits == 1 && white) row[x / 8] = (unsigned char)(row[x / 8] | 128 >> x % 8);
            if (bits == 8) row[x] = white ? 200 : 90;
        }
        png_write_row(png, row);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    ck_assert_int_eq(fclose(f), 0);
}

/* A generated character as a file. */
static inline void tree_glyph(const char *name, int alphabet, int character, int drawer)
{
    unsigned char ink[GLYPH_AREA];
    glyph_draw(alphabet, character, drawer, ink);
    tree_png(name, ink, GLYPH_SIDE, 1);
}

/* ALPHABETS/characterCC/00CC_DD.png under dir. */
static inline void tree_alphabets(const char *dir, int first, int alphabets, int characters, int drawers)
{
    char name[TREE_PATH];
    for (int a = first; a < first + alphabets; a++)
        for (int c = 0; c < characters; c++)
            for (int d = 0; d < drawers; d++) {
                (void)snprintf(name, sizeof name, "%s/Script%02d/character%02d/%04d_%02d.png", dir, a, c + 1, c + 1, d + 1);
                tree_glyph(name, a, c, d);
            }
}

#endif
