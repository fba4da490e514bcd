"""lstm: forward pass and gradients, 8 steps.

Made by symrnn generate --name lstm --backend torch --steps 8 --loop

    # Long short-term memory, many to one (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000)
    b_f: init(1)                                          # remember at first
    i[t] = sigmoid(x[t] @ W_i + h[t-1] @ U_i + b_i)       # input gate
    f[t] = sigmoid(x[t] @ W_f + h[t-1] @ U_f + b_f)       # forget gate
    g[t] = tanh(x[t] @ W_g + h[t-1] @ U_g + b_g)          # candidate
    o[t] = sigmoid(x[t] @ W_o + h[t-1] @ U_o + b_o)       # output gate
    c[t] = f[t] * c[t-1] + i[t] * g[t]                    # cell
    h[t] = o[t] * tanh(c[t])
    yhat = sigmoid(h[T] @ w_y + b_y)
    L    = bce(y, yhat)

Its gradient:

    d_a_yhat = (yhat - y) / (size(B) * size(C))
    d_h[t] = d_a_g[t+1] @ transpose(U_g) + d_a_f[t+1] @ transpose(U_f) + d_a_o[t+1] @ transpose(U_o) + d_a_i[t+1] @ transpose(U_i)
    d_h[T] += d_a_yhat @ transpose(w_y)
    d_tanh_c[t] = d_h[t] * o[t]
    d_c[t] = d_tanh_c[t] * (1 - tanh_c[t]**2) + d_c[t+1] * f[t+1]
    d_g[t] = d_c[t] * i[t]
    d_a_g[t] = d_g[t] * (1 - g[t]**2)
    d_i[t] = d_c[t] * g[t]
    d_f[t] = d_c[t] * c[t-1]
    d_a_f[t] = d_f[t] * (f[t] * (1 - f[t]))
    d_o[t] = d_h[t] * tanh_c[t]
    d_a_o[t] = d_o[t] * (o[t] * (1 - o[t]))
    d_a_i[t] = d_i[t] * (i[t] * (1 - i[t]))
    d_W_i = sum(transpose(x[t]) @ d_a_i[t])
    d_U_i = sum(transpose(h[t-1]) @ d_a_i[t])
    d_b_i = sum(batchsum(d_a_i[t]))
    d_W_f = sum(transpose(x[t]) @ d_a_f[t])
    d_U_f = sum(transpose(h[t-1]) @ d_a_f[t])
    d_b_f = sum(batchsum(d_a_f[t]))
    d_W_g = sum(transpose(x[t]) @ d_a_g[t])
    d_U_g = sum(transpose(h[t-1]) @ d_a_g[t])
    d_b_g = sum(batchsum(d_a_g[t]))
    d_W_o = sum(transpose(x[t]) @ d_a_o[t])
    d_U_o = sum(transpose(h[t-1]) @ d_a_o[t])
    d_b_o = sum(batchsum(d_a_o[t]))
    d_w_y = transpose(h[T]) @ d_a_yhat
    d_b_y = batchsum(d_a_yhat)
"""

import torch

STEPS = 8
DIMS = ("D", "H", "C")
PARAMS = {
    "W_i": ("D", "H"),
    "U_i": ("H", "H"),
    "b_i": ("H",),
    "W_f": ("D", "H"),
    "U_f": ("H", "H"),
    "b_f": ("H",),
    "W_g": ("D", "H"),
    "U_g": ("H", "H"),
    "b_g": ("H",),
    "W_o": ("D", "H"),
    "U_o": ("H", "H"),
    "b_o": ("H",),
    "w_y": ("H", "C"),
    "b_y": ("C",),
}
INPUTS = {"x": ("T", "B", "D"), "y": ("B", "C")}
STATES = {"h0": ("B", "H"), "c0": ("B", "H")}
OUTPUTS = {"yhat": ("B", "C")}
START = {
    "W_i": "glorot",
    "U_i": "glorot",
    "b_i": 0.0,
    "W_f": "glorot",
    "U_f": "glorot",
    "b_f": 1.0,
    "W_g": "glorot",
    "U_g": "glorot",
    "b_g": 0.0,
    "W_o": "glorot",
    "U_o": "glorot",
    "b_o": 0.0,
    "w_y": "glorot",
    "b_y": 0.0,
}
_EVERY = {"x": ("T", "B", "D"), "y": ("B", "C"), "h0": ("B", "H"), "c0": ("B", "H")}
_FORWARD_NEEDS = ("x",)
_LOSS_NEEDS = ("x", "y")
CAUSAL = True
_STEP = {"x": ("B", "D"), "h0": ("B", "H"), "c0": ("B", "H")}
_STEP_NEEDED = ("x",)


# what stands between two products of a step: entry by entry, and one function


def _cell_1(a_o, a_f, a_i, a_g, c_prev):
    # o[t] = sigmoid(a_o[t])
    o = torch.sigmoid(a_o)
    # f[t] = sigmoid(a_f[t])
    f = torch.sigmoid(a_f)
    # i[t] = sigmoid(a_i[t])
    i = torch.sigmoid(a_i)
    # g[t] = tanh(a_g[t])
    g = torch.tanh(a_g)
    # c[t] = f[t] * c[t-1] + i[t] * g[t]
    c = torch.addcmul(f * c_prev, i, g)
    # tanh_c[t] = tanh(c[t])
    tanh_c = torch.tanh(c)
    # h[t] = o[t] * tanh_c[t]
    h = o * tanh_c
    return o, f, i, g, c, tanh_c, h


def _cell_2(m_d_c, d_h, f_next, d_c_next, m_d_a_g, m_d_a_f_2, m_d_a_o_2, m_d_a_i_2):
    # d_c[t] = d_h[t] * (o[t] * (1 - tanh_c[t]**2)) + d_c[t+1] * f[t+1]
    d_c = torch.addcmul(m_d_c * d_h, f_next, d_c_next)
    # d_a_g[t] = d_c[t] * (i[t] * (1 - g[t]**2))
    d_a_g = m_d_a_g * d_c
    # d_a_f[t] = d_c[t] * (c[t-1] * (f[t] * (1 - f[t])))
    d_a_f = m_d_a_f_2 * d_c
    # d_a_o[t] = d_h[t] * (tanh_c[t] * (o[t] * (1 - o[t])))
    d_a_o = m_d_a_o_2 * d_h
    # d_a_i[t] = d_c[t] * (g[t] * (i[t] * (1 - i[t])))
    d_a_i = m_d_a_i_2 * d_c
    return d_c, d_a_g, d_a_f, d_a_o, d_a_i


def _fused(fuse, *cells):
    """The functions as they are called: as they stand, compiled once for all steps, or as kernels
    of Triton's."""
    if fuse == "eager":
        return cells
    made = []
    for cell in cells:
        if (fuse, cell) not in _MADE:
            own = torch.compile(cell) if fuse == "compile" else _KERNELS.get(cell, cell)
            _MADE[fuse, cell] = own
        made.append(_MADE[fuse, cell])
    return made


_MADE, _KERNELS = {}, {}

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

