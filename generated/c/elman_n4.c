/* Made by symrnn generate --name elman_n4 --backend c --steps 3 --unroll --dims D=3,H=4,C=1 --batch 3 --dtype float32 */

/* GCC 12 sums up wrong numbers with AVX-512 where it puts neighbouring statements together */
#if defined(__GNUC__) && !defined(__clang__) && defined(__AVX512F__)
#pragma GCC optimize ("no-tree-slp-vectorize")
#endif

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "elman_n4.h"

typedef elman_n4_real real;

/* sizes */
enum {
    T = ELMAN_N4_T,
    B = ELMAN_N4_B,
    D = ELMAN_N4_D,
    H = ELMAN_N4_H,
    C = ELMAN_N4_C,
};

#ifdef ELMAN_N4_DOUBLE
#define FN(name) name
#else
#define FN(name) name##f
#endif

#ifdef __GNUC__
#define MAYBE_UNUSED __attribute__((unused))
#define PREFETCH(at) __builtin_prefetch(at, 1)
#else
#define MAYBE_UNUSED
#endif
#ifndef INLINE
#ifdef __GNUC__
#define INLINE static inline __attribute__((always_inline, unused))
#else
#define INLINE static inline
#endif
#endif

/* gcc takes half of a vector of 64 bytes unless told; for exp and tanh the whole is quicker */
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#define GCC_WHOLE_VECTORS __attribute__((target("prefer-vector-width=512")))
#else
#define GCC_WHOLE_VECTORS
#endif

/* Threads, where this is compiled with OpenMP. Each number is worked out by one thread, in the same
   order however many there are; what takes a few microseconds is not shared out. */
#ifdef _OPENMP
#include <omp.h>
#define THREADS omp_get_max_threads()
#define PRAGMA(text) _Pragma(#text)
#define IN_THREADS(many) PRAGMA(omp parallel for if ((many) > 16000))
#else
#define THREADS 1
#define IN_THREADS(many)
#endif

/* functions of one number */

INLINE real square(real x) { return x * x; }
INLINE real greater(real a, real b) { return a >= b || a != a ? a : b; }
INLINE real smaller(real a, real b) { return a <= b || a != a ? a : b; }

#ifdef ELMAN_N4_LIBM
#define fast_tanh FN(tanh)
#define fast_exp FN(exp)
#else
/* exp and tanh without branches, so that a compiler works out many at a time: x = n ln 2 + r, and
   e^r - 1 = r + r^2 (polynomial); at most 2.6 ulp off, and exp is 0 where it would be subnormal */

#ifdef ELMAN_N4_DOUBLE
#define BITS uint64_t
#define MANTISSA 52
#define BIAS 1023
#define MAGIC 6755399441055744.0 /* 1.5 * 2^52: adding it leaves whole numbers in the last bits */
#define LN2_HIGH 0.69314718036912381649
#define LN2_LOW 1.9082149292705878e-10
static const real SERIES[] = {
    2.0914686968086877e-9, 2.5105217004720745e-8, 2.7557273643110295e-7, 2.755725540020642e-6,
    2.4801587325547741e-5, 1.9841269874820626e-4, 1.3888888888883748e-3, 8.333333333326135e-3,
    4.166666666666667e-2, 1.6666666666666671e-1, 0.5};
#else
#define BITS uint32_t
#define MANTISSA 23
#define BIAS 127
#define MAGIC 12582912.0f /* 1.5 * 2^23 */
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f
static const real SERIES[] = {
    1.98909908e-4f, 1.393365e-3f, 8.3333109e-3f, 4.1666465e-2f, 1.6666667e-1f, 0.5f};
#endif

/* 2^n, of n + MAGIC */
INLINE real power_of_two(real shifted)
{
    BITS bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << MANTISSA) + ((BITS)BIAS << MANTISSA);
    memcpy(&shifted, &bits, sizeof bits);
    return shifted;
}

/* e^r - 1, and n + MAGIC */
INLINE real reduced(real x, real *shifted)
{
    const real sum = x * (real)1.4426950408889634 + MAGIC;
    const real n = sum - MAGIC;
    const real r = (x - n * LN2_HIGH) - n * LN2_LOW;
    real series = SERIES[0];
    for (size_t i = 1; i < sizeof SERIES / sizeof *SERIES; i++)
        series = series * r + SERIES[i];
    *shifted = sum;
    return r + r * r * series;
}

