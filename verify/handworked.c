/* The paper: five small networks, each line of their working as fractions. Nothing here was computed by the code
 * that it judges: the fractions follow from the equations as written below, and were confirmed by a second way,
 * moving each parameter's tangent forward in time (LSTM and rate: central differences). d(..) is dE/d(..), with the
 * symbols of reference/algo/adjoint.c.
 * SPDX-License-Identifier: MIT
 *
 * ==== 1. LIF: one neuron, T = 3 ====================================================================
 * alpha = kappa = 1/2, v_th = 1, gamma = 1/2, gains 1; Win = 1/2, b = 1/4, Wout = 1, bout = 1/4; x = 1, 2, 1
 *   t  I = x/2 + 1/4   v                          v - 1   z   psi = (1 - |v - 1|)/2
 *   1  3/4             3/4                        -1/4    0   3/8
 *   2  5/4             3/8 + 5/4 = 13/8            5/8    1   3/16
 *   3  3/4             13/16 + 3/4 - 1 = 9/16     -7/16   0   9/32       (reset by the spike of t = 2)
 * y^1 = 1/4;  y^2 = 1/8 + 1 + 1/4 = 11/8;  y^3 = 11/16 + 1/4 = 15/16;  target 0, 1/2, 1;  err = 1/4, 7/8, -1/16
 * dy^3 = -1/16;  dy^2 = 7/8 - 1/32 = 27/32;  dy^1 = 1/4 + 27/64 = 43/64
 * fbar = 1/3, f* = 1/4, c_reg = 3: reg = 3 (1/12)/3 = 1/12;  E = (1/16 + 49/64 + 1/256)/2 + (3/2)/144 = 655/1536
 *   L^3 = -1/16 + 1/12 = 1/48                        dv^3 = 9/32 L^3 = 3/512
 *   L^2 = 27/32 + 1/12 - dv^3 = 1415/1536            dv^2 = 3/16 L^2 + dv^3/2 = 1439/8192
 *   L^1 = 43/64 + 1/12 - dv^2 = 14243/24576          dv^1 = 3/8 L^1 + dv^2/2 = 19999/65536
 * dWin = dv^1 + 2 dv^2 + dv^3 = (19999 + 23024 + 384)/65536 = 43407/65536
 * db = dv^1 + dv^2 + dv^3 = 31895/65536;  dalpha = 3/4 dv^2 + 13/8 dv^3 = (4317 + 312)/32768 = 4629/32768
 * dWout = dy^2 = 27/32;  dbout = 43/64 + 27/32 - 1/16 = 93/64
 * By the factorization: eps = 1, 5/2, 9/4;  e = psi eps = 3/8, 15/32, 81/128
 * dWin = sum L e = (14243 + 28300 + 864)/65536, the same.
 *
 * ==== 2. ALIF (and the LSNN): two neurons, T = 5, d = 2, n_ref = 3 =================================
 * alpha = (1/2, 1/4), rho = (1/4, 1/2), beta = (1, 1), g_in = 1/2, g_a = 2, g_out = 2, kappa = 1/2, v_th = 1, gamma = 1/2
 * Win = (1, 1), Wrec_01 = 1/2, Wrec_10 = 3, b = (0, 1), Wout = (1, -1), bout = 1/2; x = 3, 0, 1, 0, 1
 * a^t = rho a^{t-1} + 2 z^{t-1};  v^t = alpha v^{t-1} + I/2 - z^{t-1};  X = v - 1 - a
 *   neuron 0: t  I              a      v        X        r before   z   psi
 *             1  3              0      3/2      1/2      0          1   1/4
 *             2  0              2      -1/4     -13/4    2          0   0        (refractory)
 *             3  1 + 1/2 = 3/2  1/2    5/8      -7/8     1          0   0        (refractory; 1/16 if it were not)
 *             4  0              1/8    5/16     -13/16   0          0   3/32
 *             5  1              1/32   21/32    -3/8     0          0   5/16
 *   neuron 1: 1  3 + 1 = 4      0      2        1        0          1   0        (X = v_th: the triangle's foot)
 *             2  1              2      0        -3       2          0   0        (refractory)
 *             3  1 + 1 + 3 = 5  1      5/2      1/2      1          0   0        (X > 0: a spike suppressed)
 *             4  1              1/2    9/8      -3/8     0          0   5/16     (a spike without adaptation)
 *             5  1 + 1 = 2      1/4    41/32    1/32     0          1   31/64
 * y = 2(1/2), 1/2 + 1, 3/4 + 1, 7/8 + 1, 15/16 + 2(-1/2) = 1, 3/2, 7/4, 15/8, -1/16;  target 1, 2, 0, 1, 2
 * err = 0, -1/2, 7/4, 7/8, -33/16;  dy^5..1 = -33/16, 7/8 - 33/32 = -5/32, 107/64, 43/128, 43/256
 * fbar = 1/5, 2/5, f* = 1/2, c_reg = 25/4: reg = (5/4)(fbar - 1/2) = -3/8, -1/8
 * E = 2133/512 + (25/8)(9/100 + 1/100) = 2133/512 + 5/16 = 2293/512
 * L_0^t = 2 dy^t - 3/8 + (1/2) 3 dv_1^{t+2} - dv_0^{t+1};   L_1^t = -2 dy^t - 1/8 + (1/2)(1/2) dv_0^{t+2} - dv_1^{t+1}
 * dz = L + 2 da^{t+1};  dv = psi dz + alpha dv^{t+1};  da = -psi dz + rho da^{t+1}
 *   neuron 0: t   L             dz            dv             da
 *             5   -9/2          -9/2          -45/32         45/32
 *             4   23/32         113/32        -381/1024      21/1024
 *             3   6397/1024     6439/1024     -381/2048      21/4096
 *             2   -2923/2048    -1451/1024    -381/4096      21/16384
 *             1   -1735/4096    -3449/8192    -4973/32768    6919/65536
 *   neuron 1: 5   4             4             31/16          -31/16
 *             4   -7/4          -45/8         -163/128       101/128
 *             3   -163/64       -31/32        -163/512       101/256
 *             2   -2341/4096    891/4096      -163/2048      101/512
 *             1   -3505/8192    -273/8192     -163/8192      101/1024
 * dWin_j = (3 dv^1 + dv^3 + dv^5)/2: (-14919/32768 - 6096/32768 - 46080/32768)/2 = -67095/65536;
 *          (-489/8192 - 2608/8192 + 15872/8192)/2 = 12775/16384
 * dWrec_01 = (1/2) dv_0^3 z_1^1 = -381/4096;  dWrec_10 = (1/2) dv_1^3 z_0^1 = -163/1024
 * db_j = (1/2) sum dv = -72389/65536, 2017/16384
 * dalpha_0 = 3/2 dv^2 - 1/4 dv^3 + 5/8 dv^4 + 5/16 dv^5 = (-1143 + 381 - 1905 - 3600)/8192 = -6267/8192
 * dalpha_1 = 2 dv^2 + 0 + 5/2 dv^4 + 9/8 dv^5 = -163/1024 - 3260/1024 + 2232/1024 = -1191/1024
 * drho_0 = 2 da^3 + 1/2 da^4 + 1/8 da^5 = (21 + 21 + 360)/2048 = 201/1024
 * drho_1 = 2 da^3 + 1 da^4 + 1/2 da^5 = (101 + 101 - 124)/128 = 39/64
 * dbeta = -sum a psi dz: 0: -(1/8)(3/32)(113/32) + (1/32)(5/16)(9/2) = (-339 + 360)/8192 = 21/8192
 *                        1: (1/2)(5/16)(45/8) - (1/4)(31/64) 4 = 225/256 - 124/256 = 101/256
 * dWout = 2 dy^1 = 43/128;  2 (dy^1 + dy^5) = 43/128 - 528/128 = -485/128
 * dbout = 2 sum dy = 2 (43 + 86 + 428 - 40 - 528)/256 = -11/128
 *
 * ==== 3. LIF with a synaptic current: two neurons, T = 4, n_ref = 2 ================================
 * alpha = (1/2, 1/4), alpha_s = (1/4, 1/2), g_in = 1/2, kappa = 1/2, v_th = 1, gamma = 1/2
 * Win = (1, 1), Wrec_01 = -1, Wrec_10 = 1, b = (1/2, 1/2), Wout = (1, 2), bout = 1/2; x = 2, 0, 0, 0
 * s^t = alpha_s s^{t-1} + I/2;  v^t = alpha v^{t-1} + s^t - z^{t-1}
 *   neuron 0: t  I      s         v          v - 1      z   psi
 *             1  5/2    5/4       5/4        1/4        1   3/8
 *             2  -1/2   1/16      -5/16      -21/16     0   0          (refractory)
 *             3  1/2    17/64     7/64       -57/64     0   7/128
 *             4  -1/2   -47/256   -33/256    -289/256   0   0
 *   neuron 1: 1  5/2    5/4       5/4        1/4        1   3/8
 *             2  3/2    11/8      11/16      -5/16      0   0          (refractory; 11/32 if it were not)
 *             3  1/2    15/16     71/64      7/64       1   57/128
 *             4  1/2    23/32     -1/256     -257/256   0   0          (refractory)
 * y = 7/2, 7/4 + 1/2, 9/8 + 5/2, 29/16 + 1/2 = 7/2, 9/4, 29/8, 37/16;  target 1, 1, 2, 1;  err = 5/2, 5/4, 13/8, 21/16
 * dy^4..1 = 21/16, 73/32, 153/64, 473/128;  E = (1600 + 400 + 676 + 441)/512 = 3117/512
 * L_0^t = dy^t + (1/2) ds_1^{t+1} - dv_0^{t+1};  L_1^t = 2 dy^t - (1/2) ds_0^{t+1} - dv_1^{t+1}
 * dv = psi L + alpha dv^{t+1};  ds = dv + alpha_s ds^{t+1}
 *   neuron 0: t   L               dv               ds
 *             4   21/16           0                0
 *             3   73/32           511/4096         511/4096
 *             2   6721/2048       511/8192         1533/16384
 *             1   72005/16384     220103/131072    223169/131072
 *   neuron 1: 4   21/8            0                0
 *             3   73/16           4161/2048        4161/2048
 *             2   22013/8192      4161/8192        12483/8192
 *             1   223999/32768    705285/262144    905013/262144
 * dWin = (1/2) 2 ds^1;  dWrec_01 = (1/2)(ds_0^2 z_1^1 + ds_0^4 z_1^3) = 1533/32768;  dWrec_10 = (1/2) ds_1^2 = 12483/16384
 * db = (1/2) sum ds = 251785/262144, 1837077/524288
 * dalpha = 5/4 dv^2 + v^2 dv^3: (5110 - 2555)/65536 = 2555/65536;  (20805 + 45771)/32768 = 4161/2048
 * dalpha_s = 5/4 ds^2 + s^2 ds^3: (7665 + 511)/65536 = 511/4096;  (62415 + 91542)/32768 = 153957/32768
 * dWout = dy^1 = 473/128;  dy^1 + dy^3 = 765/128;  dbout = (473 + 306 + 292 + 168)/128 = 1239/128
 *
 * ==== 4. LSTM: one unit, identity output, T = 2 =====================================================
 * Gates are rational where pre-activations are logarithms: sigmoid(ln(p/(1-p))) = p, tanh(ln p) = (p^2-1)/(p^2+1).
 *   t   i            f              g               o
 *   1   1/2 (0)      1/2 (0)        3/5 (ln 2)      2/3 (ln 2)
 *   2   1/3 (-ln 2)  3/4 (ln 3)     -4/5 (-ln 3)    1/2 (0)
 * c^1 = 3/10, z^1 = 1/5;  c^2 = 3/4 3/10 - 4/15 = -1/24, z^2 = -1/48
 * x = 1, 2, r = Wrec = (1/2, 1, -1, 2), b_forget = 1/2: w = I^2 - I^1 - r/5 and b = I^1 - w give the weights below
 * Wout = 1, bout = 0, kappa = 1/2: y = 1/5, 1/10 - 1/48 = 19/240;  target 0, 1;  err = 1/5, -221/240
 * E = (2304 + 48841)/115200 = 10229/23040;  dy^2 = -221/240, dy^1 = 1/5 - 221/480 = -25/96
 * D^2 = g i(1-i), c^1 f(1-f), i(1-g^2), c^2 o(1-o) = -8/45, 9/160, 3/25, -1/96;   D^1 = 3/20, 0, 8/25, 1/15
 * L^2 = -221/240, dc^2 = L^2/2 = -221/480:  dI^2 = 221/2700, -663/25600, -221/4000, 221/23040
 * L^1 = -25/96 + 221/5400 - 663/25600 + 221/4000 + 221/11520 = -590821/3456000
 * dc^1 = 2/3 L^1 + 3/4 dc^2 = -2380921/5184000
 * dI^1 = -2380921/34560000, 0, -2380921/16200000, -590821/51840000
 * dWin = dI^1 + 2 dI^2;  dWrec = dI^2/5;  db = dI^1 + dI^2
 * dWout = dy^1/5 - dy^2/48 = -25/480 + 221/11520 = -379/11520;  dbout = -25/96 - 221/240 = -189/160
 *
 * ==== 5. Leaky rate units: two, T = 2 ================================================================
 * v^1 = (ln 2, ln 3), v^2 = (ln 3, -ln 2):  z^1 = (3/5, 4/5), z^2 = (4/5, -3/5), 1 - z^2 = (16/25, 9/25), (9/25, 16/25)
 * alpha = (1/2, 1/4), Wrec_01 = 5/2, Wrec_10 = -5, x = 1, 3: w = (I^2 - I^1)/2, b = I^1 - w with
 * I^1 = v^1 and I^2 = v^2 - alpha v^1 - (2, -3) give the weights below
 * Wout = (1, -1), bout = 0, kappa = 1/2: y = -1/5, -1/10 + 7/5 = 13/10;  target 0, 1;  err = -1/5, 3/10;  E = 13/200
 * dy^2 = 3/10, dy^1 = -1/5 + 3/20 = -1/20;  L^2 = (3/10, -3/10), dv^2 = (9/25, 16/25) L^2 = (27/250, -24/125)
 * L^1 = -1/20 - 5 (-24/125), 1/20 + 5/2 (27/250) = 91/100, 8/25
 * dv^1 = 16/25 91/100 + 27/500 = 1591/2500;  9/25 8/25 - 6/125 = 42/625
 * dWin = dv^1 + 3 dv^2 = 2401/2500, -318/625;  dWrec_01 = 4/5 dv_0^2 = 54/625, dWrec_10 = 3/5 dv_1^2 = -72/625
 * db = dv^1 + dv^2 = 1861/2500, -78/625;  dalpha = dv^2 v^1 = 27/250 ln 2, -24/125 ln 3
 * dWout = -1/20 3/5 + 3/10 4/5 = 21/100;  -1/20 4/5 - 3/10 3/5 = -11/50;  dbout = 1/4 */
