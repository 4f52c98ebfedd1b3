/* stream.h: judging an answer while it comes, with a reference that walks beside the port: nothing of the past is kept, so memory does
 * not grow with the number of steps. For e-prop 1, one trial; the lines of an answer come in the order of t.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_STREAM_H
#define VFY_STREAM_H

#include "compare.h"

/* What came of it. */
typedef struct vfy_streamed {
    vfy_comparison r;      /* r.first.want is not set */
    vfy_want want;         /* of the first divergence */
    size_t live;           /* values compared that are not zero */
    bool exact;            /* all correctly rounded */
    int flip;              /* first step at which a spike, or psi at its foot, differs where rounding may do that: nothing is judged from
                            * there on; 0: none */
    size_t close;          /* steps at which that could have happened */
} vfy_streamed;

typedef struct vfy_stream vfy_stream;
typedef struct vfy_streaming {
    /* mask: bits of the quantities that will come. EP_UNABLE: a spike test is undecided at the reference's precision. */
    ep_status (*open)(const vfy_epv_case *c, uint64_t mask, vfy_stream **out);
    /* Element `at` of quantity q. EP_FORMAT: it belongs to a step that is over, or was sent before. */
    ep_status (*take)(vfy_stream *s, vfy_quantity q, size_t at, double got);
    /* The answer is complete. */
    ep_status (*finish)(vfy_stream *s, vfy_streamed *out);
    void (*close)(vfy_stream *s);
} vfy_streaming;

/* A case that says nothing about what is expected, and that can be judged like this. */
bool vfy_is_streamable(const vfy_epv_case *c);
/* Elements of everything that the case computes. */
double vfy_case_elements(const vfy_epv_case *c);

#endif
