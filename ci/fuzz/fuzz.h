/* fuzz.h: what the fuzz targets share. A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput: bytes into one parser.
 * A target checks more than the absence of a crash where it can: what was accepted is written and read again, and must be
 * the same.
 * SPDX-License-Identifier: MIT */
#ifndef CI_FUZZ_H
#define CI_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Path of a file that holds these bytes, the same path every time; removed when the program ends. */
const char *fuzz_file(const uint8_t *data, size_t n);
/* Path of a folder whose file `name` holds these bytes; its other files stay what they were. */
const char *fuzz_folder(const char *name, const uint8_t *data, size_t n);
/* A stream that reads these bytes; the caller closes it. */
FILE *fuzz_stream(const uint8_t *data, size_t n);
/* The bytes as a string: cut at the first NUL. The caller frees it. */
char *fuzz_text(const uint8_t *data, size_t n);
/* Runs a command on an argument vector, one argument a line of the input. The last argument is no option of any: a command reads all that it
 * is given and then refuses, with exit code 2, or has shown its help. What it prints goes nowhere. */
void fuzz_command(int (*run)(int argc, char **argv), const uint8_t *data, size_t n);
/* Stops the program, saying what did not hold. */
#define FUZZ_HOLDS(what) ((what) ? (void)0 : fuzz_broken(#what, __FILE__, __LINE__))
void fuzz_broken(const char *what, const char *file, int line);

#endif
