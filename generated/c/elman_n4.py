"""elman_n4: forward pass and gradients, 3 steps.

Made by symrnn generate --name elman_n4 --backend c --steps 3 --unroll

    # Elman's network exactly as in N4: no biases, cross-entropy
    O[t] = tanh(x[t] @ w_i + O[t-1] @ w_h)
    yhat = sigmoid(O[T] @ w_o)
    L    = bce(y, yhat)

Its gradient:

    d_a_yhat = (yhat - y) / (size(B) * size(C))
    d_O[t] = d_a_O[t+1] @ transpose(w_h)
    d_O[T] += d_a_yhat @ transpose(w_o)
    d_a_O[t] = d_O[t] * (1 - O[t]**2)
    d_w_i = sum(transpose(x[t]) @ d_a_O[t])
    d_w_h = sum(transpose(O[t-1]) @ d_a_O[t])
    d_w_o = transpose(O[T]) @ d_a_yhat
"""

import ctypes
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache, partial
from math import prod
from pathlib import Path

import numpy as np

STEPS = 3
DIMS = ("D", "H", "C")
PARAMS = {"w_i": ("D", "H"), "w_h": ("H", "H"), "w_o": ("H", "C")}
INPUTS = {"x": ("T", "B", "D"), "y": ("B", "C")}
STATES = {"O0": ("B", "H")}
OUTPUTS = {"yhat": ("B", "C")}
START = {"w_i": "glorot", "w_h": "glorot", "w_o": "glorot"}
ANALYTIC = True
TARGETS = ("y",)
ONEHOT = ()
BETWEEN_0_AND_1 = ("y",)
_EVERY = {"x": ("T", "B", "D"), "y": ("B", "C"), "O0": ("B", "H")}
_NEEDED = {"forward": ("x",), "loss": ("x", "y")}
_OPTIONAL = ("O0",)
CAUSAL = True
_STEP = {"x": ("B", "D"), "O0": ("B", "H")}
_STEP_NEEDED = ("x",)
COMPLEX_STEP = False


def _lay_out(theta, D, H, C):
    """The parameters as they lie in one vector, and each of them by its name."""
    piece = _pieces(theta)
    w_i = piece(D, H)
    w_h = piece(H, H)
    w_o = piece(H, C)
    return (w_i, w_h, w_o), {"w_i": w_i, "w_h": w_h, "w_o": w_o}


class _Plan:
    """What a kernel needs for one number of sequences: arrays, views, and the work on them."""


def _plan(B, dtype, theta, dtheta, D, H, C):
    """The arrays for B sequences, and the passes over them."""
    library = _library(dtype, B, D, H, C)
    memory = library.numbers("elman_n4_memory")
    given = library.numbers("elman_n4_inputs")
    piece = _pieces(memory)
    O = piece(4, B, H)
    piece(3, B, H)
    piece(3, B, H)
    piece(3, B, H)
    piece(3, B, H)
    piece(C, H)
    piece(H, H)
    yhat = piece(B, C)
    piece(B, C)
    piece(B, C)
    piece(B, C)
    L = piece(1)
    piece(B, 1)
    piece(1)
    piece = _pieces(given)
    given_x = piece(3, B, D)
    given_y = piece(B, C)
    given_O0 = piece(B, H)
    plan = _Plan()
    bound = library.bound(plan, memory, theta, dtheta, given)
    run_forward = bound("forward")

    def forward(x, O0):
        given_x[...] = x
        given_O0[...] = O0
        run_forward()

    plan.forward = forward
    run_loss = bound("loss")

    def loss(y):
        given_y[...] = y
        run_loss()

    plan.loss = loss
    run_backward = bound("backward")

    def backward(x, y):
        run_backward()

    plan.backward = backward
    run_whole = bound("whole")

    def whole(x, O0, y):
        given_x[...] = x
        given_O0[...] = O0
        given_y[...] = y
        run_whole()

    plan.whole = whole
    plan.again = run_whole
    given = {"x": given_x, "y": given_y, "O0": given_O0}
    plan.given = {name: (place, place.shape) for name, place in given.items()}
    plan.fit, plan.stacked = library.fit(plan), partial(library.stacked, plan)
    plan.outputs = {"yhat": yhat}
    plan.states = {"O0": O[3]}
    plan.grads = {}
    plan.value = L
    return plan


