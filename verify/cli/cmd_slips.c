/* eprop-verify slips: the table slip x place x evidence.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli.h"
#include "slips.h"

int cmd_slips(int argc, char **argv)
{
    int bad = 0;
    if (argc > 1 && !strcmp(argv[1], "--help")) {
        printf("usage: eprop-verify slips\n\n"
               "Seeds each slip that ports of e-prop make into the traces, the learning signal and the cell, one at a time, and\n"
               "prints which kind of evidence sees it, as tab-separated values. Exit code 1 if one goes unseen, if a slip in the\n"
               "cell is missed by both D and E, or if a row is not as the blind spots predict.\n");
        return CLI_HOLDS;
    }
    if (argc > 1) return cli_usage("slips: found '%.60s', expected no argument", argv[1]);
    ep_status st = vfy_slips_write(stdout, &bad);
    if (st != EP_OK) return cli_status(st, "slips");
    if (bad) fprintf(stderr, "eprop-verify: slips: %d rows are not as predicted or were caught by nothing\n", bad);
    return bad ? CLI_FAILS : CLI_HOLDS;
}