#include "handworked.h"

static const double lif_x[] = {1, 2, 1}, lif_target[] = {0, 0.5, 1};
static const double alif_x[] = {3, 0, 1, 0, 1}, alif_target[] = {1, 2, 0, 1, 2};
static const double synaptic_x[] = {2, 0, 0, 0}, synaptic_target[] = {1, 1, 2, 1};
static const double lstm_x[] = {1, 2}, rate_x[] = {1, 3}, two_target[] = {0, 1};

#define THETA(p) [EP_G_THETA + (p)]
#define PSI_OF_ONE .gamma = 0.5, .v_th = 1, .kappa = 0.5
#define ALIF_CASE(title, kind)                                                                                        \
    {.name = title,                                                                                                   \
     .net = {.model = kind, .n_in = 1, .n_rec = 2, .n_out = 1, .n_ref = 3, PSI_OF_ONE,                                \
             .opt = {.delay = 2, .g_in = EP_GAIN_VALUE, .g_in_value = 0.5, .g_a = EP_GAIN_VALUE, .g_a_value = 2,      \
                     .g_out = EP_GAIN_VALUE, .g_out_value = 2}},                                                      \
     .batch = {.T = 5, .B = 1, .x = alif_x, .target = alif_target, .c_reg = 6.25, .f_target = 0.5},                   \
     .param = {[EP_G_WIN] = "1, 1", [EP_G_WREC] = "0, 1/2, 3, 0", [EP_G_BIAS] = "0, 1", [EP_G_WOUT] = "1, -1",        \
               [EP_G_BOUT] = "1/2", THETA(EP_ALPHA) = "1/2, 1/4", THETA(EP_RHO) = "1/4, 1/2",                         \
               THETA(EP_BETA) = "1, 1"},                                                                              \
     .h = "3/2, 0, 2, 0, -1/4, 2, 0, 2, 5/8, 1/2, 5/2, 1, 5/16, 1/8, 9/8, 1/2, 21/32, 1/32, 41/32, 1/4",              \
     .z = "1, 1, 0, 0, 0, 0, 0, 0, 0, 1", .y = "1, 3/2, 7/4, 15/8, -1/16", .E = "2293/512",                           \
     .q = "1/4, 0, 0, 0, 0, 0, 3/32, 5/16, 5/16, 31/64", .n_q = 1,                                                    \
     .want = {[EP_G_WIN] = "-67095/65536, 12775/16384", [EP_G_WREC] = "0, -381/4096, -163/1024, 0",                   \
              [EP_G_BIAS] = "-72389/65536, 2017/16384", [EP_G_WOUT] = "43/128, -485/128", [EP_G_BOUT] = "-11/128",    \
              THETA(EP_ALPHA) = "-6267/8192, -1191/1024", THETA(EP_RHO) = "201/1024, 39/64",                          \
              THETA(EP_BETA) = "21/8192, 101/256"}}

