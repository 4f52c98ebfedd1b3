/* What the integer core costs on a device: bytes of state, what fits, instructions a step by size and firing rate. Tab-separated.
 * Instructions are counted: RISC-V's instret; on Cortex-M SysTick, scaled by a loop of known length. Run qemu with -icount shift=0.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "device_net.h"

enum { IN = 12, MOST = 64, OUT = 1, WARM = 20, STEPS = 40, ROOM = 72 * 1024 };

static uint64_t memory[ROOM / 8];
static int32_t room[MOST * (IN + MOST + 1) + OUT * (MOST + 1) + MOST * OUT + 2 * MOST];
static device_net d;

#if defined(__riscv)
static void counter_start(void) {}
static uint32_t counter(void)
{
    unsigned long n;
    __asm__ volatile(".insn i 0x73, 2, %0, x0, -1278" : "=r"(n)); /* csrr minstret, for assemblers that want it named in -march */
    return (uint32_t)n;
}
#elif defined(__arm__) && defined(__thumb__)
#define SYSTICK ((volatile uint32_t *)0xE000E010u)
static void counter_start(void)
{
    SYSTICK[1] = 0xffffff;
    SYSTICK[2] = 0;
    SYSTICK[0] = 5;
}
static uint32_t counter(void) { return 0xffffffu - SYSTICK[2]; }
#else
static void counter_start(void) {}
static uint32_t counter(void) { return 0; }
#endif

/* A loop of two instructions a turn. */
static void known_loop(uint32_t turns)
{
#if defined(__riscv)
    __asm__ volatile("1: addi %0, %0, -1\n bnez %0, 1b" : "+r"(turns));
#elif defined(__arm__) && defined(__thumb__)
    __asm__ volatile("1: subs %0, %0, #1\n bne 1b" : "+r"(turns) : : "cc");
#else
    (void)turns;
#endif
}

/* Instructions in 1000 counts. */
static uint32_t scale(void)
{
    uint32_t from = counter();
    known_loop(2000000);
    uint32_t counts = (counter() - from) & 0xffffffu;
    return counts ? (uint32_t)(UINT64_C(4000000000) / counts) : 0;
}

/* Bytes of state by hand: arrays of a number in 1, 2 or 4 bytes each, without padding. */
static uint32_t formula(const fix_config *c)
{
    const fix_format *q = c->profile->q;
    uint32_t n = (uint32_t)c->n_rec, M = (uint32_t)c->n_in + n + 1, K = (uint32_t)c->n_out;
#define BYTES(k) (q[k].bits > 16 ? 4u : q[k].bits > 8 ? 2u : 1u)
    uint32_t synapse = BYTES(FIX_W) + BYTES(FIX_EB) + BYTES(FIX_G) + (c->alif ? BYTES(FIX_EA) + BYTES(FIX_E) : 0);
    uint32_t neuron = BYTES(FIX_I) + BYTES(FIX_V) + BYTES(FIX_U) + BYTES(FIX_P) + BYTES(FIX_L) + (c->alif ? BYTES(FIX_A) : 0) + 5 + (uint32_t)c->delay;
    return n * M * synapse + M * (BYTES(FIX_EV) + 2) + n * neuron + (n + 1) * BYTES(FIX_ZB) + K * (n + 1) * (BYTES(FIX_WO) + BYTES(FIX_GO)) +
           (c->feedback == FIX_SYMMETRIC ? 0 : n * K * BYTES(FIX_FB)) + K * (BYTES(FIX_Y) + BYTES(FIX_ER));
#undef BYTES
}

static const fix_profile *const profiles[] = {&fix_q15, &fix_s16_15, &fix_w8, &fix_reckon};
static const char *const names[] = {"q15", "s16.15", "w8", "reckon"};

static void sizes(void)
{
    printf("profile\tmodel\tn_rec\tbytes\tformula\tin_64KiB\tin_256KiB\n");
    for (int k = 0; k < 8; k++) {
        fix_config c = {.profile = profiles[k % 4], .n_in = IN, .n_rec = MOST, .n_out = OUT, .delay = 1, .alif = k < 4, .feedback = FIX_RANDOM};
        unsigned long bytes = (unsigned long)fix_state_size(&c), by_hand = formula(&c);
        int fit[2] = {0, 0};
        for (c.n_rec = 1; c.n_rec < 400; c.n_rec++) {
            size_t now = fix_state_size(&c);
            if (now <= 65536) fit[0] = (int)c.n_rec;
            if (now <= 262144) fit[1] = (int)c.n_rec;
        }
        printf("%s\t%s\t%d\t%lu\t%lu\t%d\t%d\n", names[k % 4], k < 4 ? "alif" : "lif", MOST, bytes, by_hand, fit[0], fit[1]);
    }
}

static int cost(int profile, int32_t n, int32_t drive, uint32_t per_1000)
{
    fix_state *s;
    unsigned long spikes = 0;
    uint64_t counts = 0;
    device_make(&d, profiles[profile], IN, n, OUT, drive, room);
    if (fix_init(&s, &d.c, memory, sizeof memory) != FIX_OK) return 1;
    for (uint32_t t = 0; t < WARM + STEPS; t++) {
        int32_t x[IN], target = device_target(&d, t, WARM + STEPS);
        device_input(&d, t, x);
        uint32_t from = counter();
        if (fix_step(s, x, &target) != FIX_OK) return 1;
        if (t < WARM) continue;
        counts += (counter() - from) & 0xffffffu;
        for (size_t j = 0; j < (size_t)n; j++) spikes += (unsigned long)fix_get(s, FIX_z, j);
    }
    printf("%s\t%d\t%d\t%lu.%02lu\t%lu\t%lu\n", names[profile], (int)n, IN, 100 * spikes / (STEPS * (unsigned long)n),
           10000 * spikes / (STEPS * (unsigned long)n) % 100, (unsigned long)(counts * per_1000 / 1000 / STEPS), (unsigned long)fix_state_size(&d.c));
    return 0;
}

int main(void)
{
    static const int32_t drive[] = {0, 1100, 2400, 16000};
    sizes();
    counter_start();
    uint32_t per_1000 = scale();
    printf("profile\tn_rec\tn_in\tspikes_percent\tinstructions_a_step\tbytes\n");
    for (int32_t n = 16; n <= MOST; n *= 2)
        for (int k = 0; k < 4; k++)
            if (cost(0, n, drive[k], per_1000)) return 1;
    for (int p = 1; p < 4; p++)
        if (cost(p, 32, 1100, per_1000)) return 1;
    printf("end\n");
    return 0;
}
