#!/usr/bin/env python3
"""PyTorch as a peer of eprop-bench: what one of its users would write for the problem in a vector file.

usage: torch_peer.py FILE.epv [--runs R]

Reads the problem (verify/PROTOCOL.md, section 2), computes its gradient, prints what bench/peers/README.md asks for. Models lif, alif,
lstm; rules bptt (autograd) and eprop1-symmetric (autograd with the recurrent and the reset path detached). Best practice: unbind(0)
instead of indexing, two warm-up runs, median of R, spiking networks both eager and scripted and the faster one counted. One thread.
SPDX-License-Identifier: MIT
"""
import argparse
import resource
import statistics
import sys
import time

import numpy
import torch


class Problem:
    """Keys of the case, and its arrays with all axes."""

    def __init__(self, path):
        self.key, rows = {}, {}
        with open(path) as lines:
            if next(lines) != "epv 1\n":
                raise SystemExit("torch_peer: expected a vector file")
            for line in lines:
                word = line.split()
                if word[0] == "in":
                    rows.setdefault(word[1], []).append(word[2:])
                elif word[0] not in ("case", "end"):
                    self.key[word[0]] = word[1]
        size = {k: int(self.key[k]) for k in ("T", "B", "n_in", "n_rec", "n_out")}
        self.T, self.B, self.I, self.N, self.K = size.values()
        C = self.C = 4 if self.key["model"] == "lstm" else 1
        shape = {"Win": (C, self.N, self.I), "Wrec": (C, self.N, self.N), "b": (C, self.N), "Wout": (self.K, self.N), "bout": (self.K,),
                 "alpha": (self.N,), "rho": (self.N,), "beta": (self.N,), "x": (self.B, self.T, self.I), "target": (self.B, self.T, self.K)}
        self.array = {name: self.fill(rows.get(name, []), s, name in ("x", "target")) for name, s in shape.items()}

    @staticmethod
    def fill(rows, shape, has_time):
        a = numpy.zeros(shape, dtype=numpy.float32)
        if rows:
            index = numpy.array([r[:-1] for r in rows], dtype=numpy.int64)
            if has_time:
                index[:, -2] -= 1
            if index.shape[1] < len(shape):  # the first axis has length 1 and was left out
                index = numpy.hstack([numpy.zeros((len(rows), 1), dtype=numpy.int64), index])
            value = numpy.array([int(r[-1], 16) for r in rows], dtype=numpy.uint32).view(numpy.float32)
            a[tuple(index.T)] = value
        return torch.from_numpy(a)

    def real(self, name):
        return float(numpy.array([int(self.key.get(name, "0"), 16)], dtype=numpy.uint32).view(numpy.float32)[0])


def spike(x: torch.Tensor, v_th: float, gamma: float) -> torch.Tensor:
    """Heaviside with the triangular pseudo-derivative, written so that torch.jit can script it."""
    psi = (gamma / v_th) * torch.clamp(1.0 - torch.abs(x) / v_th, min=0.0)
    return (x > 0).to(x.dtype).detach() + psi.detach() * (x - x.detach())


def spiking(x: torch.Tensor, win: torch.Tensor, wrec: torch.Tensor, b: torch.Tensor, wout: torch.Tensor, bout: torch.Tensor, target: torch.Tensor,
            alpha: torch.Tensor, rho: torch.Tensor, beta: torch.Tensor, kappa: float, v_th: float, gamma: float, eprop: bool):
    """Loss and spikes of one batch. x [T][B][n_in]; weights [pre][post]."""
    drive = (torch.matmul(x, win) + b).unbind(0)
    goal = target.unbind(0)
    v = torch.zeros_like(drive[0])
    a = torch.zeros_like(v)
    z = torch.zeros_like(v)
    y = torch.zeros_like(goal[0])
    loss = torch.zeros(1)
    spikes = []
    for t in range(len(drive)):
        seen = z.detach() if eprop else z
        a = rho * a + z
        v = alpha * v + drive[t] + torch.matmul(seen, wrec) - v_th * seen
        z = spike(v - v_th - beta * a, v_th, gamma)
        y = kappa * y + torch.matmul(z, wout) + bout
        loss = loss + 0.5 * ((y - goal[t]) ** 2).sum()
        spikes.append(z.detach())
    return loss, torch.stack(spikes)