def _step_plan(B, dtype, theta, D, H, C):
    """The arrays for one step of B sequences, and the work on them."""
    library = _library(dtype, B, D, H, C)
    memory = library.numbers("elman_n4_step_memory")
    given = library.numbers("elman_n4_step_inputs")
    piece = _pieces(memory)
    O = piece(2, B, H)
    piece(B, H)
    piece(B, H)
    yhat = piece(B, C)
    piece(B, C)
    piece = _pieces(given)
    given_x = piece(B, D)
    given_O0 = piece(B, H)
    plan = _Plan()
    bound = library.bound(plan, memory, theta, theta, given)
    run_step = bound("step")

    def step(x, O0):
        given_x[...] = x
        given_O0[...] = O0
        run_step()

    plan.step = step
    plan.outputs = {"yhat": yhat}
    plan.states = {"O0": O[1]}
    plan.grads = {}
    return plan


class Kernel:
    """Arrays for at most `batch` sequences: after the first call, none of them is made again.

    `params` and `grads` are views into the vectors `theta` and `dtheta`. What a call gives back is
    valid until the next call.
    A kernel serves one call at a time. A copy, or what comes out of a pickle, is a kernel of its
    own with the same parameters.
    """

    def __init__(self, batch, *, dtype=np.float64, theta=None, dtheta=None, **dims):
        self.batch = _whole("batch", batch)
        self.dtype = _dtype(dtype)
        self.dims = _dims(dims)
        size = sum(prod(_sizes(axes, self.dims)) for axes in PARAMS.values())
        self.theta = _vector("theta", theta, size, self.dtype)
        self.dtheta = _vector("dtheta", dtheta, size, self.dtype)
        if np.shares_memory(self.theta, self.dtheta):
            raise ValueError("theta and dtheta overlap; expected two vectors")
        self._alone = _Alone()
        self.params = _lay_out(self.theta, *self.dims.values())[1]
        self.grads = _lay_out(self.dtheta, *self.dims.values())[1]
        self._plans = {}
        self._before = None, ()

    def __reduce__(self):
        return _kernel_like, (self.batch, self.dtype, self.theta, self.dims)

    def __copy__(self):
        return _kernel_like(self.batch, self.dtype, self.theta.copy(), self.dims)

    def _ready(self, inputs, wanted, every=_EVERY, make=None):
        """The plan for as many sequences as came, and every input as an array that fits it."""
        make = make or _plan
        self._before = None, ()
        batch = _batch(inputs, self.batch, self.dims, every)
        plan = self._plans.get((make, batch))
        if plan is None:
            vectors = (self.theta, self.dtheta) if make is _plan else (self.theta,)
            plan = make(batch, self.dtype, *vectors, *self.dims.values())
            if make is _plan:
                plan.grads = {**self.grads, **plan.grads}
            plan.shapes = {
                name: _sizes(axes, {"T": STEPS, "B": batch, **self.dims})
                for name, axes in every.items()
            }
            plan.zeros = {
                name: np.zeros(shape, self.dtype)
                for name, shape in plan.shapes.items()
                if name in _OPTIONAL
            }
            plan.written = _owners(plan.outputs, plan.states, plan.grads)
            self._plans[make, batch] = plan
        if not inputs.keys() <= plan.shapes.keys():
            _complain_of_names(inputs, plan.shapes)
        found = []
        for name, shape in plan.shapes.items():
            value = inputs.get(name)
            if value is None:
                value = plan.zeros.get(name)
                if value is None and name in wanted:
                    raise TypeError(f"{name} is missing; expected an array of shape {shape}")
            elif (
                value.__class__ is not np.ndarray
                or value.dtype != self.dtype
                or value.shape != shape
                or not value.flags.c_contiguous
            ):
                value = _array(name, value, shape, self.dtype)
            base = None if value is None else value.base
            if id(value if base is None else base) in plan.written:
                _complain_of_overlap(name, value, plan)
            found.append(value)
        return plan, found

    def _again(self, inputs):
        """The plan of the training step before, with these inputs in it, if they are of the same
        kinds as those were; or nothing, and they have to be looked at."""
        plan, names = self._before
        if names != (*inputs,):
            return None
        dtype, given = self.dtype, plan.given
        for name, value in inputs.items():
            place, shape = given[name]
            if (
                value.__class__ is not np.ndarray
                or value.dtype is not dtype
                or value.shape != shape
                or (value.base is not None and id(value.base) in plan.written)
            ):
                return None
            place[...] = value
        return plan

    def once_more(self):
        """What takes the training step before once more: the place of each of its inputs, a
        function of the address that gradients by parameters are written to, as they lie in
        dtheta, and the place of the loss. No other call may be made in between."""
        plan, names = self._before
        at, own = plan.vectors[-1], self.dtheta.ctypes.data

        def run(address):
            at[2] = address
            try:
                plan.again()
            finally:
                at[2] = own

        return {name: plan.given[name][0] for name in names}, run, plan.value

    def forward(self, **inputs):
        """The outputs, and the states after the last step, under the names of STATES."""
        with self._alone:
            plan, (x, y, O0) = self._ready(inputs, _NEEDED["forward"])
            plan.forward(x, O0)
            self.outputs, self.states = plan.outputs, plan.states
            return self.outputs, self.states

    def loss(self, **inputs):
        """The loss alone."""
        with self._alone:
            plan, (x, y, O0) = self._ready(inputs, _NEEDED["loss"])
            plan.forward(x, O0)
            plan.loss(y)
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs)

    def loss_and_grads(self, **inputs):
        """The loss and its gradients, by name."""
        with self._alone:
            plan = self._again(inputs)
            if plan is None:
                plan, (x, y, O0) = self._ready(inputs, _NEEDED["loss"])
                plan.whole(x, O0, y)
                self._before = plan, (*inputs,)
            else:
                plan.again()
            self.outputs, self.states = plan.outputs, plan.states
            return _checked(plan.value[0], inputs), plan.grads

    def fit(self, rate, epochs=1, **inputs):
        """Gradient descent in C: a step for each batch, `epochs` times over all of them, with no
        Python in between; the mean loss of the last time. Each input has one axis more, ahead of
        its own: the batches."""
        epochs = _whole("epochs", epochs)
        batches = {name: _plain(name, value) for name, value in inputs.items()}
        count = max((len(value) for value in batches.values() if value.ndim), default=0)
        for name, value in batches.items():
            if value.shape[:1] != (count,) or not count:
                raise ValueError(
                    f"{name} has shape {value.shape}; expected as many batches, 1 or more, ahead of"
                    " its own axes as every other input has"
                )
        with self._alone:
            first = {name: value[0] for name, value in batches.items()}
            plan, (x, y, O0) = self._ready(first, _NEEDED["loss"])
            plan.whole(x, O0, y)
            rows, places = plan.stacked(count)
            for name, value in batches.items():
                shape = (count, *plan.shapes[name])
                places[name][...] = _fitting(name, value, shape, self.dtype)
            loss = self.dtype.type(plan.fit(rows, epochs, rate))
        if loss != loss:
            for i in range(count):
                _checked(loss, {name: value[i] for name, value in batches.items()})
        return loss

    def step(self, **inputs):
        """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
        with self._alone:
            plan, (x, O0) = self._ready(inputs, _STEP_NEEDED, _STEP, _step_plan)
            plan.step(x, O0)
            self.outputs, self.states = plan.outputs, plan.states
            return plan.outputs, plan.states


class _Alone:
    """A call by itself: while one is under way, another would write to the same arrays."""

    def __init__(self):
        self.free = [True]  # taken out and put back: each is one step, also among threads

    def __enter__(self):
        try:
            self.free.pop()
        except IndexError:
            raise RuntimeError(
                "this kernel is at work in another call, and serves one at a time; give each"
                " thread a kernel of its own, such as copy.copy(kernel)"
            ) from None

    def __exit__(self, *_):
        self.free.append(True)


def _kernel_like(batch, dtype, theta, dims):
    """What a copy of a kernel is, and what comes out of a pickle."""
    return Kernel(batch, dtype=dtype, theta=theta, **dims)


# the same as plain functions, which give back arrays of their own


def init_params(seed=0, dtype=np.float64, **dims):
    """Parameters to start from."""
    rng, sizes, dtype = np.random.default_rng(seed), _dims(dims), _dtype(dtype)
    return {
        name: np.asarray(_start(rng, START[name], _sizes(axes, sizes)), dtype)
        for name, axes in PARAMS.items()
    }


def _start(rng, how, shape):
    if how == "orthogonal":
        q, r = np.linalg.qr(rng.normal(size=(max(shape), min(shape))))
        q *= np.where(np.diagonal(r) < 0, -1, 1)
        return q if shape[0] >= shape[1] else q.T
    if how == "glorot":
        return rng.uniform(-1, 1, shape) * np.sqrt(6 / sum(shape))
    return np.full(shape, how)


def forward(params, **inputs):
    """The outputs, and the states after the last step, under the names of STATES."""
    outputs, states = _kernel(params, inputs).forward(**inputs)
    return _copies(outputs), _copies(states)


def loss(params, **inputs):
    """The loss alone."""
    return _kernel(params, inputs).loss(**inputs)


def loss_and_grads(params, **inputs):
    """The loss and its gradients, by name."""
    value, grads = _kernel(params, inputs).loss_and_grads(**inputs)
    return value, _copies(grads)


def step(params, **inputs):
    """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
    outputs, states = _kernel(params, inputs, _STEP).step(**inputs)
    return _copies(outputs), _copies(states)


