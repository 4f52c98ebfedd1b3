/* eprop-judge: the judge of eprop-verify without the reference: ports, against vector files. Needs a C compiler alone.
 * SPDX-License-Identifier: MIT */
#include "cli/cli.h"

const char cli_name[] = "eprop-judge";
const vfy_oracle *cli_oracle(void) { return NULL; }

int main(int argc, char **argv)
{
    static const cli_command command[] = {{"port", cmd_port, "judge an implementation of e-prop, and say where it first goes wrong"}};
#ifdef EPROP_NO_JANSSON
    return cli_run(command, 1, "vector files alone; built without Jansson: no --json", argc, argv);
#else
    return cli_run(command, 1, "vector files alone", argc, argv);
#endif
}
