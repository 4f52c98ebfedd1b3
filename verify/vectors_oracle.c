/* vectors_oracle.c: the reference, as the judge sees it.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "vectors.h"

/* The cases as the text of one file. */
static ep_status print_all(const vfy_vectors *v, char **text, size_t *size, char *err, size_t n)
{
    vfy_epv_case *list = malloc((v->n + 1) * sizeof *list);
    FILE *f = list ? open_memstream(text, size) : NULL;
    ep_status st = f ? EP_OK : EP_NOMEM;
    for (size_t i = 0; list && i < v->n; i++) list[i] = v->made[i].c;
    if (f) st = vfy_epv_print(f, list, v->n, err, n);
    if (f && fclose(f) && st == EP_OK) st = EP_NOMEM;
    free(list);
    return st;
}

static ep_status level_one(int threads, const vfy_progress *p, vfy_epv_file **out, char *err, size_t n)
{
    vfy_vectors_args a = {.level = 1, .seed = 1, .threads = threads, .progress = p};
    vfy_vectors v;
    char *text = NULL;
    size_t size = 0;
    ep_status st = vfy_vectors_make(&a, &v, err, n);
    if (st != EP_OK) return st;
    st = print_all(&v, &text, &size, err, n);
    vfy_vectors_free(&v);
    FILE *f = st == EP_OK ? fmemopen(text, size, "r") : NULL;
    if (st == EP_OK) st = f ? vfy_epv_read_stream(f, "level 1", out, err, n) : EP_NOMEM;
    if (f) (void)fclose(f);
    free(text);
    return st;
}

const vfy_oracle *vfy_reference(void)
{
    static vfy_oracle reference = {vfy_expect, level_one, vfy_port_detect, NULL};
    reference.streaming = vfy_reference_streaming();
    return &reference;
}
