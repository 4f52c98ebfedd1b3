#!/usr/bin/env python3
"""port.py: LIF, ALIF and LSTM in PyTorch, gradients by autograd, and the lines by which eprop-verify talks to them.

    eprop-verify port --port 'python3 verify/ports/torch/port.py'

One network, two gradients: BPTT is what autograd computes, and e-prop 1 is what it computes if the spikes that others hear are
detached and the readout sends errors back through B. Copy it, put your own code in the place of Network, and keep the rest.
Equations and lines: verify/PROTOCOL.md; five published conventions: CONVENTION, of which reference/PRESETS.md explains the words.
SPDX-License-Identifier: MIT
"""
import struct
import sys

import torch

GREETING = (
    "port name=torch-template version=1 formats=f32,f64 models=lif,alif,lsnn,lstm rules=bptt,tbptt,eprop1 losses=regression,classification "
    "quantities=I,v,a,c,z,r,psi,y,err,E,L,dWin,dWrec,db,dWout,dbout,dalpha,drho,dbeta,count,loss,Win,Wrec,b,Wout,bout,B "
    "max_rec=128 max_T=2000 contract=on"
)
KNOWN = set(
    "model preset rule format T B n_in n_rec n_out loss n_ref kappa v_th gamma b_forget c_reg f_target delay reset_path window want "
    "updates eta lambda regime carry report".split()
)
PAPER = dict(g_in="1", g_a="1", g_out="1", psi_width="v_th", psi_scale="gamma/v_th", dz_da="psi")
WORDS = set("1 1-alpha 1-rho 1-kappa v_th A gamma/v_th gamma psi autograd".split())
CONVENTION = {
    "paper2019": PAPER,
    "official-alif": dict(PAPER, g_out="1-kappa"),
    "official-lightlif": dict(PAPER, g_in="1-alpha", g_out="1-kappa"),
    "official-lightalif": dict(PAPER, g_in="1-alpha", g_a="1-rho", g_out="1-kappa", psi_width="A", dz_da="autograd"),
    "eprop-pytorch": dict(PAPER, psi_scale="gamma"),
}
LETTER = {"f32": ">f", "f64": ">d"}


class Case:
    """One case as it was sent: words of the case line; arrays with all their axes, as tensors."""

    def __init__(self, line):
        self.word = dict(w.split("=", 1) for w in line.split()[2:])
        self.rows = {}
        self.T, self.B, self.n_in, self.N, self.K = (int(self.word[k]) for k in ("T", "B", "n_in", "n_rec", "n_out"))
        self.lstm, self.letter = self.word["model"] == "lstm", LETTER[self.word["format"]]
        self.dtype = torch.float32 if self.letter == ">f" else torch.float64
        self.want = self.word["want"].split(",")

    def supported(self):
        w = self.word
        whole = w.get("regime", "batch") == "batch" and w.get("carry", "none") == "none"  # autograd wants all of a trial
        return whole and w["preset"] in CONVENTION and set(w) <= KNOWN | set(PAPER) and WORDS.issuperset(w[k] for k in PAPER if k in w)

    def whole(self, name, default=0):
        return int(self.word.get(name, default))

    def real(self, name):
        return self.number(self.word[name]) if name in self.word else 0.0

    def number(self, raw):
        return struct.unpack(self.letter, bytes.fromhex(raw))[0]

    def bits(self, value):
        return struct.pack(self.letter, value).hex()

    def add(self, line):
        name, *index, raw = line.split()[1:]
        index = [int(i) for i in index]
        if name in ("x", "target", "mask"):
            index = ([0] if self.B == 1 else []) + index
            index[1] -= 1  # steps count from 1
        elif name in ("Win", "Wrec", "b") and not self.lstm:
            index = [0] + index
        self.rows.setdefault(name, []).append((index, self.number(raw)))

    def tensor(self, name):
        C, T, B, I, N, K = 4 if self.lstm else 1, self.T, self.B, self.n_in, self.N, self.K
        shape = dict(Win=(C, N, I), Wrec=(C, N, N), b=(C, N), Wout=(K, N), bout=(K,), B=(N, K), x=(B, T, I), target=(B, T, K), mask=(B, T))
        a = torch.full(shape.get(name, (N,)), 1.0 if name == "mask" else 0.0, dtype=self.dtype)
        if name in self.rows:
            index, value = zip(*self.rows[name])
            a[tuple(torch.tensor(index).T)] = torch.tensor(value, dtype=self.dtype)
        return a


