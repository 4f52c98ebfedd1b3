// port.v: a LIF core with e-prop 1 in Verilog, and a bench that lets eprop-verify talk to it: the template of a port.
//
//     iverilog -g2005 -o port.vvp port.v  &&  eprop-verify port --port 'vvp -n port.vvp'
//
// The core computes one step a clock in `real` (binary64). Put your own in its place: the bench writes weights, constants and
// the step's inputs into it by name, gives one clock, and reads what it computed. Equations and lines: verify/PROTOCOL.md.
// SPDX-License-Identifier: MIT
module lif_eprop #(parameter IN = 16, REC = 16, OUT = 4, RING = 33, ROW = IN + REC + 2) (input clk);
    integer n_in, n_rec, n_out, n_ref, delay, delay_L, classes;
    real kappa, v_th, gamma, mask;
    real Win[0:REC*IN-1], Wrec[0:REC*REC-1], b[0:REC-1], Wout[0:OUT*REC-1], bout[0:OUT-1], B[0:REC*OUT-1], alpha[0:REC-1];
    real x[0:IN-1], target[0:OUT-1];
    // A trial after its last step. Rows of traces: inputs, recurrent, bias, alpha. z^t and L^t stand at t % RING.
    integer t, r[0:REC-1];
    real I[0:REC-1], v[0:REC-1], psi[0:REC-1], y[0:OUT-1], err[0:OUT-1], L[0:REC-1], zbar[0:REC-1], onebar;
    real z[0:RING*REC-1], late[0:RING*REC-1], eps_v[0:REC*ROW-1], e[0:REC*ROW-1], ebar[0:REC*ROW-1];
    // Sums over all steps of all trials.
    real g[0:REC*ROW-1], sum_e[0:REC*ROW-1], gWout[0:OUT*REC-1], gbout[0:OUT-1], spikes[0:REC-1], E;

    integer i, j, k, m, bias, now, before, late_z, late_L;
    real above, tent, pre, v_before, top, all, mass, off, p[0:OUT-1];

    task traces; // of neuron j
        for (m = 0; m < bias + 2; m = m + 1) begin
            if (m < n_in) pre = x[m];
            else if (m < bias) pre = (m - n_in == j) ? 0.0 : z[late_z + m - n_in];
            else pre = (m == bias) ? 1.0 : v_before;
            eps_v[j*ROW+m] = alpha[j] * eps_v[j*ROW+m] + pre;
            e[j*ROW+m] = psi[j] * eps_v[j*ROW+m];
            ebar[j*ROW+m] = kappa * ebar[j*ROW+m] + e[j*ROW+m];
        end
    endtask

    task forward;
        for (j = 0; j < n_rec; j = j + 1) begin
            I[j] = b[j];
            for (i = 0; i < n_rec; i = i + 1) I[j] = I[j] + Wrec[j*REC+i] * z[late_z+i];
            for (i = 0; i < n_in; i = i + 1) I[j] = I[j] + Win[j*IN+i] * x[i];
            v_before = v[j];
            v[j] = alpha[j] * v_before + I[j] - v_th * z[before+j];
            above = v[j] - v_th;
            tent = 1.0 - (above < 0.0 ? -above : above) / v_th;
            psi[j] = (tent > 0.0 && r[j] == 0) ? gamma / v_th * tent : 0.0;
            z[now+j] = (above > 0.0 && r[j] == 0) ? 1.0 : 0.0;
            if (z[now+j] > 0.0) r[j] = (n_ref > 1) ? n_ref - 1 : 0;
            else if (r[j] > 0) r[j] = r[j] - 1;
            spikes[j] = spikes[j] + z[now+j];
            traces;
        end
    endtask

    task readout;
        begin
            all = 0.0; mass = 0.0;
            for (k = 0; k < n_out; k = k + 1) begin
                pre = bout[k];
                for (j = 0; j < n_rec; j = j + 1) pre = pre + Wout[k*REC+j] * z[now+j];
                y[k] = kappa * y[k] + pre;
                if (k == 0 || y[k] > top) top = y[k];
            end
            for (k = 0; k < n_out; k = k + 1) begin
                p[k] = $exp(y[k] - top);
                all = all + p[k]; mass = mass + target[k];
            end
            for (k = 0; k < n_out; k = k + 1) begin
                off = y[k] - target[k];
                err[k] = mask * (classes ? p[k] / all * mass - target[k] : off);
                E = E + (classes ? mask * (target[k] * ($ln(all) - y[k] + top)) : 0.5 * (off * err[k]));
            end
        end
    endtask

    task learn;
        begin
            onebar = kappa * onebar + 1.0;
            for (j = 0; j < n_rec; j = j + 1) begin
                L[j] = 0.0;
                for (k = 0; k < n_out; k = k + 1) L[j] = L[j] + B[j*OUT+k] * err[k];
                late[now+j] = L[j];
                zbar[j] = kappa * zbar[j] + z[now+j];
                for (m = 0; m < bias + 2; m = m + 1) begin
                    g[j*ROW+m] = g[j*ROW+m] + late[late_L+j] * ebar[j*ROW+m];
                    sum_e[j*ROW+m] = sum_e[j*ROW+m] + e[j*ROW+m];
                end
                for (k = 0; k < n_out; k = k + 1) gWout[k*REC+j] = gWout[k*REC+j] + err[k] * zbar[j];
            end
            for (k = 0; k < n_out; k = k + 1) gbout[k] = gbout[k] + err[k] * onebar;
        end
    endtask

    always @(posedge clk) begin
        t = t + 1; bias = n_in + n_rec;
        now = t % RING * REC;
        before = (t + RING - 1) % RING * REC;
        late_z = (t + RING - delay) % RING * REC;
        late_L = (t + RING - delay_L) % RING * REC;
        forward; readout; learn;
    end

    task clear_state; // before a trial
        begin
            t = 0; onebar = 0.0;
            for (i = 0; i < RING*REC; i = i + 1) begin z[i] = 0.0; late[i] = 0.0; end
            for (i = 0; i < REC*ROW; i = i + 1) begin eps_v[i] = 0.0; e[i] = 0.0; ebar[i] = 0.0; end
            for (i = 0; i < REC; i = i + 1) begin v[i] = 0.0; r[i] = 0; zbar[i] = 0.0; end
            for (i = 0; i < OUT; i = i + 1) y[i] = 0.0;
        end
    endtask

    task clear_all; // before a case
        begin
            clear_state;
            E = 0.0;
            for (i = 0; i < REC*ROW; i = i + 1) begin g[i] = 0.0; sum_e[i] = 0.0; end
            for (i = 0; i < OUT*REC; i = i + 1) begin Wout[i] = 0.0; B[i] = 0.0; gWout[i] = 0.0; end
            for (i = 0; i < REC*IN; i = i + 1) Win[i] = 0.0;
            for (i = 0; i < REC*REC; i = i + 1) Wrec[i] = 0.0;
            for (i = 0; i < REC; i = i + 1) begin b[i] = 0.0; alpha[i] = 0.0; spikes[i] = 0.0; end
            for (i = 0; i < OUT; i = i + 1) begin bout[i] = 0.0; gbout[i] = 0.0; end
        end
    endtask