if triton is not None:

    @triton.jit
    def _tanh(z):
        small = tl.exp(-2 * tl.abs(z))
        value = (1 - small) / (1 + small)
        return tl.where(z < 0, -value, value)

    @triton.jit
    def _cell_1_kernel(
        a_o_at,
        a_o_row,
        a_o_column,
        a_f_at,
        a_f_row,
        a_f_column,
        a_i_at,
        a_i_row,
        a_i_column,
        a_g_at,
        a_g_row,
        a_g_column,
        c_prev_at,
        c_prev_row,
        c_prev_column,
        o_to,
        f_to,
        i_to,
        g_to,
        c_to,
        tanh_c_to,
        h_to,
        count,
        width,
        kind: tl.constexpr,
        block: tl.constexpr,
    ):
        place = tl.program_id(0) * block + tl.arange(0, block)
        there = place < count
        row, column = place // width, place % width
        at = a_o_at + row * a_o_row + column * a_o_column
        a_o = tl.load(at, there).to(kind)
        at = a_f_at + row * a_f_row + column * a_f_column
        a_f = tl.load(at, there).to(kind)
        at = a_i_at + row * a_i_row + column * a_i_column
        a_i = tl.load(at, there).to(kind)
        at = a_g_at + row * a_g_row + column * a_g_column
        a_g = tl.load(at, there).to(kind)
        at = c_prev_at + row * c_prev_row + column * c_prev_column
        c_prev = tl.load(at, there).to(kind)
        o = tl.sigmoid(a_o)
        f = tl.sigmoid(a_f)
        i = tl.sigmoid(a_i)
        g = _tanh(a_g)
        c = f * c_prev + i * g
        tanh_c = _tanh(c)
        h = o * tanh_c
        tl.store(o_to + place, o, there)
        tl.store(f_to + place, f, there)
        tl.store(i_to + place, i, there)
        tl.store(g_to + place, g, there)
        tl.store(c_to + place, c, there)
        tl.store(tanh_c_to + place, tanh_c, there)
        tl.store(h_to + place, h, there)

    @triton.jit
    def _cell_2_kernel(
        m_d_c_at,
        m_d_c_row,
        m_d_c_column,
        d_h_at,
        d_h_row,
        d_h_column,
        f_next_at,
        f_next_row,
        f_next_column,
        d_c_next_at,
        d_c_next_row,
        d_c_next_column,
        m_d_a_g_at,
        m_d_a_g_row,
        m_d_a_g_column,
        m_d_a_f_2_at,
        m_d_a_f_2_row,
        m_d_a_f_2_column,
        m_d_a_o_2_at,
        m_d_a_o_2_row,
        m_d_a_o_2_column,
        m_d_a_i_2_at,
        m_d_a_i_2_row,
        m_d_a_i_2_column,
        d_c_to,
        d_a_g_to,
        d_a_f_to,
        d_a_o_to,
        d_a_i_to,
        count,
        width,
        kind: tl.constexpr,
        block: tl.constexpr,
    ):
        place = tl.program_id(0) * block + tl.arange(0, block)
        there = place < count
        row, column = place // width, place % width
        at = m_d_c_at + row * m_d_c_row + column * m_d_c_column
        m_d_c = tl.load(at, there).to(kind)
        at = d_h_at + row * d_h_row + column * d_h_column
        d_h = tl.load(at, there).to(kind)
        at = f_next_at + row * f_next_row + column * f_next_column
        f_next = tl.load(at, there).to(kind)
        at = d_c_next_at + row * d_c_next_row + column * d_c_next_column
        d_c_next = tl.load(at, there).to(kind)
        at = m_d_a_g_at + row * m_d_a_g_row + column * m_d_a_g_column
        m_d_a_g = tl.load(at, there).to(kind)
        at = m_d_a_f_2_at + row * m_d_a_f_2_row + column * m_d_a_f_2_column
        m_d_a_f_2 = tl.load(at, there).to(kind)
        at = m_d_a_o_2_at + row * m_d_a_o_2_row + column * m_d_a_o_2_column
        m_d_a_o_2 = tl.load(at, there).to(kind)
        at = m_d_a_i_2_at + row * m_d_a_i_2_row + column * m_d_a_i_2_column
        m_d_a_i_2 = tl.load(at, there).to(kind)
        d_c = m_d_c * d_h + f_next * d_c_next
        d_a_g = m_d_a_g * d_c
        d_a_f = m_d_a_f_2 * d_c
        d_a_o = m_d_a_o_2 * d_h
        d_a_i = m_d_a_i_2 * d_c
        tl.store(d_c_to + place, d_c, there)
        tl.store(d_a_g_to + place, d_a_g, there)
        tl.store(d_a_f_to + place, d_a_f, there)
        tl.store(d_a_o_to + place, d_a_o, there)
        tl.store(d_a_i_to + place, d_a_i, there)

    def _launched(kernel, tensors, given):
        """A function that launches a kernel on as many rows as come."""
        block = 256

        def run(*taken):
            shape = torch.broadcast_shapes(*(value.shape for value in taken[:tensors]))
            like = taken[0]
            found = [torch.empty(shape, dtype=like.dtype, device=like.device) for _ in range(given)]
            arguments = []
            for value in taken[:tensors]:
                arguments += [value, *value.expand(shape).stride()]
            kind = tl.float64 if like.dtype == torch.float64 else tl.float32
            count = found[0].numel()
            kernel[(triton.cdiv(count, block),)](
                *arguments, *taken[tensors:], *found, count, shape[-1], kind, block
            )
            return found if given > 1 else found[0]

        return run

    _KERNELS = {
        _cell_1: _launched(_cell_1_kernel, 5, 7),
        _cell_2: _launched(_cell_2_kernel, 8, 5),
    }


def _forward(fuse, sizes, tensors, keep):
    """Outputs and final states; and what the way back needs, if that is to be kept."""
    B, D, H, C = sizes
    x, h0, c0, W_i, W_o, W_f, W_g, U_i, U_o, U_f, U_g, b_i, b_o, b_f, b_g, w_y, b_y = tensors
    (cell_1,) = _fused(fuse, _cell_1)
    W = torch.cat((W_i, W_o, W_f, W_g), -1)
    U = torch.cat((U_i, U_o, U_f, U_g), -1)
    b = torch.cat((b_i, b_o, b_f, b_g), -1)
    # h[0] = h0
    h_at = [None] * 9
    h_at[0] = h0
    # c[0] = c0
    c_at = [None] * 9
    c_at[0] = c0
    # for a_i, a_o, a_f, a_g
    s_a = torch.addmm(b, x.flatten(0, 1), W).view(8, B, 4 * H)
    with torch.inference_mode(fuse != "compile"):
        s_a_at = (None, *s_a.unbind(0))
        a = x.new_empty(B, 4 * H)
        a_o = a[:, H : 2 * H]
        a_f = a[:, 2 * H : 3 * H]
        a_i = a[:, 0:H]
        a_g = a[:, 3 * H : 4 * H]
        o_at = [None] * 9
        f_at = [None] * 9
        i_at = [None] * 9
        g_at = [None] * 9
        tanh_c_at = [None] * 9
        # t = 1 … 8
        for t in range(1, 9):
            # a_i[t] = x[t] @ W_i + h[t-1] @ U_i + b_i
            # a_o[t] = x[t] @ W_o + h[t-1] @ U_o + b_o
            # a_f[t] = x[t] @ W_f + h[t-1] @ U_f + b_f
            # a_g[t] = x[t] @ W_g + h[t-1] @ U_g + b_g
            torch.addmm(s_a_at[t], h_at[t - 1], U, out=a)
            o_at[t], f_at[t], i_at[t], g_at[t], c_at[t], tanh_c_at[t], h_at[t] = cell_1(
                a_o,
                a_f,
                a_i,
                a_g,
                c_at[t - 1],
            )
    # a_yhat = h[T] @ w_y + b_y
    a_yhat = torch.addmm(b_y, h_at[8], w_y)
    # yhat = sigmoid(a_yhat)
    yhat = torch.sigmoid(a_yhat)
    # h_T = h[T]
    h_T = h_at[8]
    # c_T = c[T]
    c_T = c_at[8]
    outputs = (yhat, h_T.clone(), c_T.clone())
    if not keep:
        return outputs, ()
    tanh_c = torch.stack(tanh_c_at[1:])
    g = torch.stack(g_at[1:])
    f = torch.stack(f_at[1:])
    c = torch.stack(c_at)
    o = torch.stack(o_at[1:])
    i = torch.stack(i_at[1:])
    h = torch.stack(h_at)
    return outputs, (tanh_c, g, f, c, o, i, U, W, h)


