/* Sentences and speakers.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "corpus.h"

enum { STREAM_SENTENCE = 11, STREAM_SPEAKER = 12 };

/* Words are separated by |; D determiner, E one of the plural, A adjective, N noun, P plural, V verb of the past, I intransitive one, J its infinitive,
 * T adverb of time, L place, Q question, M name, R preposition, C conjunction, B number. */
static const char *const words[128] = {
    ['D'] = "the|a little|this|that|her|his|my|our|their|your|every|another|some other",
    ['E'] = "the|these|those|some|many|all the|few|no|her|his|our|their",
    ['A'] = "red|green|yellow|huge|tiny|old|young|quiet|noisy|broken|heavy|clever|lazy|bright|foolish|gentle|rough|smooth|thick|thin|bitter|"
            "sweet|frozen|golden|wooden|cautious|hungry|peculiar|ordinary|usual|strange|royal|early|beige",
    ['N'] = "judge|teacher|kitten|bottle|garden|kitchen|button|river|mountain|engine|village|doctor|horse|shepherd|church|treasure|letter|picture|"
            "tower|ship|leather coat|carpet|father|orange|puzzle|fever|bath|mirror|jacket|measure|voice|thunder|pocket|sofa|chocolate|cheese|window|"
            "boy|girl|mouse|fire|path|zebra|uncle|visitor|guitar|machine|vision|yard|thief|wagon|moth",
    ['P'] = "apples|houses|bridges|children|feathers|potatoes|watches|oysters|questions|roads|shoes|songs|books|bells|leaves|thoughts|clouds|"
            "butterflies|toys|wheels|kings|beds|beaches|decisions|months|pages|garages",
    ['V'] = "found|carried|watched|measured|painted|followed|threw|caught|bought|washed|enjoyed|pushed|forgot|counted|praised|chose|hid|"
            "delivered|described|answered|joined|judged|visited|wrapped|moved|heard|showed",
    ['I'] = "slept|laughed|waited|turned around|fell|arrived|went away|sang|shouted|began to cry|stood up|vanished|grew thin|came back",
    ['J'] = "sleep|laugh|wait|turn around|fall|arrive|go away|sing|shout|stand up|vanish|come back|dance|agree|measure up",
    ['T'] = "yesterday|in the morning|last winter|twice a year|at noon|on Thursday|before dawn|after the storm|again and again|all summer|"
            "three hours ago|without a sound|very slowly|rather badly|as usual|with great pleasure",
    ['L'] = "near the water|under the bridge|behind the old mill|in the valley|by the fire|across the road|over there|on the beach|"
            "at the edge of the forest|inside the cottage|among the trees|beyond the hills|down by the harbour|upstairs",
    ['Q'] = "why did|when did|where did|how often did",
    ['M'] = "Martha|George|Vivian|Susan|Matthew|Zachary|Joyce|Paul|Charlotte|Hugh|Beth|Yasmin|Ian|Ruth|Oliver|Nathan",
    ['R'] = "with|without|from|for|beside|through|above|about",
    ['C'] = "because|although|while|and then|until|but",
    ['B'] = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|sixty|a hundred",
};

/* A capital letter stands for a word of that kind, anything else for itself. */
static const char *const shapes[] = {
    "D A N V D N L",
    "M V B A P T",
    "Q D N J L?",
    "D N R D A N I T",
    "T, M V D A N",
    "E A P I L",
    "M should have V D N R M",
    "B P and D N V D A N",
    "D N I C M V D N",
    "M never V D A N R E P",
    "they V D N R B P T",
    "is D N really A or only A?",
    "M thinks that E A P usually I",
    "there were B P L, C D N I",
    "we all V E P, didn't we?",
};

static size_t pick(uint64_t seed, uint64_t index, uint64_t *drawn, size_t n)
{
    return task_pick(seed, (uint64_t)STREAM_SENTENCE << 56 | index, (*drawn)++, (uint32_t)n);
}

/* Word k of a list. */
static size_t word(const char *list, size_t k, char *out, size_t size)
{
    for (; k; k--) list = strchr(list, '|') + 1;
    size_t length = strcspn(list, "|");
    if (length >= size) length = size - 1;
    memcpy(out, list, length);
    return length;
}

static size_t count(const char *list)
{
    size_t n = 1;
    for (; *list; list++) n += *list == '|';
    return n;
}

void corpus_sentence(uint64_t seed, uint64_t index, char out[CORPUS_TEXT])
{
    uint64_t drawn = 0;
    size_t used = 0;
    const char *shape = shapes[pick(seed, index, &drawn, sizeof shapes / sizeof *shapes)];
    for (const char *p = shape; *p && used + 1 < CORPUS_TEXT; p++) {
        const char *list = words[(unsigned char)*p & 127];
        if (!list) out[used++] = *p;
        else used += word(list, pick(seed, index, &drawn, count(list)), out + used, CORPUS_TEXT - used);
    }
    if (out[used - 1] != '?' && used + 1 < CORPUS_TEXT) out[used++] = '.';
    out[used] = '\0';
    out[0] = (char)toupper((unsigned char)out[0]);
}

/* ---- speakers --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool rhotic;
} accent[CORPUS_ACCENTS] = {{"en-us", true},    {"en-us-nyc", true}, {"en", false},          {"en-gb-scotland", true},
                            {"en-gb-x-rp", false}, {"en-029", false},   {"en-gb-x-gbclan", false}, {"en-gb-x-gbcwmd", false}};
static const char *const men[] = {"m1", "m2", "m3", "m4", "m5", "m6", "m7"}, *const women[] = {"f1", "f2", "f3", "f4", "f5"};

static uint32_t draw(uint64_t seed, int k, uint64_t what, uint32_t n)
{
    return task_pick(seed, (uint64_t)STREAM_SPEAKER << 56 | (uint64_t)k, what, n);
}

void corpus_speaker_make(uint64_t seed, int k, int n, int n_test, corpus_speaker *out)
{
    bool woman = draw(seed, k, 0, 3) == 0; /* as many as in TIMIT: 3 of 10 */
    int a = k % CORPUS_ACCENTS;
    *out = (corpus_speaker){.region = a + 1, .rhotic = accent[a].rhotic, .test = k >= n - n_test};
    /* Three letters that spell k: z's first, so that no name is one of TIMIT's. */
    (void)snprintf(out->name, sizeof out->name, "%cZ%c%c%d", woman ? 'F' : 'M', 'A' + k / 26 % 26, 'A' + k % 26, k / 676 % 10);
    (void)snprintf(out->voice, sizeof out->voice, "%s+%s", accent[a].name, woman ? women[draw(seed, k, 1, 5)] : men[draw(seed, k, 1, 7)]);
    out->pitch = 25 + (int)draw(seed, k, 2, 51);
    out->range = 25 + (int)draw(seed, k, 3, 51);
    out->rate = 140 + (int)draw(seed, k, 4, 71);
    out->gain = 0.3 + 0.4 * draw(seed, k, 5, 1000) / 1000;
    out->noise = 2 + 8 * (draw(seed, k, 6, 1000) / 1000.0);
}
