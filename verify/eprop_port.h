/* eprop_port.h: the door through which eprop-verify reaches an implementation of e-prop (a port) in a shared object.
 *
 * The object exports one function, eprop_port_v1, which returns a table of what the port claims and its functions:
 *
 *     const eprop_port *eprop_port_v1(void);
 *
 * The order of calls is open, then run and step in any number and order, then close. Handles are independent; a port
 * need not be safe for threads that share a handle. A case outside the port's claims is answered with
 * EPROP_UNSUPPORTED, which is an honest answer, not a failure.
 *
 * Versions: this file only ever grows. A later version appends fields to the structs (`size` tells which are there),
 * values to the enumerations and never changes what exists; what does not fit becomes eprop_port_v2.
 *
 * Conventions. t = 1..T time step, b trial, c channel (LSTM: i, f, g, o; else one), j postsynaptic neuron,
 * i presynaptic neuron or input, k output. Arrays are row-major and dense. What the quantities mean and how they are
 * computed is written in PROTOCOL.md beside this file.
 * SPDX-License-Identifier: MIT */
#ifndef EPROP_PORT_H
#define EPROP_PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EPROP_PORT_VERSION = 1 };
#define EPROP_PORT_SYMBOL "eprop_port_v1"

/* What a function answers. */
enum {
    EPROP_OK = 0,
    EPROP_UNSUPPORTED = 1, /* outside the port's claims: reason() says what */
    EPROP_NO_MEMORY = 2,
    EPROP_FAILED = 3       /* anything else: reason() says what */
};

/* Element type of every array of a case. */
enum {
    EPROP_F32 = 0, /* float  */
    EPROP_F64 = 1, /* double */
    EPROP_I32 = 2, /* int32_t n, meaning n 2^-f with f from input_fraction, quantity_fraction */
    /* int32_t n of a fixed-point profile: the integers of reference/FIXED.md, each in the format that its quantity has
     * there. The scalars of a case are such integers too: kappa, v_th, slope, eta, lambda. */
    EPROP_FIXED_Q15 = 3, EPROP_FIXED_S16_15 = 4, EPROP_FIXED_W8 = 5, EPROP_FIXED_RECKON = 6
};

enum { EPROP_LIF, EPROP_ALIF, EPROP_LSNN, EPROP_LSTM, EPROP_RATE, EPROP_SYNAPTIC };

enum {
    EPROP_RULE_BPTT, EPROP_RULE_RTRL, EPROP_RULE_EPROP1_SYMMETRIC, EPROP_RULE_EPROP1_RANDOM, EPROP_RULE_EPROP1_ADAPTIVE,
    EPROP_RULE_EPROP1_GLOBAL, EPROP_RULE_TBPTT, EPROP_RULE_TBPTT_SG, EPROP_RULE_EPROP3, EPROP_RULE_EPROP3_SG,
    EPROP_RULE_EPROP2
};

enum { EPROP_LOSS_REGRESSION, EPROP_LOSS_CLASSIFICATION };

/* eprop3: which state is seeded at a window's end. */
enum { EPROP_SEED_NONE, EPROP_SEED_C, EPROP_SEED_Z, EPROP_SEED_ZC };

/* Indices of eprop_case.option. The values count from 0 in the order written here. */
enum {
    EPROP_OPT_G_IN,           /* 1; 1-alpha; gain[0] */
    EPROP_OPT_G_A,            /* 1; 1-rho; gain[1] */
    EPROP_OPT_G_OUT,          /* 1; 1-kappa; gain[2] */
    EPROP_OPT_GAIN_DIFF,      /* no; yes */
    EPROP_OPT_PSI_WIDTH,      /* v_th; A = v_th + beta a */
    EPROP_OPT_DZ_DA,          /* -beta psi; -beta psi v/A */
    EPROP_OPT_PSI_SCALE,      /* gamma/v_th; gamma */
    EPROP_OPT_PSI_SHAPE,      /* triangle; fast sigmoid; exponential; arctan */
    EPROP_OPT_SPIKE_TEST,     /* >; >= */
    EPROP_OPT_SPIKE_FROM,     /* v^t; v^{t-1} */
    EPROP_OPT_REF_COUNT,      /* n_ref; n_ref + 1 */
    EPROP_OPT_RESET,          /* v_th next step; A next step; v_th same step */
    EPROP_OPT_ADAPT_SOURCE,   /* z; z without refractoriness; rho (a + z) */
    EPROP_OPT_PSI_REFRACTORY, /* 0; unmasked */
    EPROP_OPT_RESET_PATH,     /* transmitted; in the trace; detached */
    EPROP_OPT_LOSS_NORM,      /* sum; mean over steps; over trials; over both */
    EPROP_OPT_PHI,            /* tanh; identity */
    EPROP_OPT_DELAY,          /* the number of steps, >= 1 */
    EPROP_OPT_DELAY_L,        /* the number of steps, >= 0 */
    EPROP_N_OPTION
};