class Spiking:
    def __init__(self, p):
        a = p.array
        self.p, self.x, self.target = p, a["x"].transpose(0, 1).contiguous(), a["target"].transpose(0, 1).contiguous()
        self.weights = [w.requires_grad_() for w in (a["Win"][0].t().contiguous(), a["Wrec"][0].t().contiguous(), a["b"][0].clone(),
                                                     a["Wout"].t().contiguous(), a["bout"].clone())]
        self.constants = (a["alpha"], a["rho"], a["beta"], p.real("kappa"), p.real("v_th"), p.real("gamma"), p.key["rule"] != "bptt")
        self.ways = [spiking, torch.jit.script(spiking)]
        self.spikes = None

    def run(self, way):
        for w in self.weights:
            w.grad = None
        loss, spikes = way(self.x, *self.weights, self.target, *self.constants)
        loss.backward()
        self.spikes = spikes

    def gradients(self):
        win, wrec, b, wout, bout = (w.grad for w in self.weights)
        wrec = wrec.clone().fill_diagonal_(0.0)
        return {"dWin": win.t()[None], "dWrec": wrec.t()[None], "db": b[None], "dWout": wout.t(), "dbout": bout}


class Lstm:
    def __init__(self, p):
        a = p.array
        self.p, self.x, self.target = p, a["x"].transpose(0, 1).contiguous(), a["target"].transpose(0, 1).contiguous()
        make = torch.nn.LSTM if p.key["rule"] == "bptt" else torch.nn.LSTMCell
        self.net, self.out, self.eprop, self.spikes = make(p.I, p.N), torch.nn.Linear(p.N, p.K), p.key["rule"] != "bptt", None
        tail = "" if self.eprop else "_l0"
        with torch.no_grad():
            for name, value in (("weight_ih", a["Win"].reshape(4 * p.N, p.I)), ("weight_hh", a["Wrec"].reshape(4 * p.N, p.N)),
                                ("bias_ih", a["b"].reshape(-1)), ("bias_hh", torch.zeros(4 * p.N))):
                getattr(self.net, name + tail).copy_(value)
            self.out.weight.copy_(a["Wout"])
            self.out.bias.copy_(a["bout"])
        self.tail, self.ways = tail, [None]

    def run(self, _):
        self.net.zero_grad(set_to_none=True)
        self.out.zero_grad(set_to_none=True)
        if self.eprop:
            h, c, hs = torch.zeros(self.p.B, self.p.N), torch.zeros(self.p.B, self.p.N), []
            for step in self.x.unbind(0):
                h, c = self.net(step, (h.detach(), c))
                hs.append(h)
            h = torch.stack(hs)
        else:
            h, _ = self.net(self.x)
        (0.5 * ((self.out(h) - self.target) ** 2).sum()).backward()

    def gradients(self):
        p = self.p
        grad = lambda name: getattr(self.net, name + self.tail).grad
        return {"dWin": grad("weight_ih").reshape(4, p.N, p.I), "dWrec": grad("weight_hh").reshape(4, p.N, p.N), "db": grad("bias_ih").reshape(4, p.N),
                "dWout": self.out.weight.grad, "dbout": self.out.bias.grad}


def show(name, values, leave_first, out):
    """got lines of what is not zero; the first axis is left out where its length is 1."""
    v = values.detach().numpy()
    where = numpy.argwhere(v)
    bits = v[tuple(where.T)].astype(numpy.float32).view(numpy.uint32)
    if name == "z":
        where[:, 1] += 1
    where = where[:, 1:] if leave_first else where
    for index, raw in zip(where, bits):
        out.write(f"got {name} {' '.join(map(str, index))} {raw:08x}\n")
    return len(bits)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("file")
    options.add_argument("--runs", type=int, default=3)
    o = options.parse_args()
    torch.set_num_threads(1)
    p = Problem(o.file)
    if p.key["model"] not in ("lif", "alif", "lstm") or p.key["rule"] not in ("bptt", "eprop1-symmetric") or p.key["preset"] != "paper2019":
        print(f"unsupported {p.key['model']} {p.key['rule']}")
        return
    work = Lstm(p) if p.key["model"] == "lstm" else Spiking(p)
    before, peak, best = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, None, None
    for way in work.ways:
        times = []
        for run in range(o.runs + 2):
            start = time.perf_counter()
            work.run(way)
            if run >= 2:
                times.append(time.perf_counter() - start)
            peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        best = min(best or 1e9, statistics.median(times))
    print(f"seconds {best:.9f}\nmemory_mb {(peak - before) / 1024:.3f}")
    count = sum(show(name, g, name not in ("dWout",) and g.dim() > 1 and p.C == 1, sys.stdout) for name, g in work.gradients().items())
    if work.spikes is not None:
        count += show("z", work.spikes.transpose(0, 1), p.B == 1, sys.stdout)
    print(f"done {count}")


if __name__ == "__main__":
    main()
