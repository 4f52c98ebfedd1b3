#!/usr/bin/env python3
"""What a user of PyTorch would write: one gradient of nn.LSTM by BPTT, and e-prop by detaching the recurrent path of LSTMCell.

usage: torch_lstm.py N N_IN N_OUT T B [--runs R]

Prints tab-separated lines "name seconds". One thread, two warm-up runs, median of R.
SPDX-License-Identifier: MIT
"""
import argparse
import statistics
import time

import torch


def main():
    p = argparse.ArgumentParser()
    for name in ("n", "n_in", "n_out", "t", "b"):
        p.add_argument(name, type=int)
    p.add_argument("--runs", type=int, default=3)
    o = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    x = torch.randn(o.t, o.b, o.n_in)
    target = torch.randn(o.t, o.b, o.n_out)
    lstm, out = torch.nn.LSTM(o.n_in, o.n), torch.nn.Linear(o.n, o.n_out)
    cell = torch.nn.LSTMCell(o.n_in, o.n)

    def bptt():
        h, _ = lstm(x)
        return 0.5 * ((out(h) - target) ** 2).sum()

    def eprop():
        h, c, hs = torch.zeros(o.b, o.n), torch.zeros(o.b, o.n), []
        for step in x.unbind(0):
            h, c = cell(step, (h.detach(), c))
            hs.append(h)
        return 0.5 * ((out(torch.stack(hs)) - target) ** 2).sum()

    for name, fn in (("lstm-bptt", bptt), ("lstm-eprop", eprop)):
        times = []
        for run in range(o.runs + 2):
            start = time.perf_counter()
            fn().backward()
            if run >= 2:
                times.append(time.perf_counter() - start)
        print(f"{name}\t{statistics.median(times):.6f}", flush=True)


if __name__ == "__main__":
    main()
