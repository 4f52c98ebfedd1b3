//! port.rs: e-prop 1 for LIF and ALIF in Rust (binary64, std only), and the lines by which eprop-verify talks to it.
//!
//!     rustc -O -o port port.rs  &&  eprop-verify port --port ./port
//!
//! Copy it, put your own code in the place of `Network`, and keep the rest. Convention paper2019, any delay, refractoriness,
//! late learning signal, updates of the weights; equations and lines: verify/PROTOCOL.md.
//! SPDX-License-Identifier: MIT
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufRead, Write as _};

const GREETING: &str = "port name=rust-template version=1 formats=f64 models=lif,alif rules=eprop1 losses=regression,classification \
quantities=I,v,a,z,r,psi,eps_v,eps_a,e,ebar,y,err,E,L,dWin,dWrec,db,dWout,dbout,dalpha,drho,dbeta,count,loss,Win,Wrec,b,Wout,bout,B max_rec=64 max_T=2000 set=no contract=off";
const KNOWN: &str = " model preset rule format T B n_in n_rec n_out loss n_ref kappa v_th gamma c_reg f_target delay delay_L reset_path want \
updates eta lambda regime carry report ";

fn number(bits: &str) -> f64 { f64::from_bits(u64::from_str_radix(bits, 16).unwrap_or(0)) }

/// One case as it was sent: words of the case line, arrays by name and index.
#[derive(Default)]
struct Case {
    word: HashMap<String, String>,
    array: HashMap<String, HashMap<Vec<usize>, f64>>,
}

impl Case {
    fn new(line: &str) -> Case {
        Case { word: line.split(' ').skip(2).filter_map(|w| w.split_once('=')).map(|(k, v)| (k.to_string(), v.to_string())).collect(), array: HashMap::new() }
    }
    fn text(&self, name: &str) -> &str { self.word.get(name).map_or("", |s| s) }
    fn whole(&self, name: &str, default: usize) -> usize { self.word.get(name).and_then(|s| s.parse().ok()).unwrap_or(default) }
    fn real(&self, name: &str) -> f64 { self.word.get(name).map_or(0.0, |s| number(s)) }
    fn supported(&self) -> bool {
        self.word.keys().all(|k| KNOWN.contains(&format!(" {k} "))) && self.text("preset") == "paper2019" && self.text("reset_path") != "local"
    }
    fn add(&mut self, line: &str) {
        let w: Vec<&str> = line.split(' ').collect();
        let index = w[2..w.len() - 1].iter().filter_map(|s| s.parse().ok()).collect();
        self.array.entry(w[1].to_string()).or_default().insert(index, number(w[w.len() - 1]));
    }
    /// An array of the given shape; what was not sent has the default.
    fn dense(&self, name: &str, shape: &[usize], default: f64) -> Vec<f64> {
        let mut out = vec![default; shape.iter().product()];
        if let Some(a) = self.array.get(name) {
            for (index, value) in a {
                let lead = shape.len() - index.len(); // a trial's index is left out when there is one
                let at = index.iter().enumerate().fold(0, |at, (d, i)| at * shape[lead + d] + i);
                out[at] = *value;
            }
        }
        out
    }
}

/// State of one trial, and sums over all.
#[derive(Default)]
struct Network {
    b: usize,
    i: Vec<f64>, v: Vec<f64>, a: Vec<f64>, r: Vec<f64>, psi: Vec<f64>, y: Vec<f64>, err: Vec<f64>, zbar: Vec<f64>, onebar: f64,
    z: Vec<Vec<f64>>, l: Vec<Vec<f64>>, // of all steps since, the last is now
    eps_v: Vec<f64>, eps_a: Vec<f64>, e: Vec<f64>, ebar: Vec<f64>, // [n][m]
    g: Vec<f64>, sum_e: Vec<f64>, g_out: Vec<f64>, g_bout: Vec<f64>, spikes: Vec<f64>, count: Vec<f64>, loss: f64,
}

/// The numbers of a case.
struct Input<'a> {
    c: &'a Case,
    steps: usize, trials: usize, n: usize, n_in: usize, n_out: usize, n_ref: f64, d: usize, late: usize, m: usize,
    kappa: f64, v_th: f64, gamma: f64, c_reg: f64, f_target: f64,
    win: Vec<f64>, wrec: Vec<f64>, bias: Vec<f64>, wout: Vec<f64>, bout: Vec<f64>, fb: Vec<f64>,
    alpha: Vec<f64>, rho: Vec<f64>, beta: Vec<f64>, x: Vec<f64>, target: Vec<f64>, mask: Vec<f64>,
}

