/* quantity.h: what vector files and ports talk about: input arrays and computed quantities, their names, order and
 * shapes. Plain C: no MPFR.
 *
 * Axes, in the order they are written: b trial, t step (counted from 1), c channel (LSTM: i, f, g, o), j neuron,
 * l presynaptic neuron, i input, k output, m column of a trace row. Axis b is left out when there is one trial,
 * axis c when the model has one channel. Columns m: channel by channel n_in inputs, n_rec recurrent, 1 bias; then
 * one for each constant of the cell in the order alpha, rho, beta, alpha_s. Chains have an axis u in front: the
 * update, counted from 1.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_QUANTITY_H
#define VFY_QUANTITY_H

#include "eprop.h"

/* The numbers of eprop_port.h. Of fixed point a number is the integer of reference/FIXED.md, held exactly by a double. */
typedef enum vfy_format {
    VFY_F32, VFY_F64, VFY_I32 /* of shared objects only */, VFY_FIXED_Q15, VFY_FIXED_S16_15, VFY_FIXED_W8, VFY_FIXED_RECKON,
    VFY_FIXED_USER /* a profile file, known by its hash */, VFY_N_FORMAT
} vfy_format;
static inline bool vfy_format_is_fixed(vfy_format f) { return f >= VFY_FIXED_Q15; }
/* 32-bit words: 8 hexadecimal digits. */
static inline bool vfy_format_is_short(vfy_format f) { return f != VFY_F64; }

typedef enum vfy_input {
    VFY_IN_WIN, VFY_IN_WREC, VFY_IN_BIAS, VFY_IN_WOUT, VFY_IN_BOUT, VFY_IN_FEEDBACK,
    VFY_IN_THETA, /* + ep_theta */
    VFY_IN_X = VFY_IN_THETA + EP_N_THETA, VFY_IN_TARGET, VFY_IN_MASK,
    VFY_IN_GIVEN_Z, VFY_IN_GIVEN_PSI, VFY_IN_GIVEN_L, /* taken as given, where a case says so */
    VFY_N_INPUT
} vfy_input;

/* In dataflow order: the first wrong one is where to look. */
typedef enum vfy_quantity {
    VFY_Q_I, VFY_Q_S, VFY_Q_V, VFY_Q_A, VFY_Q_C, VFY_Q_Z, VFY_Q_R /* refractory counter after the step */, VFY_Q_PSI,
    VFY_Q_EPS_S, VFY_Q_EPS_V, VFY_Q_EPS_A, VFY_Q_EPS_C, VFY_Q_E, VFY_Q_EBAR,
    VFY_Q_Y, VFY_Q_ERR, VFY_Q_LOSS, VFY_Q_L,
    VFY_Q_GRAD, /* + ep_group */
    VFY_Q_COUNT = VFY_Q_GRAD + EP_N_GROUP, /* of chains, from here on: spikes since the start */
    VFY_Q_ULOSS, /* E of the update */
    VFY_Q_WEIGHT, /* + ep_group, up to bout: after the update */
    VFY_Q_FEEDBACK = VFY_Q_WEIGHT + EP_G_THETA,
    VFY_N_QUANTITY
} vfy_quantity;

enum { VFY_MAX_AXES = 4 };

typedef struct vfy_shape {
    int nd;
    int n[VFY_MAX_AXES];
    char axis[VFY_MAX_AXES + 1];
} vfy_shape;

const char *vfy_format_name(vfy_format f);
/* f32, f64, fixed:PROFILE; of a profile file fixed: and the 16 digits of its hash, which then are at profile, else "". */
bool vfy_format_parse(const char *s, vfy_format *out, char profile[17]);
const char *vfy_input_name(vfy_input i);
bool vfy_input_parse(const char *s, vfy_input *out);
const char *vfy_quantity_name(vfy_quantity q);
bool vfy_quantity_parse(const char *s, vfy_quantity *out);

/* Does a network of this model have the array, compute the quantity? */
bool vfy_input_of_model(vfy_input i, ep_model m);
bool vfy_quantity_of_model(vfy_quantity q, ep_model m);
static inline bool vfy_quantity_is_gradient(vfy_quantity q) { return q >= VFY_Q_GRAD && q < VFY_Q_COUNT; }
static inline bool vfy_quantity_of_chain(vfy_quantity q) { return q >= VFY_Q_COUNT; }

/* Shapes for a network with T steps, B trials and a chain of U updates (0: none); net->model and sizes are read, all
 * >= 1. */
vfy_shape vfy_input_shape(vfy_input i, const ep_net *net, int T, int B);
vfy_shape vfy_quantity_shape(vfy_quantity q, const ep_net *net, int T, int B, int U);

/* Number of elements; SIZE_MAX when it does not fit. */
size_t vfy_shape_size(const vfy_shape *s);
/* The written indices (step and update from 1) of row-major position `at`; index[nd]. */
void vfy_shape_index(const vfy_shape *s, size_t at, int index[VFY_MAX_AXES]);
/* Does this axis count from 1? */
static inline bool vfy_axis_from_one(char axis) { return axis == 't' || axis == 'u'; }
/* Step (of a chain: update) of position `at`, or 0 if the shape has no time axis. */
int vfy_shape_step(const vfy_shape *s, size_t at);
/* "Wrec[0][3]" into buf, cut to n bytes. */
void vfy_position_text(const char *name, const vfy_shape *s, size_t at, char *buf, size_t n);

/* Columns of a trace row. */
int vfy_trace_columns(const ep_net *net);

#endif