endmodule

module port;
    localparam IN = 16, REC = 16, OUT = 4, RING = 33, ROW = IN + REC + 2, STEPS = 257, TRIALS = 4, NAMES = 60, STDIN = 32'h8000_0000;
    reg clk = 0;
    lif_eprop #(IN, REC, OUT, RING) dut(clk);

    // One case: what the core does not hold.
    integer T, trials, trial, odd, symmetric, n_got, i, j, k;
    real c_reg, f_target, reg_L, rate;
    real x[0:TRIALS*STEPS*IN-1], target[0:TRIALS*STEPS*OUT-1], mask[0:TRIALS*STEPS-1];
    reg [0:NAMES-1] want; // bit `name % NAMES`: no two of the quantities claimed share one

    // ---- words: the text up to a blank, '=', ',' or line feed (c), and its digits read as decimal and as hexadecimal
    reg [8*24:1] word, key;
    reg [63:0] hex;
    integer dec, c, index[0:7], n, at, set_t; // states were set for the steps up to set_t

    task next;
        begin
            word = 0; dec = 0; hex = 0;
            c = $fgetc(STDIN);
            while (c > " " && c != "=" && c != ",") begin
                word = {word, c[7:0]};
                dec = dec * 10 + (c - "0");
                hex = {hex, c[6] ? c[3:0] + 4'd9 : c[3:0]};
                c = $fgetc(STDIN);
            end
        end
    endtask

    task head; // NAME=VALUE words up to the end of the line
        begin
            dut.clear_all;
            dut.n_ref = 0; dut.delay = 1; dut.delay_L = 0; dut.kappa = 0.0;
            trials = 1; odd = 0; want = 0; c_reg = 0.0; f_target = 0.0; set_t = 0; trial = 0;
            for (i = 0; i < TRIALS*STEPS*IN; i = i + 1) x[i] = 0.0;
            for (i = 0; i < TRIALS*STEPS*OUT; i = i + 1) target[i] = 0.0;
            for (i = 0; i < TRIALS*STEPS; i = i + 1) mask[i] = 1.0;
            next; // the id
            while (c != "\n") begin
                next;
                key = word;
                next;
                case (key)
                "T": T = dec;                                  "B": trials = dec;
                "n_in": dut.n_in = dec;                        "n_rec": dut.n_rec = dec;
                "n_out": dut.n_out = dec;                      "n_ref": dut.n_ref = dec;
                "delay": dut.delay = dec;                      "delay_L": dut.delay_L = dec;
                "kappa": dut.kappa = $bitstoreal(hex);         "c_reg": c_reg = $bitstoreal(hex);
                "v_th": dut.v_th = $bitstoreal(hex);           "f_target": f_target = $bitstoreal(hex);
                "gamma": dut.gamma = $bitstoreal(hex);
                "loss": dut.classes = (word == "classification"); "rule": symmetric = (word == "eprop1-symmetric");
                "preset": odd = odd | (word != "paper2019");   "reset_path": odd = odd | (word == "local");
                "want": begin want[word % NAMES] = 1; while (c == ",") begin next; want[word % NAMES] = 1; end end
                "model", "format": ;
                default: odd = 1;
                endcase
            end
            odd = odd | (dut.delay >= RING) | (dut.delay_L >= RING);
        end
    endtask

    task store; // NAME INDICES BITS of an input, or of a state after step set_t
        integer a, d, b;
        real value;
        begin
            key = word;
            for (n = 0; c != "\n"; n = n + 1) begin
                next;
                index[n] = dec;
            end
            value = $bitstoreal(hex);
            d = index[n-2]; // the last index, the one before it, and the trial
            a = n > 2 ? index[n-3] : 0;
            b = n > 3 ? index[0] : 0;
            case (key)
            "Win": dut.Win[a*IN+d] = value;                    "Wrec": dut.Wrec[a*REC+d] = value;
            "Wout": dut.Wout[a*REC+d] = value;                 "B": dut.B[a*OUT+d] = value;
            "b": dut.b[d] = value;                             "bout": dut.bout[d] = value;
            "alpha": dut.alpha[d] = value;                     "mask": mask[a*STEPS+d] = value;
            "x": x[(b*STEPS+a)*IN+d] = value;                  "target": target[(b*STEPS+a)*OUT+d] = value;
            "v": dut.v[d] = value;                             "z": dut.z[at % RING * REC + d] = value;
            "r": dut.r[d] = value;                             "y": dut.y[d] = value;
            "eps_v": dut.eps_v[a*ROW+d] = value;               "e": dut.e[a*ROW+d] = value;
            "ebar": dut.ebar[a*ROW+d] = value;
            default: ;
            endcase
        end
    endtask

    // A got line, if the quantity is wanted; of = 0: one for all, 1: of this trial and step; depth: further indices a, d
    task got(input [8*8:1] q, input integer of, input integer depth, input integer a, input integer d, input real value);
        if (want[q % NAMES]) begin
            $write("got %0s", q);
            if (of && trials > 1) $write(" %0d", trial);
            if (of) $write(" %0d", dut.t);
            if (depth > 0) $write(" %0d", a);
            if (depth > 1) $write(" %0d", d);
            $display(" %h", $realtobits(value));
            n_got = n_got + 1;
        end
    endtask

    task step;
        begin
            for (i = 0; i < dut.n_in; i = i + 1) dut.x[i] = x[(trial*STEPS + dut.t + 1)*IN + i];
            for (k = 0; k < dut.n_out; k = k + 1) dut.target[k] = target[(trial*STEPS + dut.t + 1)*OUT + k];
            dut.mask = mask[trial*STEPS + dut.t + 1];
            #1 clk = 1; #1 clk = 0;
            for (j = 0; j < dut.n_rec; j = j + 1) begin
                got("I", 1, 1, j, 0, dut.I[j]);          got("v", 1, 1, j, 0, dut.v[j]);
                got("z", 1, 1, j, 0, dut.z[dut.now+j]);  got("r", 1, 1, j, 0, dut.r[j]);
                got("psi", 1, 1, j, 0, dut.psi[j]);      got("L", 1, 1, j, 0, dut.L[j]);
                for (i = 0; i < dut.bias + 2; i = i + 1) begin
                    got("eps_v", 1, 2, j, i, dut.eps_v[j*ROW+i]);
                    got("e", 1, 2, j, i, dut.e[j*ROW+i]);
                    got("ebar", 1, 2, j, i, dut.ebar[j*ROW+i]);
                end
            end
            for (k = 0; k < dut.n_out; k = k + 1) begin got("y", 1, 1, k, 0, dut.y[k]); got("err", 1, 1, k, 0, dut.err[k]); end
        end
    endtask

    task run; // all trials, then the gradient with the regulariser in it
        begin
            for (j = 0; j < REC*OUT && symmetric; j = j + 1) dut.B[j] = dut.Wout[j % OUT * REC + j / OUT];
            for (trial = 0; trial < trials; trial = trial + 1) begin
                dut.clear_state;
                while (dut.t < T) step;
            end
            trial = 0; // of a forced step that names none
            for (j = 0; j < dut.n_rec; j = j + 1) begin
                rate = dut.spikes[j] / (T * trials);
                reg_L = c_reg * (rate - f_target) / (T * trials);
                dut.E = dut.E + 0.5 * (c_reg * (rate - f_target) * (rate - f_target));
                for (i = 0; i < dut.bias + 2; i = i + 1) dut.g[j*ROW+i] = dut.g[j*ROW+i] + reg_L * dut.sum_e[j*ROW+i];
                for (i = 0; i < dut.n_in; i = i + 1) got("dWin", 0, 2, j, i, dut.g[j*ROW+i]);
                for (i = 0; i < dut.n_rec; i = i + 1) got("dWrec", 0, 2, j, i, dut.g[j*ROW+dut.n_in+i]);
                got("db", 0, 1, j, 0, dut.g[j*ROW+dut.bias]);  got("dalpha", 0, 1, j, 0, dut.g[j*ROW+dut.bias+1]);
                for (k = 0; k < dut.n_out; k = k + 1) got("dWout", 0, 2, k, j, dut.gWout[k*REC+j]);
            end
            for (k = 0; k < dut.n_out; k = k + 1) got("dbout", 0, 1, k, 0, dut.gbout[k]);
            got("E", 0, 0, 0, 0, dut.E);
        end
    endtask

    initial begin
        next;
        while (word != "bye" && c >= 0) begin
            n_got = 0;
            case (word)
            "eprop": begin
                next;
                $write("port name=verilog-template version=1 formats=f64 models=lif rules=eprop1 losses=regression,classification ");
                $write("quantities=I,v,z,r,psi,eps_v,e,ebar,y,err,E,L,dWin,dWrec,db,dWout,dbout,dalpha ");
                $display("max_in=%0d max_rec=%0d max_out=%0d max_T=%0d max_B=%0d set=yes contract=off\nready", IN, REC, OUT, STEPS - 1, TRIALS);
            end
            "case": head;
            "in": begin next; store; end
            "set": begin // set t=T [b=B] NAME ...
                next; next; at = dec; if (dec > set_t) set_t = dec;
                next; if (c == "=") begin next; trial = dec; next; end
                store;
            end
            "step": begin dut.t = set_t; step; set_t = 0; trial = 0; end
            "end": if (!odd) run;
            default: ;
            endcase
            if (odd && (word == "end" || word == "step")) $display("unsupported this convention or delay");
            else if (word == "end" || word == "step") $display("done %0d", n_got);
            $fflush;
            next;
        end
        $finish(0);
    end
endmodule