def _forward_gradient(fuse, sizes, tensors, outputs, kept, cotangents, need):
    """The gradient by each tensor, from cotangents of outputs and final states."""
    B, D, H, C = sizes
    x, _, _, _, _, _, _, _, _, _, _, _, _, _, _, w_y, *_ = tensors
    tanh_c, g, f, c, o, i, U, W, h = kept
    yhat, _, _ = outputs
    ct_yhat, ct_h_T, ct_c_T = cotangents
    (cell_2,) = _fused(fuse, _cell_2)
    with torch.inference_mode(fuse != "compile"):
        # d_a_yhat = d_yhat * (yhat * (1 - yhat))
        # d_yhat = ct_yhat
        d_a_yhat = torch.ops.aten.sigmoid_backward(ct_yhat, yhat)
        # d_h[8] = d_h_T + d_a_yhat @ transpose(w_y)
        d_a_yhat_w_y = torch.mm(d_a_yhat, w_y.t())
        # d_h_T = ct_h_T
        d_h_at = [None] * 9
        d_h_at[8] = d_a_yhat_w_y + ct_h_T
        # for d_a_f
        m_d_a_f_2 = torch.ops.aten.sigmoid_backward(c[0:8], f)
        # for d_a_o
        m_d_a_o_2 = torch.ops.aten.sigmoid_backward(tanh_c, o)
        # for d_a_i
        m_d_a_i_2 = torch.ops.aten.sigmoid_backward(g, i)
        # for d_c
        m_d_c = torch.ops.aten.tanh_backward(o, tanh_c)
        # for d_a_g
        m_d_a_g = torch.ops.aten.tanh_backward(i, g)
        # d_c[8] = d_h[8] * (o[8] * (1 - tanh_c[8]**2)) + d_c_T
        # d_c_T = ct_c_T
        d_c_at = [None] * 9
        d_c_at[8] = torch.addcmul(ct_c_T, m_d_c[7], d_h_at[8])
        # d_a_g[8] = d_c[8] * (i[8] * (1 - g[8]**2))
        d_a_g_8 = m_d_a_g[7] * d_c_at[8]
        # d_a_f[8] = d_c[8] * (c[7] * (f[8] * (1 - f[8])))
        d_a_f_8 = m_d_a_f_2[7] * d_c_at[8]
        # d_a_o[8] = d_h[8] * (tanh_c[8] * (o[8] * (1 - o[8])))
        d_a_o_8 = m_d_a_o_2[7] * d_h_at[8]
        # d_a_i[8] = d_c[8] * (g[8] * (i[8] * (1 - i[8])))
        d_a_i_8 = m_d_a_i_2[7] * d_c_at[8]
        d_a_at = [None] * 9
        d_a_at[8] = torch.cat((d_a_i_8, d_a_o_8, d_a_f_8, d_a_g_8), -1)
        U_T = U.t() if B == 1 else U.t().contiguous()
        m_d_c_at = (None, *m_d_c.unbind(0))
        f_at = (None, *f.unbind(0))
        m_d_a_g_at = (None, *m_d_a_g.unbind(0))
        m_d_a_f_2_at = (None, *m_d_a_f_2.unbind(0))
        m_d_a_o_2_at = (None, *m_d_a_o_2.unbind(0))
        m_d_a_i_2_at = (None, *m_d_a_i_2.unbind(0))
        # t = 7 … 1
        for t in range(7, 0, -1):
            # d_h[t] = d_a_g[t+1] @ transpose(U_g) + d_a_f[t+1] @ transpose(U_f) + d_a_o[t+1] @
            # transpose(U_o) + d_a_i[t+1] @ transpose(U_i)
            d_h_at[t] = torch.mm(d_a_at[t + 1], U_T)
            d_c_at[t], d_a_g_t, d_a_f_t, d_a_o_t, d_a_i_t = cell_2(
                m_d_c_at[t],
                d_h_at[t],
                f_at[t + 1],
                d_c_at[t + 1],
                m_d_a_g_at[t],
                m_d_a_f_2_at[t],
                m_d_a_o_2_at[t],
                m_d_a_i_2_at[t],
            )
            d_a_at[t] = torch.cat((d_a_i_t, d_a_o_t, d_a_f_t, d_a_g_t), -1)
    d_a = torch.stack(d_a_at[1:])
    d_x = None
    if need[0]:
        # d_x[t] = d_a_g[t] @ transpose(W_g) + d_a_f[t] @ transpose(W_f) + d_a_o[t] @
        # transpose(W_o) + d_a_i[t] @ transpose(W_i)
        d_x = torch.mm(d_a.flatten(0, 1), W.t()).view(8, B, D)
    d_h0 = None
    if need[1]:
        # d_h_0 = d_a_g[1] @ transpose(U_g) + d_a_f[1] @ transpose(U_f) + d_a_o[1] @
        # transpose(U_o) + d_a_i[1] @ transpose(U_i)
        d_h_0 = torch.mm(d_a_at[1], U.t())
        # d_h0 = d_h_0
        d_h0 = d_h_0.clone()
    d_c0 = None
    if need[2]:
        # d_c_0 = d_c[1] * f[1]
        # d_c0 = d_c_0
        d_c0 = f_at[1] * d_c_at[1]
    d_W_i = d_W_o = d_W_f = d_W_g = None
    if any(need[3:7]):
        # d_W_i = sum(transpose(x[t]) @ d_a_i[t])
        # d_W_o = sum(transpose(x[t]) @ d_a_o[t])
        # d_W_f = sum(transpose(x[t]) @ d_a_f[t])
        # d_W_g = sum(transpose(x[t]) @ d_a_g[t])
        d_W = torch.mm(x.flatten(0, 1).t(), d_a.flatten(0, 1))
        d_W_i, d_W_o, d_W_f, d_W_g = d_W.split_with_sizes((H, H, H, H), -1)
    d_U_i = d_U_o = d_U_f = d_U_g = None
    if any(need[7:11]):
        # d_U_i = sum(transpose(h[t-1]) @ d_a_i[t])
        # d_U_o = sum(transpose(h[t-1]) @ d_a_o[t])
        # d_U_f = sum(transpose(h[t-1]) @ d_a_f[t])
        # d_U_g = sum(transpose(h[t-1]) @ d_a_g[t])
        d_U = torch.mm(h[0:8].flatten(0, 1).t(), d_a.flatten(0, 1))
        d_U_i, d_U_o, d_U_f, d_U_g = d_U.split_with_sizes((H, H, H, H), -1)
    d_b_i = d_b_o = d_b_f = d_b_g = None
    if any(need[11:15]):
        # d_b_i = sum(batchsum(d_a_i[t]))
        # d_b_o = sum(batchsum(d_a_o[t]))
        # d_b_f = sum(batchsum(d_a_f[t]))
        # d_b_g = sum(batchsum(d_a_g[t]))
        d_b = torch.sum(d_a, (0, 1))
        d_b_i, d_b_o, d_b_f, d_b_g = d_b.split_with_sizes((H, H, H, H), -1)
    d_w_y = None
    if need[15]:
        # d_w_y = transpose(h[T]) @ d_a_yhat
        d_w_y = torch.mm(h[8].t(), d_a_yhat)
    d_b_y = None
    if need[16]:
        # d_b_y = batchsum(d_a_yhat)
        d_b_y = torch.sum(d_a_yhat, 0)
    return (
        d_x,
        d_h0,
        d_c0,
        d_W_i,
        d_W_o,
        d_W_f,
        d_W_g,
        d_U_i,
        d_U_o,
        d_U_f,
        d_U_g,
        d_b_i,
        d_b_o,
        d_b_f,
        d_b_g,
        d_w_y,
        d_b_y,
    )


def _forward_shapes(sizes):
    """The shapes of its results, and of what it keeps for the way back."""
    B, D, H, C = sizes
    outputs = [(B, C), (B, H), (B, H)]
    kept = [
        (8, B, H),
        (8, B, H),
        (8, B, H),
        (9, B, H),
        (8, B, H),
        (8, B, H),
        (H, 4 * H),
        (D, 4 * H),
        (9, B, H),
    ]
    return outputs, kept


def _forward_tensors(sizes, params, given):
    """What it is handed, in order."""
    return (
        given["x"],
        given["h0"],
        given["c0"],
        params["W_i"],
        params["W_o"],
        params["W_f"],
        params["W_g"],
        params["U_i"],
        params["U_o"],
        params["U_f"],
        params["U_g"],
        params["b_i"],
        params["b_o"],
        params["b_f"],
        params["b_g"],
        params["w_y"],
        params["b_y"],
    )


def _loss(fuse, sizes, tensors, keep):
    """The loss; and what the way back needs, if that is to be kept."""
    B, D, H, C = sizes
    x, h0, c0, y, W_i, W_o, W_f, W_g, U_i, U_o, U_f, U_g, b_i, b_o, b_f, b_g, w_y, b_y = tensors
    (cell_1,) = _fused(fuse, _cell_1)
    W = torch.cat((W_i, W_o, W_f, W_g), -1)
    U = torch.cat((U_i, U_o, U_f, U_g), -1)
    b = torch.cat((b_i, b_o, b_f, b_g), -1)
    # h[0] = h0
    h_at = [None] * 9
    h_at[0] = h0
    # c[0] = c0
    c_at = [None] * 9
    c_at[0] = c0
    # for a_i, a_o, a_f, a_g
    s_a = torch.addmm(b, x.flatten(0, 1), W).view(8, B, 4 * H)
    with torch.inference_mode(fuse != "compile"):
        s_a_at = (None, *s_a.unbind(0))
        a = x.new_empty(B, 4 * H)
        a_o = a[:, H : 2 * H]
        a_f = a[:, 2 * H : 3 * H]
        a_i = a[:, 0:H]
        a_g = a[:, 3 * H : 4 * H]
        o_at = [None] * 9
        f_at = [None] * 9
        i_at = [None] * 9
        g_at = [None] * 9
        tanh_c_at = [None] * 9
        # t = 1 … 8
        for t in range(1, 9):
            # a_i[t] = x[t] @ W_i + h[t-1] @ U_i + b_i
            # a_o[t] = x[t] @ W_o + h[t-1] @ U_o + b_o
            # a_f[t] = x[t] @ W_f + h[t-1] @ U_f + b_f
            # a_g[t] = x[t] @ W_g + h[t-1] @ U_g + b_g
            torch.addmm(s_a_at[t], h_at[t - 1], U, out=a)
            o_at[t], f_at[t], i_at[t], g_at[t], c_at[t], tanh_c_at[t], h_at[t] = cell_1(
                a_o,
                a_f,
                a_i,
                a_g,
                c_at[t - 1],
            )
    # a_yhat = h[T] @ w_y + b_y
    a_yhat = torch.addmm(b_y, h_at[8], w_y)
    # yhat = sigmoid(a_yhat)
    yhat = torch.sigmoid(a_yhat)
    # l_yhat = bce_logits(y, a_yhat)
    # L = l_yhat
    sum_l_yhat = torch.sum(
        torch.addcmul(torch.nn.functional.softplus(a_yhat, 1, 40), y, a_yhat, value=-1),
    ).reshape(1)
    L = 1 / (B * C) * sum_l_yhat
    outputs = (torch.sum(L),)
    if not keep:
        return outputs, ()
    tanh_c = torch.stack(tanh_c_at[1:])
    g = torch.stack(g_at[1:])
    f = torch.stack(f_at[1:])
    c = torch.stack(c_at)
    o = torch.stack(o_at[1:])
    i = torch.stack(i_at[1:])
    h = torch.stack(h_at)
    return outputs, (yhat, tanh_c, g, f, c, o, i, U, W, h)


