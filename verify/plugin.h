/* plugin.h: ports in shared objects: loading, running a case.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_PLUGIN_H
#define VFY_PLUGIN_H

#include "compare.h"
#include "eprop_port.h"

typedef struct vfy_plugin {
    void *object; /* of dlopen */
    eprop_port table; /* as long as this loader knows it: what the port's own lacks is zero */
    const eprop_port *port;
} vfy_plugin;

/* Loads a shared object and checks its table. EP_IO: cannot be loaded; EP_PORT: no symbol, another version, a missing
 * function, an impossible claim. err (VFY_EPV_ERR bytes) says which. */
EP_MUST_USE ep_status vfy_plugin_load(const char *path, vfy_plugin *out, char *err, size_t n);
void vfy_plugin_unload(vfy_plugin *p);

/* Does the port claim this case? EP_NOTIMPL: no; err says what is outside. */
EP_MUST_USE ep_status vfy_plugin_claims(const eprop_port *p, const vfy_epv_case *c, char *err, size_t n);

/* Runs a case and collects what it expects and the port claims; the rest stays NULL. EP_NOTIMPL: outside the claims;
 * EP_PORT: the port failed or broke the protocol; EP_NOMEM; EP_DOMAIN: too large to hold. out only on EP_OK; release it
 * with vfy_answer_clear(). */
EP_MUST_USE ep_status vfy_plugin_run(const eprop_port *p, const vfy_epv_case *c, vfy_answer *out, char *err, size_t n);

/* ---- a case kept open: the run, then forced steps -------------------------------------------------------------- */

typedef struct vfy_plugin_case vfy_plugin_case;
/* Hands the case to the port. The same errors as vfy_plugin_run(). c and p must outlive it. */
EP_MUST_USE ep_status vfy_plugin_open(const eprop_port *p, const vfy_epv_case *c, vfy_plugin_case **out, char *err, size_t n);
EP_MUST_USE ep_status vfy_plugin_answer(vfy_plugin_case *k, vfy_answer *out, char *err, size_t n);
/* Quantity q of trial b after step t: values, one step of one trial. EP_NOTIMPL: the port cannot set states. */
EP_MUST_USE ep_status vfy_plugin_set(vfy_plugin_case *k, int b, int t, vfy_quantity q, const double *values, char *err, size_t n);
/* Step t of trial b alone; elements of other steps and trials, and what has no time, are NaN. */
EP_MUST_USE ep_status vfy_plugin_step(vfy_plugin_case *k, int b, int t, vfy_answer *out, char *err, size_t n);
void vfy_plugin_close(vfy_plugin_case *k);
/* Elements of quantity q in one step of one trial; 0 if it has no time. */
size_t vfy_plugin_width(const vfy_epv_case *c, vfy_quantity q);

#endif
