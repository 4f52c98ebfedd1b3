// oneDNN as a peer of eprop-bench: one gradient of an LSTM by BPTT with the library's own forward and backward primitives; the readout
// and the quadratic loss by its sgemm.
//
// usage: onednn_peer FILE.epv [RUNS]
//
// Reads the problem (verify/PROTOCOL.md, section 2; format f32, kappa 0), prints what bench/peers/README.md asks for. Weights in the
// layout that the library asks for, two warm-up runs, median of RUNS. One thread: set OMP_NUM_THREADS=1.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>

using namespace dnnl;
using dt = memory::data_type;
using tag = memory::format_tag;

struct problem {
    std::map<std::string, std::string> key;
    std::map<std::string, std::vector<float>> array; // dense, shapes as in PROTOCOL.md with all axes
    long T, B, I, N, K;

    static float number(const std::string &bits)
    {
        const std::uint32_t u = static_cast<std::uint32_t>(std::stoul(bits, nullptr, 16));
        float f;
        std::memcpy(&f, &u, sizeof f);
        return f;
    }

    void input(std::istringstream &words)
    {
        std::string name, word;
        std::vector<std::string> rest;
        words >> name;
        while (words >> word) rest.push_back(word);
        const std::map<std::string, std::vector<long>> shape = {{"Win", {4, N, I}}, {"Wrec", {4, N, N}}, {"b", {1, 4, N}}, {"Wout", {1, K, N}},
                                                               {"bout", {1, 1, K}}, {"x", {B, T, I}}, {"target", {B, T, K}}};
        auto s = shape.find(name);
        if (s == shape.end()) return;
        std::vector<float> &to = array[name];
        if (to.empty()) to.resize(s->second[0] * s->second[1] * s->second[2]);
        std::vector<long> at(3, 0);
        const long n = static_cast<long>(rest.size()) - 1;
        for (long k = 0; k < n; k++) at[3 - n + k] = std::stol(rest[k]);
        if (name == "x" || name == "target") at[1]--;
        to[(at[0] * s->second[1] + at[1]) * s->second[2] + at[2]] = number(rest.back());
    }

    explicit problem(const char *path)
    {
        std::ifstream f(path);
        for (std::string line, word; std::getline(f, line);) {
            std::istringstream words(line);
            words >> word;
            if (word == "in") input(words);
            else if (words >> key[word] && word == "n_out")
                T = std::stol(key["T"]), B = std::stol(key["B"]), I = std::stol(key["n_in"]), N = std::stol(key["n_rec"]), K = std::stol(key["n_out"]);
        }
    }

    // An array as the library wants it: element (c, j, i) at [i][c][j].
    std::vector<float> turned(const char *name, long rows) const
    {
        std::vector<float> v(rows * 4 * N);
        auto a = array.find(name);
        for (long c = 0; a != array.end() && c < 4; c++)
            for (long j = 0; j < N; j++)
                for (long i = 0; i < rows; i++) v[(i * 4 + c) * N + j] = a->second[(c * N + j) * rows + i];
        return v;
    }
};

static memory::desc plain(memory::dims d, tag t) { return memory::desc(d, dt::f32, t); }
static float *floats(memory &m) { return static_cast<float *>(m.get_data_handle()); }
static void put(memory &m, const std::vector<float> &v)
{
    std::fill_n(floats(m), m.get_desc().get_size() / sizeof(float), 0.0f);
    std::copy(v.begin(), v.end(), floats(m));
}

