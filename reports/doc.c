/* doc.c: one text, two formats.
 * SPDX-License-Identifier: MIT */
#include "doc.h"

#include <stdio.h>
#include <string.h>

static const char style[] =
    "body{font:16px/1.55 system-ui,'Segoe UI',Helvetica,Arial,sans-serif;color:#1b1b1b;background:#fff;max-width:62rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.7rem;line-height:1.25}h2{font-size:1.3rem;margin-top:2.6rem;border-bottom:1px solid #ddd;padding-bottom:.2rem}\n"
    "p,li{max-width:46rem}a{color:#0b5394}code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em}\n"
    "pre{background:#f5f5f5;padding:.7rem 1rem;overflow-x:auto}figure{margin:1.2rem 0}img{max-width:100%;height:auto}\n"
    "figcaption{font-size:.9rem;color:#555}.wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.88rem;margin:.8rem 0}th,td{padding:.25rem .6rem;text-align:left;border-bottom:1px solid #e2e2e2;vertical-align:top}\n"
    "th{background:#f5f5f5;position:sticky;top:0}.box{border-left:.5rem solid;padding:.6rem 1rem;margin:1.2rem 0;background:#f8f8f8}\n"
    ".box p:first-child{font-size:1.25rem;font-weight:600;margin:.1rem 0}.box p{margin:.2rem 0}\n"
    ".holds{border-color:#009e73}.fails{border-color:#d55e00}.undecided,.vacuous{border-color:#e69f00}\n"
    "td.c-good{color:#00664b;font-weight:600}td.c-bad{color:#a63c00;font-weight:700;background:#fdeee5}td.c-warn{color:#7a5200;font-weight:600;background:#fdf5e3}td.c-none{color:#999}\n"
    "h3{font-size:1.08rem;margin-top:1.8rem}.note{border-left:.3rem solid #e69f00;background:#fdf5e3;padding:.4rem .8rem}nav ol{columns:2;padding-left:1.2rem}\n"
    "img{background:#fff}\n"
    "@media (prefers-color-scheme:dark) and (not print){body{color:#ddd;background:#16181b}a{color:#7db7f0}h2{border-color:#3a3f45}figcaption{color:#aaa}\n"
    "pre,th,.box{background:#22262b}th,td{border-color:#3a3f45}.note{background:#33290f}td.c-good{color:#5fd1a8}td.c-bad{color:#ff9d66;background:#3a1f10}\n"
    "td.c-warn{color:#f0c060;background:#33290f}td.c-none{color:#777}img{padding:.4rem;border-radius:.3rem}}\n"
    "@media (max-width:40rem){body{margin:1rem auto}nav ol{columns:1}table{font-size:.8rem}}\n"
    "@media print{body{margin:0;max-width:none}h2{break-after:avoid}figure{break-inside:avoid}}\n";

static void put(rep_doc *d, const char *s)
{
    if (d->html) rep_put_html(d->out, s);
    else rep_put_markdown(d->out, s);
}

static void vput(rep_doc *d, const char *fmt, va_list ap)
{
    rep_buf b = {0};
    rep_vput(&b, fmt, ap);
    if (b.failed) d->out->failed = true;
    else if (b.s) put(d, b.s);
    rep_buf_clear(&b);
}