impl<'a> Input<'a> {
    fn new(c: &'a Case) -> Input<'a> {
        let (n, n_in, n_out, steps, trials) = (c.whole("n_rec", 0), c.whole("n_in", 0), c.whole("n_out", 0), c.whole("T", 0), c.whole("B", 1));
        let (adaptive, wout) = (c.text("model") == "alif", c.dense("Wout", &[n_out, n], 0.0));
        let mut p = Input {
            c, steps, trials, n, n_in, n_out, wout, fb: c.dense("B", &[n, n_out], 0.0), n_ref: c.whole("n_ref", 0) as f64, d: c.whole("delay", 1),
            late: c.whole("delay_L", 0), m: n_in + n + if adaptive { 4 } else { 2 }, kappa: c.real("kappa"), v_th: c.real("v_th"),
            gamma: c.real("gamma"), c_reg: c.real("c_reg"), f_target: c.real("f_target"), win: c.dense("Win", &[n, n_in], 0.0),
            wrec: c.dense("Wrec", &[n, n], 0.0), bias: c.dense("b", &[n], 0.0), bout: c.dense("bout", &[n_out], 0.0),
            alpha: c.dense("alpha", &[n], 0.0), rho: c.dense("rho", &[n], 0.0), beta: c.dense("beta", &[n], 0.0),
            // steps count from 1
            x: c.dense("x", &[trials, steps + 1, n_in], 0.0), target: c.dense("target", &[trials, steps + 1, n_out], 0.0),
            mask: c.dense("mask", &[trials, steps + 1], 1.0),
        };
        if c.text("rule") == "eprop1-symmetric" { p.fb = p.feedback(); }
        p
    }
    /// Wout transposed.
    fn feedback(&self) -> Vec<f64> { (0..self.n * self.n_out).map(|q| self.wout[q % self.n_out * self.n + q / self.n_out]).collect() }
}

impl Network {
    /// The gradient begins anew.
    fn clear(&mut self, p: &Input) {
        for q in [&mut self.g, &mut self.sum_e] { *q = vec![0.0; p.n * p.m]; }
        (self.g_out, self.g_bout, self.spikes) = (vec![0.0; p.n_out * p.n], vec![0.0; p.n_out], vec![0.0; p.n]);
    }

    fn reset(&mut self, p: &Input) {
        let (n, rows) = (vec![0.0; p.n], vec![0.0; p.n * p.m]);
        for q in [&mut self.i, &mut self.v, &mut self.a, &mut self.r, &mut self.psi, &mut self.zbar] { *q = n.clone(); }
        for q in [&mut self.eps_v, &mut self.eps_a, &mut self.e, &mut self.ebar] { *q = rows.clone(); }
        for q in [&mut self.y, &mut self.err] { *q = vec![0.0; p.n_out]; }
        for q in [&mut self.z, &mut self.l] { *q = vec![n.clone()]; }
        self.onebar = 0.0;
    }

    fn forward(&mut self, p: &Input, t: usize) {
        let now = self.z.len();
        let z = if now >= p.d { self.z[now - p.d].clone() } else { vec![0.0; p.n] };
        self.z.push(vec![0.0; p.n]);
        let x = &p.x[(self.b * (p.steps + 1) + t) * p.n_in..][..p.n_in];
        for j in 0..p.n {
            let mut current = p.bias[j];
            for k in 0..p.n { current += p.wrec[j * p.n + k] * z[k]; }
            for k in 0..p.n_in { current += p.win[j * p.n_in + k] * x[k]; }
            let (v, a, z_before, refractory) = (self.v[j], self.a[j], self.z[now - 1][j], self.r[j] > 0.0);
            self.i[j] = current;
            self.v[j] = p.alpha[j] * v + current - p.v_th * z_before;
            self.a[j] = p.rho[j] * a + z_before;
            let above = self.v[j] - (p.v_th + p.beta[j] * self.a[j]);
            self.psi[j] = if refractory { 0.0 } else { p.gamma / p.v_th * (1.0 - above.abs() / p.v_th).max(0.0) };
            let spike = above > 0.0 && !refractory;
            self.z[now][j] = if spike { 1.0 } else { 0.0 };
            self.r[j] = if spike { (p.n_ref - 1.0).max(0.0) } else { (self.r[j] - 1.0).max(0.0) };
            self.spikes[j] += self.z[now][j];
            self.count[j] += self.z[now][j];
            self.traces(p, j, x, &z, v, a);
        }
    }

