/* port_report.c: the verdict as TAP 14 and JUnit.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "port_verdict.h"

static void title(const vfy_judged *j, char *buf, size_t n)
{
    const vfy_epv_case *c = j->c;
    char format[24];
    (void)snprintf(buf, n, "ep:%s %s %s %s %s T=%d", c->id, ep_model_name(c->net.model), ep_rule_name(c->rule),
                   vfy_family_name(c->family), vfy_epv_format(c, format), c->batch.T);
}

static void yaml(FILE *f, const char *key, const char *value)
{
    if (!*value) return;
    fprintf(f, "  %s: '", key);
    for (; *value; value++) fprintf(f, *value == '\'' ? "''" : "%c", *value);
    fprintf(f, "'\n");
}

static void details(FILE *f, const vfy_report *r, const vfy_judged *j)
{
    char again[600];
    fprintf(f, "  ---\n");
    yaml(f, "verdict", j->status == VFY_PORT_BROKE ? "the port broke" : vfy_class_name(j->reached));
    yaml(f, "claimed", vfy_class_name(r->claim));
    yaml(f, "reason", j->reason);
    if (j->diverged) yaml(f, "quantity", vfy_quantity_name(j->q));
    if (j->diverged && (j->c->updates || j->t <= j->c->batch.T)) fprintf(f, "  %s: %d\n", j->c->updates ? "update" : "step", j->t);
    yaml(f, "first", j->first);
    yaml(f, "forced", j->forced);
    yaml(f, "own", j->rest);
    yaml(f, "likely", j->cause);
    (void)snprintf(again, sizeof again, "%s --only %s", r->again, j->c->id);
    yaml(f, "again", again);
    fprintf(f, "  ...\n");
}

void vfy_report_tap(FILE *f, const vfy_report *r)
{
    vfy_tally t = vfy_judge_tally(r->all, r->n);
    fprintf(f, "TAP version 14\n1..%zu\n", r->n);
    for (size_t i = 0; i < r->n; i++) {
        const vfy_judged *j = &r->all[i];
        char name[200];
        title(j, name, sizeof name);
        if (j->status == VFY_UNTESTED) fprintf(f, "ok %zu - %s # SKIP %s\n", i + 1, name, j->reason);
        else if (j->status == VFY_PASSED) fprintf(f, "ok %zu - %s: %s, %.0f %% of the limit%s\n", i + 1, name, vfy_class_name(j->reached), j->percent,
                                                  j->flip ? ", up to a flip that rounding may cause" : "");
        else fprintf(f, "not ok %zu - %s%s\n", i + 1, name, j->excused ? " # TO" "DO listed as known" : ""); /* TAP's word for it */
        if (j->status == VFY_FAILED || j->status == VFY_PORT_BROKE) details(f, r, j);
        else if (*j->rest) fprintf(f, "# %s\n", j->rest);
    }
    fprintf(f, "# port %s %s: claimed %s, reached %s; %zu passed, %zu failed, %zu failed as listed, %zu broke, %zu not tested\n", r->port->name,
            r->port->version, vfy_class_name(r->claim), t.passed + t.failed ? vfy_class_name(t.reached) : "nothing", t.passed, t.failed, t.excused, t.broke, t.untested);
    fprintf(f, "# %zu values compared, %zu of them not zero; largest error %.3g %% of its limit\n", t.compared, t.live, t.percent);
    if (vfy_tally_code(&t) == 4) fprintf(f, "# nothing was tested: this is no pass\n");
    const vfy_judged *j = vfy_judge_first(r->all, r->n);
    if (!j) return;
    fprintf(f, "# first divergence: %s\n", j->first);
    if (*j->forced) fprintf(f, "# forced step: %s\n", j->forced);
    if (*j->rest) fprintf(f, "# own spikes: %s\n", j->rest);
    if (*j->cause) fprintf(f, "# likely cause: %s\n", j->cause);
    fprintf(f, "# show it again: %s --only %s\n", r->again, j->c->id);
}

static void xml(FILE *f, const char *s)
{
    for (; *s; s++) {
        const char *e = *s == '<' ? "&lt;" : *s == '>' ? "&gt;" : *s == '&' ? "&amp;" : *s == '"' ? "&quot;" : NULL;
        if (e) fputs(e, f);
        else if ((unsigned char)*s >= 0x20) fputc(*s, f);
    }
}

static void xml_element(FILE *f, const char *name, const char *message, const char *text)
{
    fprintf(f, "    <%s message=\"", name);
    xml(f, message);
    fprintf(f, "\">");
    xml(f, text);
    fprintf(f, "</%s>\n", name);
}

void vfy_report_junit(FILE *f, const vfy_report *r)
{
    vfy_tally t = vfy_judge_tally(r->all, r->n);
    fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"eprop-verify port ");
    xml(f, r->port->name);
    fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n", r->n, t.failed, t.broke, t.untested + t.excused);
    for (size_t i = 0; i < r->n; i++) {
        const vfy_judged *j = &r->all[i];
        char name[200];
        title(j, name, sizeof name);
        fprintf(f, "  <testcase classname=\"%s.%s\" name=\"", ep_model_name(j->c->net.model), vfy_family_name(j->c->family));
        xml(f, name);
        fprintf(f, "\">\n");
        if (j->status == VFY_FAILED && j->excused) xml_element(f, "skipped", "a failure listed as known", j->first);
        else if (j->status == VFY_FAILED) xml_element(f, "failure", j->first, *j->cause ? j->cause : j->forced);
        if (j->status == VFY_PORT_BROKE) xml_element(f, "error", j->reason, "");
        if (j->status == VFY_UNTESTED) xml_element(f, "skipped", j->reason, "");
        fprintf(f, "  </testcase>\n");
    }
    fprintf(f, "</testsuite>\n");
}