INLINE real fast_exp(real x)
{
    const real most = BIAS == 127 ? (real)88.7228 : (real)709.78271;
    const real least = BIAS == 127 ? (real)-87.3 : (real)-708.3;
    const real within = x > most ? most : x < least ? least : x;
    real shifted;
    const real rest = reduced(within, &shifted);
    const real half = power_of_two(shifted - 1); /* 2^n itself may be too large */
    return x > most ? (real)INFINITY : x < least ? (real)0 : (half + half * rest) * 2;
}

INLINE real fast_tanh(real x)
{
    const real most = BIAS == 127 ? (real)18.1 : (real)38.2; /* tanh is 1 from there on */
    const real twice = FN(fabs)(x) * 2;
    real shifted;
    const real rest = reduced(twice > most ? most : twice, &shifted);
    const real power = power_of_two(shifted);
    const real e = power * rest + (power - 1); /* e^2|x| - 1 */
    return FN(copysign)(e / (e + 2), x);
}
#endif

INLINE real sigmoid(real x) { return (real)0.5 * fast_tanh((real)0.5 * x) + (real)0.5; }

INLINE real softplus(real x)
{
    return (x > 0 ? x : (real)0) + FN(log1p)(fast_exp(x > 0 ? -x : x));
}

/* products of matrices: out = left right

   `left` has `row` numbers from one row to the next and `step` from one column to the next, so that
   it may be transposed; `right` and `out` lie row by row, with `right_row` and `out_row` numbers
   from one to the next. Blocks of `out` are summed up in registers. */

#ifndef __GNUC__
#define VECTOR 0
#define TALL 2
#define HIGH 2
#elif defined(__AVX512F__)
#define VECTOR 64
#define TALL 8
#define HIGH 8
#elif defined(__AVX__)
#define VECTOR 32
#define TALL 4
#define HIGH 6
#elif defined(__SSE2__) || defined(__ARM_NEON) || defined(__ALTIVEC__)
#define VECTOR 16
#define TALL 4
#define HIGH 6
#else
#define VECTOR 0
#define TALL 2
#define HIGH 2
#endif

/* clang keeps vectors as wide as that in registers only where it is told to */
#if VECTOR && defined(__clang__) && defined(__x86_64__)
#define CLANG_WHOLE_VECTORS __attribute__((min_vector_width(VECTOR * 8)))
#else
#define CLANG_WHOLE_VECTORS
#endif

#if VECTOR
#define AS_VECTOR(bytes) __attribute__((vector_size(bytes), aligned(sizeof(real)), may_alias))
#define LANES ((int)(VECTOR / sizeof(real)))
typedef real vector_1 AS_VECTOR(VECTOR);
typedef real vector_2 AS_VECTOR(VECTOR / 2);
#else
#define LANES 1
typedef real vector_1;
#endif

/* so many rows, and so many times the numbers in a vector_1 in each */
CLANG_WHOLE_VECTORS
INLINE void block_of_vector_1(int rows, int many, int inner, const real *left, int row,
    int step, const real *right, int right_row, real *out, int out_row, int add)
{
    vector_1 sum[HIGH][8];
    const int lanes = (int)(sizeof(sum[0][0]) / sizeof(real));
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < many; v++)
            sum[i][v] = add ? *(const vector_1 *)(out + i * out_row + v * lanes) : (vector_1){0};
    for (int k = 0; k < inner; k++)
        for (int v = 0; v < many; v++) {
            const vector_1 factor = *(const vector_1 *)(right + k * right_row + v * lanes);
            for (int i = 0; i < rows; i++)
                sum[i][v] += left[i * row + k * step] * factor;
        }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < many; v++)
            *(vector_1 *)(out + i * out_row + v * lanes) = sum[i][v];
}