/* Indices of eprop_case.input. */
enum {
    EPROP_IN_WIN,      /* [c][n_rec][n_in]  */
    EPROP_IN_WREC,     /* [c][n_rec][n_rec] */
    EPROP_IN_BIAS,     /* [c][n_rec] */
    EPROP_IN_WOUT,     /* [n_out][n_rec] */
    EPROP_IN_BOUT,     /* [n_out] */
    EPROP_IN_FEEDBACK, /* [n_rec][n_out] B of e-prop 1; NULL: Wout transposed */
    EPROP_IN_ALPHA,    /* [n_rec] */
    EPROP_IN_RHO,      /* [n_rec] */
    EPROP_IN_BETA,     /* [n_rec] */
    EPROP_IN_ALPHA_S,  /* [n_rec] */
    EPROP_IN_X,        /* [B][T][n_in] */
    EPROP_IN_TARGET,   /* [B][T][n_out] */
    EPROP_IN_MASK,     /* [B][T]; NULL: all 1 */
    EPROP_IN_Z,        /* [B][T][n_rec] spikes to take in the place of the network's own; NULL: its own */
    EPROP_IN_PSI,      /* [B][T][n_rec] the same for psi */
    EPROP_IN_L,        /* [B][T][n_rec] the same for the learning signal */
    EPROP_N_INPUT
};

/* Quantities, in the order in which a step computes them. Traces have M columns a row: channel by channel n_in inputs,
 * n_rec recurrent, 1 bias; then the model's constants in the order alpha, rho, beta, alpha_s. */
enum {
    EPROP_Q_I,       /* [B][T][c][n_rec] input current */
    EPROP_Q_S,       /* [B][T][n_rec] synaptic current */
    EPROP_Q_V,       /* [B][T][n_rec] */
    EPROP_Q_A,       /* [B][T][n_rec] */
    EPROP_Q_C,       /* [B][T][n_rec] memory of the LSTM */
    EPROP_Q_Z,       /* [B][T][n_rec] */
    EPROP_Q_R,       /* [B][T][n_rec] refractory counter after the step */
    EPROP_Q_PSI,     /* [B][T][n_rec] */
    EPROP_Q_EPS_S,   /* rows: eligibility vector, by component of the hidden state */
    EPROP_Q_EPS_V,
    EPROP_Q_EPS_A,
    EPROP_Q_EPS_C,
    EPROP_Q_E,       /* rows: eligibility trace */
    EPROP_Q_EBAR,    /* rows: e filtered with kappa */
    EPROP_Q_Y,       /* [B][T][n_out] */
    EPROP_Q_ERR,     /* [B][T][n_out] */
    EPROP_Q_LOSS,    /* [1] E, the regulariser included */
    EPROP_Q_L,       /* [B][T][n_rec] learning signal */
    EPROP_Q_DWIN,    /* gradients, shaped as the inputs, summed over the batch */
    EPROP_Q_DWREC,
    EPROP_Q_DBIAS,
    EPROP_Q_DWOUT,
    EPROP_Q_DBOUT,
    EPROP_Q_DALPHA,
    EPROP_Q_DRHO,
    EPROP_Q_DBETA,
    EPROP_Q_DALPHA_S,
    EPROP_Q_COUNT,    /* of chains, from here on; [updates][..], rows of `report` are read. Spikes since the start: [n_rec] */
    EPROP_Q_ULOSS,    /* E of the update */
    EPROP_Q_WIN,      /* weights after the update, shaped as the inputs */
    EPROP_Q_WREC,
    EPROP_Q_BIAS,
    EPROP_Q_WOUT,
    EPROP_Q_BOUT,
    EPROP_Q_FEEDBACK, /* eprop1-adaptive */
    EPROP_N_QUANTITY
};
#define EPROP_BIT(n) ((uint64_t)1 << (n))

/* A case. Everything it points to stays valid and in place until close; a caller may change the contents of the input
 * arrays between runs, so every run reads them anew. */