void doc_begin(rep_doc *d, const char *title)
{
    if (d->html) {
        rep_put(d->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
        put(d, title);
        rep_put(d->out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
        put(d, title);
        rep_put(d->out, "</h1>\n");
    } else {
        rep_put(d->out, "# %s\n\n", title);
    }
}

void doc_end(rep_doc *d)
{
    if (d->html) rep_put(d->out, "</body>\n</html>\n");
}

void doc_heading(rep_doc *d, int level, const char *id, const char *text)
{
    if (d->html) {
        rep_put(d->out, "<h%d id=\"%s\">", level, id);
        put(d, text);
        rep_put(d->out, "</h%d>\n", level);
    } else {
        rep_put(d->out, "%.*s ", level, "######");
        put(d, text);
        rep_put(d->out, "\n\n");
    }
}

void doc_para(rep_doc *d, const char *lead, const char *fmt, ...)
{
    va_list ap;
    rep_put(d->out, d->html ? "<p>" : "");
    if (lead) rep_put(d->out, d->html ? "<strong>" : "**");
    if (lead) put(d, lead);
    if (lead) rep_put(d->out, d->html ? "</strong> " : "** ");
    va_start(ap, fmt);
    vput(d, fmt, ap);
    va_end(ap);
    rep_put(d->out, d->html ? "</p>\n" : "\n\n");
}

void doc_note(rep_doc *d, const char *fmt, ...)
{
    va_list ap;
    rep_put(d->out, d->html ? "<p class=\"note\">" : "> ");
    va_start(ap, fmt);
    vput(d, fmt, ap);
    va_end(ap);
    rep_put(d->out, d->html ? "</p>\n" : "\n\n");
}

void doc_code(rep_doc *d, const char *fmt, ...)
{
    va_list ap;
    rep_put(d->out, d->html ? "<pre>" : "    ");
    va_start(ap, fmt);
    if (d->html) vput(d, fmt, ap);
    else rep_vput(d->out, fmt, ap);
    va_end(ap);
    rep_put(d->out, d->html ? "</pre>\n" : "\n\n");
}

void doc_verdict(rep_doc *d, rep_verdict v, const char *headline, const char *detail)
{
    if (d->html) {
        rep_put(d->out, "<div class=\"box %s\"><p>", rep_verdict_name(v));
        put(d, headline);
        rep_put(d->out, "</p><p>");
        put(d, detail);
        rep_put(d->out, "</p></div>\n");
    } else {
        rep_put(d->out, "> **");
        put(d, headline);
        rep_put(d->out, "**\n> ");
        put(d, detail);
        rep_put(d->out, "\n\n");
    }
}

void doc_contents_begin(rep_doc *d) { rep_put(d->out, d->html ? "<nav><ol>\n" : ""); }

void doc_entry(rep_doc *d, const char *id, const char *text)
{
    if (d->html) rep_put(d->out, "<li><a href=\"#%s\">", id);
    else rep_put(d->out, "- ");
    put(d, text);
    rep_put(d->out, d->html ? "</a></li>\n" : "\n");
}

void doc_contents_end(rep_doc *d) { rep_put(d->out, d->html ? "</ol></nav>\n" : "\n"); }

void doc_table_begin(rep_doc *d, const char *const *head, int n)
{
    rep_put(d->out, d->html ? "<div class=\"wide\"><table>\n<thead><tr>" : "|");
    for (int k = 0; k < n; k++) {
        rep_put(d->out, d->html ? "<th>" : " ");
        put(d, head[k]);
        rep_put(d->out, d->html ? "</th>" : " |");
    }
    rep_put(d->out, d->html ? "</tr></thead>\n<tbody>\n" : "\n|");
    for (int k = 0; !d->html && k < n; k++) rep_put(d->out, "---|");
    if (!d->html) rep_put(d->out, "\n");
}

static const char *class_of(const char *s)
{
    static const char *const of[][2] = {{"holds", "good"}, {"seen", "good"}, {"met", "good"}, {"caught", "good"}, {"conforms", "good"}, {"missed", "warn"}, {"not everywhere", "warn"}, {"yes", "good"}, {"fails", "bad"}, {"no", "bad"}, {"undecided", "warn"},
                                        {"vacuous", "warn"}, {"-", "none"}, {"n/a", "none"}, {"not run", "none"}};
    for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
        size_t n = strlen(of[k][0]);
        if (strncmp(s, of[k][0], n) == 0 && (s[n] == '\0' || s[n] == ':')) return of[k][1];
    }
    return NULL;
}

void doc_row(rep_doc *d, const char *const *cell, int n)
{
    rep_put(d->out, d->html ? "<tr>" : "|");
    for (int k = 0; k < n; k++) {
        const char *cls = class_of(cell[k]);
        if (!d->html) rep_put(d->out, " ");
        else if (cls) rep_put(d->out, "<td class=\"c-%s\">", cls);
        else rep_put(d->out, "<td>");
        put(d, cell[k]);
        rep_put(d->out, d->html ? "" : " |"); /* HTML: the next cell, row or table end closes it */
    }
    rep_put(d->out, "\n");
}

void doc_table_end(rep_doc *d) { rep_put(d->out, d->html ? "</tbody></table></div>\n" : "\n"); }

void doc_fold_begin(rep_doc *d, const char *title)
{
    rep_put(d->out, "<details><summary>");
    put(d, title);
    rep_put(d->out, "</summary>\n%s", d->html ? "" : "\n");
}

void doc_fold_end(rep_doc *d) { rep_put(d->out, "</details>\n%s", d->html ? "" : "\n"); }

void doc_figure(rep_doc *d, const rep_part *f, const rep_buf *svg)
{
    if (svg->n == 0) {
        doc_note(d, "Not drawn: there was no gnuplot. `gnuplot figures/%s.gp` in this folder draws it from figures/%s.dat.", f->name, f->name);
        return;
    }
    if (!d->html) {
        rep_put(d->out, "![%s](figures/%s.svg)\n\n", f->title, f->name);
        return;
    }
    rep_put(d->out, "<figure><img alt=\"");
    put(d, f->title);
    rep_put(d->out, "\" src=\"data:image/svg+xml,");
    rep_put_svg_uri(d->out, svg);
    rep_put(d->out, "\"><figcaption>figures/%s.svg and .pdf, drawn by figures/%s.gp from data/%s.tsv</figcaption></figure>\n", f->name, f->name, f->name);
}