def _loss_gradient(fuse, sizes, tensors, outputs, kept, cotangents, need):
    """The gradient by each tensor, from the cotangent of the loss."""
    B, D, H, C = sizes
    x, _, _, y, _, _, _, _, _, _, _, _, _, _, _, _, w_y, *_ = tensors
    yhat, tanh_c, g, f, c, o, i, U, W, h = kept
    d_L = cotangents[0].reshape(1)
    (cell_2,) = _fused(fuse, _cell_2)
    with torch.inference_mode(fuse != "compile"):
        # d_a_yhat = d_l_yhat * ((yhat - y) / size(C))
        # d_l_yhat = d_L / size(B)
        d_a_yhat = 1 / C * (1 / B) * d_L * (yhat - y)
        # d_h[8] = d_a_yhat @ transpose(w_y)
        d_h_at = [None] * 9
        d_h_at[8] = torch.mm(d_a_yhat, w_y.t())
        # for d_a_f
        m_d_a_f_2 = torch.ops.aten.sigmoid_backward(c[0:8], f)
        # for d_a_o
        m_d_a_o_2 = torch.ops.aten.sigmoid_backward(tanh_c, o)
        # for d_a_i
        m_d_a_i_2 = torch.ops.aten.sigmoid_backward(g, i)
        # for d_c
        m_d_c = torch.ops.aten.tanh_backward(o, tanh_c)
        # for d_a_g
        m_d_a_g = torch.ops.aten.tanh_backward(i, g)
        # d_c[8] = d_h[8] * (o[8] * (1 - tanh_c[8]**2))
        d_c_at = [None] * 9
        d_c_at[8] = m_d_c[7] * d_h_at[8]
        # d_a_g[8] = d_c[8] * (i[8] * (1 - g[8]**2))
        d_a_g_8 = m_d_a_g[7] * d_c_at[8]
        # d_a_f[8] = d_c[8] * (c[7] * (f[8] * (1 - f[8])))
        d_a_f_8 = m_d_a_f_2[7] * d_c_at[8]
        # d_a_o[8] = d_h[8] * (tanh_c[8] * (o[8] * (1 - o[8])))
        d_a_o_8 = m_d_a_o_2[7] * d_h_at[8]
        # d_a_i[8] = d_c[8] * (g[8] * (i[8] * (1 - i[8])))
        d_a_i_8 = m_d_a_i_2[7] * d_c_at[8]
        d_a_at = [None] * 9
        d_a_at[8] = torch.cat((d_a_i_8, d_a_o_8, d_a_f_8, d_a_g_8), -1)
        U_T = U.t() if B == 1 else U.t().contiguous()
        m_d_c_at = (None, *m_d_c.unbind(0))
        f_at = (None, *f.unbind(0))
        m_d_a_g_at = (None, *m_d_a_g.unbind(0))
        m_d_a_f_2_at = (None, *m_d_a_f_2.unbind(0))
        m_d_a_o_2_at = (None, *m_d_a_o_2.unbind(0))
        m_d_a_i_2_at = (None, *m_d_a_i_2.unbind(0))
        # t = 7 … 1
        for t in range(7, 0, -1):
            # d_h[t] = d_a_g[t+1] @ transpose(U_g) + d_a_f[t+1] @ transpose(U_f) + d_a_o[t+1] @
            # transpose(U_o) + d_a_i[t+1] @ transpose(U_i)
            d_h_at[t] = torch.mm(d_a_at[t + 1], U_T)
            d_c_at[t], d_a_g_t, d_a_f_t, d_a_o_t, d_a_i_t = cell_2(
                m_d_c_at[t],
                d_h_at[t],
                f_at[t + 1],
                d_c_at[t + 1],
                m_d_a_g_at[t],
                m_d_a_f_2_at[t],
                m_d_a_o_2_at[t],
                m_d_a_i_2_at[t],
            )
            d_a_at[t] = torch.cat((d_a_i_t, d_a_o_t, d_a_f_t, d_a_g_t), -1)
    d_a = torch.stack(d_a_at[1:])
    d_x = None
    if need[0]:
        # d_x[t] = d_a_g[t] @ transpose(W_g) + d_a_f[t] @ transpose(W_f) + d_a_o[t] @
        # transpose(W_o) + d_a_i[t] @ transpose(W_i)
        d_x = torch.mm(d_a.flatten(0, 1), W.t()).view(8, B, D)
    d_h0 = None
    if need[1]:
        # d_h_0 = d_a_g[1] @ transpose(U_g) + d_a_f[1] @ transpose(U_f) + d_a_o[1] @
        # transpose(U_o) + d_a_i[1] @ transpose(U_i)
        d_h_0 = torch.mm(d_a_at[1], U.t())
        # d_h0 = d_h_0
        d_h0 = d_h_0.clone()
    d_c0 = None
    if need[2]:
        # d_c_0 = d_c[1] * f[1]
        # d_c0 = d_c_0
        d_c0 = f_at[1] * d_c_at[1]
    d_W_i = d_W_o = d_W_f = d_W_g = None
    if any(need[4:8]):
        # d_W_i = sum(transpose(x[t]) @ d_a_i[t])
        # d_W_o = sum(transpose(x[t]) @ d_a_o[t])
        # d_W_f = sum(transpose(x[t]) @ d_a_f[t])
        # d_W_g = sum(transpose(x[t]) @ d_a_g[t])
        d_W = torch.mm(x.flatten(0, 1).t(), d_a.flatten(0, 1))
        d_W_i, d_W_o, d_W_f, d_W_g = d_W.split_with_sizes((H, H, H, H), -1)
    d_U_i = d_U_o = d_U_f = d_U_g = None
    if any(need[8:12]):
        # d_U_i = sum(transpose(h[t-1]) @ d_a_i[t])
        # d_U_o = sum(transpose(h[t-1]) @ d_a_o[t])
        # d_U_f = sum(transpose(h[t-1]) @ d_a_f[t])
        # d_U_g = sum(transpose(h[t-1]) @ d_a_g[t])
        d_U = torch.mm(h[0:8].flatten(0, 1).t(), d_a.flatten(0, 1))
        d_U_i, d_U_o, d_U_f, d_U_g = d_U.split_with_sizes((H, H, H, H), -1)
    d_b_i = d_b_o = d_b_f = d_b_g = None
    if any(need[12:16]):
        # d_b_i = sum(batchsum(d_a_i[t]))
        # d_b_o = sum(batchsum(d_a_o[t]))
        # d_b_f = sum(batchsum(d_a_f[t]))
        # d_b_g = sum(batchsum(d_a_g[t]))
        d_b = torch.sum(d_a, (0, 1))
        d_b_i, d_b_o, d_b_f, d_b_g = d_b.split_with_sizes((H, H, H, H), -1)
    d_w_y = None
    if need[16]:
        # d_w_y = transpose(h[T]) @ d_a_yhat
        d_w_y = torch.mm(h[8].t(), d_a_yhat)
    d_b_y = None
    if need[17]:
        # d_b_y = batchsum(d_a_yhat)
        d_b_y = torch.sum(d_a_yhat, 0)
    return (
        d_x,
        d_h0,
        d_c0,
        None,
        d_W_i,
        d_W_o,
        d_W_f,
        d_W_g,
        d_U_i,
        d_U_o,
        d_U_f,
        d_U_g,
        d_b_i,
        d_b_o,
        d_b_f,
        d_b_g,
        d_w_y,
        d_b_y,
    )


def _loss_shapes(sizes):
    """The shapes of its results, and of what it keeps for the way back."""
    B, D, H, C = sizes
    outputs = [()]
    kept = [
        (B, C),
        (8, B, H),
        (8, B, H),
        (8, B, H),
        (9, B, H),
        (8, B, H),
        (8, B, H),
        (H, 4 * H),
        (D, 4 * H),
        (9, B, H),
    ]
    return outputs, kept


def _loss_tensors(sizes, params, given):
    """What it is handed, in order."""
    return (
        given["x"],
        given["h0"],
        given["c0"],
        given["y"],
        params["W_i"],
        params["W_o"],
        params["W_f"],
        params["W_g"],
        params["U_i"],
        params["U_o"],
        params["U_f"],
        params["U_g"],
        params["b_i"],
        params["b_o"],
        params["b_f"],
        params["b_g"],
        params["w_y"],
        params["b_y"],
    )


