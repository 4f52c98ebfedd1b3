/* figure.c: draws a figure by running gnuplot on a script and the plot data beside it.
 * SPDX-License-Identifier: MIT */
#include "rep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NONE = 127 };

/* The child's side: folder, quiet input, both outputs into the pipe, a fixed locale. NONE: gnuplot is missing. */
static void child(const char *dir, int out, char *const argv[])
{
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir(dir) != 0) _exit(126);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("GNUPLOT_LIB");
    unsetenv("GNUTERM");
    execvp(argv[0], argv);
    _exit(errno == ENOENT ? NONE : 126);
}

/* Runs gnuplot in `dir`; the beginning of what it says goes to `said`. */
static ep_status run(const char *dir, char *const argv[], char *said, size_t n, rep_error *err)
{
    int p[2];
    said[0] = '\0';
    if (pipe(p) != 0) return rep_fail(err, EP_IO, "gnuplot: cannot make a pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        close(p[0]);
        child(dir, p[1], argv);
    }
    close(p[1]);
    if (pid < 0) {
        close(p[0]);
        return rep_fail(err, EP_IO, "gnuplot: cannot start a process: %s", strerror(errno));
    }
    size_t have = 0;
    char chunk[4096];
    for (ssize_t got; (got = read(p[0], chunk, sizeof chunk)) > 0 || (got < 0 && errno == EINTR);) {
        size_t take = got > 0 ? (size_t)got : 0;
        if (take > n - 1 - have) take = n - 1 - have;
        memcpy(said + have, chunk, take);
        have += take;
    }
    said[have] = '\0';
    close(p[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return EP_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == NONE)
        return rep_fail(err, EP_IO, "gnuplot: found no program of this name, expected gnuplot 5.4 or newer on PATH (Debian: gnuplot-nox)");
    return rep_fail(err, EP_IO, "gnuplot failed (%s %d): %.600s", WIFSIGNALED(status) ? "signal" : "exit",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), said);
}

ep_status rep_gnuplot_version(char *out, size_t n, bool *missing, rep_error *err)
{
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"--version"}, NULL};
    ep_status s = run(".", argv, out, n, err);
    *missing = s != EP_OK && strncmp(err->text, "gnuplot: found no", 17) == 0;
    out[strcspn(out, "\r\n")] = '\0';
    return s;
}

static ep_status write_script(const char *dir, const rep_part *f, const rep_buf *vars, rep_error *err)
{
    char path[REP_PATH];
    rep_buf gp = {0};
    rep_put(&gp, "# gnuplot figures/%s.gp   (in the folder of report.html)\nNAME = '%s'\nW = 960\nH = 480\n%s", f->name, f->name,
            vars->s ? vars->s : "");
    rep_put(&gp, "\n%s\n%s%s%s", rep_script("common"), f->set ? f->set : "", f->set ? "\n" : "", rep_script(f->script));
    ep_status s = rep_path(path, err, "%s/figures/%s.gp", dir, f->name);
    if (s == EP_OK) s = rep_file_write(path, &gp, err);
    rep_buf_clear(&gp);
    return s;
}

/* Cairo writes the date into a PDF: the same length of zeros instead, so that the same data give the same bytes. */
static ep_status undate(const char *dir, const rep_part *f, rep_error *err)
{
    static const char key[] = "/CreationDate (D:";
    char path[REP_PATH];
    rep_buf pdf = {0};
    ep_status s = rep_path(path, err, "%s/figures/%s.pdf", dir, f->name);
    if (s == EP_OK) s = rep_file_read(path, &pdf, NULL, err);
    char *date = NULL;
    for (size_t k = 0; s == EP_OK && !date && k + sizeof key < pdf.n; k++)
        if (memcmp(pdf.s + k, key, sizeof key - 1) == 0) date = pdf.s + k + sizeof key - 1;
    if (s == EP_OK && !date) s = rep_fail(err, EP_IO, "%s: found no CreationDate, expected gnuplot's PDF by cairo", path);
    for (; s == EP_OK && date < pdf.s + pdf.n && *date != ')'; date++)
        if (*date >= '0' && *date <= '9') *date = '0';
    if (s == EP_OK) s = rep_file_write(path, &pdf, err);
    rep_buf_clear(&pdf);
    return s;
}

static ep_status draw(const char *dir, const rep_part *f, const rep_table *t, rep_buf *dat, rep_buf *vars, bool run_it, rep_buf *svg, rep_error *err)
{
    char path[REP_PATH], script[128], said[1024];
    ep_status s = f->prepare(t, dat, vars, err);
    if (s != EP_OK) {
        rep_error inner = *err;
        return rep_fail(err, s, "data/%s.tsv: %.900s", f->name, inner.text);
    }
    s = rep_path(path, err, "%s/figures/%s.dat", dir, f->name);
    if (s == EP_OK) s = rep_file_write(path, dat, err);
    if (s == EP_OK) s = write_script(dir, f, vars, err);
    if (!run_it) return s;
    snprintf(script, sizeof script, "figures/%s.gp", f->name);
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, script, NULL};
    char *pdf[] = {(char[]){"gnuplot"}, (char[]){"-d"}, (char[]){"-e"}, (char[]){"pdf=1"}, script, NULL};
    if (s == EP_OK) s = run(dir, pdf, said, sizeof said, err);
    if (s == EP_OK) s = undate(dir, f, err);
    if (s == EP_OK) s = run(dir, argv, said, sizeof said, err);
    if (s == EP_OK) s = rep_path(path, err, "%s/figures/%s.svg", dir, f->name);
    if (s == EP_OK) s = rep_file_read(path, svg, NULL, err);
    if (s == EP_OK && (svg->n < 8 || !strstr(svg->s, "</svg>")))
        s = rep_fail(err, EP_IO, "gnuplot wrote no whole figures/%s.svg: %.600s", f->name, said);
    if (s == EP_OK) {
        rep_buf whole = *svg;
        *svg = (rep_buf){0};
        rep_svg_thin(&whole, svg);
        rep_buf_clear(&whole);
        s = rep_file_write(path, svg, err);
    }
    return s;
}

ep_status rep_figure_draw(const char *dir, const rep_part *f, const rep_table *t, bool run_it, rep_buf *svg, rep_error *err)
{
    rep_buf dat = {0}, vars = {0};
    ep_status s = draw(dir, f, t, &dat, &vars, run_it, svg, err);
    rep_buf_clear(&dat);
    rep_buf_clear(&vars);
    return s;
}