class Spike(torch.autograd.Function):
    """z = 1 where v > A and the neuron is not refractory; dz/dv = psi, and dz/dA = -psi, or -psi v/A where (v - A)/A is differentiated."""

    @staticmethod
    def forward(ctx, v, A, psi, free, divided):
        ctx.save_for_backward(v, A, psi)
        ctx.divided = divided
        return ((v > A) & free).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        v, A, psi = ctx.saved_tensors
        dv = grad * psi
        return dv, -dv * v / A if ctx.divided else -dv, None, None, None


class Readout(torch.autograd.Function):
    """Wout z, whose error goes back through B instead of the transpose of Wout."""

    @staticmethod
    def forward(ctx, z, Wout, B):
        ctx.save_for_backward(z, B)
        return z @ Wout.T

    @staticmethod
    def backward(ctx, grad):
        z, B = ctx.saved_tensors
        return grad @ B.T, grad.T @ z, None


class Network:
    """All trials at once, step by step. Where BPTT and e-prop 1 part: heard(), and Readout in the place of a product with Wout."""

    WEIGHTS = ("Win", "Wrec", "b", "Wout", "bout")

    def __init__(self, case):
        c = self.c = case
        self.how = {name: c.word.get(name, value) for name, value in CONVENTION[c.word["preset"]].items()}
        self.bptt, self.adaptive = c.word["rule"].endswith("bptt"), c.word["model"] in ("alif", "lsnn")
        self.kappa, self.v_th, self.gamma = c.real("kappa"), c.real("v_th"), c.real("gamma")
        self.d, self.n_ref, self.window = c.whole("delay", 1), c.whole("n_ref"), c.whole("window", c.T)
        self.x, self.target, self.mask = c.tensor("x").unbind(1), c.tensor("target").unbind(1), c.tensor("mask").unbind(1)
        constants = () if c.lstm else ("alpha", "rho", "beta") if self.adaptive else ("alpha",)
        self.p = {name: c.tensor(name).requires_grad_() for name in self.WEIGHTS + constants}
        self.B = c.tensor("B")
        one = torch.ones((), dtype=c.dtype)
        self.g_out = one - self.kappa if self.how["g_out"] != "1" else one  # gains are constants, also by the decay they are made of
        self.g_in, self.g_a = (one - c.tensor(of) if self.how[g] != "1" else one for g, of in (("g_in", "alpha"), ("g_a", "rho")))
        self.others = 1 if c.lstm else 1 - torch.eye(c.N, dtype=c.dtype)  # a spiking neuron does not hear itself

    def feedback(self):
        return self.p["Wout"].detach().T if self.c.word["rule"] == "eprop1-symmetric" else self.B

    def heard(self, z):
        return z if self.bptt else z.detach()

    def current(self, t):
        z = self.heard(self.sent[-self.d]) if len(self.sent) >= self.d else torch.zeros_like(self.sent[0])
        channels = zip(self.p["Win"], self.p["Wrec"] * self.others, self.p["b"])
        return torch.stack([z @ rec.T + self.x[t] @ win.T + b for win, rec, b in channels], 1)

    def lstm(self, t):
        I = self.current(t)
        i, f, g, o = I[:, 0].sigmoid(), (I[:, 1] + self.c.real("b_forget")).sigmoid(), I[:, 2].tanh(), I[:, 3].sigmoid()
        self.memory = f * self.memory + i * g
        self.keep(I=I, c=self.memory)
        return o * self.memory.tanh()

    def spiking(self, t):
        p, path, v_th = self.p, self.c.word.get("reset_path", "transmitted"), self.v_th
        I, z = self.current(t)[:, 0], self.z
        back = {"local": z, "detached": z.detach(), "transmitted": self.heard(self.sent[-1])}[path]
        self.v = p["alpha"] * self.v + self.g_in * I - v_th * back
        A = torch.full_like(self.v, v_th)
        if self.adaptive:
            self.a = p["rho"] * self.a + self.g_a * z
            A = v_th + p["beta"] * self.a
            self.keep(a=self.a)
        free = self.r == 0
        with torch.no_grad():
            width = A if self.how["psi_width"] == "A" else v_th
            height = self.gamma if self.how["psi_scale"] == "gamma" else self.gamma / width
            psi = height * torch.clamp(1 - (self.v - A).abs() / width, min=0) * free
        self.z = Spike.apply(self.v, A, psi, free, self.how["dz_da"] == "autograd")
        self.r = torch.where(self.z > 0, max(self.n_ref - 1, 0), torch.clamp(self.r - 1, min=0))
        self.keep(I=I, v=self.v, psi=psi, r=self.r)
        return self.z

    def cut(self):
        """The end of a window: states go on, gradients do not come back."""
        self.v, self.a, self.z, self.memory, self.y = (s.detach() for s in (self.v, self.a, self.z, self.memory, self.y))
        self.sent = [z.detach() for z in self.sent[-self.d :]]

    def keep(self, **values):
        for name, value in values.items():
            self.record.setdefault(name, []).append(value.detach())

    def error(self, y, t):
        """Loss of one step, and its derivative by y."""
        m, want = self.mask[t].unsqueeze(1), self.target[t]
        if self.c.word["loss"] == "classification":
            with torch.no_grad():
                err = m * (y.softmax(1) * want.sum(1, keepdim=True) - want)
            return -(m * want * y.log_softmax(1)).sum(), err
        err = m * (y - want)
        return 0.5 * ((y - want) * err).sum(), err.detach()

    def gradient(self):
        """Runs all trials at once, and leaves gradients in self.p[...].grad, numbers of each step in self.record."""
        c, zero = self.c, torch.zeros(self.c.B, self.c.N, dtype=self.c.dtype)
        self.record, self.sent, self.z, self.v, self.a, self.memory = {}, [zero], zero, zero, zero, zero
        self.r, self.y, E, told = zero.to(torch.int64), torch.zeros(c.B, c.K, dtype=c.dtype), 0, []
        for t in range(c.T):
            if t % self.window == 0:
                self.cut()
            z = (self.lstm(t) if c.lstm else self.spiking(t)).clone()  # what others hear: its gradient is the learning signal of BPTT
            z.retain_grad()
            self.sent.append(z)
            told.append(z)
            out = z @ self.p["Wout"].T if self.bptt else Readout.apply(z, self.p["Wout"], self.feedback())
            self.y = self.kappa * self.y + self.g_out * (out + self.p["bout"])
            loss, err = self.error(self.y, t)
            E = E + loss
            self.keep(z=z, y=self.y, err=err, L=self.g_out * err @ self.feedback().T)
        spikes = torch.stack(told)
        off = spikes.sum((0, 1)) / (c.T * c.B) - c.real("f_target")
        E = E + 0.5 * c.real("c_reg") * (off * off).sum()
        for w in self.p.values():
            w.grad = None
        E.backward()
        if self.bptt:
            self.record["L"] = [torch.zeros_like(zero) if z.grad is None else z.grad for z in told]
        self.spikes = spikes.detach().sum((0, 1))
        return E.detach()

    def update(self):
        eta, decay = self.c.real("eta"), self.c.real("lambda")
        with torch.no_grad():
            if self.c.word["rule"] == "eprop1-adaptive":
                self.B -= decay * self.B + eta * self.p["Wout"].grad.T
                self.p["Wout"] -= decay * self.p["Wout"]
            for name in self.WEIGHTS:
                self.p[name] -= eta * self.p[name].grad


