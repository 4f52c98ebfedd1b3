/* From espeak-ng's phonemes (as of its English voices) to TIMIT's labels.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "corpus.h"

/* rhotic: where r is spoken after vowels; else: where it is not. One entry for both where they agree. */
static const struct {
    const char *name, *rhotic, *other;
} map[] = {
    /* pauses */
    {"_:", "", ""}, {"_", "", ""}, {"_!", "", ""}, {"_|", "", ""}, {"_::", "", ""},
    /* vowels */
    {"a", "ae", "ae"}, {"aa", "ae", "aa"}, {"a#", "ax", "ax"}, {"A:", "aa", "aa"}, {"A", "aa", "aa"}, {"0", "aa", "aa"}, {"O:", "ao", "ao"},
    {"O", "ao", "ao"}, {"O2", "ao", "ao"}, {"O::", "ao", "ao"}, {"0#", "ax", "ax"}, {"E", "eh", "eh"}, {"E2", "eh", "eh"}, {"I", "ih", "ih"},
    {"I2", "ix", "ix"}, {"I#", "ix", "ix"}, {"i", "iy", "iy"}, {"i:", "iy", "iy"}, {"u:", "uw", "uw"}, {"u", "uw", "uw"}, {"U", "uh", "uh"},
    {"V", "ah", "ah"}, {"@", "ax", "ax"}, {"@2", "ax", "ax"}, {"@5", "ax", "ax"}, {"@#", "ax", "ax"}, {"3:", "er", "er"}, {"3", "axr", "ax"},
    {"eI", "ey", "ey"}, {"aI", "ay", "ay"}, {"aI2", "ay", "ay"}, {"OI", "oy", "oy"}, {"aU", "aw", "aw"}, {"oU", "ow", "ow"}, {"@U", "ow", "ow"},
    /* vowels with r */
    {"A@", "aa r", "aa"}, {"O@", "ao r", "ao"}, {"o@", "ao r", "ao"}, {"e@", "eh r", "eh ax"}, {"i@3", "ih axr", "ih ax"}, {"i@", "iy ax", "iy ax"},
    {"U@", "uh r", "uh ax"}, {"aI@", "ay ax", "ay ax"}, {"aI3", "ay axr", "ay ax"}, {"aU@", "aw axr", "aw ax"}, {"IR", "er", "er"}, {"VR", "er", "er"},
    /* syllabic consonants */
    {"@L", "el", "el"}, {"n-", "en", "en"}, {"m-", "em", "em"}, {"N-", "eng", "eng"},
    /* consonants; stops get their closures elsewhere */
    {"p", "p", "p"}, {"t", "t", "t"}, {"t2", "t", "t"}, {"t[", "t", "t"}, {"k", "k", "k"}, {"b", "b", "b"}, {"d", "d", "d"}, {"d[", "d", "d"},
    {"g", "g", "g"}, {"t#", "dx", "dx"}, {"*", "dx", "dx"}, {"?", "q", "q"}, {"tS", "ch", "ch"}, {"dZ", "jh", "jh"}, {"f", "f", "f"}, {"v", "v", "v"},
    {"T", "th", "th"}, {"D", "dh", "dh"}, {"s", "s", "s"}, {"z", "z", "z"}, {"S", "sh", "sh"}, {"Z", "zh", "zh"}, {"h", "hh", "hh"}, {"m", "m", "m"},
    {"n", "n", "n"}, {"N", "ng", "ng"}, {"l", "l", "l"}, {"r", "r", "r"}, {"r-", "r", "r"}, {"j", "y", "y"}, {";", "y", "y"}, {"w", "w", "w"},
    {"w#", "w", "w"}, {"x", "k", "k"},
};

const char *corpus_phoneme(const char *name, bool rhotic)
{
    for (size_t k = 0; k < sizeof map / sizeof *map; k++)
        if (!strcmp(map[k].name, name)) return rhotic ? map[k].rhotic : map[k].other;
    return NULL;
}