#if VECTOR
/* so many rows, and so many times the numbers in a vector_2 in each */
CLANG_WHOLE_VECTORS
INLINE void block_of_vector_2(int rows, int many, int inner, const real *left, int row,
    int step, const real *right, int right_row, real *out, int out_row, int add)
{
    vector_2 sum[HIGH][1];
    const int lanes = (int)(sizeof(sum[0][0]) / sizeof(real));
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < many; v++)
            sum[i][v] = add ? *(const vector_2 *)(out + i * out_row + v * lanes) : (vector_2){0};
    for (int k = 0; k < inner; k++)
        for (int v = 0; v < many; v++) {
            const vector_2 factor = *(const vector_2 *)(right + k * right_row + v * lanes);
            for (int i = 0; i < rows; i++)
                sum[i][v] += left[i * row + k * step] * factor;
        }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < many; v++)
            *(vector_2 *)(out + i * out_row + v * lanes) = sum[i][v];
}
#endif

/* so many rows, and so many numbers in each */
INLINE void block_of_real(int rows, int many, int inner, const real *left, int row,
    int step, const real *right, int right_row, real *out, int out_row, int add)
{
    real sum[HIGH][1];
    const int lanes = (int)(sizeof(sum[0][0]) / sizeof(real));
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < many; v++)
            sum[i][v] = add ? *(const real *)(out + i * out_row + v * lanes) : (real){0};
    for (int k = 0; k < inner; k++)
        for (int v = 0; v < many; v++) {
            const real factor = *(const real *)(right + k * right_row + v * lanes);
            for (int i = 0; i < rows; i++)
                sum[i][v] += left[i * row + k * step] * factor;
        }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < many; v++)
            *(real *)(out + i * out_row + v * lanes) = sum[i][v];
}

/* operands from a row and a column on */
#define FROM(i, j) \
    left + (i) * row, row, step, right + (j), right_row, out + (i) * out_row + (j), out_row

/* some rows, at most TALL */
INLINE void rows_of(int rows, int columns, int inner, const real *left, int row, int step,
    const real *right, int right_row, real *out, int out_row, int add)
{
    int j = 0;
    for (; rows == 1 && j + 8 * LANES <= columns; j += 8 * LANES)
        block_of_vector_1(rows, 8, inner, FROM(0, j), add);
    for (; rows == 1 && j + 4 * LANES <= columns; j += 4 * LANES)
        block_of_vector_1(rows, 4, inner, FROM(0, j), add);
    for (; j + 2 * LANES <= columns; j += 2 * LANES)
        block_of_vector_1(rows, 2, inner, FROM(0, j), add);
    for (; j + LANES <= columns; j += LANES)
        block_of_vector_1(rows, 1, inner, FROM(0, j), add);
#if VECTOR
    for (; j + LANES / 2 <= columns; j += LANES / 2)
        block_of_vector_2(rows, 1, inner, FROM(0, j), add);
#endif
    for (; j < columns; j++)
        block_of_real(rows, 1, inner, FROM(0, j), add);
}

/* all rows, TALL at a time */
INLINE void all_rows(int rows, int columns, int inner, const real *left, int row, int step,
    const real *right, int right_row, real *out, int out_row, int add)
{
    int i = 0;
    for (; i + TALL <= rows; i += TALL)
        rows_of(TALL, columns, inner, FROM(i, 0), add);
    for (; i + 2 <= rows; i += 2)
        rows_of(2, columns, inner, FROM(i, 0), add);
    for (; i < rows; i++)
        rows_of(1, columns, inner, FROM(i, 0), add);
}

enum { SMALL = 4096, LARGE = 262144 / (int)sizeof(real) };

#if VECTOR && !defined(ELMAN_N4_SMALL_STACK)
#define BY_TILES
/* Large products are summed up tile by tile. What tiles share is copied, so that it lies in few
   pages and stays in the cache: of `right` a strip as wide as a tile; the rows of a `left` that is
   transposed, and the last few of any other. Each sum runs in the order of its terms, whatever the
   blocks are. (benchmarks/products.py measures what LARGE, DEEP and BLOCK rest on) */
enum { DEEP = 128, WIDE = 2 * LANES, BLOCK = 131072 / (int)sizeof(real) / DEEP / HIGH * HIGH };