    fn traces(&mut self, p: &Input, j: usize, x: &[f64], z: &[f64], v_before: f64, a_before: f64) {
        let bias = p.n_in + p.n;
        for m in 0..p.m {
            let at = j * p.m + m;
            let pre = match m {
                _ if m < p.n_in => x[m],
                _ if m < bias => if m - p.n_in == j { 0.0 } else { z[m - p.n_in] },
                _ if m == bias => 1.0,
                _ if m == bias + 1 => v_before,
                _ => 0.0,
            };
            let (r, u) = (if m == bias + 2 { a_before } else { 0.0 }, if m == bias + 3 { -self.a[j] } else { 0.0 });
            self.eps_a[at] = p.rho[j] * self.eps_a[at] + self.e[at] + r;
            self.eps_v[at] = p.alpha[j] * self.eps_v[at] + pre;
            self.e[at] = self.psi[j] * (self.eps_v[at] - p.beta[j] * self.eps_a[at] + u);
            self.ebar[at] = p.kappa * self.ebar[at] + self.e[at];
        }
    }

    fn readout(&mut self, p: &Input, t: usize) {
        let at = self.b * (p.steps + 1) + t;
        let (want, m, z) = (&p.target[at * p.n_out..][..p.n_out], p.mask[at], &self.z[self.z.len() - 1]);
        for k in 0..p.n_out {
            let drive = (0..p.n).fold(p.bout[k], |sum, j| sum + p.wout[k * p.n + j] * z[j]);
            self.y[k] = p.kappa * self.y[k] + drive;
        }
        let top = self.y.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        let all: f64 = self.y.iter().map(|y| (y - top).exp()).sum();
        let mass: f64 = want.iter().sum();
        for k in 0..p.n_out {
            if p.c.text("loss") == "classification" {
                self.err[k] = m * ((self.y[k] - top).exp() / all * mass - want[k]);
                self.loss += m * want[k] * (all.ln() - self.y[k] + top);
            } else {
                self.err[k] = m * (self.y[k] - want[k]);
                self.loss += 0.5 * (self.y[k] - want[k]) * self.err[k];
            }
        }
    }

    fn learn(&mut self, p: &Input) {
        let t = self.l.len();
        self.l.push(vec![0.0; p.n]);
        self.onebar = p.kappa * self.onebar + 1.0;
        for j in 0..p.n {
            self.l[t][j] = (0..p.n_out).map(|k| p.fb[j * p.n_out + k] * self.err[k]).sum();
            let l = if t >= p.late { self.l[t - p.late][j] } else { 0.0 };
            self.zbar[j] = p.kappa * self.zbar[j] + self.z[t][j];
            for at in j * p.m..(j + 1) * p.m { (self.g[at], self.sum_e[at]) = (self.g[at] + l * self.ebar[at], self.sum_e[at] + self.e[at]); }
            for k in 0..p.n_out { self.g_out[k * p.n + j] += self.err[k] * self.zbar[j]; }
        }
        for k in 0..p.n_out { self.g_bout[k] += self.err[k] * self.onebar; }
    }

    fn regularise(&mut self, p: &Input) {
        let steps = (p.steps * p.trials) as f64;
        for j in 0..p.n {
            let off = self.spikes[j] / steps - p.f_target;
            self.loss += 0.5 * p.c_reg * off * off;
            for at in j * p.m..(j + 1) * p.m { self.g[at] += p.c_reg * off / steps * self.sum_e[at]; }
        }
    }
}

fn descend(w: &mut [f64], decay: f64, eta: f64, g: impl Fn(usize) -> f64) { for (k, w) in w.iter_mut().enumerate() { *w = *w - decay * *w - eta * g(k); } }

/// W <- W - eta g; B follows Wout (symmetric), or learns as it does (adaptive).
fn update(p: &mut Input, s: &mut Network) {
    let (n, n_in, n_out, m, eta, decay) = (p.n, p.n_in, p.n_out, p.m, p.c.real("eta"), p.c.real("lambda"));
    descend(&mut p.win, 0.0, eta, |k| s.g[k / n_in * m + k % n_in]);
    descend(&mut p.wrec, 0.0, eta, |k| s.g[k / n * m + n_in + k % n]);
    descend(&mut p.bias, 0.0, eta, |j| s.g[j * m + n_in + n]);
    descend(&mut p.wout, decay, eta, |k| s.g_out[k]);
    descend(&mut p.bout, 0.0, eta, |k| s.g_bout[k]);
    if p.c.text("rule") == "eprop1-adaptive" { descend(&mut p.fb, decay, eta, |k| s.g_out[k % n_out * n + k / n_out]); }
    if p.c.text("rule") == "eprop1-symmetric" { p.fb = p.feedback(); }
    s.clear(p);
}

/// Collects `got` lines.
struct Answer<'a> { c: &'a Case, text: String, count: usize }

