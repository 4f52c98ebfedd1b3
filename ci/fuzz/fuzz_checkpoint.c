/* Checkpoints of a small task. A first byte below 128: the checksum is put right, so that what it guards is reached.
 * A file that was refused leaves the state as it was.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "train.h"

static task t;
static task_train_options o = {.rule = EP_EPROP1_SYMMETRIC};
static task_state s;

static void open_once(void)
{
    char why[TASK_WHY] = "";
    if (s.t) return;
    FUZZ_HOLDS(task_describe(&task_pattern, NULL, 1, &t, why) == EP_OK);
    FUZZ_HOLDS(task_spec_set(&t.spec, "n_rec", "3", why) == EP_OK && task_spec_set(&t.spec, "n_in", "2", why) == EP_OK);
    FUZZ_HOLDS(task_open(&t, why) == EP_OK && task_engine_parse("scalar:f64", &o.engine, why) == EP_OK);
    s = (task_state){.t = &t, .o = &o, .stopped_at = -1};
    FUZZ_HOLDS(task_model_make(&t, o.rule, &s.model) == EP_OK && task_optim_make(&t.spec, s.model.n, &s.optim) == EP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    open_once();
    if (n < 9) return 0;
    uint8_t *copy = malloc(n - 1);
    FUZZ_HOLDS(copy);
    memcpy(copy, data + 1, n - 1);
    if (data[0] < 128) {
        uint64_t h = ep_hash(EP_HASH, copy, n - 9);
        for (int k = 0; k < 8; k++) copy[n - 9 + (size_t)k] = (uint8_t)(h >> 8 * k);
    }
    char why[TASK_WHY] = "";
    long before = s.iteration;
    double w = s.model.w[0];
    if (task_checkpoint_read(fuzz_file(copy, n - 1), &s, why) != EP_OK)
        FUZZ_HOLDS(why[0] && s.iteration == before && memcmp(&w, &s.model.w[0], sizeof w) == 0);
    free(copy);
    return 0;
}