def _step(sizes, tensors):
    """One step: its outputs, and the states after it."""
    B, D, H, C = sizes
    x, h0, c0, W_i, W_o, W_f, W_g, U_i, U_o, U_f, U_g, b_i, b_o, b_f, b_g, w_y, b_y = tensors
    W = torch.cat((W_i, W_o, W_f, W_g), -1)
    U = torch.cat((U_i, U_o, U_f, U_g), -1)
    b = torch.cat((b_i, b_o, b_f, b_g), -1)
    # h[0] = h0
    h_at = [None] * 2
    h_at[0] = h0
    # c[0] = c0
    c_at = [None] * 2
    c_at[0] = c0
    h_U_1 = torch.mm(h_at[0], U)
    # a_i[1] = x[1] @ W_i + h[0] @ U_i + b_i
    # a_o[1] = x[1] @ W_o + h[0] @ U_o + b_o
    # a_f[1] = x[1] @ W_f + h[0] @ U_f + b_f
    # a_g[1] = x[1] @ W_g + h[0] @ U_g + b_g
    s_a_1 = torch.addmm(b, (None, x)[1], W)
    a_at = [None] * 2
    a_at[1] = s_a_1 + h_U_1
    # g[1] = tanh(a_g[1])
    # i[1] = sigmoid(a_i[1])
    # f[1] = sigmoid(a_f[1])
    # c[1] = f[1] * c[0] + i[1] * g[1]
    c_at[1] = torch.addcmul(
        torch.sigmoid(a_at[1][..., 2 * H : 3 * H]) * c_at[0],
        torch.sigmoid(a_at[1][..., 0:H]),
        torch.tanh(a_at[1][..., 3 * H : 4 * H]),
    )
    # tanh_c[1] = tanh(c[1])
    # o[1] = sigmoid(a_o[1])
    # h[1] = o[1] * tanh_c[1]
    h_at[1] = torch.sigmoid(a_at[1][..., H : 2 * H]) * torch.tanh(c_at[1])
    # a_yhat = h[T] @ w_y + b_y
    a_yhat = torch.addmm(b_y, h_at[1], w_y)
    # yhat = sigmoid(a_yhat)
    yhat = torch.sigmoid(a_yhat)
    return (yhat,), (h_at[1], c_at[1])


def _step_tensors(sizes, params, given):
    """What a step is handed."""
    return (
        given["x"],
        given["h0"],
        given["c0"],
        params["W_i"],
        params["W_o"],
        params["W_f"],
        params["W_g"],
        params["U_i"],
        params["U_o"],
        params["U_f"],
        params["U_g"],
        params["b_i"],
        params["b_o"],
        params["b_f"],
        params["b_g"],
        params["w_y"],
        params["b_y"],
    )


# how autograd, torch.compile and torch.export are told of a gradient that is known


class _Pass:
    """A function of tensors whose gradient is another one: as an operation of autograd, and as an
    operator of its own, which torch.compile and torch.export take as it is."""

    def __init__(self, name, values, gradient, shapes, tensors):
        self.name, self.values, self.gradient = name, values, gradient
        self.shapes, self.tensors = shapes, tensors
        self.operator = _operators(self)

    def __call__(self, fuse, sizes, tensors):
        if torch.compiler.is_compiling():
            return self.operator(fuse, sizes, list(tensors))[: len(self.shapes(sizes)[0])]
        return _Differentiated.apply(self, fuse, sizes, *tensors)


class _Differentiated(torch.autograd.Function):
    """A pass, and its gradient on the way back. Nothing is overwritten: graphs may be many."""

    @staticmethod
    def forward(ctx, one, fuse, sizes, *tensors):
        outputs, kept = one.values(fuse, sizes, tensors, any(ctx.needs_input_grad))
        outputs, kept = _tracked(outputs), _tracked(kept)
        results = outputs if one.name == "forward" else [None] * len(outputs)
        ctx.save_for_backward(*tensors, *results, *kept)
        ctx.known, ctx.counts = (one, fuse, sizes), (len(tensors), len(outputs))
        return outputs

    @staticmethod
    def backward(ctx, *cotangents):
        found = (*ctx.known, ctx.needs_input_grad[3:], *ctx.counts)
        found += (*ctx.saved_tensors, *cotangents)
        if torch.is_grad_enabled():  # create_graph=True
            return None, None, None, *_Once.apply(_back, *found)
        return None, None, None, *_back(*found)


def _back(one, fuse, sizes, need, first, second, *all_saved):
    """Cotangents carried back."""
    tensors, outputs = all_saved[:first], all_saved[first : first + second]
    kept, cotangents = all_saved[first + second : -second], all_saved[-second:]
    return _tracked(one.gradient(fuse, sizes, tensors, outputs, kept, cotangents, need))


def _tracked(tensors):
    """Tensors, also those that loops have made, as autograd wants them."""
    return tuple([t.clone() if t is not None and t.is_inference() else t for t in tensors])


class _Once(torch.autograd.Function):
    """The way back, of which there is no gradient."""

    @staticmethod
    def forward(ctx, back, *given):
        return back(*given)

    @staticmethod
    def backward(ctx, *cotangents):
        raise RuntimeError(_ONCE)


_ONCE = "lstm has a gradient, and no gradient of that: it is derived once"