def _copies(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def _kernel(params, inputs, every=_EVERY):
    """A kernel for these parameters and as many sequences as came."""
    for name in params:
        if name not in PARAMS:
            raise TypeError(f"'{name}' is no parameter; there are {', '.join(PARAMS) or 'none'}")
    dims, arrays = {}, {}
    for name, axes in PARAMS.items():
        if name not in params:
            raise TypeError(f"the parameter {name} is missing; it has the axes ({', '.join(axes)})")
        arrays[name] = _plain(name, params[name])
        _learn(dims, axes, arrays[name].shape)
    for name, axes in every.items():
        if name in inputs:
            _learn(dims, axes, np.shape(inputs[name]))
    kinds = [a.dtype for a in arrays.values() if a.dtype.kind in "fc"] or [np.dtype(np.float64)]
    known = {name: dims[name] for name in DIMS if name in dims}
    kernel = Kernel(_batch(inputs, None, known, every), dtype=np.result_type(*kinds), **known)
    for name, array in arrays.items():
        kernel.params[name][...] = _array(name, array, kernel.params[name].shape, kernel.dtype)
    return kernel


def _learn(dims, axes, shape):
    """The dimensions that a shape tells: those that are an axis by themselves."""
    for axis, size in zip(axes, shape, strict=False):
        if axis in DIMS:
            dims.setdefault(axis, size)


# the C of this kernel, compiled for the sizes that are asked for

_SOURCES = {
    "elman_n4.h": r"""/*
 * elman_n4: forward pass and gradients, 3 steps.
 *
 * Made by symrnn generate --name elman_n4 --backend c --steps 3 --unroll
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
#define ELMAN_N4_B 1
#endif
#ifndef ELMAN_N4_D
#error "say how wide D is: -DELMAN_N4_D=..."
#endif
#ifndef ELMAN_N4_H
#error "say how wide H is: -DELMAN_N4_H=..."
#endif
#ifndef ELMAN_N4_C
#error "say how wide C is: -DELMAN_N4_C=..."
#endif
#define ELMAN_N4_T 3

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
""",
    "elman_n4.c": r"""/* Made by symrnn generate --name elman_n4 --backend c --steps 3 --unroll */

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
""",
    "library.c": r"""/* what Python has to know */
#include "elman_n4.c"

const long elman_n4_memory_bytes = sizeof(elman_n4_memory);
const long elman_n4_inputs_bytes = sizeof(elman_n4_inputs);

const long elman_n4_step_memory_bytes = sizeof(elman_n4_step_memory);
const long elman_n4_step_inputs_bytes = sizeof(elman_n4_step_inputs);

#ifdef ELMAN_N4_BLAS
void elman_n4_memory_blas(elman_n4_memory *m, elman_n4_gemm *blas) { m->blas = blas; }
void elman_n4_step_memory_blas(elman_n4_step_memory *m, elman_n4_gemm *blas) { m->blas = blas; }
#endif

/* each function with its structs in one array: memory, parameters, gradients, inputs */

void call_forward(void *const *at)
{
    elman_n4_forward(at[0], at[1], at[3]);
}

void call_loss(void *const *at)
{
    elman_n4_loss(at[0], at[1], at[3]);
}

void call_backward(void *const *at)
{
    elman_n4_backward(at[0], at[1], at[2], at[3]);
}

void call_step(void *const *at)
{
    elman_n4_step(at[0], at[1], at[3]);
}

void call_whole(void *const *at)
{
    call_forward(at);
    call_loss(at);
    call_backward(at);
}
""",
}
_SIZES = ["ELMAN_N4_B", "ELMAN_N4_D", "ELMAN_N4_H", "ELMAN_N4_C"]
_FLAGS = (
    *("-std=c99", "-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno"),
    *("-fno-trapping-math", "-fPIC", "-shared"),
)


class CompilerError(RuntimeError):
    """What a kernel needs cannot be compiled here, or not be found."""


class _Library:
    """The functions of a shared object, for one dtype and one size of everything."""

    def __init__(self, path, dtype, blas):
        self.functions, self.dtype, self.blas = ctypes.CDLL(str(path)), dtype, blas

    def numbers(self, struct):
        """A vector as long as a struct."""
        count = ctypes.c_long.in_dll(self.functions, f"{struct}_bytes").value // self.dtype.itemsize
        found = _zeros(count, self.dtype)
        if self.blas and struct.endswith("_memory"):
            give = getattr(self.functions, f"{struct}_blas")
            give(ctypes.c_void_p(found.ctypes.data), ctypes.c_void_p(self.blas))
        return found

    def bound(self, plan, *vectors):
        """How a function of this name is called with these vectors: memory, parameters, …"""
        at = np.array([vector.ctypes.data for vector in vectors], np.uintp)
        plan.vectors = (*vectors, at)  # they live as long as what points to them
        pointer = ctypes.c_void_p(at.ctypes.data)

        def call(name):
            function = getattr(self.functions, f"call_{name}")
            function.restype = None
            return partial(function, pointer)

        return call

    def fit(self, plan):
        """How steps of gradient descent are called: with rows of inputs, epochs and a rate."""
        number = ctypes.c_double if self.dtype == np.float64 else ctypes.c_float
        function = self.functions.elman_n4_fit
        function.restype = number
        memory, theta, dtheta, _ = (ctypes.c_void_p(v.ctypes.data) for v in plan.vectors[:4])

        def call(rows, epochs, rate):
            given = ctypes.c_void_p(rows.ctypes.data)
            end = (len(rows), epochs, number(rate))
            return function(memory, theta, dtheta, None, given, *end)

        return call

    def stacked(self, plan, count):
        """What is handed in, so many times, and the place of each input in all of them."""
        given = plan.vectors[3]
        rows, start = np.tile(given, (count, 1)), given.ctypes.data

        def each(place):
            shape, strides = (count, *place.shape), (rows.strides[0], *place.strides)
            return np.ndarray(shape, rows.dtype, rows, place.ctypes.data - start, strides)

        return rows, {name: each(place) for name, (place, _) in plan.given.items()}


@cache
def _library(dtype, *sizes):
    """The library for these sizes: compiled, or found among those that were."""
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"dtype is {dtype}; C kernels work in float32 and float64")
    compiler, version = _compiler()
    flags = [f"-D{name}={size}" for name, size in zip(_SIZES, sizes, strict=True)]
    flags += ["-DELMAN_N4_DOUBLE"] if dtype == np.float64 else []
    blas = _blas("dgemm" if dtype == np.float64 else "sgemm")
    flags += ["-DELMAN_N4_BLAS"] if blas else []
    said = [*compiler, version, _machine(), *_FLAGS, *flags, *_SOURCES.values()]
    key = hashlib.sha256("\0".join(said).encode()).hexdigest()[:24]
    home = _cache()
    path = home / f"elman_n4-{key}.so"
    with suppress(OSError):  # there is none, or it is damaged
        return _Library(path, dtype, blas)
    try:
        with tempfile.TemporaryDirectory(dir=home) as folder:
            for name, text in _SOURCES.items():
                (Path(folder) / name).write_text(text, "utf-8")
            made, unit = Path(folder) / "made.so", Path(folder) / "library.c"
            command = [*compiler, *_FLAGS, *flags, str(unit), "-o", str(made), "-lm"]
            # zig's own place for what it keeps may be none
            done = _run(command, ZIG_GLOBAL_CACHE_DIR=str(home / "zig"))
            if done.returncode or not made.exists():
                why = _error_of(done.stderr.splitlines())
                raise CompilerError(f"{' '.join(compiler)} cannot compile this kernel: {why}")
            os.replace(made, path)
        return _Library(path, dtype, blas)
    except OSError as error:
        raise CompilerError(
            f"what {compiler[0]} compiles cannot be kept in {home}, or not be loaded from there:"
            f" {error}; XDG_CACHE_HOME is another place"
        ) from None


