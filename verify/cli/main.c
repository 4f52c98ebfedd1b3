/* eprop-verify: does an implementation of e-prop compute the gradients it claims?
 * SPDX-License-Identifier: MIT */
#include <mpfr.h>

#include "cli.h"
#include "vectors.h"

const char cli_name[] = "eprop-verify";
const vfy_oracle *cli_oracle(void) { return vfy_reference(); }

static const cli_command command[] = {
    {"prove", cmd_prove, "prove that BPTT and the e-prop factorization are the same gradient"},
    {"gradient", cmd_gradient, "correctly rounded gradients of a network in a vector file"},
    {"certify", cmd_certify, "prove the two gradients equal on one network of any size"},
    {"windows", cmd_windows, "how far rules that cut time into windows are from BPTT"},
    {"slips", cmd_slips, "seed each known slip and show which evidence sees it"},
    {"eprop2", cmd_eprop2, "prove the outer gradient of e-prop 2, through its inner update"},
    {"vectors", cmd_vectors, "write vector files: networks and what they must compute"},
    {"port", cmd_port, "judge an implementation of e-prop, and say where it first goes wrong"},
    {"profile", cmd_profile, "print a profile of fixed point, or check one for a size of network"},
    {"selftest", cmd_selftest, "run ports that are wrong by one line: can the judge fail?"},
};

int main(int argc, char **argv)
{
    char version[80];
    (void)snprintf(version, sizeof version, "MPFR %s, GMP %s", mpfr_get_version(), gmp_version);
    int code = cli_run(command, sizeof command / sizeof *command, version, argc, argv);
    mpfr_free_cache();
    return code;
}
