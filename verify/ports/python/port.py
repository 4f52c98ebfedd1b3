#!/usr/bin/env python3
"""port.py: e-prop 1 for LIF and ALIF in plain Python (binary64), with updates of the weights, and the lines by which eprop-verify talks to it.

    eprop-verify port --port 'python3 verify/ports/python/port.py'

Copy it, put your own code in the place of Network, and keep the rest. Only the standard library is needed.
Convention paper2019, any delay, refractoriness, late learning signal; equations and lines: verify/PROTOCOL.md.
SPDX-License-Identifier: MIT
"""
import itertools
import math
import struct
import sys

GREETING = (
    "port name=python-template version=1 formats=f64 models=lif,alif rules=eprop1 losses=regression,classification "
    "quantities=I,v,a,z,r,psi,eps_v,eps_a,e,ebar,y,err,E,L,dWin,dWrec,db,dWout,dbout,dalpha,drho,dbeta,"
    "count,loss,Win,Wrec,b,Wout,bout,B "
    "max_rec=64 max_T=2000 set=no contract=off"
)
KNOWN = "model preset rule format T B n_in n_rec n_out loss n_ref kappa v_th gamma c_reg f_target delay delay_L reset_path want updates eta lambda regime carry report"


def number(bits):
    return struct.unpack(">d", bytes.fromhex(bits))[0]


def bits(value):
    return struct.pack(">d", value).hex()


class Case:
    """One case as it was sent: words of the case line, arrays by name and index."""

    def __init__(self, line):
        self.word = dict(w.split("=", 1) for w in line.split()[2:])
        self.array = {}
        self.whole = lambda name, default=0: int(self.word.get(name, default))
        self.real = lambda name: number(self.word[name]) if name in self.word else 0.0
        self.want = self.word["want"].split(",")

    def supported(self):
        w = self.word
        return (set(w) <= set(KNOWN.split()) and w["preset"] == "paper2019" and w["rule"].startswith("eprop1")
                and w.get("reset_path") != "local")

    def add(self, line):
        name, *index, value = line.split()[1:]
        self.array.setdefault(name, {})[tuple(map(int, index))] = number(value)

    def get(self, name, *index, default=0.0):
        return self.array.get(name, {}).get(index, default)

    def trial(self, name, b, *index, default=0.0):
        """x, target and mask have the trial in front, but only if there is more than one."""
        return self.get(name, *((b,) + index if self.whole("B") > 1 else index), default=default)