def _blas(name):
    """Where this function of SciPy's BLAS is, if SYMRNN_BLAS asks for it."""
    wanted = os.environ.get("SYMRNN_BLAS", "")
    if wanted not in ("", "scipy"):
        raise CompilerError(f"SYMRNN_BLAS is {wanted}; expected scipy, or nothing")
    if not wanted:
        return None
    try:
        from scipy.linalg import cython_blas
    except ImportError as error:
        raise CompilerError(f"SYMRNN_BLAS is scipy, and that is not there: {error}") from None
    capsule, api = cython_blas.__pyx_capi__[name], ctypes.pythonapi
    name_of = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", api))
    pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    pointer_of = pointer(("PyCapsule_GetPointer", api))
    signature = name_of(capsule)  # of the function, in C
    if not signature.startswith(b"void (char *, char *, int *, int *, int *, "):
        raise CompilerError(f"SciPy's {name} is {signature.decode()}; expected sizes that are int")
    return pointer_of(capsule, signature)


def _compiler():
    """The C compiler of this machine: CC if that is set, else one that is there; and what it says
    of itself, so that another one compiles anew."""
    known = [name for name in ("cc", "gcc", "clang") if shutil.which(name)]
    if os.environ.get("CC", "").strip():
        try:
            command = shlex.split(os.environ["CC"])
        except ValueError as error:
            raise CompilerError(f"CC is {os.environ['CC']}, which is no command: {error}") from None
    elif known:
        command = known[:1]
    elif importlib.util.find_spec("ziglang"):
        command = [sys.executable, "-m", "ziglang", "cc"]
    else:
        raise CompilerError(
            "there is no C compiler: install one (or set CC), or pip install ziglang, which is one"
            " (symrnn[c] has it); without any, kernels of the back end numpy need none"
        )
    return command, _version(tuple(command))


