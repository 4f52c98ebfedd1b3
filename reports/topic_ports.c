/* topic_ports.c: programs under test, and whether the judge can fail.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

static const rep_part parts[] = {
    {.name = "ports",
     .title = "Implementations under test",
     .shows = "Each row is one implementation, asked the same cases through the same door: what it claimed, what it reached, and how much of the limit that "
     "rounding sets it used.",
     .conclude = "Not tested is what an implementation does not claim. It is never counted as passed.",
     .blind = "Agreement on these cases says nothing about sizes and options that they do not have.",
     .claim = "A port or engine has no failed case among those it claims", .verdict = "failed", .good = "0"},
    {.name = "mutants",
     .title = "Can the judge fail?",
     .shows = "The template port with one wrong line at a time: was it caught, which quantity was named as the first wrong one, and by which case.",
     .claim = "A port that is wrong by one line is caught", .verdict = "caught", .good = "yes"},
};

const rep_topic rep_topic_ports = {"ports", "Implementations under test", "What the judge says of programs that it did not write.", PARTS(parts)};
