/* The cache of speech features. A first byte below 128: the constants of its head, its size and its checksum are put right, so that
 * what they guard is reached. A damaged cache costs time, never more: nothing is filled.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "speech/frames.h"

enum { HEAD = 5 * 8, KEY = 12345, UTTERANCES = 2 };

static uint8_t head[HEAD]; /* of a file that was written here */

static void open_once(void)
{
    static float x[64];
    static int8_t label[1];
    static size_t first[UTTERANCES + 1] = {0, 1, 1};
    if (head[0]) return;
    const char *path = fuzz_file(head, 0);
    task_frames f = {.kind = TASK_MFCC, .n = UTTERANCES, .first = first, .x = x, .label = label};
    FUZZ_HOLDS(task_cache_write(path, KEY, &f) == EP_OK);
    FILE *in = fopen(path, "rb");
    FUZZ_HOLDS(in && fread(head, 1, HEAD, in) == HEAD);
    fclose(in);
}

static void put(uint8_t *at, uint64_t v) { memcpy(at, &v, sizeof v); }

/* magic, key, n, frames, size; first [n + 1]; x; label; checksum */
static uint8_t *mended(const uint8_t *data, size_t *n)
{
    uint64_t size;
    size_t fixed = HEAD + (UTTERANCES + 1) * 8 + 8;
    memcpy(&size, head + 4 * 8, sizeof size);
    size_t per = (size_t)size * sizeof(float) + 1, frames = *n > HEAD ? data[3 * 8] % 4 : 0, whole = fixed + frames * per;
    uint8_t *copy = calloc(whole, 1);
    FUZZ_HOLDS(copy);
    memcpy(copy, data, *n < whole ? *n : whole);
    memcpy(copy, head, 3 * 8);
    put(copy + 3 * 8, frames);
    put(copy + 4 * 8, size);
    put(copy + whole - 8, ep_hash(EP_HASH, copy, whole - 8));
    *n = whole;
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    open_once();
    if (n < 1) return 0;
    bool mend = data[0] < 128;
    size_t size = n - 1;
    uint8_t *copy = mend ? mended(data + 1, &size) : NULL;
    task_frames f = {.kind = TASK_MFCC, .n = UTTERANCES};
    if (task_cache_read(fuzz_file(mend ? copy : data + 1, size), KEY, &f) == EP_OK) {
        FUZZ_HOLDS(f.first && f.x && f.label && f.first[0] <= f.first[1] && f.first[1] <= f.first[2]);
        task_frames_free(&f);
    } else
        FUZZ_HOLDS(!f.first && !f.x && !f.label);
    free(copy);
    return 0;
}