@cache
def _version(compiler):
    return _run([*compiler, "--version"]).stdout


def _run(command, **places):
    """A compiler, without a shell: how it ended, and what it said."""
    way = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "errors": "replace"}
    try:
        return subprocess.run(command, env={**places, **os.environ}, **way)
    except OSError as error:
        said = f"the C compiler {command[0]} cannot be run: {error.strerror}"
        raise CompilerError(said) from None


def _error_of(lines):
    """What is wrong, of all that a compiler says."""
    errors = [line for line in lines if "error" in line]
    return next(iter(errors or lines), "it says nothing").strip()


@cache
def _machine():
    """What this machine's code may depend on: several can share a folder, and not be alike."""
    wanted = ("model name", "flags", "Features", "CPU part", "isa")
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    said = sorted({line for line in lines if line.startswith(wanted)})
    return "\n".join([platform.machine(), *(said or [platform.processor()])])


def _cache():
    """The folder for what was compiled, which nobody else may write to; where there can be none,
    one for as long as this process runs."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        folder = (base if base.is_absolute() else Path.home() / ".cache") / "symrnn"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_own(folder):
            folder.chmod(0o700)
            if os.access(folder, os.W_OK | os.X_OK):
                return folder
    except (OSError, RuntimeError):
        pass
    return Path(_own_folder().name)


def _is_own(folder):
    """Whether nobody else can have put anything there: what is loaded is executed."""
    if not hasattr(os, "getuid"):
        return True
    me, found, above = os.getuid(), folder.stat(), folder.parent.stat()
    owners = {found.st_uid, folder.lstat().st_uid}  # a link is as good as who made it
    replaceable = above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX
    mine = owners == {me} and above.st_uid in (0, me)
    return mine and not replaceable and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@cache
def _own_folder():
    return tempfile.TemporaryDirectory(prefix="symrnn-")


# what is checked, and said where it does not fit


def _pieces(vector):
    """Hands out one piece of a vector after the other."""
    start = 0

    def piece(*shape):
        nonlocal start
        start, before = start + prod(shape), start
        return vector[before:start].reshape(shape)

    return piece


def _sizes(axes, sizes):
    """Axes such as ("T", "B", "H_f+H_b", 3) as numbers."""
    return tuple(
        sum(int(part) if part.isdigit() else sizes[part] for part in str(axis).split("+"))
        for axis in axes
    )


def _whole(name, value):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected a whole number, at least 1")
    return int(value)


def _dims(dims):
    for name in dims:
        if name not in DIMS:
            raise TypeError(f"'{name}' is no dimension; there are {', '.join(DIMS) or 'none'}")
    missing = [name for name in DIMS if name not in dims]
    if missing:
        raise TypeError(f"the dimension {missing[0]} is missing; say {missing[0]}=…")
    return {name: _whole(name, dims[name]) for name in DIMS}


def _dtype(dtype):
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc":
        raise TypeError(f"dtype is {dtype}; expected float32, float64 or complex128")
    return dtype


def _zeros(size, dtype):
    """A vector of zeros that begins where a line of the cache does: it is read quicker."""
    room = np.zeros(size * dtype.itemsize + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size * dtype.itemsize].view(dtype)


def _vector(name, vector, size, dtype):
    if vector is None:
        return _zeros(size, dtype)
    if not isinstance(vector, np.ndarray) or vector.shape != (size,) or vector.dtype != dtype:
        got = f"{vector.dtype} of shape {vector.shape}" if hasattr(vector, "dtype") else "no array"
        raise TypeError(f"{name} is {got}; expected {dtype} of shape ({size},)")
    if not (vector.flags.c_contiguous and vector.flags.aligned):
        raise TypeError(f"{name} has gaps, or is not aligned; expected a contiguous vector")
    if name == "dtheta" and not vector.flags.writeable:
        raise TypeError("dtheta is read-only; expected one to write gradients to")
    return vector


def _batch(inputs, most, dims, every):
    """The number of sequences, read off the first input that has one."""
    for name, axes in every.items():
        value = inputs.get(name)
        if value is not None:
            shape, at = np.shape(value), axes.index("B")
            if len(shape) != len(axes):
                said = ", ".join(map(str, axes))
                raise ValueError(f"{name} has shape {shape}; expected the axes ({said})")
            batch = shape[at]
            if not 1 <= batch <= (most or batch):
                limit = f" to {most}, as this kernel was made" if most else ""
                raise ValueError(f"{name} has {batch} sequences; expected 1{limit}")
            return batch
    if every:
        first, axes = next(iter(every.items()))
        raise TypeError(f"{first} is missing; expected an array with the axes ({', '.join(axes)})")
    return most or 1


def _owners(*groups):
    """What the arrays of some dictionaries lie in, each under its id."""
    owners = [a if a.base is None else a.base for arrays in groups for a in arrays.values()]
    return {id(owner): owner for owner in owners}


def _complain_of_overlap(name, value, plan):
    """An input that a call would write to is refused, but for states: they are read first."""
    own = {**plan.outputs, **plan.grads, **({} if name in STATES else plan.states)}
    for other, array in own.items():
        if name not in STATES and np.shares_memory(value, array):
            raise ValueError(
                f"{name} lies in this kernel's own {other}, which the call writes; hand in a copy:"
                f" {name}.copy()"
            )


def _complain_of_names(inputs, known):
    unknown = min(set(inputs) - set(known))
    raise TypeError(f"'{unknown}' is no input; there are {', '.join(known)}")


def _checked(loss, inputs):
    """The loss; one that is no number, because a target is none, is an error."""
    if loss != loss:
        for name in TARGETS:
            if np.isnan(inputs[name]).any():
                place = tuple(int(i) for i in np.argwhere(np.isnan(inputs[name]))[0])
                raise ValueError(f"{name} holds nan, first at {place}; expected numbers")
    return loss


def _array(name, value, shape, dtype):
    """The value as a contiguous array of the kernel's dtype."""
    return np.ascontiguousarray(_fitting(name, value, shape, dtype), dtype)