CLANG_WHOLE_VECTORS
static void tile(int inner, const real *left, int row, int step, const real *strip, real *out,
    int out_row, int add)
{
    vector_1 sum[HIGH][2];
    for (int i = 0; i < HIGH; i++)
        for (int v = 0; v < 2; v++)
            sum[i][v] = add ? *(const vector_1 *)(out + i * out_row + v * LANES) : (vector_1){0};
    for (int k = 0; k < inner; k++) {
        const vector_1 first = *(const vector_1 *)(strip + k * WIDE);
        const vector_1 second = *(const vector_1 *)(strip + k * WIDE + LANES);
        for (int i = 0; i < HIGH; i++) {
            sum[i][0] += left[i * row + k * step] * first;
            sum[i][1] += left[i * row + k * step] * second;
        }
    }
    for (int i = 0; i < HIGH; i++)
        for (int v = 0; v < 2; v++)
            *(vector_1 *)(out + i * out_row + v * LANES) = sum[i][v];
}

/* some rows, at most HIGH, so that each column of them lies side by side */
static void columns_of(int rows, int inner, const real *left, int row, int step, real *panel)
{
    for (int k = 0; k < inner; k++, left += step, panel += HIGH) {
        if (row == 1 && rows == HIGH)
            memcpy(panel, left, HIGH * sizeof(real));
        else
            for (int i = 0; i < HIGH; i++)
                panel[i] = i < rows ? left[i * row] : 0;
    }
}

/* some columns, at most WIDE */
static void strip_of(int columns, int inner, const real *right, int right_row, real *strip)
{
    for (int k = 0; k < inner; k++, right += right_row, strip += WIDE) {
        if (columns == WIDE)
            memcpy(strip, right, WIDE * sizeof(real));
        else
            for (int j = 0; j < WIDE; j++)
                strip[j] = j < columns ? right[j] : 0;
    }
}

/* some rows, at most BLOCK */
static void block_of_rows(int rows, int columns, int inner, const real *left, int row, int step,
    const real *right, int right_row, real *out, int out_row)
{
    real strip[DEEP * WIDE], panel[DEEP * BLOCK], edge[HIGH * WIDE] = {0};
    const int in_place = step == 1 ? rows / HIGH * HIGH : 0;
    for (int k = 0; k < inner; k += DEEP) {
        const int deep = inner - k < DEEP ? inner - k : DEEP;
        for (int i = in_place; i < rows; i += HIGH)
            columns_of(rows - i < HIGH ? rows - i : HIGH, deep, left + i * row + k * step, row,
                step, panel + (i - in_place) * deep);
        for (int j = 0; j < columns; j += WIDE) {
            const int wide = columns - j < WIDE ? columns - j : WIDE;
            strip_of(wide, deep, right + k * right_row + j, right_row, strip);
            for (int i = 0; i < rows; i += HIGH) {
                const int high = rows - i < HIGH ? rows - i : HIGH;
                real *into = out + i * out_row + j;
                const int whole = high == HIGH && wide == WIDE;
                for (int l = 0; !whole && l < high; l++)
                    memcpy(edge + l * WIDE, into + l * out_row, (size_t)wide * sizeof(real));
                for (int l = i + HIGH; whole && l < i + 2 * HIGH && l < rows; l++) {
                    PREFETCH(out + l * out_row + j);
                    PREFETCH(out + l * out_row + j + LANES);
                }
                if (i < in_place)
                    tile(deep, left + i * row + k, row, 1, strip, whole ? into : edge,
                        whole ? out_row : WIDE, k > 0);
                else
                    tile(deep, panel + (i - in_place) * deep, 1, HIGH, strip, whole ? into : edge,
                        whole ? out_row : WIDE, k > 0);
                for (int l = 0; !whole && l < high; l++)
                    memcpy(into + l * out_row, edge + l * WIDE, (size_t)wide * sizeof(real));
            }
        }
    }
}
#endif

/* how many rows are worked out at a time: as many as that, or a thread's share */
MAYBE_UNUSED static int rows_at_once(int rows, int most, int multiple)
{
    const int share = (rows + THREADS - 1) / THREADS;
    const int found = (share + multiple - 1) / multiple * multiple;
    return found < most ? found : most;
}