def _operators(one):
    """The operator of a pass, with another one for its gradient."""
    name = f"symrnn::lstm_7321ea58fc3c_{one.name}"

    @torch.library.custom_op(f"{name}_gradient", mutates_args=())
    def back(
        fuse: str,
        sizes: list[int],
        counts: list[int],
        need: list[bool],
        saved: list[torch.Tensor],
    ) -> list[torch.Tensor]:
        grads = _back(one, fuse, sizes, need, *counts, *saved)
        like = saved[: counts[0]]
        return [
            g.clone(memory_format=torch.contiguous_format) if n else t.new_empty(0)
            for g, n, t in zip(grads, need, like, strict=True)
        ]

    @back.register_fake
    def _(fuse, sizes, counts, need, saved):
        like = saved[: counts[0]]
        shapes = [tuple(t.shape) if n else (0,) for t, n in zip(like, need, strict=True)]
        return [t.new_empty(shape) for t, shape in zip(like, shapes, strict=True)]

    def refuse(ctx, *cotangents):
        raise RuntimeError(_ONCE)

    back.register_autograd(refuse)

    @torch.library.custom_op(name, mutates_args=())
    def forward(fuse: str, sizes: list[int], tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        outputs, kept = one.values(fuse, sizes, tensors, True)
        return [tensor.contiguous() for tensor in _tracked((*outputs, *kept))]

    @forward.register_fake
    def _(fuse, sizes, tensors):
        like = next(t for t in tensors if t.is_floating_point())
        outputs, kept = one.shapes(sizes)
        return [_empty(like, shape) for shape in (*outputs, *kept)]

    def setup(ctx, inputs, output):
        ctx.fuse, ctx.sizes, tensors = inputs
        ctx.save_for_backward(*tensors, *output)
        ctx.counts = [len(tensors), len(one.shapes(ctx.sizes)[0])]
        ctx.need = [tensor.requires_grad for tensor in tensors]

    def backward(ctx, cotangents):
        saved = [*ctx.saved_tensors, *cotangents[: ctx.counts[1]]]
        grads = back(ctx.fuse, ctx.sizes, ctx.counts, ctx.need, saved)
        return None, None, [g if n else None for g, n in zip(grads, ctx.need, strict=True)]

    forward.register_autograd(backward, setup_context=setup)
    return forward


def _empty(like, shape):
    """A tensor of this shape; of whole numbers, where it says so."""
    if shape[:1] == ("ids",):
        return like.new_empty(shape[1:], dtype=torch.int64)
    return like.new_empty(shape)


_FORWARD = _Pass("forward", _forward, _forward_gradient, _forward_shapes, _forward_tensors)
_LOSS = _Pass("loss", _loss, _loss_gradient, _loss_shapes, _loss_tensors)


# kernels of the same model, such as those in C, which do the work where they can


class _ByKernel:
    """Work that is left to a kernel: on tensors on a CPU, in single or double precision, where
    nobody but autograd looks at what is done with them. A kernel serves one call at a time: there
    are as many as there are calls under way."""

    def __init__(self, module, dims):
        self.module, self.dims, self.idle, self.spare, self.by = module, dims, {}, {}, None

    def __deepcopy__(self, known):
        return _ByKernel(self.module, self.dims)

    def __reduce__(self):
        if type(self.module) is type(torch):  # a file, which is known by its name
            return _by_name, (self.module.__name__, self.dims)
        return _ByKernel, (self.module, self.dims)

    def loss(self, params, given, batch_first):
        """The loss; None where it has to be worked out without a kernel."""
        given = {name: value for name, value in given.items() if value is not None}
        kind, need = _asked(params, given)
        if kind is None:
            return None
        turned = ()
        try:
            if batch_first:
                turned = [name for name in given if {"B", "T"} <= set(_EVERY.get(name, ()))]
                given |= {name: given[name].detach().transpose(0, 1) for name in turned}
            if not need:
                with self.held(kind, given) as held:
                    return held.loss(params, given)
            others = () if need.keys() <= PARAMS.keys() else need.keys() - PARAMS.keys()
            if others and not self.gives(kind, params, given, others):
                return None
            return _weigh((self, kind, params, given, turned, need, others), *need.values())
        except (IndexError, TypeError, ValueError):  # what does not fit is said without a kernel
            return None

    def forward(self, params, given):
        """Outputs and final states; None where they have to be worked out without a kernel."""
        given = {name: given[name] for name in _FORWARD_TAKES}
        try:
            kind, need = _asked(params, given)
            others = need.keys() - PARAMS.keys()
            if kind is None or (others and not self.gives(kind, params, given, others)):
                return None
            if need:
                return _Carried.apply(self, kind, *params.values(), *given.values())
            with torch.no_grad(), self.held(kind, given) as held:
                return held.forward(params, given)
        except (IndexError, TypeError, ValueError):
            return None

    def gives(self, kind, params, given, need):
        """Whether the kernel has all gradients that are asked for; a call says which."""
        if self.by is None:
            with torch.no_grad(), self.held(kind, given) as held:
                self.by = {*PARAMS, *held.gradients(params, given)}
        return self.by.issuperset(need)

    def held(self, kind, given):
        """A kernel that is not at work, for as many sequences as there are."""
        idle = self.idle.setdefault(kind, [])
        try:
            held = idle.pop()  # one step, also among threads
        except IndexError:
            held = None
        if held is not None and held.repeats(given):
            return held
        batch = next((v.shape[_EVERY[n].index("B")] for n, v in given.items() if n in _EVERY), 1)
        if held is None or held.kernel.batch < batch:
            held = _Held(self.module.Kernel(batch, dtype=kind, **self.dims), idle)
        held.before = None
        return held

    def room(self, kind, held):
        """Memory for the gradients of a graph."""
        spare = self.spare.setdefault(kind, [])
        try:
            return _Room(spare, spare.pop())
        except IndexError:
            with torch.inference_mode(False):
                flat = torch.zeros_like(held.flat)
                return _Room(spare, (flat, held.pieces(flat)))


class _Held:
    """A kernel, and where its parameters and their gradients lie. After work it is idle again.
    `before` is what takes the training step before once more, and `shapes` says of what inputs."""

    def __init__(self, kernel, idle):
        self.kernel, self.idle = kernel, idle
        with torch.inference_mode(False):
            self.params = [torch.from_numpy(kernel.params[name]) for name in _ATTRIBUTES]
            self.flat = torch.from_numpy(kernel.dtheta)
            grads = {name: torch.from_numpy(kernel.grads[name]) for name in PARAMS}
        first, size = self.flat.data_ptr(), self.flat.element_size()
        self.places = {
            name: (grad.shape, grad.stride(), (grad.data_ptr() - first) // size)
            for name, grad in grads.items()
        }
        self.before = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.idle.append(self)

    def pieces(self, flat):
        """The gradients by parameters that lie in a vector."""
        return {name: flat.as_strided(*place) for name, place in self.places.items()}

    def taken(self, params, given):
        """What is handed to the kernel, whose parameters are those that came."""
        torch._foreach_copy_(self.params, [*params.values()])
        return {name: value.resolve_neg().numpy() for name, value in given.items()}

    def repeats(self, given):
        """Whether a call is like the one before, so that its inputs only have to be copied."""
        return self.before is not None and self.shapes == {n: v.shape for n, v in given.items()}

    def gradients(self, params, given):
        """What the kernel has gradients by."""
        arrays = self.taken(params, given)
        if hasattr(self.kernel, "loss_and_grads"):
            return set(self.kernel.loss_and_grads(**arrays)[1])
        return set(self.kernel.vjp({}, **arrays))

    def loss(self, params, given):
        """The loss alone."""
        value = self.kernel.loss(**self.taken(params, given))
        return self.flat.new_full((), float(value))

    def loss_and_grads(self, params, given, flat):
        """The loss; gradients by parameters are written to `flat`, all others are in `found`."""
        if self.before is not None:
            places, run, value = self.before
            torch._foreach_copy_(places, [*params.values(), *given.values()])
            run(flat.data_ptr())
            return value.clone()
        value, self.found = self.kernel.loss_and_grads(**self.taken(params, given))
        flat.copy_(self.flat)
        if hasattr(self.kernel, "once_more"):
            inputs, run, place = self.kernel.once_more()
            own = [torch.from_numpy(array) for array in inputs.values()]
            self.shapes = {name: array.shape for name, array in inputs.items()}
            self.before = [*self.params, *own], run, torch.from_numpy(place)[0]
        return self.flat.new_full((), float(value))

    def forward(self, params, given):
        """Copies of outputs and final states."""
        outputs, _ = self.kernel.forward(**self.taken(params, given))
        return tuple([_copy(outputs[name]) for name in _RESULTS])

    def carried(self, params, given, cotangents, need):
        """Copies of what cotangents of outputs and final states are for all that is asked for."""
        came = zip(_RESULTS, cotangents, strict=True)
        came = {n: value.resolve_neg().numpy() for n, value in came if value is not None}
        found = self.kernel.vjp(came, **self.taken(params, given))
        pieces = self.pieces(self.flat.clone())

        def grad(name):
            return pieces[name] if name in PARAMS else _copy(found[name])

        asked = zip((*params, *given), need, strict=True)
        return tuple([grad(name) if wanted else None for name, wanted in asked])


class _Room:
    """Memory for gradients, and the gradients in it: once its graph is gone, another can have it.
    A few are kept for that; whoever trains needs two."""

    def __init__(self, spare, memory):
        self.spare, self.memory = spare, memory

    def __del__(self):
        if len(self.spare) < 4:
            self.spare.append(self.memory)


class _Weighed(torch.autograd.Function):
    """A loss whose gradients are known: on the way back they are weighed."""

    @staticmethod
    def forward(ctx, call, *tensors):
        by, kind, params, given, turned, need, others = call
        held = by.held(kind, given)
        try:
            room = by.room(kind, held)
            flat, pieces = room.memory
            value = held.loss_and_grads(params, given, flat)
            if others:
                pieces = {**pieces, **{name: _copy(held.found[name]) for name in others}}
        finally:
            held.idle.append(held)
        ctx.save_for_backward(flat)
        back = [name in turned for name in need] if turned else ()
        ctx.known = room, [pieces[name] for name in need], back, tensors
        return value

    @staticmethod
    def backward(ctx, cotangent):
        _, grads, turned, tensors = ctx.known
        given = cotangent, grads, turned, *ctx.saved_tensors  # an error, where the graph is gone
        if torch.is_grad_enabled():  # create_graph=True
            return None, *_Once.apply(_weighed, *given, *tensors)
        return None, *_weighed(*given)


_weigh = super(torch.autograd.Function, _Weighed).apply
"""What `apply` comes to where no transformation of functions is under way."""


def _weighed(cotangent, grads, turned, *_):
    """Gradients times the cotangent of the loss, in memory of their own."""
    try:
        found = torch._foreach_mul(grads, cotangent)
    except RuntimeError:  # is_grads_batched=True
        found = tuple([grad * cotangent for grad in grads])
    if not turned:
        return found
    return tuple([g.transpose(0, 1) if back else g for g, back in zip(found, turned, strict=True)])


class _Carried(torch.autograd.Function):
    """Outputs and final states; on the way back the kernel works them out once more."""

    @staticmethod
    def forward(ctx, by, kind, *tensors):
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)
        ctx.known = by, kind
        params, given, _ = _apart(tensors)
        with by.held(kind, given) as held:
            return held.forward(params, given)

    @staticmethod
    def backward(ctx, *cotangents):
        found = *ctx.known, ctx.needs_input_grad[2:], *ctx.saved_tensors, *cotangents
        if torch.is_grad_enabled():  # create_graph=True
            return None, None, *_Once.apply(_carry_back, *found)
        return None, None, *_carry_back(*found)


def _carry_back(by, kind, need, *tensors):
    params, given, cotangents = _apart(tensors)
    with by.held(kind, given) as held:
        return held.carried(params, given, cotangents, need)


def _apart(tensors):
    """Parameters and what is given, by name; and what is left."""
    first, second = len(_ATTRIBUTES), len(_ATTRIBUTES) + len(_FORWARD_TAKES)
    params = dict(zip(_ATTRIBUTES, tensors, strict=False))
    return params, dict(zip(_FORWARD_TAKES, tensors[first:], strict=False)), tensors[second:]


def _copy(array):
    return torch.from_numpy(array).clone()


_KINDS = {torch.float32: "float32", torch.float64: "float64"}
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_WHOLE = ()
_FORWARD_TAKES = (*_FORWARD_NEEDS, *STATES)
# who looks on: transformations of functions, modes such as those of tracers, torch.jit.trace
_LOOKS = ("_are_functorch_transforms_active", "_len_torch_dispatch_stack", "_is_tracing")
_LOOKS = [getattr(torch._C, name) for name in _LOOKS if hasattr(torch._C, name)]
_forward_ad = torch.autograd.forward_ad
# tensors of a transformation, also of one that is over
_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor


def _asked(params, given):
    """The dtype of a kernel for these tensors, if there can be one, and those of them that
    gradients are asked for by."""
    dtype, need, tracked = None, {}, torch.is_grad_enabled()
    for values in (params, given):
        for name, value in values.items():
            if value.__class__ not in _PLAIN or not value.is_cpu:
                return None, need
            if dtype is None:
                dtype = value.dtype
            elif value.dtype is not dtype and name not in _WHOLE:
                return None, need
            if tracked and value.requires_grad:
                need[name] = value
    if torch.is_autocast_enabled("cpu") or _forward_ad._current_level >= 0:
        return None, need
    for looks in _LOOKS:
        if looks():
            return None, need
    if any(map(_is_wrapped, need.values())):
        return None, need
    return _KINDS.get(dtype), need


ON_CPU = ()
"""The kernels of a module, where nothing is said when it is made."""


def _kernels(given, dims):
    """The kernels that are handed to a module, by what they do."""
    found = {}
    given = ON_CPU if given is None else given
    for kernel in given if isinstance(given, (list, tuple)) else (given,):
        name = getattr(kernel, "__name__", type(kernel).__name__)
        task = next((t for t in _TASKS if hasattr(getattr(kernel, "Kernel", None), _TASKS[t])), "")
        if not task:
            raise TypeError(
                f"the kernel {name} has no {' and no '.join(_TASKS.values())}; expected a module"
                " made by symrnn, such as one of symrnn generate --backend c"
            )
        _check_kernel(kernel, name, _TAKES[task], dims)
        if task == "forward" and (*kernel.OUTPUTS,) != _RESULTS:
            raise ValueError(
                f"OUTPUTS of the kernel {name}: {(*kernel.OUTPUTS,)}; expected {_RESULTS}, with the"
                " final states, as cpu= makes it"
            )
        found[task] = _ByKernel(kernel, dims)
    return found


_TASKS = {"loss": "loss_and_grads", "forward": "vjp"}
_TAKES = {"loss": (*_LOSS_NEEDS, *STATES), "forward": (*_FORWARD_NEEDS, *STATES)}
_RESULTS = ("yhat", "h_T", "c_T")
_FACTS = ("STEPS", "DIMS", "PARAMS", "FIXED", "TRUNCATE")


def _check_kernel(kernel, name, takes, dims):
    """Refuse a kernel of something else."""
    found = {key: (getattr(kernel, key, None), globals().get(key)) for key in _FACTS}
    own = {name: _EVERY[name] for name in takes}
    found["INPUTS and STATES"] = ({**kernel.INPUTS, **kernel.STATES}, own)
    own = {name: classes for name, classes in globals().get("IDS", {}).items() if name in takes}
    found["IDS"] = (getattr(kernel, "IDS", {}), own)
    found["SIZES"] = (getattr(kernel, "SIZES", dims), dims)
    for key, (theirs, own) in found.items():
        if theirs != own:
            raise ValueError(f"{key} of the kernel {name}: {theirs}; expected {own}")
    if hasattr(kernel, "TIMED"):
        raise ValueError(f"the kernel {name} is made with --lengths; expected one made without")
    if __doc__ and kernel.__doc__ and _equations(kernel.__doc__) != _equations(__doc__):
        raise ValueError(f"the kernel {name} has other equations; expected those of this file")


def _equations(text):
    """The model's text in what a file says of itself."""
    return text.partition("\nMade by ")[2].partition("\n")[2].partition("\nIts gradient:\n")[0]


def _by_name(name, dims):
    return _ByKernel(__import__(name, fromlist=("",)), dims)


class Lstm(torch.nn.Module):
    """lstm for 8 steps. Its parameters have the names of the text.

    The widths D, H, C are given when it is made.
    `fuse` says how what stands between two products of a step is worked out: "eager", call by
    call; "compile", by torch.compile; or "triton", as one kernel.
    `kernel` is a module made by symrnn of the same model and steps, such as one in C, or several of
    them: each does on a CPU what it can.
    """

    def __init__(
        self,
        D,
        H,
        C,
        *,
        batch_first=False,
        fuse="eager",
        kernel=None,
        generator=None,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.dims = _dims({"D": D, "H": H, "C": C})
        if fuse not in _FUSES:
            raise ValueError(f"fuse is {fuse!r}; expected one of {', '.join(_FUSES)}")
        if fuse == "triton" and triton is None:
            raise ValueError("fuse is 'triton', and Triton is not installed: pip install triton")
        self.batch_first, self.fuse = batch_first, fuse
        self.kernels = _kernels(kernel, self.dims)
        for name, axes in PARAMS.items():
            empty = torch.empty(_shape(axes, self.dims), device=device, dtype=dtype)
            self.register_parameter(_attribute(name), torch.nn.Parameter(empty))
        self.reset_parameters(generator)

    def reset_parameters(self, generator=None):
        """Start anew, as the text says."""
        with torch.no_grad():
            for name, how in START.items():
                _start(getattr(self, _attribute(name)), how, generator)

    def params(self):
        """The parameters by the names of the text."""
        own, names = self._parameters, _ATTRIBUTES.items()
        return {name: own[key] if key in own else getattr(self, key) for name, key in names}

    def forward(self, x, h0=None, c0=None):
        """The outputs, and the states after the last step: hand them in again to go on."""
        given = {"x": x, "h0": h0, "c0": c0}
        kernel = self.kernels.get("forward")
        return _forward_pass(self.params(), given, self.dims, self.batch_first, self.fuse, kernel)

    def loss(self, x, y, h0=None, c0=None):
        """The loss alone."""
        given = {"x": x, "y": y, "h0": h0, "c0": c0}
        params = self.params()
        if "loss" in self.kernels and not torch.compiler.is_compiling():
            found = self.kernels["loss"].loss(params, given, self.batch_first)
            if found is not None:
                return found
        return _loss_pass(params, given, self.dims, self.batch_first, self.fuse)

    def step(self, x, h0=None, c0=None):
        """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
        given = {"x": x, "h0": h0, "c0": c0}
        return _one_step(self.params(), given, self.dims)

    def extra_repr(self):
        widths = [f"{name}={size}" for name, size in self.dims.items()]
        return ", ".join([*widths, f"fuse={self.fuse!r}"])


_FUSES = ("eager", "compile", "triton")


def graphed(module, *sample):
    """The loss of a module as a CUDA graph, for inputs of the shapes of these: each call is one
    launch, and so is its way back. Kernels and numbers stay where they are; see
    torch.cuda.make_graphed_callables."""
    if not torch.cuda.is_available():
        raise RuntimeError("a CUDA graph needs a GPU, and there is none here")
    return torch.cuda.make_graphed_callables(_Loss(module), sample)


class _Loss(torch.nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, *given):
        return self.module.loss(*given)


def _attribute(name):
    """The attribute that a parameter is: its name, unless a module has something else there."""
    own = ("dims", "batch_first", "fuse", "kernels", "params", "loss", "step", "training")
    return f"{name}_" if hasattr(torch.nn.Module, name) or name in own else name


_ATTRIBUTES = {name: _attribute(name) for name in PARAMS}


def _start(tensor, how, generator):
    if how == "orthogonal":
        torch.nn.init.orthogonal_(tensor, generator=generator)
    elif how == "glorot":
        bound = (6 / sum(tensor.shape)) ** 0.5
        tensor.uniform_(-bound, bound, generator=generator)
    else:
        tensor.fill_(how)


# a call: what comes in is checked, what comes out is named


def _forward_pass(params, given, dims, batch_first, fuse="eager", kernel=None):
    sizes, given = _ready(params, given, dims, batch_first, _FORWARD_NEEDS, _EVERY)
    found = None
    if kernel is not None and not torch.compiler.is_compiling():
        found = kernel.forward(params, given)
    if found is None:
        found = _FORWARD(fuse, sizes, _FORWARD.tensors(sizes, params, given))
    outputs = dict(zip(OUTPUTS, found, strict=False))
    states = {"h0": found[1], "c0": found[2]}
    if batch_first:
        outputs = {
            name: value.transpose(0, 1) if "T" in OUTPUTS[name] else value
            for name, value in outputs.items()
        }
    return outputs, states


def _loss_pass(params, given, dims, batch_first, fuse="eager"):
    sizes, given = _ready(params, given, dims, batch_first, _LOSS_NEEDS, _EVERY)
    return _LOSS(fuse, sizes, _LOSS.tensors(sizes, params, given))[0]


def _one_step(params, given, dims):
    sizes, given = _ready(params, given, dims, False, _STEP_NEEDED, _STEP)
    outputs, states = _step(sizes, _step_tensors(sizes, params, given))
    return dict(zip(OUTPUTS, outputs, strict=True)), dict(zip(STATES, states, strict=True))


def _ready(params, given, dims, batch_first, needs, every):
    """The sizes, and all that is handed in as it has to be; what looks as something did that was
    right is not checked again."""
    look = None
    if not torch.compiler.is_compiling():
        look = _look(params, given, dims, batch_first, needs, every is _EVERY)
    seen = _SEEN.get(look)
    if seen is not None:
        (sizes, zeros), found = seen, {**given}
        if zeros:
            like = next(iter(params.values()))
            for name, shape in zeros:
                found[name] = like.new_zeros(shape)
        if batch_first:
            for name, axes in every.items():
                if "T" in axes and len(axes) > 1 and found.get(name) is not None:
                    found[name] = found[name].transpose(0, 1)
        return sizes, found
    sizes, found = _checked(params, given, dims, batch_first, needs, every)
    if look is not None and all(
        value.dtype == (look[0] if given.get(name) is None else given[name].dtype)
        for name, value in found.items()
    ):
        zeros = [(name, value.shape) for name, value in found.items() if given.get(name) is None]
        if len(_SEEN) >= _MOST:
            _SEEN.clear()
        _SEEN[look] = sizes, zeros
    return sizes, found


_SEEN, _MOST = {}, 64


def _look(params, given, dims, batch_first, needs, in_steps):
    """All that the checks look at; None where something has to be turned into another kind."""
    like = next(iter(params.values()), None)
    if like is None or _kind(like) is not like.dtype:
        return None
    every = [
        (name, value.shape, value.dtype, value.device)
        if isinstance(value, torch.Tensor)
        else (name, value is None)
        for name, value in given.items()
    ]
    return like.dtype, like.device, batch_first, needs, in_steps, *dims.values(), *every


def _checked(params, given, dims, batch_first, needs, every):
    """The sizes, and all that is handed in as it has to be: steps first, states that are not given
    as zeros, everything of one kind."""
    like = next(iter(params.values()), None)
    if like is None:
        like = next(v for v in given.values() if v is not None and v.is_floating_point())
    kind, device = _kind(like), like.device
    if kind is not like.dtype:
        params.update((name, value.to(kind)) for name, value in params.items())
    batch, found = None, {}
    for name, axes in every.items():
        value = given.get(name)
        if value is None:
            if name in needs:
                raise TypeError(
                    f"{name} is missing; expected a tensor with the axes {_said(axes, batch_first)}"
                )
            continue
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} is a {type(value).__name__}; expected a tensor")
        if batch_first and "T" in axes and value.dim() > 1:
            value = value.transpose(0, 1)
        if batch is None and "B" in axes and value.dim() == len(axes):
            batch = value.shape[axes.index("B")]
        shape = tuple(STEPS if a == "T" else batch if a == "B" else _width(a, dims) for a in axes)
        if value.shape != shape or value.device != device:
            _complain(name, value, axes, shape, device, batch_first)
        if value.dtype != kind:
            if kind is like.dtype or not value.is_floating_point():
                raise TypeError(
                    f"{name} is {value.dtype}, and the parameters are {like.dtype}; expected the"
                    " same"
                )
            value = value.to(kind)
        found[name] = value
    batch = 1 if batch is None else batch
    for name, axes in every.items():
        if name not in found and name in STATES:
            shape = tuple(batch if a == "B" else _width(a, dims) for a in axes)
            found[name] = torch.zeros(shape, dtype=kind, device=device)
    return [batch, *dims.values()], found


def _kind(like):
    """The dtype that is worked in: that of the parameters, or what autocast asks for."""
    device = like.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else like.dtype


def _dims(dims):
    for name, size in dims.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise TypeError(f"the width {name} is {size!r}; expected a whole number, 1 or more")
    return dims


def _width(axis, dims):
    """The size of an axis, such as 3, H or H+K+1."""
    if isinstance(axis, int):
        return axis
    if axis in dims:
        return dims[axis]
    return sum(dims[part] if part in dims else int(part) for part in axis.split("+"))


def _shape(axes, dims):
    return tuple(_width(axis, dims) for axis in axes)


def _said(axes, batch_first):
    if batch_first and "T" in axes:
        axes = (axes[1], axes[0], *axes[2:])
    return f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"


def _complain(name, value, axes, shape, device, batch_first):
    if value.device != device:
        raise ValueError(
            f"{name} is on {value.device}, and the parameters are on {device}; expected the same"
        )
    got = tuple(value.shape)
    if batch_first and "T" in axes:
        got, shape = ((s[1], s[0], *s[2:]) for s in (got, shape))
    raise ValueError(
        f"{name} has shape {got}; expected {shape}, the axes {_said(axes, batch_first)}"
    )


# the same as plain functions of parameters by name


def init_params(seed=0, dtype=None, device=None, **dims):
    """Parameters to start from."""
    generator = torch.Generator(device or "cpu").manual_seed(seed)
    made = Lstm(**dims, generator=generator, device=device, dtype=dtype)
    return {name: value.detach() for name, value in made.params().items() if name in START}


def forward(params, **inputs):
    """The outputs, and the states after the last step, under the names of STATES."""
    params, dims = _known(params, inputs, _EVERY)
    return _forward_pass(params, inputs, dims, False)


def loss(params, **inputs):
    """The loss alone."""
    params, dims = _known(params, inputs, _EVERY)
    return _loss_pass(params, inputs, dims, False)


def loss_and_grads(params, **inputs):
    """The loss and its gradients, by name: of every parameter, and of what else requires one."""
    params, dims = _known(params, inputs, _EVERY)
    leaves = _leaves(params, inputs)
    given = {**inputs, **_of(inputs, leaves)}
    value = _loss_pass({**params, **leaves}, given, dims, False)
    return value.detach(), _gradients([value], leaves, None)


def step(params, **inputs):
    """One step: the outputs, and the states to hand in at the next. Nothing has a time axis."""
    params, dims = _known(params, inputs, _STEP)
    return _one_step(params, inputs, dims)


def _leaves(params, inputs):
    """What a gradient is taken by, as tensors of their own."""
    found = {name: params[name] for name in PARAMS}
    found |= {
        name: value
        for name, value in inputs.items()
        if isinstance(value, torch.Tensor) and value.requires_grad
    }
    return {name: value.detach().requires_grad_() for name, value in found.items()}


def _of(names, found):
    return {name: value for name, value in found.items() if name in names}


def _gradients(values, leaves, cotangents):
    if not values or not leaves:
        return {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    found = list(leaves.values())
    grads = torch.autograd.grad(
        values, found, cotangents, allow_unused=True, materialize_grads=True
    )
    return dict(zip(leaves, grads, strict=True))


def _known(params, inputs, every):
    """The parameters in order, and the dimensions that the shapes tell."""
    table = PARAMS
    for name in params:
        if name not in table:
            raise TypeError(f"'{name}' is no parameter; there are {', '.join(table) or 'none'}")
    for name in inputs:
        if name not in every:
            raise TypeError(f"'{name}' is no input; there are {', '.join(every) or 'none'}")
    dims = {}
    for name, axes in table.items():
        if name not in params:
            raise TypeError(
                f"the parameter {name} is missing; it has the axes {_said(axes, False)}"
            )
        _learn(dims, axes, params[name].shape)
    for name, axes in every.items():
        if inputs.get(name) is not None:
            _learn(dims, axes, inputs[name].shape)
    missing = [name for name in DIMS if name not in dims]
    if missing:
        raise TypeError(f"no shape tells the width {missing[0]}")
    dims = {name: dims[name] for name in DIMS}
    for name, axes in table.items():
        got, shape = tuple(params[name].shape), _shape(axes, dims)
        if got != shape:
            raise ValueError(
                f"{name} has shape {got}; expected {shape}, the axes {_said(axes, False)}"
            )
    return {name: params[name] for name in table}, dims


def _learn(dims, axes, shape):
    """The dimensions that a shape tells: those that are an axis by themselves."""
    for axis, size in zip(axes, shape, strict=False):
        if axis in DIMS:
            dims.setdefault(axis, size)


def self_check(seed=0):
    """Whether the gradient is the slope of what is worked out: torch.autograd.gradcheck, in double
    precision."""
    generator = torch.Generator().manual_seed(seed)
    dims = {name: 2 + n for n, name in enumerate(DIMS)}
    model = Lstm(**dims, generator=generator, dtype=torch.float64)
    given = {}
    for name, axes in _EVERY.items():
        shape = tuple(STEPS if a == "T" else 2 if a == "B" else _width(a, dims) for a in axes)
        given[name] = torch.rand(shape, generator=generator, dtype=torch.float64)
    leaves = list(model.parameters())
    with torch.no_grad():
        for leaf in model.parameters():
            leaf.copy_(torch.rand(leaf.shape, generator=generator, dtype=torch.float64) - 0.3)

    def value(*_):
        return model.loss(**given)

    return torch.autograd.gradcheck(value, leaves, eps=1e-6, atol=1e-6, raise_exception=False)


if __name__ == "__main__":
    holds = self_check()
    print("lstm: each gradient beside central differences")
    print("gradients", "ok" if holds else "WRONG")
    raise SystemExit(not holds)
