/* The conventions, losses and options that each model is proved under.
 * SPDX-License-Identifier: MIT */
#include "evidence.h"

const char *vfy_blind_spot(char evidence)
{
    switch (evidence) {
    case 'A': return "covers every trajectory at once, but takes L, the local Jacobians, psi and masks as given: a slip that both sides share is invisible here";
    case 'B': return "proves the two gradients equal on real trajectories; like A it can't see a wrong L or a wrong cell that both sides use";
    case 'C': return "shows that the difference is rounding at every precision; it can't tell a correct formula from a wrong one that both sides use";
    case 'D': return "the tape shares no code with the cells, so it sees wrong L, Jacobians, psi, masks; a misreading of the model that is written the same way twice stays hidden";
    case 'E': return "numbers others computed and cases worked on paper; few and small, they cover the conventions that they use and no others";
    default: return "";
    }
}

static bool has_presets(ep_model m) { return m == EP_LIF || m == EP_ALIF || m == EP_LSNN; }

size_t vfy_variants(ep_model m, vfy_level level, vfy_variant *out, size_t most)
{
    size_t n = 0;
    for (int p = 0; p < (has_presets(m) ? EP_N_PRESET : 1); p++)
        for (int loss = 0; loss < EP_N_LOSS; loss++) {
            int path = p == 0 ? loss : (p + loss) % 3, d = 1 + (p + 2 * loss) % 3;
            vfy_variant v = {.preset = (ep_preset)p, .path = (ep_reset_path)path, .delay = m == EP_LSTM ? 1 : d,
                             .n_ref = loss ? 0 : 3, .loss = (ep_loss)loss, .B = 1 + (p + loss) % 2};
            if (n < most) out[n++] = v;
        }
    for (int path = 0; path < (level == VFY_FULL && ep_model_spikes(m) ? 3 : 0); path++)
        for (int d = 1; d <= 3; d++) {
            vfy_variant v = {.preset = EP_PAPER2019, .path = (ep_reset_path)path, .delay = d, .n_ref = d + 1, .B = 2};
            if (n < most) out[n++] = v;
        }
    return n;
}

ep_status vfy_variant_case(ep_model m, const vfy_variant *v, int n_rec, int T, uint64_t seed, vfy_case *out)
{
    vfy_case_spec s = {.model = m, .preset = v->preset, .loss = v->loss, .n_in = 4, .n_rec = n_rec, .n_out = 2, .T = T,
                       .B = v->B, .delay = v->delay, .n_ref = v->n_ref, .reset_path = v->path, .seed = seed};
    return vfy_case_make(&s, out);
}
