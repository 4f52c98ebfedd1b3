/* What a port answers, line by line, to one fixed case.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "port.h"

static vfy_epv_case c;

static void open_once(void)
{
    static const double Win[2] = {0.5, 0.25}, Wrec[4] = {0, 0.5, -0.5, 0}, Wout[2] = {1, -1}, half[2] = {0.5, 0.5}, none[2] = {0, 0};
    static const double x[6] = {1, 0, 1, 1, 0, 1}, y[6] = {0};
    static const ep_net shape = {.model = EP_LSNN, .n_in = 1, .n_rec = 2, .n_out = 1};
    char err[VFY_EPV_ERR];
    if (c.net.n_rec) return;
    ep_net net = shape;
    net.opt = ep_preset_options(EP_PAPER2019);
    net.Win = Win, net.Wrec = Wrec, net.Wout = Wout;
    net.theta[0] = half, net.theta[1] = half, net.theta[2] = none;
    net.v_th = 0.5, net.gamma = 0.25;
    ep_batch b = {.T = 3, .B = 2, .x = x, .target = y};
    FUZZ_HOLDS(vfy_epv_from_net(&net, &b, EP_BPTT, VFY_F32, &c, err, sizeof err) == EP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    open_once();
    vfy_hearing h;
    FUZZ_HOLDS(vfy_hearing_open(&h, &c, ~UINT64_C(0), NULL) == EP_OK);
    char *text = fuzz_text(data, n), *line = text;
    vfy_heard heard = VFY_MORE;
    while (heard == VFY_MORE && line) {
        char *end = strchr(line, '\n');
        if (end) *end++ = '\0';
        heard = vfy_hearing_line(&h, line);
        line = end;
    }
    if (heard == VFY_BROKEN) FUZZ_HOLDS(h.reason[0]);
    vfy_hearing_close(&h);
    free(text);
    return 0;
}
