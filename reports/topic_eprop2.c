/* topic_eprop2.c: the gradient through one update that another network teaches.
 * SPDX-License-Identifier: MIT */
#include "topic.h"

COLUMNS(precision, {"case", REP_TEXT}, {"bits", REP_INT}, {"err", REP_NUM}, {"bound", REP_NUM}, {"slip_err", REP_NUM});
COLUMNS(orders, {"series", REP_TEXT}, {"seed", REP_TEXT}, {"update", REP_NUM}, {"cosine", REP_NUM});
COLUMNS(cost, {"group", REP_TEXT}, {"order", REP_TEXT}, {"update", REP_NUM}, {"cosine", REP_NUM}, {"rel_norm", REP_NUM}, {"rel_err", REP_NUM},
        {"seeds", REP_INT});
COLUMNS(slips, {"slip", REP_TEXT}, {"A", REP_TEXT}, {"B", REP_TEXT}, {"C", REP_TEXT}, {"D", REP_TEXT}, {"tangents", REP_TEXT}, {"predicted", REP_TEXT});

static const rep_part parts[] = {
    {.name = "eprop2_precision", .script = "precision",
     .title = "The outer gradient: by hand and by the tape",
     .shows = "A network is updated once by the learning signals of a second network; the outer gradient says how the loss after the update depends on all that led to it. "
     "It is computed by a hand-written adjoint and by automatic differentiation with forward equations of its own. Coloured: the largest difference between the two, relative to "
     "the largest entry of the same group. Dashed: the same after one deliberate mistake, spikes inside the eligibility traces taken as constants. Legend: the main network's "
     "model, then its module's.",
     .conclude = "The difference is rounding at every precision: the hand-written gradient through the update, second-order terms included, is the tape's.",
     .blind = "Both were written from the same reading of the rule: what is taken of psi at its kinks is a convention. Where both networks are smooth (rate by rate), central differences "
     "of the loss confirm the gradient itself.",
     .set = "what = 'adjoint − tape'\n",
     COLUMNS_OF(precision), .prepare = rep_prepare_precision},
    {.name = "eprop2_evidence", .title = "Everything that was compared",
     .shows = "A: in two prime fields, where weights, spikes, psi and its slope are free symbols, and in fractions; B: intervals, with every spike and every side of a kink proved; C: "
     "in units of the rounding that is allowed; D: tape, tangents forward in time, central differences."},
    {.name = "eprop2_orders", .script = "curves", .title = "What second-order terms are worth",
     .shows = "Cosine between the full outer gradient and one that drops terms, against the size of the update |eta dW| / |W|, which eta sets: the median over seeds, and between the quartiles a band. "
     "First order: the traces count as constants. (With psi detached, only the pseudo-derivative inside the traces does; the curves lie on these, see the table.)",
     .conclude = "Small updates make second-order terms small, large ones do not. They enter the gradient of the main network's initial weights alone: the error module and "
     "the readouts have the same gradient in every order, because the learning signal enters the update as a factor.",
     .blind = "Small random networks before any training.",
     .set = "x_label = 'size of the update |η ΔW| / |W|'\ny_label = 'cosine to the full gradient'\nset logscale x\nset key bottom left\nset yrange [*:1.02]\n",
     COLUMNS_OF(orders), .prepare = rep_prepare_quartiles},
    {.name = "eprop2_cost", .title = "What dropping second-order terms costs, by group",
     .shows = "Medians over seeds of cosine, relative norm and relative error to the full gradient.", COLUMNS_OF(cost)},
    {.name = "eprop2_slips", .title = "Would a mistake in the outer gradient be noticed?",
     .shows = "Each slip is made on purpose in the hand-written adjoint, one at a time. A symbol is never refractory, so one of them has nothing to show to A.",
     .conclude = "The tape and the tangents share no code with the adjoint, so every slip must be seen by all.", COLUMNS_OF(slips)},
    {.name = "eprop2_liveness", .title = "Were both networks alive?",
     .shows = "A case counts only if every spiking neuron of both networks spikes, every neuron hears a learning signal, the update changes a spike of the test trial, no group's gradient is "
     "zero, and second-order terms are at least 1 % of it."},
};

const rep_topic rep_topic_eprop2 = {"eprop2", "e-prop 2: the gradient through the inner update",
                                    "One update by learning signals of a second network, and the gradient of what comes after it.", PARTS(parts)};
