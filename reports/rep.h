/* rep.h: the report builder. It reads the files of a run and writes a report; it links nothing of the other folders.
 *
 *   RUN_DIR/prove.json, RUN_DIR/manifest.json, RUN_DIR/data/NAME.tsv
 *       ->  OUT_DIR/report.html, report.md, figures/, data/, runs/, prove.json, SHA256SUMS
 *
 * OUT_DIR has the layout of a RUN_DIR, so a report can be rebuilt from itself. That is what rep_check does.
 * SPDX-License-Identifier: MIT */
#ifndef REP_H
#define REP_H

#include <stdarg.h>

#include "eprop.h"

enum { REP_PATH = 4096, REP_MAX_FILE = 64 << 20 };

/* One line that says what was found and what was expected. */
typedef struct rep_error { char text[1024]; } rep_error;

/* Writes the line and returns s, so that a failure reads `return rep_fail(err, EP_FORMAT, ...)`. */
ep_status rep_fail(rep_error *err, ep_status s, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- growing bytes; a failed allocation sticks and is asked for once ----------------------------- */

typedef struct rep_buf { char *s; size_t n, cap; bool failed; } rep_buf;

void rep_buf_clear(rep_buf *b);
void rep_put(rep_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rep_vput(rep_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void rep_put_bytes(rep_buf *b, const char *s, size_t n);
/* Text as HTML: < > & " escaped, control characters replaced. */
void rep_put_html(rep_buf *b, const char *s);
/* Text as Markdown inside a table cell: | < and line breaks escaped. */
void rep_put_markdown(rep_buf *b, const char *s);
/* Text as a gnuplot string. Single quotes: nothing inside is expanded or run. */
void rep_put_gnuplot(rep_buf *b, const char *s);

/* ---- SHA-256 (FIPS 180-4) --------------------------------------------------------------------- */

/* Hash of n bytes as 64 lowercase hex digits and a NUL. */
void rep_sha256(const void *data, size_t n, char hex[65]);

/* ---- files and folders ------------------------------------------------------------------------ */

ep_status rep_path(char out[REP_PATH], rep_error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* EP_IO with *missing = true if there is no such file; `missing` may be NULL. At most REP_MAX_FILE bytes. */
EP_MUST_USE ep_status rep_file_read(const char *path, rep_buf *out, bool *missing, rep_error *err);
EP_MUST_USE ep_status rep_file_write(const char *path, const rep_buf *b, rep_error *err);
EP_MUST_USE ep_status rep_dir_make(const char *path, rep_error *err);
/* An empty folder beside `beside`, to be renamed into its place. */
EP_MUST_USE ep_status rep_dir_temp(const char *beside, char out[REP_PATH], rep_error *err);
void rep_dir_remove(const char *path);
/* Puts tmp in the place of out. An earlier report there is replaced; anything else is refused. */
EP_MUST_USE ep_status rep_dir_publish(const char *tmp, const char *out, rep_error *err);

/* ---- tables of tab-separated values --------------------------------------------------------------- */

typedef enum rep_kind {
    REP_TEXT,
    REP_INT,    /* a whole number, or - */
    REP_NUM     /* a decimal number, nan, inf, n/a or - */
} rep_kind;

typedef struct rep_column { const char *name; rep_kind kind; } rep_column;

typedef struct rep_table {
    bool present;
    int rows, cols;
    char **head;    /* [cols] */
    char **cell;    /* [rows][cols] */
    double *num;    /* [rows][cols]; NAN where the cell is no number */
    rep_buf text;   /* owns head and cell */
} rep_table;

/* Reads a table whose first line is `# name name ...`, beginning with the n wanted columns; more columns
 * may follow. `label` is the file's name in messages. EP_FORMAT: label:line, found, expected. A missing file or a
 * table without rows (a run of fewer models) is not an error: present stays false. */
EP_MUST_USE ep_status rep_table_read(const char *path, const char *label, const rep_column *want, int n, rep_table *t,
                                     rep_error *err);
/* The same from memory; takes the buffer over. */
EP_MUST_USE ep_status rep_table_parse(rep_buf *text, const char *label, const rep_column *want, int n, rep_table *t,
                                      rep_error *err);
void rep_table_clear(rep_table *t);
const char *rep_cell(const rep_table *t, int row, int col);
double rep_num(const rep_table *t, int row, int col);
/* log2 |x| of a decimal text, beyond the range of double too; NAN for 0 or no number. */
double rep_log2(const char *decimal);

/* ---- the results of `eprop-verify prove` -------------------------------------------------------------- */

typedef enum rep_verdict { REP_HOLDS, REP_VACUOUS, REP_UNDECIDED, REP_FAILS, REP_N_VERDICT } rep_verdict;

typedef struct rep_row {
    const char *model, *evidence, *name, *compared, *bound, *value, *note;
    rep_verdict verdict;
} rep_row;

typedef struct rep_blind { const char *evidence, *text; } rep_blind;

typedef struct rep_prove {
    void *json;     /* owns every string */
    const char *version, *level, *commit, *verdict;
    double seconds, peak_rss_mb; /* NAN if not given */
    rep_row *rows;
    rep_blind *blind;
    int n_rows, n_blind;
    int count[REP_N_VERDICT];
} rep_prove;

EP_MUST_USE ep_status rep_prove_read(const char *path, rep_prove *p, rep_error *err);
void rep_prove_clear(rep_prove *p);
const char *rep_verdict_name(rep_verdict v);
/* The worst of all rows: fails, undecided, vacuous, holds. A run without rows is vacuous. */
rep_verdict rep_prove_worst(const rep_prove *p);

/* ---- topics and parts ------------------------------------------------------------------------------------ */

/* A part of the report is one table of the run, data/NAME.tsv: drawn by a gnuplot script, printed, or both. A table that a
 * run does not have is left out and listed at the report's end. To add a part, add an entry to its topic's file. */
typedef struct rep_part {
    const char *name;   /* data/NAME.tsv; figures/NAME.svg, .pdf, .gp, .dat */
    const char *script; /* reports/figures/SCRIPT.gp; NULL: the table is printed */
    const char *title;
    const char *shows, *conclude, *blind; /* NULL: nothing to say */
    const rep_column *want;
    int n_want;
    /* Writes the plot data and the gnuplot variables. EP_FORMAT if the rows cannot be drawn. */
    ep_status (*prepare)(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
    bool print;         /* the table is printed below the figure too */
    /* For rep_diff: the first `key` columns name a row, column `value` is what may get better (larger: better = 1, smaller:
     * -1), columns low and high its interval (0: none; then any change counts). key = 0: the rows are not compared. */
    int key, value, low, high, better;
    const char *set;    /* gnuplot lines before the script: labels and axes of scripts that serve several tables; NULL */
    /* What the table's rows can carry or break, for the report's first table: claim holds in a row whose column `verdict` is one of the
     * words of `good` (a|b) or a number within it (<=1); rows with - there are not counted. NULL: it claims nothing. */
    const char *claim, *verdict, *good;
} rep_part;

/* Parts that belong together, under one heading. */
typedef struct rep_topic {
    const char *id, *title, *text;
    const rep_part *part;
    int n;
} rep_topic;

extern const rep_topic rep_topic_proof, rep_topic_eprop2, rep_topic_ports, rep_topic_fixed, rep_topic_tasks, rep_topic_windows, rep_topic_speed, rep_topic_scaling, rep_topic_reliability;
enum { REP_N_TOPIC = 9 };
/* In the order of the report. */
extern const rep_topic *const rep_topics[REP_N_TOPIC];
/* Parts of all topics, and the k-th of them. */
int rep_part_count(void);
const rep_part *rep_part_at(int k);

ep_status rep_prepare_precision(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
ep_status rep_prepare_raster(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
ep_status rep_prepare_gradients(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
ep_status rep_prepare_approx(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
ep_status rep_prepare_boundary(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
/* Ratios of suites whose cases share a first subject: rows `place times low high` of each other subject; arrays `subject`, `kase`. */
ep_status rep_prepare_speed(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
ep_status rep_prepare_certified(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
/* Any table whose first column names a series: a data block for each series with all its columns (texts quoted), and the
 * arrays `series` and `head` (names of the columns written). */
ep_status rep_prepare_series(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
/* Columns series, seed, x, y...: for each series and x the quartiles of each y over the seeds: a data block for each series
 * with x, then lower quartile, median, upper quartile of every y; arrays `series`, `seeds` (how many)
 * and `head` (names of x and the y). */
ep_status rep_prepare_quartiles(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);
/* The same with room for four panels. */
ep_status rep_prepare_panels(const rep_table *t, rep_buf *dat, rep_buf *vars, rep_error *err);

/* The gnuplot text of reports/figures/NAME.gp, built into the program; NULL if there is none. */
const char *rep_script(const char *name);

/* gnuplot's SVG (text that ends with a NUL) without points that are less than a tenth of a pixel from the line they are on. */
void rep_svg_thin(const rep_buf *svg, rep_buf *out);
/* The second half of that: the same picture in fewer words. */
void rep_svg_terse(const rep_buf *svg, rep_buf *out);
/* An SVG as the rest of a data URI: percent-encoded where it must be, which is shorter than base64. */
void rep_put_svg_uri(rep_buf *b, const rep_buf *svg);

/* First line of `gnuplot --version`. EP_IO with a clear line if gnuplot cannot be run; *missing: there is none. */
EP_MUST_USE ep_status rep_gnuplot_version(char *out, size_t n, bool *missing, rep_error *err);
/* Writes DIR/figures/NAME.dat and .gp; with run_it runs gnuplot in DIR, checks NAME.svg and .pdf and reads the first into svg. */
EP_MUST_USE ep_status rep_figure_draw(const char *dir, const rep_part *f, const rep_table *t, bool run_it, rep_buf *svg, rep_error *err);

/* ---- the report ------------------------------------------------------------------------------------------ */

/* Where a run was made: runs/NAME.json of a report, manifest.json of a run directory. */
typedef struct rep_manifest { char name[64]; rep_buf text; void *json; } rep_manifest;

/* What there is for one part. */
typedef struct rep_part_data { rep_table table; rep_buf svg; char path[REP_PATH]; } rep_part_data;

enum { REP_MAX_RUN = 64 };

/* Everything the text is written from. */
typedef struct rep_input {
    rep_prove prove;       /* rows = NULL where no run has prove.json */
    char prove_path[REP_PATH];
    rep_part_data *part;   /* [rep_part_count()] */
    rep_manifest manifest[REP_MAX_RUN];
    int n_manifest;
    char commit[96], gnuplot[96]; /* gnuplot: "" where there is none */
} rep_input;

/* Reads what the run directories have. EP_FORMAT: a malformed file, a file that two of them have, or nothing at all. */
EP_MUST_USE ep_status rep_input_read(const char *const *run_dir, int n, rep_input *in, rep_error *err);
void rep_input_clear(rep_input *in);

/* Rows of t in which p's claim holds, and rows that can say so. */
void rep_claim_count(const rep_part *p, const rep_table *t, int *held, int *all);

/* The report as one self-contained HTML page, or as Markdown that refers to figures/. */
void rep_write(const rep_input *in, bool html, rep_buf *out);

/* Builds a report of n run directories in out_dir; commit may be NULL. Nothing is left behind on failure. Without gnuplot the report has
 * tables, data and scripts but no figures: *undrawn is the number of these, and err says what is missing. */
EP_MUST_USE ep_status rep_build(const char *const *run_dir, int n, const char *out_dir, const char *commit, int *undrawn, rep_error *err);
/* Two reports or run directories: what got better, worse, appeared or vanished, beyond noise, as lines in `text`; *worse
 * counts what got worse or vanished. */
EP_MUST_USE ep_status rep_diff(const char *a, const char *b, rep_buf *text, int *worse, rep_error *err);
/* Rebuilds the report in out_dir from its own data and compares every file; differences are listed in `text`
 * and counted in *differ. */
EP_MUST_USE ep_status rep_check(const char *out_dir, rep_buf *text, int *differ, rep_error *err);

#endif