static const vfy_paper papers[] = {
    {.name = "one LIF neuron, T = 3",
     .net = {.model = EP_LIF, .n_in = 1, .n_rec = 1, .n_out = 1, PSI_OF_ONE, .opt.delay = 1},
     .batch = {.T = 3, .B = 1, .x = lif_x, .target = lif_target, .c_reg = 3, .f_target = 0.25},
     .param = {[EP_G_WIN] = "1/2", [EP_G_WREC] = "0", [EP_G_BIAS] = "1/4", [EP_G_WOUT] = "1", [EP_G_BOUT] = "1/4",
               THETA(EP_ALPHA) = "1/2"},
     .h = "3/4, 13/8, 9/16", .z = "0, 1, 0", .y = "1/4, 11/8, 15/16", .E = "655/1536", .q = "3/8, 3/16, 9/32", .n_q = 1,
     .want = {[EP_G_WIN] = "43407/65536", [EP_G_WREC] = "0", [EP_G_BIAS] = "31895/65536", [EP_G_WOUT] = "27/32",
              [EP_G_BOUT] = "93/64", THETA(EP_ALPHA) = "4629/32768"}},
    ALIF_CASE("two ALIF neurons, d = 2, n_ref = 3", EP_ALIF),
    ALIF_CASE("the same two as an LSNN", EP_LSNN),
    {.name = "two LIF with synaptic current",
     .net = {.model = EP_SYNAPTIC, .n_in = 1, .n_rec = 2, .n_out = 1, .n_ref = 2, PSI_OF_ONE,
             .opt = {.delay = 1, .g_in = EP_GAIN_VALUE, .g_in_value = 0.5}},
     .batch = {.T = 4, .B = 1, .x = synaptic_x, .target = synaptic_target},
     .param = {[EP_G_WIN] = "1, 1", [EP_G_WREC] = "0, -1, 1, 0", [EP_G_BIAS] = "1/2, 1/2", [EP_G_WOUT] = "1, 2",
               [EP_G_BOUT] = "1/2", THETA(EP_ALPHA) = "1/2, 1/4", THETA(EP_ALPHA_S) = "1/4, 1/2"},
     .h = "5/4, 5/4, 5/4, 5/4, 1/16, -5/16, 11/8, 11/16, 17/64, 7/64, 15/16, 71/64, -47/256, -33/256, 23/32, -1/256",
     .z = "1, 1, 0, 0, 0, 1, 0, 0", .y = "7/2, 9/4, 29/8, 37/16", .E = "3117/512",
     .q = "3/8, 3/8, 0, 0, 7/128, 57/128, 0, 0", .n_q = 1,
     .want = {[EP_G_WIN] = "223169/131072, 905013/262144", [EP_G_WREC] = "0, 1533/32768, 12483/16384, 0",
              [EP_G_BIAS] = "251785/262144, 1837077/524288", [EP_G_WOUT] = "473/128, 765/128",
              [EP_G_BOUT] = "1239/128", THETA(EP_ALPHA) = "2555/65536, 4161/2048",
              THETA(EP_ALPHA_S) = "511/4096, 153957/32768"}},
    {.name = "one LSTM unit with rational gates", .logs = true,
     .net = {.model = EP_LSTM, .n_in = 1, .n_rec = 1, .n_out = 1, .kappa = 0.5, .b_forget = 0.5,
             .opt = {.delay = 1, .phi = EP_PHI_IDENTITY}},
     .batch = {.T = 2, .B = 1, .x = lstm_x, .target = two_target},
     .param = {[EP_G_WIN] = "-1*ln2 -1/10, 1*ln3 -1/5, -1*ln3 -1*ln2 1/5, -1*ln2 -2/5", [EP_G_WREC] = "1/2, 1, -1, 2",
               [EP_G_BIAS] = "1*ln2 1/10, -1*ln3 -3/10, 2*ln2 1*ln3 -1/5, 2*ln2 2/5", [EP_G_WOUT] = "1", [EP_G_BOUT] = "0"},
     .h = "3/10, -1/24", .z = "1/5, -1/48", .y = "1/5, 19/240", .E = "10229/23040",
     .q = "1/2, 1/2, 3/5, 2/3, 3/10, 1/3, 3/4, -4/5, 1/2, -1/24", .n_q = 5,
     .want = {[EP_G_WIN] = "3276679/34560000, -663/12800, -4171021/16200000, 403679/51840000",
              [EP_G_WREC] = "221/13500, -663/128000, -221/20000, 221/115200",
              [EP_G_BIAS] = "149293/11520000, -663/25600, -3275971/16200000, -93571/51840000",
              [EP_G_WOUT] = "-379/11520", [EP_G_BOUT] = "-189/160"}},
    {.name = "two leaky rate units with rational tanh", .logs = true,
     .net = {.model = EP_RATE, .n_in = 1, .n_rec = 2, .n_out = 1, .kappa = 0.5, .opt.delay = 1},
     .batch = {.T = 2, .B = 1, .x = rate_x, .target = two_target},
     .param = {[EP_G_WIN] = "1/2*ln3 -3/4*ln2 -1, -1/2*ln2 -5/8*ln3 3/2", [EP_G_WREC] = "0, 5/2, -5, 0",
               [EP_G_BIAS] = "7/4*ln2 -1/2*ln3 1, 13/8*ln3 1/2*ln2 -3/2", [EP_G_WOUT] = "1, -1", [EP_G_BOUT] = "0",
               THETA(EP_ALPHA) = "1/2, 1/4"},
     .h = "1*ln2, 1*ln3, 1*ln3, -1*ln2", .z = "3/5, 4/5, 4/5, -3/5", .y = "-1/5, 13/10", .E = "13/200",
     .want = {[EP_G_WIN] = "2401/2500, -318/625", [EP_G_WREC] = "0, 54/625, -72/625, 0",
              [EP_G_BIAS] = "1861/2500, -78/625", [EP_G_WOUT] = "21/100, -11/50", [EP_G_BOUT] = "1/4",
              THETA(EP_ALPHA) = "27/250*ln2, -24/125*ln3"}},
};

size_t vfy_paper_count(void) { return sizeof papers / sizeof *papers; }
const vfy_paper *vfy_paper_at(size_t n) { return n < vfy_paper_count() ? &papers[n] : NULL; }