def _plain(name, value):
    """The value as an array, which has no mask: what that hides would count."""
    # np.ma is loaded once it is named, which is not for plain arrays
    if type(value) is not np.ndarray and isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, and its mask would be lost; expected a plain one"
        )
    return np.asarray(value)


def _fitting(name, value, shape, dtype):
    """The value as an array, of this shape and of numbers that the dtype has room for."""
    value = _plain(name, value)
    if value.dtype.kind not in "fciub":
        raise TypeError(f"{name} holds {value.dtype}; expected numbers")
    if value.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError(f"{name} is complex, and the kernel works in {dtype}; make it complex128")
    if value.shape != shape:
        raise ValueError(f"{name} has shape {value.shape}; expected {shape}")
    return value


# the check that this file makes of itself: its gradients against slopes, which need none


def self_check(batch=2, seed=0, **dims):
    """What was checked, how far it is off relative to its norm, and how far it may be."""
    rng = np.random.default_rng(seed)
    dims = {**{name: 2 + i % 4 for i, name in enumerate(DIMS)}, **dims}
    sizes = {"T": STEPS, "B": batch, **dims}
    inputs = {name: _draw(rng, name, _sizes(axes, sizes)) for name, axes in _EVERY.items()}
    params = init_params(seed, **dims)
    params = {name: value + rng.normal(size=value.shape) / 8 for name, value in params.items()}
    slope_of = loss
    _, grads = loss_and_grads(params, **inputs)
    h, allowed = (1e-30j, 1e-12) if COMPLEX_STEP else (1e-5, 1e-7)
    found = {}
    for name, grad in grads.items():
        slopes = np.empty_like(grad)
        for entry in np.ndindex(grad.shape):
            ends = []
            for step in (h, -h)[: 1 if COMPLEX_STEP else 2]:
                moved = {**params, **inputs}
                moved[name] = moved[name] + np.zeros(grad.shape, type(h))
                moved[name][entry] += step
                own = {key: moved[key] + 0 * h for key in params}
                ends.append(slope_of(own, **{key: moved[key] for key in inputs}))
            slopes[entry] = ends[0].imag / 1e-30 if COMPLEX_STEP else (ends[0] - ends[1]) / (2 * h)
        norm = max(np.linalg.norm(slopes), 1e-4)
        found[name] = (float(np.linalg.norm(grad - slopes) / norm), allowed)
    return {**found, **_check_of_steps(params, inputs)}