static long count = 0;
static void got(const char *name, std::initializer_list<long> index, float v)
{
    std::uint32_t u;
    std::memcpy(&u, &v, sizeof u);
    std::printf("got %s", name);
    for (long i : index) std::printf(" %ld", i);
    std::printf(" %08x\n", u);
    count++;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        std::fprintf(stderr, "usage: onednn_peer FILE.epv [RUNS]\n");
        return 2;
    }
    problem p(argv[1]);
    const int runs = argc > 2 ? std::atoi(argv[2]) : 3;
    if (p.key["model"] != "lstm" || p.key["rule"] != "bptt" || problem::number(p.key["kappa"]) != 0) {
        std::printf("unsupported %s %s\n", p.key["model"].c_str(), p.key["rule"].c_str());
        return 0;
    }
    const long N = p.N, I = p.I, K = p.K, T = p.T, B = p.B;
    engine cpu(engine::kind::cpu, 0);
    stream s(cpu);
    auto src = plain({T, B, I}, tag::tnc), dst = plain({T, B, N}, tag::tnc), iter = plain({1, 1, B, N}, tag::ldnc);
    auto bias = plain({1, 1, 4, N}, tag::ldgo), w_any = plain({1, 1, I, 4, N}, tag::any), u_any = plain({1, 1, N, 4, N}, tag::any);
    const auto way = rnn_direction::unidirectional_left2right;
    lstm_forward::desc fd(prop_kind::forward_training, way, src, iter, iter, w_any, u_any, bias, dst, iter, iter);
    lstm_forward::primitive_desc fp(fd, cpu);
    auto w_plain = plain({1, 1, I, 4, N}, tag::ldigo), u_plain = plain({1, 1, N, 4, N}, tag::ldigo);
    lstm_backward::desc bd(prop_kind::backward, way, src, iter, iter, w_any, u_any, bias, dst, iter, iter, src, iter, iter, w_plain,
                           u_plain, bias, dst, iter, iter);
    lstm_backward::primitive_desc bp(bd, cpu, fp);
    auto make = [&](const memory::desc &d) { return memory(d, cpu); };
    memory x = make(src), h0 = make(iter), c0 = make(iter), b = make(bias), h = make(dst), hT = make(iter), cT = make(iter);
    memory w = make(w_plain), u = make(u_plain);
    memory wf = make(fp.weights_layer_desc()), uf = make(fp.weights_iter_desc()), wb = make(bp.weights_layer_desc());
    memory ub = make(bp.weights_iter_desc()), work = make(fp.workspace_desc());
    memory dx = make(src), dh0 = make(iter), dc0 = make(iter), db = make(bias), dh = make(dst), dhT = make(iter), dcT = make(iter);
    memory dw = make(w_plain), du = make(u_plain);
    memory out = make(plain({K, N}, tag::ab)), dout = make(plain({K, N}, tag::ab)), y = make(plain({T * B, K}, tag::ab));
    std::vector<float> target(T * B * K), xs(T * B * I), bout = p.array["bout"];
    for (long t = 0; t < T; t++)
        for (long r = 0; r < B; r++) {
            std::copy_n(&p.array["x"][(r * T + t) * I], I, &xs[(t * B + r) * I]);
            std::copy_n(&p.array["target"][(r * T + t) * K], K, &target[(t * B + r) * K]);
        }
    put(x, xs);
    put(w, p.turned("Win", I));
    put(u, p.turned("Wrec", N));
    put(b, p.array["b"]);
    put(out, p.array["Wout"]);
    for (memory *m : {&h0, &c0, &dhT, &dcT}) put(*m, {});
    lstm_forward forward(fp);
    lstm_backward backward(bp);
    std::vector<double> times;
    for (int run = 0; run < runs + 2; run++) {
        auto start = std::chrono::steady_clock::now();
        for (auto pair : {std::make_pair(&w, &wf), std::make_pair(&u, &uf), std::make_pair(&w, &wb), std::make_pair(&u, &ub)})
            reorder(*pair.first, *pair.second).execute(s, *pair.first, *pair.second);
        forward.execute(s, {{DNNL_ARG_SRC_LAYER, x}, {DNNL_ARG_SRC_ITER, h0}, {DNNL_ARG_SRC_ITER_C, c0}, {DNNL_ARG_WEIGHTS_LAYER, wf},
                            {DNNL_ARG_WEIGHTS_ITER, uf}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST_LAYER, h}, {DNNL_ARG_DST_ITER, hT},
                            {DNNL_ARG_DST_ITER_C, cT}, {DNNL_ARG_WORKSPACE, work}});
        s.wait();
        dnnl_sgemm('N', 'T', T * B, K, N, 1, floats(h), N, floats(out), N, 0, floats(y), K);
        for (long i = 0; i < T * B * K; i++) floats(y)[i] += (bout.empty() ? 0 : bout[i % K]) - target[i];
        dnnl_sgemm('T', 'N', K, N, T * B, 1, floats(y), K, floats(h), N, 0, floats(dout), N);
        dnnl_sgemm('N', 'N', T * B, N, K, 1, floats(y), K, floats(out), N, 0, floats(dh), N);
        for (memory *m : {&dw, &du, &db}) std::fill_n(floats(*m), m->get_desc().get_size() / sizeof(float), 0.0f); // it adds
        backward.execute(s, {{DNNL_ARG_SRC_LAYER, x}, {DNNL_ARG_SRC_ITER, h0}, {DNNL_ARG_SRC_ITER_C, c0}, {DNNL_ARG_WEIGHTS_LAYER, wb},
                             {DNNL_ARG_WEIGHTS_ITER, ub}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST_LAYER, h}, {DNNL_ARG_DST_ITER, hT},
                             {DNNL_ARG_DST_ITER_C, cT}, {DNNL_ARG_WORKSPACE, work}, {DNNL_ARG_DIFF_SRC_LAYER, dx},
                             {DNNL_ARG_DIFF_SRC_ITER, dh0}, {DNNL_ARG_DIFF_SRC_ITER_C, dc0}, {DNNL_ARG_DIFF_WEIGHTS_LAYER, dw},
                             {DNNL_ARG_DIFF_WEIGHTS_ITER, du}, {DNNL_ARG_DIFF_BIAS, db}, {DNNL_ARG_DIFF_DST_LAYER, dh},
                             {DNNL_ARG_DIFF_DST_ITER, dhT}, {DNNL_ARG_DIFF_DST_ITER_C, dcT}});
        s.wait();
        std::chrono::duration<double> t = std::chrono::steady_clock::now() - start;
        if (run >= 2) times.push_back(t.count());
    }
    std::sort(times.begin(), times.end());
    std::printf("seconds %.9f\n", times[times.size() / 2]);
    for (long c = 0; c < 4; c++)
        for (long j = 0; j < N; j++) {
            for (long i = 0; i < I; i++) got("dWin", {c, j, i}, floats(dw)[(i * 4 + c) * N + j]);
            for (long i = 0; i < N; i++) got("dWrec", {c, j, i}, floats(du)[(i * 4 + c) * N + j]);
            got("db", {c, j}, floats(db)[c * N + j]);
        }
    for (long k = 0; k < K; k++) {
        double sum = 0;
        for (long i = 0; i < T * B; i++) sum += floats(y)[i * K + k];
        for (long j = 0; j < N; j++) got("dWout", {k, j}, floats(dout)[k * N + j]);
        got("dbout", {k}, static_cast<float>(sum));
    }
    std::printf("done %ld\n", count);
    return 0;
}
