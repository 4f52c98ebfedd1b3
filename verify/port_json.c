/* port_json.c: the verdict as JSON, where Jansson is there.
 * SPDX-License-Identifier: MIT */
#include "port_verdict.h"

#ifdef EPROP_NO_JANSSON
ep_status vfy_report_json(FILE *f, const vfy_report *r)
{
    (void)f, (void)r;
    return EP_NOTIMPL;
}
#else
#include <jansson.h>
#include <math.h>

ep_status vfy_report_json(FILE *f, const vfy_report *r)
{
    static const char *const status[] = {"passed", "failed", "not tested", "broke"};
    vfy_tally t = vfy_judge_tally(r->all, r->n);
    json_t *list = json_array();
    for (size_t i = 0; i < r->n; i++) {
        const vfy_judged *j = &r->all[i];
        const vfy_epv_case *c = j->c;
        char format[24];
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "case", c->id, "model", ep_model_name(c->net.model), "rule",
                              ep_rule_name(c->rule), "family", vfy_family_name(c->family), "format", vfy_epv_format(c, format), "status",
                              status[j->status], "class", vfy_class_name(j->reached), "compared", (json_int_t)j->compared);
        if (isfinite(j->percent)) json_object_set_new(o, "percent", json_real(j->percent));
        if (j->excused) json_object_set_new(o, "excused", json_true());
        if (j->diverged) json_object_set_new(o, "quantity", json_string(vfy_quantity_name(j->q)));
        if (j->diverged && (c->updates || j->t <= c->batch.T)) json_object_set_new(o, c->updates ? "update" : "step", json_integer(j->t));
        const struct { const char *key, *value; } text[] = {{"first", j->first}, {"forced", j->forced}, {"likely", j->cause}, {"reason", j->reason}, {"own", j->rest}};
        for (int k = 0; k < 5; k++)
            if (*text[k].value) json_object_set_new(o, text[k].key, json_string(text[k].value));
        json_array_append_new(list, o);
    }
    json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:o}", "port", r->port->name, "version", r->port->version,
                            "claimed", vfy_class_name(r->claim), "reached", vfy_class_name(t.reached), "passed", (json_int_t)t.passed, "failed",
                            (json_int_t)t.failed, "broke", (json_int_t)t.broke, "not_tested", (json_int_t)t.untested, "exit", vfy_tally_code(&t),
                            "cases", list);
    bool bad = !all || json_dumpf(all, f, JSON_INDENT(1)) != 0 || fputc('\n', f) == EOF;
    json_decref(all);
    return bad ? EP_IO : EP_OK;
}
#endif