/* whatever is not small is worked out by one function for all sizes */
MAYBE_UNUSED static void large_dot(int rows, int columns, int inner, const real *left, int row,
    int step, const real *right, int right_row, real *out, int out_row)
{
#ifdef BY_TILES
    const int room = step == 1 ? LARGE / columns : 4 * LARGE / (rows + columns);
    const int odd = columns > WIDE && columns % (LANES / 2) != 0;
    if (rows >= 16 && (odd || inner > room)) {
        const int many = rows_at_once(rows, BLOCK, HIGH);
        IN_THREADS(rows * columns / 64 * inner)
        for (int i = 0; i < rows; i += many)
            block_of_rows(rows - i < many ? rows - i : many, columns, inner, FROM(i, 0));
        return;
    }
#endif
    const int many = rows_at_once(rows, rows, TALL);
    IN_THREADS(rows * columns / 64 * inner)
    for (int i = 0; i < rows; i += many)
        all_rows(rows - i < many ? rows - i : many, columns, inner, FROM(i, 0), 0);
}

INLINE void dot(int rows, int columns, int inner, const real *left, int row, int step,
    const real *right, int right_row, real *out, int out_row)
{
    if (rows <= SMALL / columns / inner)
        all_rows(rows, columns, inner, FROM(0, 0), 0);
    else
        large_dot(rows, columns, inner, FROM(0, 0));
}

/* out = left right^T, which has so many rows and columns */
INLINE void dot_by_turned(int rows, int columns, int inner, const real *left, int row,
    const real *right, int right_row, real *out, int out_row)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            real sum = 0;
            for (int k = 0; k < inner; k++)
                sum += left[i * row + k] * right[j * right_row + k];
            out[i * out_row + j] = sum;
        }
}
#ifdef ELMAN_N4_BLAS

/* large products by the BLAS of a memory; for it, whose matrices lie column by column, each of ours
   is transposed */
MAYBE_UNUSED static void dot_by(elman_n4_gemm *blas, int rows, int columns, int inner,
    const real *left, int row, int step, const real *right, int right_row, real *out, int out_row)
{
    if (!blas || rows < 16 || columns < 16 || rows < 262144 / columns / inner) {
        dot(rows, columns, inner, FROM(0, 0));
        return;
    }
    const real one = 1, none = 0;
    const int apart = step == 1 ? row : step;
    blas("N", step == 1 ? "N" : "T", &columns, &rows, &inner, &one, right, &right_row, left, &apart,
        &none, out, &out_row);
}
#define dot(...) dot_by(m->blas, __VA_ARGS__)
#endif

