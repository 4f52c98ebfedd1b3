#!/usr/bin/env python3
"""What a user of PyTorch would write: one gradient of an ALIF network by autograd.

usage: torch_lsnn.py N N_IN N_OUT T B [--runs R]

Prints tab-separated lines "name seconds rate": BPTT and e-prop (the recurrent and the reset path detached), each eager and
scripted, best practice: unbind(0) instead of indexing, two warm-up runs, median of R; then "memory" and the MB by which the
first gradient raised the peak. One thread.
SPDX-License-Identifier: MIT
"""
import argparse
import resource
import statistics
import time

import torch
from typing import List


def psi_spike(x: torch.Tensor, v_th: float, gamma: float) -> torch.Tensor:
    """Heaviside with the triangular pseudo-derivative, written so that torch.jit can script it."""
    hard = (x > 0).to(x.dtype)
    psi = (gamma / v_th) * torch.clamp(1.0 - torch.abs(x) / v_th, min=0.0)
    return hard.detach() + psi.detach() * (x - x.detach())


def trial(xs: torch.Tensor, win: torch.Tensor, wrec: torch.Tensor, wout: torch.Tensor, target: torch.Tensor, eprop: bool,
          alpha: float, rho: float, beta: float, kappa: float, v_th: float, gamma: float):
    """Loss of one batch. xs [T][B][n_in]; weights [pre][post]."""
    drive = torch.matmul(xs, win).unbind(0)
    goal = target.unbind(0)
    B, N = drive[0].shape
    v = torch.zeros(B, N)
    a = torch.zeros(B, N)
    z = torch.zeros(B, N)
    y = torch.zeros(B, wout.shape[1])
    loss = torch.zeros(1)
    spikes = torch.zeros(1)
    for t in range(len(drive)):
        seen = z.detach() if eprop else z
        a = rho * a + z
        v = alpha * v + drive[t] + torch.matmul(seen, wrec) - v_th * seen
        z = psi_spike(v - v_th - beta * a, v_th, gamma)
        y = kappa * y + torch.matmul(z, wout)
        loss = loss + 0.5 * ((y - goal[t]) ** 2).sum()
        spikes = spikes + z.detach().sum()
    return loss, spikes


def main():
    p = argparse.ArgumentParser()
    for name in ("n", "n_in", "n_out", "t", "b"):
        p.add_argument(name, type=int)
    p.add_argument("--runs", type=int, default=3)
    o = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    xs = (torch.rand(o.t, o.b, o.n_in) < 0.02).float()
    target = torch.randn(o.t, o.b, o.n_out) * 0.3
    wout = (torch.randn(o.n, o.n_out) / o.n ** 0.5).requires_grad_()
    constants = (0.9512, 0.995, 0.05, 0.9512, 0.6, 0.3)
    base_in, base_rec = torch.randn(o.n_in, o.n) / o.n_in ** 0.5, torch.randn(o.n, o.n) / o.n ** 0.5
    base_rec.fill_diagonal_(0.0)
    gain, rate = 0.6, 0.0
    for _ in range(40):  # scale the drive until about 1.7 % of the neurons spike at a step
        with torch.no_grad():
            _, s = trial(xs, gain * base_in, 0.5 * gain * base_rec, wout, target, False, *constants)
        rate = float(s) / (o.t * o.b * o.n)
        if 0.016 < rate < 0.019:
            break
        gain *= 1.07 if rate < 0.0175 else 0.96
    win, wrec = (gain * base_in).requires_grad_(), (0.5 * gain * base_rec).requires_grad_()
    scripted = torch.jit.script(trial)
    peak = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]
    for name, fn, eprop in (("bptt-eager", trial, False), ("eprop-eager", trial, True), ("bptt-jit", scripted, False),
                            ("eprop-jit", scripted, True)):
        times = []
        for run in range(o.runs + 2):
            for w in (win, wrec, wout):
                w.grad = None
            start = time.perf_counter()
            loss, _ = fn(xs, win, wrec, wout, target, eprop, *constants)
            loss.backward()
            if len(peak) == 1:
                peak.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            if run >= 2:
                times.append(time.perf_counter() - start)
        print(f"{name}\t{statistics.median(times):.6f}\t{rate:.4f}", flush=True)
    print(f"memory\t{(peak[1] - peak[0]) / 1024:.1f}\t{rate:.4f}", flush=True)


if __name__ == "__main__":
    main()
