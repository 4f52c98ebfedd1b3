/* template.h: the template port inside eprop-verify, with its catalogue of one-line mistakes.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEMPLATE_H
#define VFY_TEMPLATE_H

typedef struct vfy_mutant { const char *name, *at, *what; } vfy_mutant;
extern const vfy_mutant vfy_mutants[]; /* ends with a NULL name; the first has number 1 */
/* Number of the mutant; 0: the port as it is. */
void vfy_template_choose(int k);
/* Speaks the lines on stdin and stdout until `bye`. */
int vfy_template_main(void);

#endif
