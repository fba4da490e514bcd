/* Trains elman_n4 on a few sequences that are made up: make && ./elman_n4
 * Made by symrnn generate --name elman_n4 --backend c --steps 3 --unroll --dims D=3,H=4,C=1 --batch 3 --dtype float32
 */

#include <stdint.h>
#include <stdio.h>

#include "elman_n4.h"

static elman_n4_params params, grads;
static elman_n4_moments moments;
static elman_n4_inputs batch;
static elman_n4_memory memory;

/* a number from 0 to below 1 (a linear congruential generator) */
static elman_n4_real drawn(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (elman_n4_real)(*seed >> 8) / (elman_n4_real)(1u << 24);
}

int main(void)
{
    uint32_t seed = 1;
    elman_n4_real *numbers = (elman_n4_real *)&batch;
    for (size_t i = 0; i < sizeof batch / sizeof *numbers; i++)
        numbers[i] = drawn(&seed);

    elman_n4_start(&params, 1);
    for (int epoch = 0; epoch <= 200; epoch++) {
        const elman_n4_real loss = elman_n4_fit(
            &memory, &params, &grads, &moments, &batch, 1, 1, (elman_n4_real)0.01);
        if (epoch % 50 == 0)
            printf("epoch %3d  loss %.4f\n", epoch, (double)loss);
    }
    return 0;
}
