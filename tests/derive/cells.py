"""Cells from papers that are not in the zoo, as somebody would type them."""

from symrnn.model import Model, parse

CELLS = {
    "sLSTM": """
        i[t] = exp(x[t] @ W_i + h[t-1] @ R_i + b_i - m[t])
        f[t] = exp(x[t] @ W_f + h[t-1] @ R_f + b_f + m[t-1] - m[t])
        m[t] = relu(x[t] @ W_f + h[t-1] @ R_f + b_f + m[t-1]
            - (x[t] @ W_i + h[t-1] @ R_i + b_i)) + (
            x[t] @ W_i + h[t-1] @ R_i + b_i)
        z[t] = tanh(x[t] @ W_z + h[t-1] @ R_z + b_z)
        o[t] = sigmoid(x[t] @ W_o + h[t-1] @ R_o + b_o)
        c[t] = f[t] * c[t-1] + i[t] * z[t]
        n[t] = f[t] * n[t-1] + i[t]
        h[t] = o[t] * c[t] / n[t]
        yhat = sigmoid(h[T] @ V + b_y)
        L = bce(y, yhat)
    """,
    "minGRU": """
        z[t] = sigmoid(x[t] @ W_z + b_z)
        ht[t] = x[t] @ W_h + b_h
        h[t] = (1 - z[t]) * h[t-1] + z[t] * ht[t]
        yhat[t] = softmax(h[t] @ V + c)
        y: onehot
        L = mean(ce(y[t], yhat[t]))
    """,
    "LRU": """
        r = exp(-exp(nu))
        g = sqrt(1 - r * r)
        a[t] = r * cos(th) * a[t-1] - r * sin(th) * b[t-1] + g * (x[t] @ B_re)
        b[t] = r * sin(th) * a[t-1] + r * cos(th) * b[t-1] + g * (x[t] @ B_im)
        out[t] = a[t] @ C_re - b[t] @ C_im + x[t] @ D_x
        L = mean(mse(y[t], out[t]))
    """,
    "GRU-D": """
        dec[t] = exp(-relu(dt[t] @ W_dec + b_dec))
        xt[t] = m[t] * x[t] + (1 - m[t]) * (x[t-1] * dec[t] + (1 - dec[t]) * mu)
        hd[t] = h[t-1] * dec[t]
        r[t] = sigmoid(xt[t] @ W_r + hd[t] @ U_r + m[t] @ V_r + b_r)
        z[t] = sigmoid(xt[t] @ W_z + hd[t] @ U_z + m[t] @ V_z + b_z)
        ht[t] = tanh(xt[t] @ W_h + (r[t] * hd[t]) @ U_h + m[t] @ V_h + b_h)
        h[t] = (1 - z[t]) * hd[t] + z[t] * ht[t]
        x: N
        h: N
        yhat = sigmoid(h[T] @ w_o + b_o)
        L = bce(y, yhat)
    """,
    "NARX": """
        h[t] = gelu(x[t] @ W_0 + x[t-1] @ W_1 + x[t-2] @ W_2 + b
            + yhat[t-1] @ U_1 + yhat[t-2] @ U_2)
        yhat[t] = h[t] @ V + c
        L = mean(mse(y[t], yhat[t]))
    """,
    "attention": """
        h[t] = tanh(x[t] @ W + h[t-1] @ U + b)
        e[t] = exp(tanh(h[t] @ A + b_a) @ v)
        S = sum(e[t])
        alpha[t] = e[t] / S
        ctx = sum(alpha[t] * h[t])
        e: 1
        A: (H, K)
        yhat = sigmoid(ctx @ w_o + b_o)
        L = bce(y, yhat)
    """,
    "LMU": """
        u[t] = x[t] @ e_x + h[t-1] @ e_h + m[t-1] @ e_m
        m[t] = m[t-1] @ A + u[t] @ B
        h[t] = tanh(x[t] @ W_x + h[t-1] @ W_h + m[t] @ W_m)
        yhat = softmax(h[T] @ V + c)
        y: onehot
        u: 1
        L = ce(y, yhat)
    """,
    "layer-norm LSTM": """
        ai[t] = x[t] @ W_i + h[t-1] @ U_i + b_i
        mi[t] = rowmean(ai[t])
        vi[t] = rowmean(square(ai[t] - mi[t]))
        i[t] = sigmoid(g_i * (ai[t] - mi[t]) / sqrt(vi[t] + eps) + s_i)
        f[t] = sigmoid(x[t] @ W_f + h[t-1] @ U_f + b_f)
        o[t] = sigmoid(x[t] @ W_o + h[t-1] @ U_o + b_o)
        g[t] = tanh(x[t] @ W_g + h[t-1] @ U_g + b_g)
        c[t] = f[t] * c[t-1] + i[t] * g[t]
        h[t] = o[t] * tanh((c[t] - rowmean(c[t]))
            / sqrt(rowmean(square(c[t] - rowmean(c[t]))) + eps))
        eps = 0.00001
        yhat = sigmoid(h[T] @ w_y + b_y)
        L = bce(y, yhat)
    """,
    "peephole LSTM with projection": """
        i[t] = sigmoid(x[t] @ W_i + h[t-1] @ U_i + p_i * c[t-1] + b_i)
        f[t] = sigmoid(x[t] @ W_f + h[t-1] @ U_f + p_f * c[t-1] + b_f)
        c[t] = f[t] * c[t-1] + i[t] * tanh(x[t] @ W_c + h[t-1] @ U_c + b_c)
        o[t] = sigmoid(x[t] @ W_o + h[t-1] @ U_o + p_o * c[t] + b_o)
        h[t] = o[t] * tanh(c[t])
        m[t] = h[t] @ R
        yhat[t] = softmax(m[t] @ V + c_y)
        y: onehot
        L = mean(ce(y[t], yhat[t]))
    """,
    "several lags": """
        h[t] = selu(x[t] @ W + h[t-1] @ U_1 + h[t-2] @ U_2 + h[t-3] @ U_3 + b)
        s[t] = silu(h[t] @ V + c)
        yhat = s[T] @ w_o + b_o
        L = mse(y, yhat)
    """,
    "words for letters": """
        dt[t] = softplus(x[t] @ W_dt + b_dt)
        lam = 0.1
        eps = 0.001
        it[t] = sigmoid(x[t] @ W_it)
        ht[t] = tanh(x[t] @ W_h + h[t-1] @ U)
        h[t] = h[t-1] + dt[t] * (lam * ht[t] - it[t] * h[t-1])
        th[t] = h[t] / sqrt(square(h[t]) + eps)
        p = softmax(concat(h[T], th[T]) @ V + b_v)
        L = ce(y, p)
    """,
    "two directions": """
        hf[t] = tanh(x[t] @ W_f + hf[t-1] @ U_f + b_f)
        hb[t] = tanh(x[t] @ W_b + hb[t+1] @ U_b + b_b)
        q[t] = concat(hf[t], hb[t])
        yhat[t] = softmax(q[t] @ V + c)
        L = mean(ce(y[t], yhat[t]))
    """,
}


def cell(name: str) -> Model:
    return parse(CELLS[name], name)
