/* One picture from a PNG file, by libpng's simplified reader.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "glyph.h"

#ifdef TASK_PNG
#include <png.h>

bool glyph_png_built(void) { return true; }

static ep_status failed(const char *path, const char *what, char why[TASK_WHY])
{
    (void)snprintf(why, TASK_WHY, "%.300s: %.120s", path, what);
    return EP_FORMAT;
}

static ep_status decode(const char *path, FILE *f, unsigned char *ink, char why[TASK_WHY])
{
    unsigned char grey[GLYPH_AREA];
    char text[128];
    png_image p = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_stdio(&p, f)) {
        (void)snprintf(text, sizeof text, "found no PNG picture: %.64s", p.message);
        return failed(path, text, why);
    }
    if (p.width != GLYPH_SIDE || p.height != GLYPH_SIDE) {
        (void)snprintf(text, sizeof text, "found %lu x %lu pixels, expected %d x %d", (unsigned long)p.width, (unsigned long)p.height, GLYPH_SIDE, GLYPH_SIDE);
        png_image_free(&p);
        return failed(path, text, why);
    }
    p.format = PNG_FORMAT_GRAY;
    memset(grey, 255, sizeof grey); /* what is transparent lies on white */
    if (!png_image_finish_read(&p, NULL, grey, 0, NULL) || p.warning_or_error) {
        (void)snprintf(text, sizeof text, "found a damaged PNG picture: %.64s", p.message);
        png_image_free(&p);
        return failed(path, text, why);
    }
    int dark = 0;
    for (int k = 0; k < GLYPH_AREA; k++) dark += grey[k] < 128;
    if (!dark) return failed(path, "found no ink, expected strokes in black on white", why);
    for (int k = 0; k < GLYPH_AREA; k++) ink[k] = grey[k] < 128;
    return EP_OK;
}

ep_status glyph_read_png(const char *path, unsigned char *ink, char why[TASK_WHY])
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        (void)snprintf(why, TASK_WHY, "%.300s: cannot be read: %s", path, strerror(errno));
        return EP_IO;
    }
    ep_status st = decode(path, f, ink, why);
    (void)fclose(f);
    return st;
}
#else
bool glyph_png_built(void) { return false; }

ep_status glyph_read_png(const char *path, unsigned char *ink, char why[TASK_WHY])
{
    (void)ink;
    (void)snprintf(why, TASK_WHY, "%.300s: built without libpng", path);
    return EP_NOTIMPL;
}
#endif
