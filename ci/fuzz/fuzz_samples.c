/* Records of measurements. A first byte below 128: the rest is one sample's text, which must come back from its own
 * printing; else a whole file, whose checksums stop most inputs.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "sample.h"

static void one_sample(char *text)
{
    bench_sample a = {0}, b = {0};
    char why[BENCH_WHY] = "", line[1024], again[1024];
    if (bench_sample_parse(text, &a, why) != EP_OK) {
        FUZZ_HOLDS(why[0]);
        return;
    }
    bench_sample_format(&a, line, sizeof line);
    FUZZ_HOLDS(bench_sample_parse(line, &b, why) == EP_OK);
    bench_sample_format(&b, again, sizeof again);
    FUZZ_HOLDS(strcmp(line, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0) return 0;
    char why[BENCH_WHY] = "";
    if (data[0] < 128) {
        char *text = fuzz_text(data + 1, n - 1);
        one_sample(text);
        free(text);
        return 0;
    }
    bench_samples s = {0};
    long cut = 0;
    if (bench_samples_read(fuzz_folder("samples.jsonl", data + 1, n - 1), &s, &cut, why) != EP_OK) FUZZ_HOLDS(why[0]);
    bench_samples_free(&s);
    return 0;
}
