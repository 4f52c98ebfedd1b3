/* A response file: the answers of a port that cannot talk, to two small cases.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "port.h"

static vfy_epv_case c[2];

static void open_once(void)
{
    static const double Win[2] = {0.5, 0.25}, Wrec[4] = {0, 0.5, -0.5, 0}, Wout[2] = {1, -1}, half[2] = {0.5, 0.5}, none[2] = {0, 0};
    static const double x[6] = {1, 0, 1, 1, 0, 1}, y[6] = {0};
    char err[VFY_EPV_ERR];
    if (c[0].net.n_rec) return;
    ep_net net = {.model = EP_LSNN, .opt = ep_preset_options(EP_PAPER2019), .n_in = 1, .n_rec = 2, .n_out = 1, .Win = Win, .Wrec = Wrec,
                  .Wout = Wout, .theta = {half, half, none}, .v_th = 0.5, .gamma = 0.25};
    for (int k = 0; k < 2; k++) {
        ep_batch b = {.T = 3 - k, .B = 2, .x = x, .target = y};
        FUZZ_HOLDS(vfy_epv_from_net(&net, &b, EP_BPTT, VFY_F32, &c[k], err, sizeof err) == EP_OK);
        snprintf(c[k].id, sizeof c[k].id, "0000000%c", (char)('0' + k)); /* short, for seeds; a real one is a hash */
    }
}

static void done(void *user, size_t i, vfy_outcome *o)
{
    size_t *next = user;
    FUZZ_HOLDS(i == *next);
    if (o->end == VFY_BROKE || o->end == VFY_DECLINED) FUZZ_HOLDS(o->reason[0]);
    ++*next;
    vfy_outcome_clear(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    open_once();
    const vfy_epv_case *cases[2] = {&c[0], &c[1]};
    vfy_port_args a = {.way = VFY_WAY_RESPONSE, .target = fuzz_file(data, n)};
    vfy_claims claims;
    char err[VFY_EPV_ERR] = "";
    size_t seen = 0;
    if (vfy_response_run(&a, cases, 2, &claims, done, &seen, err, sizeof err) == EP_OK) FUZZ_HOLDS(seen == 2);
    else FUZZ_HOLDS(err[0]);
    return 0;
}
