/* A sign conversion that nobody asked for: the build must refuse it.
 * SPDX-License-Identifier: MIT */
unsigned canary_warns(int x);
unsigned canary_warns(int x) { return x; }
