/*
 * elman_n4: forward pass and gradients, 3 steps.
 *
 * Made by symrnn generate --name elman_n4 --backend c --steps 3 --unroll --dims D=3,H=4,C=1 --batch 3 --dtype float32
 *
 *     # Elman's network exactly as in N4: no biases, cross-entropy
 *     O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h)
 *     yhat = sigmoid(O[T] @ w_o)
 *     L    = bce(y, yhat)
 *
 * Its gradient:
 *
 *     d_a_yhat = (yhat - y) / (size(B) * size(C))
 *     d_O[t] = d_a_O[t+1] @ transpose(w_h)
 *     d_O[T] += d_a_yhat @ transpose(w_o)
 *     d_a_O[t] = d_O[t] * (1 - O[t]**2)
 *     d_w_i = sum(transpose(x[t]) @ d_a_O[t])
 *     d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])
 *     d_w_o = transpose(O[T]) @ d_a_yhat
 */
#ifndef ELMAN_N4_INCLUDED
#define ELMAN_N4_INCLUDED

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef ELMAN_N4_DOUBLE
typedef double elman_n4_real;
#else
typedef float elman_n4_real;
#endif

/* sizes: sequences at a time, and widths; known when this is compiled */
#ifndef ELMAN_N4_B
#define ELMAN_N4_B 3
#endif
#ifndef ELMAN_N4_D
#define ELMAN_N4_D 3
#endif
#ifndef ELMAN_N4_H
#define ELMAN_N4_H 4
#endif
#ifndef ELMAN_N4_C
#define ELMAN_N4_C 1
#endif
#define ELMAN_N4_T 3

/* bytes for these sizes (make size: those of the code):
   elman_n4_params 128,
   elman_n4_inputs 168 (state 48),
   elman_n4_memory 916,
   elman_n4_step_inputs 84 (state 48),
   elman_n4_step_memory 216 */

/* the stack: up to 4 KB; where large products are worked out in vectors (SSE, AVX, NEON), 150 KB
   more, unless ELMAN_N4_SMALL_STACK is defined */

/* exp and tanh: polynomials, at most 2.6 ulp off (units in the last place), or libm's where
   ELMAN_N4_LIBM is defined. sigmoid(x) is (tanh(x / 2) + 1) / 2, off by at most 0.7 ulp of 1;
   softplus(x) is max(x, 0) + log1p(exp(-|x|)), at most 2 ulp off. Beside them it takes of
   libm: log1p, pow, sqrt */

#ifdef ELMAN_N4_BLAS
/* the product of matrices of a BLAS: sgemm, or dgemm for double, as Fortran calls it, with int for
   sizes. Large products go to `blas` of a memory, unless that is NULL; it has to be set. In which
   order it sums up, and in how many threads, is its own matter */
typedef void elman_n4_gemm(const char *, const char *, const int *, const int *, const int *,
    const elman_n4_real *, const elman_n4_real *, const int *, const elman_n4_real *, const int *,
    const elman_n4_real *, elman_n4_real *, const int *);
#endif

/* the parameters; their gradients lie in a struct of this kind too */
typedef struct {
    elman_n4_real w_i[ELMAN_N4_D][ELMAN_N4_H];
    elman_n4_real w_h[ELMAN_N4_H][ELMAN_N4_H];
    elman_n4_real w_o[ELMAN_N4_H][ELMAN_N4_C];
} elman_n4_params;

/* what is handed in */
typedef struct {
    elman_n4_real x[ELMAN_N4_T][ELMAN_N4_B][ELMAN_N4_D];
    elman_n4_real y[ELMAN_N4_B][ELMAN_N4_C];
    elman_n4_real O0[ELMAN_N4_B][ELMAN_N4_H];
} elman_n4_inputs;

/* what is worked out */
typedef struct {
    elman_n4_real O[ELMAN_N4_T + 1][ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real d_O[ELMAN_N4_T][ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real d_a_O[ELMAN_N4_T][ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real x_w_i[ELMAN_N4_T][ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real O_w_h[ELMAN_N4_T][ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real w_o_turned[ELMAN_N4_C][ELMAN_N4_H];
    elman_n4_real w_h_turned[ELMAN_N4_H][ELMAN_N4_H];
    elman_n4_real yhat[ELMAN_N4_B][ELMAN_N4_C];
    elman_n4_real a_yhat[ELMAN_N4_B][ELMAN_N4_C];
    elman_n4_real d_a_yhat[ELMAN_N4_B][ELMAN_N4_C];
    elman_n4_real s_l_yhat[ELMAN_N4_B][ELMAN_N4_C];
    elman_n4_real L[1];
    elman_n4_real l_yhat[ELMAN_N4_B][1];
    elman_n4_real sum_l_yhat[1];
#ifdef ELMAN_N4_BLAS
    elman_n4_gemm *blas;
#endif
} elman_n4_memory;

/* one step: what is handed in */
typedef struct {
    elman_n4_real x[ELMAN_N4_B][ELMAN_N4_D];
    elman_n4_real O0[ELMAN_N4_B][ELMAN_N4_H];
} elman_n4_step_inputs;

/* one step: what is worked out */
typedef struct {
    elman_n4_real O[2][ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real x_w_i[ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real O_w_h[ELMAN_N4_B][ELMAN_N4_H];
    elman_n4_real yhat[ELMAN_N4_B][ELMAN_N4_C];
    elman_n4_real a_yhat[ELMAN_N4_B][ELMAN_N4_C];
#ifdef ELMAN_N4_BLAS
    elman_n4_gemm *blas;
#endif
} elman_n4_step_memory;

void elman_n4_forward(elman_n4_memory *m, const elman_n4_params *p, const elman_n4_inputs *in);
void elman_n4_loss(elman_n4_memory *m, const elman_n4_params *p, const elman_n4_inputs *in);
void elman_n4_backward(elman_n4_memory *m, const elman_n4_params *p, elman_n4_params *g,
    const elman_n4_inputs *in);
void elman_n4_step(elman_n4_step_memory *m, const elman_n4_params *p,
    const elman_n4_step_inputs *in);
void elman_n4_carry(elman_n4_step_inputs *in, const elman_n4_step_memory *m);

/* training: parameters to start from (with a seed), a step of gradient descent, one of Adam, and
   so many epochs over batches, by Adam or, where there are no moments, by gradient descent; `fit`
   gives back the mean loss of the last epoch. Moments begin as zeros */
typedef struct {
    elman_n4_params mean, square;
    long count;
} elman_n4_moments;

void elman_n4_start(elman_n4_params *p, uint32_t seed);
void elman_n4_sgd(elman_n4_params *p, const elman_n4_params *g, elman_n4_real rate);
void elman_n4_adam(elman_n4_params *p, const elman_n4_params *g, elman_n4_moments *n,
    elman_n4_real rate);
elman_n4_real elman_n4_fit(elman_n4_memory *m, elman_n4_params *p, elman_n4_params *g,
    elman_n4_moments *n, const elman_n4_inputs *batches, int count, int epochs, elman_n4_real rate);

#ifdef __cplusplus
}
#endif

#endif