class Answer:
    def __init__(self, case):
        self.c, self.lines = case, []

    def say(self, name, first, values):
        """got lines of a tensor, behind the indices `first`; an axis of one channel is left out."""
        if name not in self.c.want or values is None:
            return
        if name.lstrip("d") in ("Win", "Wrec", "b") and not self.c.lstm:
            values = values[0]
        index = [first]
        for n in values.shape:
            index = [i + (k,) for i in index for k in range(n)]
        for i, value in zip(index, values.reshape(-1).tolist()):
            self.lines.append("got %s %s" % (name, " ".join(map(str, i + (self.c.bits(value),)))))

    def steps(self, record):
        for t in range(self.c.T):
            for name, values in record.items():
                for b, value in enumerate(values[t]):
                    self.say(name, (b, t + 1) if self.c.B > 1 else (t + 1,), value)

    def of_gradient(self, network):
        E = network.gradient()
        self.steps(network.record)
        self.say("E", (), E)
        for name, w in network.p.items():
            self.say("d" + name, (), torch.zeros_like(w) if w.grad is None else w.grad)

    def of_chain(self, network):
        asked, count = [int(u) for u in self.c.word["report"].split(",")], 0
        for u in range(1, self.c.whole("updates") + 1):
            E = network.gradient()
            network.update()
            count = count + network.spikes
            if u in asked:
                self.say("count", (u,), count)
                self.say("loss", (u,), E)
                for name in network.WEIGHTS:
                    self.say(name, (u,), network.p[name].detach())
                self.say("B", (u,), network.B)

    def text(self):
        network = Network(self.c)
        (self.of_chain if self.c.whole("updates") else self.of_gradient)(network)
        return "\n".join(self.lines + ["done %d" % len(self.lines)])


def main():
    torch.set_num_threads(1)
    case = None
    for line in sys.stdin:
        verb = line.split(" ", 1)[0].strip()
        if verb == "eprop":
            print(GREETING + "\nready", flush=True)
        elif verb == "case":
            case = Case(line)
        elif verb == "in":
            case.add(line)
        elif verb == "end":
            print(Answer(case).text() if case.supported() else "unsupported this convention", flush=True)
        elif verb == "bye":
            return


if __name__ == "__main__":
    main()
