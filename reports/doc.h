/* doc.h: one text, two formats: every call writes HTML or Markdown.
 * SPDX-License-Identifier: MIT */
#ifndef REP_DOC_H
#define REP_DOC_H

#include "rep.h"

typedef struct rep_doc { rep_buf *out; bool html; } rep_doc;

void doc_begin(rep_doc *d, const char *title);
void doc_end(rep_doc *d);
void doc_heading(rep_doc *d, int level, const char *id, const char *text);
/* A paragraph; its text is escaped. lead is set in bold in front of it, or NULL. */
void doc_para(rep_doc *d, const char *lead, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void doc_note(rep_doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doc_code(rep_doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doc_verdict(rep_doc *d, rep_verdict v, const char *headline, const char *detail);
/* The list of contents: doc_contents_begin, an entry each, doc_contents_end. */
void doc_contents_begin(rep_doc *d);
void doc_entry(rep_doc *d, const char *id, const char *text);
void doc_contents_end(rep_doc *d);
void doc_table_begin(rep_doc *d, const char *const *head, int n);
/* A row of n cells. A cell that is a verdict, `seen`, `yes`, `no` or `-` is coloured; so is `verdict: ...`. */
void doc_row(rep_doc *d, const char *const *cell, int n);
void doc_table_end(rep_doc *d);
void doc_fold_begin(rep_doc *d, const char *title);
void doc_fold_end(rep_doc *d);
/* svg empty: a note says that the figure was not drawn. */
void doc_figure(rep_doc *d, const rep_part *f, const rep_buf *svg);
/* claims.c: the table of claims, counted from the data; nothing where there is none. */
void rep_claims(const rep_input *in, rep_doc *d);

#endif