typedef struct eprop_case {
    uint32_t size;     /* sizeof(eprop_case) as the caller knows it */
    int32_t model, rule, format, loss;
    int32_t T, B, n_in, n_rec, n_out;
    int32_t n_ref;
    int32_t window;    /* tbptt, eprop3: steps a window; else 0 */
    int32_t seed;      /* eprop3 */
    int32_t reg_off;   /* 1: the rate regulariser is left out of windows */
    uint32_t n_option; /* an option beyond n_option has value 0 */
    const int32_t *option;
    const double *gain; /* [3] values of g_in, g_a, g_out where their option is 2 */
    double kappa, v_th, gamma, b_forget, c_reg, f_target; /* exactly numbers of the format (I32: of fraction 30) */
    uint32_t n_input;
    const void *const *input; /* [n_input] in the format; NULL: all zero, if not said otherwise above */
    /* Since release 2 of this file; zero where `size` does not reach. */
    int32_t updates;        /* a chain of so many updates of the weights; 0: none */
    int32_t online, carry;  /* update after every step (else after every batch); states go on from update to update */
    uint32_t n_report;
    const int32_t *report;  /* [n_report] updates, ascending, whose numbers are asked for */
    double eta, lambda;     /* learning rate; decay of Wout and B in eprop1-adaptive */
    double slope;           /* fixed point: gamma / v_th^2, in the place of gamma */
    uint64_t draws;         /* fixed point: seed of stochastic rounding */
} eprop_case;

/* Where results go. quantity[q] is NULL (not wanted) or an array of the caller in the format. Traces are not stored:
 * where bit q of `traces` is set and trace is not NULL, the port calls it once for every row of M elements, t ascending
 * within a trial; the row is valid during the call. */
typedef struct eprop_result {
    uint32_t size;       /* sizeof(eprop_result) as the caller knows it */
    uint32_t n_quantity;
    void *const *quantity;
    uint64_t traces;     /* EPROP_BIT(EPROP_Q_E) and so on */
    void (*trace)(void *user, int32_t q, int32_t b, int32_t t, int32_t j, const void *row);
    void *user;
} eprop_result;

/* Flags of a port. */
enum {
    EPROP_CAN_SET_STATE = 1, /* set and step are there */
    EPROP_CONTRACTS = 2,     /* a b + c may be rounded once (fma) */
    EPROP_REPEATABLE = 4     /* the same case gives the same bits on every run and thread count */
};

typedef struct eprop_port {
    uint32_t size;       /* sizeof(eprop_port) as the port knows it */
    uint32_t version;    /* EPROP_PORT_VERSION */
    const char *name;    /* a-z, 0-9, - and _; at most 32 */
    const char *release; /* the port's own version */
    uint64_t formats, models, rules, losses; /* EPROP_BIT of each that is implemented */
    uint64_t quantities; /* EPROP_BIT of each that can be reported */
    uint32_t flags;
    int32_t max_in, max_rec, max_out, max_T, max_B; /* 0: no limit */
    const int8_t *input_fraction;    /* [EPROP_N_INPUT], I32 only, else NULL */
    const int8_t *quantity_fraction; /* [EPROP_N_QUANTITY], I32 only, else NULL */

    /* Prepares a case; *handle is set on EPROP_OK only. */
    int32_t (*open)(const eprop_case *c, void **handle);
    /* All trials from zero state under the case's rule. Fills what is wanted and claimed; leaves the rest untouched. */
    int32_t (*run)(void *handle, const eprop_result *out);
    /* Trial b after step t (0..T-1): the value of quantity q for all neurons (y: outputs), an array as one step of it,
     * [n_rec], [n_out] or [n_rec][M]. What may be set is s, v, a, c, z, r, y and the traces; z also for the steps before
     * t that the delay reaches. What is not set keeps its value. NULL if EPROP_CAN_SET_STATE is not in flags. */
    int32_t (*set)(void *handle, int32_t b, int32_t t, int32_t q, const void *values);
    /* Step t (1..T) of trial b alone, from the state set for t - 1. Arrays of `out` hold one step of one trial; gradients
     * are not filled. Rules whose L needs the future (bptt, eprop3) leave L untouched. */
    int32_t (*step)(void *handle, int32_t b, int32_t t, const eprop_result *out);
    void (*close)(void *handle);
    /* One line on the last answer that was not EPROP_OK; handle NULL: on open. Never NULL. */
    const char *(*reason)(void *handle);
    /* Since release 2 of this file; zero where `size` does not reach. */
    uint64_t given; /* EPROP_BIT(EPROP_IN_Z) and so on: arrays that can be taken as given */
} eprop_port;

typedef const eprop_port *(*eprop_port_function)(void);

#ifdef __cplusplus
}
#endif
#endif
