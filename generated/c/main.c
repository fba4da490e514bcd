/* Trains elman_n4 on three reviews: cat mat rat (good), rat rat mat (good), mat mat cat (bad):
 * make && ./elman_n4
 * Made by symrnn generate --name elman_n4 --backend c --steps 3 --unroll --dims D=3,H=4,C=1 --batch 3 --dtype float32
 */

#include <stdint.h>
#include <stdio.h>

#include "elman_n4.h"

#if ELMAN_N4_D != 3
#error "these data are for ELMAN_N4_D = 3"
#endif
#if ELMAN_N4_C != 1
#error "these data are for ELMAN_N4_C = 1"
#endif
enum { MANY = 3, BATCHES = (MANY + ELMAN_N4_B - 1) / ELMAN_N4_B };
static const int given[MANY][3] = {{0, 1, 2}, {2, 2, 1}, {1, 1, 0}};
static const int wanted[MANY][1] = {{1}, {1}, {0}};

static elman_n4_params params, grads;
static elman_n4_moments moments;
static elman_n4_inputs batches[BATCHES];
static elman_n4_memory memory;

int main(void)
{
    for (int i = 0; i < BATCHES; i++)
        for (int r = 0; r < ELMAN_N4_B; r++) {
            const int one = (i * ELMAN_N4_B + r) % MANY;
            for (int t = 0; t < ELMAN_N4_T; t++)
                batches[i].x[t][r][given[one][t]] = 1;
            batches[i].y[r][0] = (elman_n4_real)wanted[one][0];
        }

    elman_n4_start(&params, 1);
    for (int epoch = 0; epoch <= 200; epoch++) {
        const elman_n4_real loss = elman_n4_fit(&memory, &params, &grads, &moments,
            batches, BATCHES, 1, (elman_n4_real)0.01);
        if (epoch % 50 == 0)
            printf("epoch %3d  loss %.4f\n", epoch, (double)loss);
    }
    return 0;
}