def _check_of_steps(params, inputs):
    """The forward pass against a chain of single steps."""
    inputs = {name: value for name, value in inputs.items() if name in _STEP}
    wanted, last = forward(params, **inputs)
    states = {name: value for name, value in inputs.items() if name in STATES}
    each = []
    for t in range(STEPS):
        now = {
            name: value.take(t, _EVERY[name].index("T")) if "T" in _EVERY[name] else value
            for name, value in inputs.items()
        }
        outputs, states = step(params, **{**now, **states})
        each.append(outputs)
    found = {}
    for name, axes in OUTPUTS.items():
        at = axes.index("T") if "T" in axes else None
        ours = [outputs[name] for outputs in each]
        found[name] = (ours[-1] if at is None else np.stack(ours, at), wanted[name])
    found |= {name: (states[name], value) for name, value in last.items()}
    return {
        f"step: {name}": (float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-4)), 1e-12)
        for name, (a, b) in found.items()
    }


def _draw(rng, name, shape):
    if name in ONEHOT:
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]
    if name in BETWEEN_0_AND_1:
        return rng.uniform(0.1, 0.9, shape)
    return rng.normal(size=shape)


if __name__ == "__main__":
    found = self_check()
    way = "complex step" if COMPLEX_STEP else "central differences"
    print(f"gradient          error    allowed   ({way}, relative to the norm)")
    for name, (error, allowed) in found.items():
        print(f"{name:<14} {error:8.1e}   {allowed:8.1e}   {'ok' if error <= allowed else 'WRONG'}")
    raise SystemExit(0 if all(error <= allowed for error, allowed in found.values()) else 1)
