/* Argument vectors of the commands of eprop-bench.
 * SPDX-License-Identifier: MIT */
#include "../../bench/cli/cli.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static int (*const command[])(int, char **) = {cmd_run, cmd_compare, cmd_gate, cmd_scale, cmd_sweep};
    if (n < 1) return 0;
    fuzz_command(command[data[0] % (sizeof command / sizeof *command)], data + 1, n - 1);
    return 0;
}
