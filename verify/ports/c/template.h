/* template.h: the template ports inside eprop-verify, each with its catalogue of one-line mistakes.
 * SPDX-License-Identifier: MIT */
#ifndef VFY_TEMPLATE_H
#define VFY_TEMPLATE_H

typedef struct vfy_mutant { const char *name, *at, *what; } vfy_mutant;
/* End with a NULL name; the first has number 1. */
extern const vfy_mutant vfy_mutants[];       /* of port.c and network.h */
extern const vfy_mutant vfy_fixed_mutants[]; /* of fixed.c and the integer core */
extern int vfy_fixed_mutant;
/* Number of the mutant; 0: the port as it is. */
void vfy_template_choose(int k);
void vfy_fixed_template_choose(int k);
/* Speaks the lines on stdin and stdout until `bye`. */
int vfy_template_main(void);
int vfy_fixed_template_main(void);

#endif
