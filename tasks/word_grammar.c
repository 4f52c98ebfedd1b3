/* Text from a small stochastic grammar whose verbs agree with subjects that relative clauses carry away from them.
 *
 *   S  -> NP(n) VP(n) <eos>                        n: singular or plural, 1/2 each
 *   NP -> Det(n) [Adj]3/10 Noun(n) [that NP(m) VT(m)]1/4      the clause no deeper than 3
 *   VP -> VI(n) [Adv]2/5 | VT(n) NP                1/2 each
 *
 * Words of a class are chosen with weights 1, 1/2, 1/3, ... . What has been said determines what may follow, so the
 * probability of each word given all before it is known: no predictor does better than its mean surprise.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "word_corpus.h"

enum { DET, NOUN = 2, VI = 4, VT = 6, ADJ = 8, ADV, THAT, EOS, N_CLASS, MOST = 8, DEPTH = 3, USE_WORDS = 1 };

static const struct { int n; const char *word[MOST]; } lexicon[N_CLASS] = {
    [DET] = {3, {"a", "this", "every"}},
    [DET + 1] = {3, {"some", "these", "all"}},
    [NOUN] = {6, {"dog", "child", "sailor", "king", "bird", "teacher"}},
    [NOUN + 1] = {6, {"dogs", "children", "sailors", "kings", "birds", "teachers"}},
    [VI] = {4, {"sleeps", "waits", "sings", "laughs"}},
    [VI + 1] = {4, {"sleep", "wait", "sing", "laugh"}},
    [VT] = {4, {"sees", "follows", "likes", "hears"}},
    [VT + 1] = {4, {"see", "follow", "like", "hear"}},
    [ADJ] = {6, {"old", "small", "green", "quiet", "brave", "tired"}},
    [ADV] = {4, {"today", "again", "slowly", "often"}},
    [THAT] = {1, {"that"}},
    [EOS] = {1, {"<eos>"}}};

typedef struct speaker {
    uint64_t seed, stream, drawn;
    double p;  /* of the choices made since the last word */
    task_text *to;
    size_t room;
    bool lost; /* memory is out */
} speaker;

static int first_id(int class)
{
    int id = 0;
    for (int c = 0; c < class; c++) id += lexicon[c].n;
    return id;
}

static double uniform(speaker *s) { return ep_rng_uniform(s->seed, s->stream, s->drawn++); }

static bool choose(speaker *s, double p)
{
    bool yes = uniform(s) < p;
    s->p *= yes ? p : 1 - p;
    return yes;
}

static void append(speaker *s, int id)
{
    task_text *t = s->to;
    if (t->n == s->room) {
        size_t room = s->room ? 2 * s->room : 1024;
        uint32_t *ids = realloc(t->id, room * sizeof *ids);
        if (ids) t->id = ids;
        double *more = ids ? realloc(t->surprise, room * sizeof *more) : NULL;
        if (more) t->surprise = more;
        s->lost = s->lost || !more;
        if (s->lost) return;
        s->room = room;
    }
    t->id[t->n] = (uint32_t)id;
    t->surprise[t->n++] = -log(s->p);
    s->p = 1;
}

static void say(speaker *s, int class)
{
    double total = 0, u = uniform(s);
    int n = lexicon[class].n, k = 0;
    for (int r = 1; r <= n; r++) total += 1.0 / r;
    for (double sum = 1 / total; k + 1 < n && u >= sum; sum += 1 / total / (k + 1)) k++;
    s->p *= 1 / total / (k + 1);
    append(s, first_id(class) + k);
}

static int noun_phrase(speaker *s, int depth)
{
    int many = choose(s, 0.5);
    say(s, DET + many);
    if (choose(s, 0.3)) say(s, ADJ);
    say(s, NOUN + many);
    if (depth < DEPTH && choose(s, 0.25)) {
        say(s, THAT);
        say(s, VT + noun_phrase(s, depth + 1));
    }
    return many;
}

static void sentence(speaker *s)
{
    int many = noun_phrase(s, 0);
    if (choose(s, 0.5)) {
        say(s, VI + many);
        if (choose(s, 0.4)) say(s, ADV);
    } else {
        say(s, VT + many);
        (void)noun_phrase(s, 0);
    }
    say(s, EOS);
}

ep_status task_corpus_draw(uint64_t seed, const size_t n[TASK_N_SPLIT], task_corpus *out)
{
    task_corpus c = {.n_words = (size_t)first_id(N_CLASS)};
    bool lost = false;
    c.word = calloc(c.n_words, sizeof *c.word);
    for (int class = 0, id = 0; c.word && class < N_CLASS; class++)
        for (int k = 0; k < lexicon[class].n; k++) c.word[id++] = lexicon[class].word[k];
    for (int split = 0; c.word && !lost && split < TASK_N_SPLIT; split++) {
        speaker s = {.seed = seed, .stream = task_stream((task_split)split, 0, USE_WORDS), .p = 1, .to = &c.part[split]};
        while (!s.lost && c.part[split].n < n[split]) sentence(&s);
        lost = s.lost;
    }
    if (c.word && !lost) {
        *out = c;
        return EP_OK;
    }
    task_corpus_free(&c);
    return EP_NOMEM;
}
