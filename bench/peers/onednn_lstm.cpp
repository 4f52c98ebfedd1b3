// What a user of oneDNN would write: one gradient of an LSTM by its own forward and backward primitives, the readout and a
// quadratic loss by its sgemm.
//
// usage: onednn_lstm N N_IN N_OUT T B [RUNS]
//
// Prints "onednn-lstm-bptt", a tab, seconds. One thread (set OMP_NUM_THREADS=1), weights in the layout that the library
// asks for, two warm-up runs, median of RUNS.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>

using namespace dnnl;
using dt = memory::data_type;
using tag = memory::format_tag;

static memory::desc plain(memory::dims d, tag t) { return memory::desc(d, dt::f32, t); }

static void fill(memory &m, float scale, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, scale);
    float *v = static_cast<float *>(m.get_data_handle());
    for (size_t i = 0; i < m.get_desc().get_size() / sizeof(float); i++) v[i] = normal(random);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        std::fprintf(stderr, "usage: onednn_lstm N N_IN N_OUT T B [RUNS]\n");
        return 2;
    }
    const long N = std::atol(argv[1]), I = std::atol(argv[2]), K = std::atol(argv[3]), T = std::atol(argv[4]), B = std::atol(argv[5]);
    const int runs = argc > 6 ? std::atoi(argv[6]) : 3;
    engine cpu(engine::kind::cpu, 0);
    stream s(cpu);
    auto src = plain({T, B, I}, tag::tnc), dst = plain({T, B, N}, tag::tnc), iter = plain({1, 1, B, N}, tag::ldnc);
    auto bias = plain({1, 1, 4, N}, tag::ldgo), w_any = plain({1, 1, I, 4, N}, tag::any), u_any = plain({1, 1, N, 4, N}, tag::any);
    const auto way = rnn_direction::unidirectional_left2right;
    lstm_forward::desc fd(prop_kind::forward_training, way, src, iter, iter, w_any, u_any, bias, dst, iter, iter);
    lstm_forward::primitive_desc fp(fd, cpu);
    lstm_backward::desc bd(prop_kind::backward, way, src, iter, iter, w_any, u_any, bias, dst, iter, iter, src, iter, iter, w_any,
                           u_any, bias, dst, iter, iter);
    lstm_backward::primitive_desc bp(bd, cpu, fp);
    auto make = [&](const memory::desc &d) { return memory(d, cpu); };
    memory x = make(src), h0 = make(iter), c0 = make(iter), b = make(bias), h = make(dst), hT = make(iter), cT = make(iter);
    memory w = make(plain({1, 1, I, 4, N}, tag::ldigo)), u = make(plain({1, 1, N, 4, N}, tag::ldigo));
    memory wf = make(fp.weights_layer_desc()), uf = make(fp.weights_iter_desc()), wb = make(bp.weights_layer_desc());
    memory ub = make(bp.weights_iter_desc()), work = make(fp.workspace_desc());
    memory dx = make(src), dh0 = make(iter), dc0 = make(iter), db = make(bias), dh = make(dst), dhT = make(iter), dcT = make(iter);
    memory dw = make(bp.diff_weights_layer_desc()), du = make(bp.diff_weights_iter_desc());
    memory out = make(plain({N, K}, tag::ab)), dout = make(plain({N, K}, tag::ab)), y = make(plain({T * B, K}, tag::ab));
    memory target = make(plain({T * B, K}, tag::ab));
    unsigned seed = 0;
    for (memory *m : {&x, &w, &u, &b, &out, &target}) fill(*m, m == &x || m == &target ? 1.0f : 1.0f / 16, ++seed);
    for (memory *m : {&h0, &c0, &dhT, &dcT}) fill(*m, 0, ++seed);
    lstm_forward forward(fp);
    lstm_backward backward(bp);
    std::vector<double> times;
    auto floats = [](memory &m) { return static_cast<float *>(m.get_data_handle()); };
    for (int run = 0; run < runs + 2; run++) {
        auto start = std::chrono::steady_clock::now();
        for (auto pair : {std::make_pair(&w, &wf), std::make_pair(&u, &uf), std::make_pair(&w, &wb), std::make_pair(&u, &ub)})
            reorder(*pair.first, *pair.second).execute(s, *pair.first, *pair.second);
        forward.execute(s, {{DNNL_ARG_SRC_LAYER, x}, {DNNL_ARG_SRC_ITER, h0}, {DNNL_ARG_SRC_ITER_C, c0}, {DNNL_ARG_WEIGHTS_LAYER, wf},
                            {DNNL_ARG_WEIGHTS_ITER, uf}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST_LAYER, h}, {DNNL_ARG_DST_ITER, hT},
                            {DNNL_ARG_DST_ITER_C, cT}, {DNNL_ARG_WORKSPACE, work}});
        s.wait();
        dnnl_sgemm('N', 'N', T * B, K, N, 1, floats(h), N, floats(out), K, 0, floats(y), K);
        for (long i = 0; i < T * B * K; i++) floats(y)[i] -= floats(target)[i];
        dnnl_sgemm('T', 'N', N, K, T * B, 1, floats(h), N, floats(y), K, 0, floats(dout), K);
        dnnl_sgemm('N', 'T', T * B, N, K, 1, floats(y), K, floats(out), K, 0, floats(dh), N);
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
    std::printf("onednn-lstm-bptt\t%.6f\n", times[times.size() / 2]);
    return 0;
}
