/* afl: runs a fuzz target under AFL++, many inputs a process (afl-clang-fast).
 * SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "fuzz.h"

#ifdef __AFL_COMPILER
__AFL_FUZZ_INIT();

int main(void)
{
    __AFL_INIT();
    const uint8_t *data = __AFL_FUZZ_TESTCASE_BUF;
    while (__AFL_LOOP(10000)) (void)LLVMFuzzerTestOneInput(data, (size_t)__AFL_FUZZ_TESTCASE_LEN);
    return 0;
}
#else
int main(void) { return 2; } /* needs AFL++'s compiler */
#endif