impl Answer<'_> {
    fn finish(&self, out: &mut impl io::Write) -> io::Result<()> { writeln!(out, "{}done {}", self.text, self.count) }
    /// Rows of `width` numbers, of which columns from..to are told (from = to: that one); width 1: one index, 0: none.
    fn tell(&mut self, name: &str, front: &str, values: &[f64], width: usize, from: usize, to: usize) {
        if !self.c.text("want").split(',').any(|w| w == name) { return; }
        for (at, value) in values.iter().enumerate() {
            let (j, m) = (at / width.max(1), at % width.max(1));
            if width > 1 && (m < from || m >= to.max(from + 1)) { continue; }
            let index = match (width, to - from) { (0, _) => String::new(), (1, _) | (_, 0) => format!(" {j}"), _ => format!(" {j} {}", m - from) };
            let _ = writeln!(self.text, "got {name}{front}{index} {:016x}", value.to_bits());
            self.count += 1;
        }
    }
}

fn tell_step(out: &mut Answer, p: &Input, s: &Network, t: usize) {
    let (front, now) = (if p.trials > 1 { format!(" {} {t}", s.b) } else { format!(" {t}") }, s.l.len() - 1);
    let lines = [("I", &s.i), ("v", &s.v), ("a", &s.a), ("z", &s.z[now]), ("r", &s.r), ("psi", &s.psi), ("y", &s.y), ("err", &s.err), ("L", &s.l[now])];
    for (name, values) in lines { out.tell(name, &front, values, 1, 0, 1); }
    for (name, rows) in [("eps_v", &s.eps_v), ("eps_a", &s.eps_a), ("e", &s.e), ("ebar", &s.ebar)] { out.tell(name, &front, rows, p.m, 0, p.m); }
}

fn tell_gradients(out: &mut Answer, p: &Input, s: &Network) {
    let bias = p.n_in + p.n;
    out.tell("E", "", &[s.loss], 0, 0, 0);
    out.tell("dWin", "", &s.g, p.m, 0, p.n_in);
    out.tell("dWrec", "", &s.g, p.m, p.n_in, bias);
    for (k, name) in ["db", "dalpha", "drho", "dbeta"].iter().enumerate().take(p.m - bias) { out.tell(name, "", &s.g, p.m, bias + k, bias + k); }
    for k in 0..p.n_out { out.tell("dWout", &format!(" {k}"), &s.g_out[k * p.n..(k + 1) * p.n], 1, 0, 1); }
    out.tell("dbout", "", &s.g_bout, 1, 0, 1);
}

fn tell_update(out: &mut Answer, p: &Input, s: &Network, u: usize) {
    out.tell("count", &format!(" {u}"), &s.count, 1, 0, 1);
    out.tell("loss", &format!(" {u}"), &[s.loss], 0, 0, 0);
    for (name, w, width) in [("Win", &p.win, p.n_in), ("Wrec", &p.wrec, p.n), ("b", &p.bias, 1), ("Wout", &p.wout, p.n), ("bout", &p.bout, 1), ("B", &p.fb, p.n_out)] {
        out.tell(name, &format!(" {u}"), w, width, 0, width);
    }
}

fn answer(c: &Case) -> Answer<'_> {
    let (mut p, chain, regime) = (Input::new(c), c.whole("updates", 0), c.text("regime"));
    let (mut s, mut out) = (Network { count: vec![0.0; p.n], ..Default::default() }, Answer { c, text: String::new(), count: 0 });
    s.clear(&p);
    for u in 1..=chain.max(1) {
        for b in 0..p.trials {
            s.b = b;
            if u == 1 || c.text("carry") != "all" { s.reset(&p); }
            for t in 1..=p.steps {
                s.forward(&p, t);
                s.readout(&p, t);
                s.learn(&p);
                if chain == 0 { tell_step(&mut out, &p, &s, t); }
                if regime == "online" { update(&mut p, &mut s); }
            }
        }
        if regime != "online" { s.regularise(&p); }
        if chain == 0 { tell_gradients(&mut out, &p, &s); }
        if regime == "batch" { update(&mut p, &mut s); }
        if c.text("report").split(',').any(|w| w == u.to_string()) { tell_update(&mut out, &p, &s, u); }
        if chain > 0 { s.loss = 0.0; }
    }
    out
}

fn main() -> io::Result<()> {
    let (mut case, mut out) = (Case::default(), io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        match line.split(' ').next().unwrap_or("") {
            "eprop" => writeln!(out, "{GREETING}\nready")?,
            "case" => case = Case::new(&line),
            "in" => case.add(&line),
            "end" if !case.supported() => writeln!(out, "unsupported this convention")?,
            "end" => answer(&case).finish(&mut out)?,
            "bye" => break,
            _ => {}
        }
        out.flush()?;
    }
    Ok(())
}