class Network:
    def __init__(self, case):
        c = self.c = case
        self.T, self.B, self.N = c.whole("T"), c.whole("B"), c.whole("n_rec")
        self.n_in, self.n_out, self.n_ref = c.whole("n_in"), c.whole("n_out"), c.whole("n_ref")
        self.d, self.late = c.whole("delay", 1), c.whole("delay_L")
        self.adaptive = c.word["model"] == "alif"
        self.kappa, self.v_th, self.gamma = c.real("kappa"), c.real("v_th"), c.real("gamma")
        self.M = self.n_in + self.N + (4 if self.adaptive else 2)
        self.got = []  # (name, indices, value)
        self.E, self.count = 0.0, [0.0] * self.N
        self.clear()

    def say(self, name, index, value):
        if name in self.c.want:
            self.got.append("got %s %s" % (name, " ".join(map(str, index + (bits(value),)))))

    def run(self):
        word, chain = self.c.word.get, self.c.whole("updates")
        for u in range(1, max(chain, 1) + 1):
            for b in range(self.B):
                if u == 1 or word("carry") != "all":
                    self.reset()
                for t in range(1, self.T + 1):
                    self.forward(b, t)
                    self.readout(b, t)
                    self.learn()
                    if not chain:
                        self.report_step((b, t) if self.B > 1 else (t,))
                    if word("regime") == "online":
                        self.update()
            if word("regime") != "online":
                self.regularise()
            if not chain:
                return self.report_gradients()
            if word("regime") == "batch":
                self.update()
            if str(u) in word("report").split(","):
                self.report_update(u)
            self.E = 0.0

    def clear(self):
        zeros = lambda n, m: [[0.0] * m for _ in range(n)]
        self.g, self.sum_e = zeros(self.N, self.M), zeros(self.N, self.M)
        self.g_out, self.g_bout, self.spikes = zeros(self.n_out, self.N), [0.0] * self.n_out, [0.0] * self.N

    def reset(self):
        N, M = self.N, self.M
        self.v, self.a, self.r, self.psi, self.zbar = [0.0] * N, [0.0] * N, [0] * N, [0.0] * N, [0.0] * N
        self.y, self.err, self.onebar = [0.0] * self.n_out, [0.0] * self.n_out, 0.0
        self.z, self.L = [[0.0] * N], [[0.0] * N]  # of all steps since: the last is that of now
        self.eps_v, self.eps_a, self.e, self.ebar = ([[0.0] * M for _ in range(N)] for _ in range(4))
        self.I = [0.0] * N

    def forward(self, b, t):
        c, z, now = self.c, self.z[-self.d] if len(self.z) >= self.d else [0.0] * self.N, [0.0] * self.N
        for j in range(self.N):
            alpha, rho, beta = c.get("alpha", j), c.get("rho", j), c.get("beta", j)
            current = c.get("b", j)
            for i in range(self.N):
                current += c.get("Wrec", j, i) * z[i]
            for i in range(self.n_in):
                current += c.get("Win", j, i) * c.trial("x", b, t, i)
            v, a, z_before = self.v[j], self.a[j], self.z[-1][j]
            self.I[j] = current
            self.v[j] = alpha * v + current - self.v_th * z_before
            self.a[j] = rho * a + z_before
            above = self.v[j] - (self.v_th + beta * self.a[j])
            refractory = self.r[j] > 0
            now[j] = 1.0 if above > 0 and not refractory else 0.0
            self.psi[j] = 0.0 if refractory else self.gamma / self.v_th * max(0.0, 1 - abs(above) / self.v_th)
            self.r[j] = max(self.n_ref - 1, 0) if now[j] else max(self.r[j] - 1, 0)
            self.spikes[j] += now[j]
            self.count[j] += now[j]
            self.traces(b, t, j, z, v, a, (alpha, rho, beta))
        self.z.append(now)

    def traces(self, b, t, j, z, v_before, a_before, constants):
        alpha, rho, beta = constants
        pre = [self.c.trial("x", b, t, i) for i in range(self.n_in)] + [0.0 if i == j else z[i] for i in range(self.N)] + [1.0, v_before]
        R, U = [0.0] * self.M, [0.0] * self.M
        if self.adaptive:
            pre += [0.0, 0.0]
            R[self.M - 2], U[self.M - 1] = a_before, -self.a[j]
        eps_v, eps_a, e, ebar = self.eps_v[j], self.eps_a[j], self.e[j], self.ebar[j]
        for m in range(self.M):
            eps_a[m] = rho * eps_a[m] + e[m] + R[m]
            eps_v[m] = alpha * eps_v[m] + pre[m]
            e[m] = self.psi[j] * (eps_v[m] - beta * eps_a[m] + U[m])
            ebar[m] = self.kappa * ebar[m] + e[m]

    def readout(self, b, t):
        c, m = self.c, self.c.trial("mask", b, t, default=1.0)
        want = [c.trial("target", b, t, k) for k in range(self.n_out)]
        for k in range(self.n_out):
            drive = c.get("bout", k)
            for j in range(self.N):
                drive += c.get("Wout", k, j) * self.z[-1][j]
            self.y[k] = self.kappa * self.y[k] + drive
        if c.word["loss"] == "classification":
            top = max(self.y)
            p = [math.exp(y - top) for y in self.y]
            for k in range(self.n_out):
                self.err[k] = m * (p[k] / sum(p) * sum(want) - want[k])
                self.E += m * want[k] * (math.log(sum(p)) - self.y[k] + top)
        else:
            for k in range(self.n_out):
                self.err[k] = m * (self.y[k] - want[k])
                self.E += 0.5 * (self.y[k] - want[k]) * self.err[k]

    def learn(self):
        symmetric = self.c.word["rule"] == "eprop1-symmetric"
        self.onebar = self.kappa * self.onebar + 1
        self.L.append([0.0] * self.N)
        for j in range(self.N):
            for k in range(self.n_out):
                B = self.c.get("Wout", k, j) if symmetric else self.c.get("B", j, k)
                self.L[-1][j] += B * self.err[k]
            L = self.L[-1 - self.late][j] if len(self.L) > self.late else 0.0
            self.zbar[j] = self.kappa * self.zbar[j] + self.z[-1][j]
            for m in range(self.M):
                self.g[j][m] += L * self.ebar[j][m]
                self.sum_e[j][m] += self.e[j][m]
            for k in range(self.n_out):
                self.g_out[k][j] += self.err[k] * self.zbar[j]
        for k in range(self.n_out):
            self.g_bout[k] += self.err[k] * self.onebar

    def regularise(self):
        c_reg, target, steps = self.c.real("c_reg"), self.c.real("f_target"), self.T * self.B
        for j in range(self.N):
            off = self.spikes[j] / steps - target
            self.E += 0.5 * c_reg * off * off
            for m in range(self.M):
                self.g[j][m] += c_reg * off / steps * self.sum_e[j][m]

    def update(self):
        eta, decay, bias = self.c.real("eta"), self.c.real("lambda"), self.n_in + self.N

        def change(name, index, by):
            a = self.c.array.setdefault(name, {})
            old = a.get(index, 0.0)
            a[index] = old - (decay * old if name in ("Wout", "B") else 0.0) - by

        for j in range(self.N):
            for i in range(self.n_in):
                change("Win", (j, i), eta * self.g[j][i])
            for i in range(self.N):
                change("Wrec", (j, i), eta * self.g[j][self.n_in + i])
            change("b", (j,), eta * self.g[j][bias])
            for k in range(self.n_out):
                change("Wout", (k, j), eta * self.g_out[k][j])
                if self.c.word["rule"] == "eprop1-adaptive":
                    change("B", (j, k), eta * self.g_out[k][j])
        for k in range(self.n_out):
            change("bout", (k,), eta * self.g_bout[k])
        self.clear()

    def report_update(self, u):
        shape = dict(Win=(self.N, self.n_in), Wrec=(self.N, self.N), b=(self.N,), Wout=(self.n_out, self.N), bout=(self.n_out,), B=(self.N, self.n_out))
        for j in range(self.N):
            self.say("count", (u, j), self.count[j])
        self.say("loss", (u,), self.E)
        for name, size in shape.items():
            for index in itertools.product(*map(range, size)):
                self.say(name, (u,) + index, self.c.get(name, *index))

    def report_step(self, at):
        lines = dict(I=self.I, v=self.v, a=self.a, z=self.z[-1], r=self.r, psi=self.psi, y=self.y, err=self.err, L=self.L[-1])
        for name, values in lines.items():
            for j, value in enumerate(values):
                self.say(name, at + (j,), float(value))
        for name, rows in dict(eps_v=self.eps_v, eps_a=self.eps_a, e=self.e, ebar=self.ebar).items():
            for j, row in enumerate(rows):
                for m, value in enumerate(row):
                    self.say(name, at + (j, m), value)

    def report_gradients(self):
        bias = self.n_in + self.N
        self.say("E", (), self.E)
        for j in range(self.N):
            for i in range(self.n_in):
                self.say("dWin", (j, i), self.g[j][i])
            for i in range(self.N):
                self.say("dWrec", (j, i), self.g[j][self.n_in + i])
            for m, name in enumerate(["db", "dalpha", "drho", "dbeta"][: self.M - bias]):
                self.say(name, (j,), self.g[j][bias + m])
        for k in range(self.n_out):
            for j in range(self.N):
                self.say("dWout", (k, j), self.g_out[k][j])
            self.say("dbout", (k,), self.g_bout[k])


def main():
    case = None
    for line in sys.stdin:
        verb = line.split(" ", 1)[0].strip()
        if verb == "eprop":
            print(GREETING + "\nready", flush=True)
        elif verb == "case":
            case = Case(line)
        elif verb == "in":
            case.add(line)
        elif verb == "end" and not case.supported():
            print("unsupported this convention", flush=True)
        elif verb == "end":
            network = Network(case)
            network.run()
            print("\n".join(network.got + ["done %d" % len(network.got)]), flush=True)
        elif verb == "bye":
            return


if __name__ == "__main__":
    main()