GCC_WHOLE_VECTORS
void elman_n4_forward(elman_n4_memory *restrict m, const elman_n4_params *restrict p,
    const elman_n4_inputs *restrict in)
{
    /* a_O[1] = x[1] @ w_i + O[0] @ w_h */
    dot(T * B, H, D, &in->x[0][0][0], D, 1, &p->w_i[0][0], H, &m->x_w_i[0][0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* O[0] = O0 */
            m->O[0][r][j] = in->O0[r][j];
        }
    dot(B, H, H, &m->O[0][0][0], H, 1, &p->w_h[0][0], H, &m->O_w_h[0][0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* O[1] = tanh(a_O[1]) */
            m->O[1][r][j] = fast_tanh(m->x_w_i[0][r][j] + m->O_w_h[0][r][j]);
        }
    /* a_O[2] = x[2] @ w_i + O[1] @ w_h */
    dot(B, H, H, &m->O[1][0][0], H, 1, &p->w_h[0][0], H, &m->O_w_h[1][0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* O[2] = tanh(a_O[2]) */
            m->O[2][r][j] = fast_tanh(m->x_w_i[1][r][j] + m->O_w_h[1][r][j]);
        }
    /* a_O[3] = x[3] @ w_i + O[2] @ w_h */
    dot(B, H, H, &m->O[2][0][0], H, 1, &p->w_h[0][0], H, &m->O_w_h[2][0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* O[3] = tanh(a_O[3]) */
            m->O[3][r][j] = fast_tanh(m->x_w_i[2][r][j] + m->O_w_h[2][r][j]);
        }
    /* a_yhat = O[T] @ w_o */
    dot(B, C, H, &m->O[3][0][0], H, 1, &p->w_o[0][0], C, &m->a_yhat[0][0], C);
    IN_THREADS(B * C)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < C; j++) {
            /* yhat = sigmoid(a_yhat) */
            m->yhat[r][j] = sigmoid(m->a_yhat[r][j]);
        }
}

void elman_n4_loss(elman_n4_memory *restrict m, const elman_n4_params *restrict p,
    const elman_n4_inputs *restrict in)
{
    IN_THREADS(B * C)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < C; j++) {
            /* l_yhat = bce_logits(y, a_yhat) */
            /* L = l_yhat */
            m->s_l_yhat[r][j] = softplus(m->a_yhat[r][j]) - in->y[r][j] * m->a_yhat[r][j];
        }
    {
        real found = 0;
        for (int r = 0; r < B; r++)
            for (int j = 0; j < C; j++)
                found += m->s_l_yhat[r][j];
        m->sum_l_yhat[0] = found;
    }
    m->L[0] = (real)1 / ((real)B * (real)C) * m->sum_l_yhat[0];
    (void)p;
}

void elman_n4_backward(elman_n4_memory *restrict m, const elman_n4_params *restrict p,
    elman_n4_params *restrict g, const elman_n4_inputs *restrict in)
{
    /* for d_O */
    for (int r = 0; r < C; r++)
        for (int j = 0; j < H; j++)
            m->w_o_turned[r][j] = p->w_o[j][r];
    for (int r = 0; r < H; r++)
        for (int j = 0; j < H; j++)
            m->w_h_turned[r][j] = p->w_h[j][r];
    IN_THREADS(B * C)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < C; j++) {
            /* d_a_yhat = (yhat - y) / (size(B) * size(C)) */
            m->d_a_yhat[r][j] = (real)1 / ((real)B * (real)C) * (m->yhat[r][j] - in->y[r][j]);
        }
    /* d_O[3] = d_a_yhat @ transpose(w_o) */
    dot(B, H, C, &m->d_a_yhat[0][0], C, 1, &m->w_o_turned[0][0], H, &m->d_O[2][0][0], H);
    /* d_w_o = transpose(O[T]) @ d_a_yhat */
    dot(H, C, B, &m->O[3][0][0], 1, H, &m->d_a_yhat[0][0], C, &g->w_o[0][0], C);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* d_a_O[3] = d_O[3] * (1 - O[3]**2) */
            m->d_a_O[2][r][j] = ((real)1 - square(m->O[3][r][j])) * m->d_O[2][r][j];
        }
    /* d_O[2] = d_a_O[3] @ transpose(w_h) */
    dot(B, H, H, &m->d_a_O[2][0][0], H, 1, &m->w_h_turned[0][0], H, &m->d_O[1][0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* d_a_O[2] = d_O[2] * (1 - O[2]**2) */
            m->d_a_O[1][r][j] = ((real)1 - square(m->O[2][r][j])) * m->d_O[1][r][j];
        }
    /* d_O[1] = d_a_O[2] @ transpose(w_h) */
    dot(B, H, H, &m->d_a_O[1][0][0], H, 1, &m->w_h_turned[0][0], H, &m->d_O[0][0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* d_a_O[1] = d_O[1] * (1 - O[1]**2) */
            m->d_a_O[0][r][j] = ((real)1 - square(m->O[1][r][j])) * m->d_O[0][r][j];
        }
    /* d_w_i = sum(transpose(x[t]) @ d_a_O[t]) */
    dot(D, H, T * B, &in->x[0][0][0], 1, D, &m->d_a_O[0][0][0], H, &g->w_i[0][0], H);
    /* d_w_h = sum(transpose(O[t-1]) @ d_a_O[t]) */
    dot(H, H, T * B, &m->O[0][0][0], 1, H, &m->d_a_O[0][0][0], H, &g->w_h[0][0], H);
}

GCC_WHOLE_VECTORS
void elman_n4_step(elman_n4_step_memory *restrict m, const elman_n4_params *restrict p,
    const elman_n4_step_inputs *restrict in)
{
    /* a_O[1] = x[1] @ w_i + O[0] @ w_h */
    dot(B, H, D, &in->x[0][0], D, 1, &p->w_i[0][0], H, &m->x_w_i[0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* O[0] = O0 */
            m->O[0][r][j] = in->O0[r][j];
        }
    dot(B, H, H, &m->O[0][0][0], H, 1, &p->w_h[0][0], H, &m->O_w_h[0][0], H);
    IN_THREADS(B * H)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < H; j++) {
            /* O[1] = tanh(a_O[1]) */
            m->O[1][r][j] = fast_tanh(m->x_w_i[r][j] + m->O_w_h[r][j]);
        }
    /* a_yhat = O[T] @ w_o */
    dot(B, C, H, &m->O[1][0][0], H, 1, &p->w_o[0][0], C, &m->a_yhat[0][0], C);
    IN_THREADS(B * C)
    for (int r = 0; r < B; r++)
        for (int j = 0; j < C; j++) {
            /* yhat = sigmoid(a_yhat) */
            m->yhat[r][j] = sigmoid(m->a_yhat[r][j]);
        }
}

void elman_n4_carry(elman_n4_step_inputs *in, const elman_n4_step_memory *m)
{
    memcpy(in->O0, m->O[1], sizeof in->O0);
}

/* training; parameters, gradients and moments are vectors of numbers */

enum { PARAMS = (int)(sizeof(elman_n4_params) / sizeof(real)) };

/* a number from -1 to 1 (a linear congruential generator) */
MAYBE_UNUSED static real drawn(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (real)(*seed >> 8) / (real)(1u << 23) - 1;
}

void elman_n4_start(elman_n4_params *p, uint32_t seed)
{
    for (int r = 0; r < D; r++)
        for (int j = 0; j < H; j++)
            p->w_i[r][j] = drawn(&seed) * FN(sqrt)((real)6 / (real)(D + H));
    for (int r = 0; r < H; r++)
        for (int j = 0; j < H; j++)
            p->w_h[r][j] = drawn(&seed) * FN(sqrt)((real)6 / (real)(H + H));
    for (int r = 0; r < H; r++)
        for (int j = 0; j < C; j++)
            p->w_o[r][j] = drawn(&seed) * FN(sqrt)((real)6 / (real)(H + C));
}

void elman_n4_sgd(elman_n4_params *p, const elman_n4_params *g, elman_n4_real rate)
{
    real *theta = (real *)p;
    const real *gradient = (const real *)g;
    for (int i = 0; i < PARAMS; i++)
        theta[i] -= rate * gradient[i];
}

void elman_n4_adam(elman_n4_params *p, const elman_n4_params *g, elman_n4_moments *n,
    elman_n4_real rate)
{
    const real keep = (real)0.9, keep_square = (real)0.999, small = (real)1e-8;
    real *theta = (real *)p, *mean = (real *)&n->mean, *mean_square = (real *)&n->square;
    const real *gradient = (const real *)g;
    n->count++;
    const real part = 1 - FN(pow)(keep, (real)n->count);
    const real root = FN(sqrt)(1 - FN(pow)(keep_square, (real)n->count));
    for (int i = 0; i < PARAMS; i++) {
        const real d = gradient[i];
        mean[i] = keep * mean[i] + (1 - keep) * d;
        mean_square[i] = keep_square * mean_square[i] + (1 - keep_square) * d * d;
        theta[i] -= rate / part * mean[i] / (FN(sqrt)(mean_square[i]) / root + small);
    }
}

elman_n4_real elman_n4_fit(elman_n4_memory *m, elman_n4_params *p, elman_n4_params *g,
    elman_n4_moments *n, const elman_n4_inputs *batches, int count, int epochs, elman_n4_real rate)
{
    real sum = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
        sum = 0;
        for (int i = 0; i < count; i++) {
            elman_n4_forward(m, p, &batches[i]);
            elman_n4_loss(m, p, &batches[i]);
            elman_n4_backward(m, p, g, &batches[i]);
            sum += m->L[0];
            if (n)
                elman_n4_adam(p, g, n, rate);
            else
                elman_n4_sgd(p, g, rate);
        }
    }
    return sum / (real)(count > 0 ? count : 1);
}
