/* --set NAME=VALUE, one a line, on the description of a task.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    task t;
    char why[TASK_WHY] = "", *text = fuzz_text(data, n), *next = NULL;
    FUZZ_HOLDS(task_describe(&task_evidence, NULL, 1, &t, why) == EP_OK);
    for (char *line = strtok_r(text, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
        char *value = strchr(line, '=');
        if (!value) continue;
        *value++ = '\0';
        why[0] = '\0';
        if (task_spec_set(&t.spec, line, value, why) != EP_OK) FUZZ_HOLDS(why[0]);
    }
    why[0] = '\0';
    if (task_spec_check(&t.spec, why) != EP_OK) FUZZ_HOLDS(why[0]);
    free(text);
    return 0;
}
