/* epv_save.c: writes a vector file whole or not at all.
 * SPDX-License-Identifier: MIT */
#include "epv.h"
#include "outfile.h"

ep_status vfy_epv_write(const char *path, vfy_epv_case *cases, size_t n, char *err, size_t n_err)
{
    vfy_outfile o;
    ep_status st = vfy_outfile_open(path, &o, err, n_err);
    if (st != EP_OK) return st;
    st = vfy_epv_print(o.f, cases, n, err, n_err);
    if (st == EP_OK) return vfy_outfile_commit(&o, err, n_err);
    vfy_outfile_abort(&o);
    return st;
}
