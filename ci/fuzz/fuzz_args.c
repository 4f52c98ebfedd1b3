/* Argument vectors of eprop-train and of the commands of eprop-verify.
 * SPDX-License-Identifier: MIT */
#include "../../tasks/cli/options.h"
#include "../../verify/cli/cli.h"
#include "fuzz.h"

const char cli_name[] = "eprop-verify";
const vfy_oracle *cli_oracle(void) { return NULL; }

static int train(int argc, char **argv)
{
    static options o;
    return options_read(argc, argv, &o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static int (*const command[])(int, char **) = {train,       cmd_prove, cmd_gradient, cmd_slips,   cmd_eprop2, cmd_vectors,
                                                   cmd_port, cmd_certify, cmd_profile,  cmd_windows, cmd_selftest};
    if (n < 1) return 0;
    fuzz_command(command[data[0] % (sizeof command / sizeof *command)], data + 1, n - 1);
    return 0;
}
