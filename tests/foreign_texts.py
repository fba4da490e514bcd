"""Texts as they are written elsewhere, under the message in which they end; « » as in bad_texts."""

NAMES = "a name is written with a-z A-Z 0-9 _; write "
BRACES = "braces are not part of the language; write "
BACKSLASH = "a backslash belongs to LaTeX; write "
TIME = "time stands in square brackets: "
EITHER = "this may mean either product: write * (element by element) or @ (a row times a matrix)"
CHOICE = "step(v) is 1 where v > 0, else 0: g * a + (1 - g) * b chooses by a g of 0 and 1"
NO_MATRIX = (
    "numbers are not listed in a text; a matrix or a vector has a name, as in x[t] @ A, and its"
    " numbers are handed in under it (A: fixed, if they are not trained)"
)

FOREIGN = {
    # on paper
    "a product is written x[t] @ W with a matrix, else W * x[t]": ["h[t] = tanh(«W x[t]» + b)"],
    "a product is written x[t] @ W with a matrix, else x[t] * W": [
        "h[t] = tanh(«x[t] W» + b)",
        "h[t] = tanh(«x[t]W» + b)",
    ],
    "a product is written f[t] * c[t-1]": ["c[t] = «f[t] c[t-1]» + b"],
    "a product is written x[t] * y[t]": ["h[t] = «x[t] y[t]»"],
    "a product is written 2 * x[t]": ["h[t] = b + «2x[t]»", "h[t] = b + «2 x[t]»"],
    "a product is written with *: 0.5 * (…)": ["h[t] = «0.5»(x[t] + 1)"],
    "a product is written with *: (…) * h[t-1]": ["h[t] = (1 - z[t]«) h[t-1]»"],
    "a product is written with *: x[t] * (…)": ["h[t] = «x[t]»(1 - x[t])"],
    "a product is written with *: (1 - z[t]) * (…)": ["h[t] = («1 - z[t]»)(x[t])"],
    "a function takes round brackets: tanh(x[t])": ["h[t] = b + «tanh x[t]»"],
    "a power is written x[t]**2": ["h[t] = b * «x[t]^2»", "h[t] = b * «x[t]^{2}»"],
    "a power is written v**(-1)": ["h[t] = (x[t] + b)« ^ {-1}»"],
    EITHER: ["h[t] = tanh(x[t] «·» W)", "h[t] = tanh(W«·»x[t])", "h[t] = x[t] «×» y[t]"],
    f"{NAMES}alpha": ["h[t] = «α» * x[t]", "«α» = 0.1"],
    f"{NAMES}lam": ["h[t] = x[t] * «λ»"],
    f"{NAMES}sigma": ["h[t] = x[t] * «σ»"],
    f"{NAMES}W_beta": ["h[t] = x[t] @ «W_β» # α"],
    f"{NAMES}yhat": ["«ŷ» = sigmoid(x[T] @ W)"],
    f"{NAMES}h[t-1]": ["h[t] = x[t] ⊙ «hₜ₋₁»", "h[t] = x[t]² + «h⁽ᵗ⁻¹⁾»"],
    f"{NAMES}O[t]": ["«Oₜ» = tanh(aₜ)"],
    f"{NAMES}W_1": ["h[t] = x[t] @ «W₁»"],
    f"{NAMES}transpose(U)": ["h[t] = x[t] @ «Uᵀ»"],
    "a power stands behind the time, as in v[t]**2 or v[t]**(-1)": ["h[t] = x[t]«⁻¹» + 1"],
    "a square root is written sqrt(v)": ["h[t] = «√»x[t]"],
    "a sum over the steps is written sum(v[t]), one over the features rowsum(v)": [
        "L = «∑» mse(y[t], h[t])",
        "L = «Σ»(mse(y[t], h[t]))",
    ],
    f"{TIME}h[t-1]": ["h[t] = x[t] + «h^{(t-1)}»", "h[t] = x[t] + «h^(t-1)» @ U"],
    "the number of a layer belongs to the name: h1": ["h[t] = x[t] + «h^{(1)}»"],
    # LaTeX
    f"{BRACES}h[t-1]": ["h[t] = tanh(x[t] @ W + «h_{t-1}» @ U)", "h[t] = x[t] + «h{t-1}»"],
    f"{BRACES}h[0]": ["«h_{0}» = x[1]"],
    f"{BRACES}h_1[t]": ["h[t] = x[t] + «h_{1,t}»"],
    f"{BRACES}W_xh": ["h[t] = tanh(x[t] @ «W_{xh}»)"],
    f"{BRACES}tanh(x[t])": ["h[t] = «tanh{x[t]}»"],
    f"{BACKSLASH}tanh": ["h[t] = «\\tanh»(x[t])"],
    f"{BACKSLASH}sigmoid(v)": ["h[t] = «\\sigma»(x[t])"],
    f"{BACKSLASH}*": ["h[t] = x[t] «\\odot» y[t]"],
    f"{BACKSLASH}alpha": ["h[t] = «\\alpha» * y[t]"],
    f"{BACKSLASH}yhat": ["«\\hat{y}» = x[T]"],
    f"{BACKSLASH}the letters alone": ["h[t] = x[t] @ «\\mathbf»{W}"],
    "a transposed matrix is written transpose(W)": [
        "h[t] = x[t] @ «W^T»",
        "h[t] = x[t] @ «W^{T}»",
        "h[t] = x[t] @ «W^\\top»",
        "h[t] = x[t] @ «W.T»",
    ],
    # NumPy, PyTorch
    "a row such as h[t-1] stands left of an @ as it is; a transposed matrix is written"
    " transpose(W)": ["h[t] = «h[t-1].T» @ W"],
    "a function stands alone; write tanh(v)": ["h[t] = «np.tanh»(x[t])", "h = «torch.tanh»(x)"],
    "a function stands alone; write relu(v)": ["h[t] = «torch.nn.functional.relu»(x[t])"],
    "a function stands alone; write tanh(x[t])": ["h[t] = «x[t].tanh»()"],
    "'linear' is not part of the language; a product with a matrix is written v @ W": [
        "h[t] = «F.linear»(x[t], W)"
    ],
    "write pi": ["h[t] = x[t] * «np.pi»"],
    "write exp(1)": ["h[t] = x[t] * «math.e»"],
    NO_MATRIX: ["h[t] = x[t] @ «[[1, 2], [3, -4]]»", "h[t] = x[t] * «[1, 2]»"],
    "unknown function 'W_h'; a product with a matrix is written h[t-1] @ W_h": [
        "h[t] = «W_h»(h[t-1])"
    ],
    "unknown function 'inv'; there is no inverse of a matrix; hand in the inverse, as a matrix of"
    " its own": ["h[t] = x[t] @ W + «inv»(A)"],
    "unknown function 'argmax'; its derivative is zero wherever it has one; softmax(v) is a smooth"
    " choice": ["h[t] = «argmax»(x[t])"],
    "unknown function 'norm'; sqrt(rowsum(square(v))) is the norm of a row": [
        "h[t] = x[t] / «norm»(x[t])"
    ],
    "unknown function 'dropout'; it is none of the equations; --dropout h, or"
    ' model.with_dropout("h"), puts it in': ["h[t] = «dropout»(x[t])"],
    "unknown function 'sigma'; the logistic function is sigmoid(v)": ["h[t] = «sigma»(x[t])"],
    "unknown function 'hardtanh'; did you mean 'hard_tanh'?": ["h[t] = «hardtanh»(x[t])"],
    "sum takes its arguments by place alone: sum(v); across the features it is rowsum(v)": [
        "h[t] = «sum(x[t], axis=1)»"
    ],
    # other languages
    "an equation is written with one =": ["«h[t] == x[t]»"],
    "an equation is written with =": ["h[t] «:=» x[t]", "h[t] «←» x[t]"],
    "a product with a matrix is written with one @": ["h[t] = x[t] «@@» W"],
    "a product element by element is written a * b": ["h[t] = x[t] «.*» y[t]"],
    "a comment begins with #": ["«//» a cell\nh[t] = x[t]", "«%» a cell\nh[t] = x[t]"],
    "a prime is not part of a name; a transposed matrix is transpose(W)": ["h[t] = x[t] @ «W'»"],
    "an equation with [t] holds at every step; leave the loop away": [
        "«for» t in 1..T\n    h[t] = x[t]"
    ],
    f"a condition is not part of the language; {CHOICE}": ["h[t] = x[t] «if» y[t] > 0"],
}

SLIPS = {
    f"{TIME}h[t-1]": [
        "h[t] = tanh(x[t] @ W + «h_t-1» @ U)",
        "h[t] = tanh(x[t] @ W + «h_t − 1» @ U)",
        "h[t] = tanh(x[t] @ W + u * «h_prev»)",
    ],
    f"{TIME}x[t]": ["h[t] = tanh(«x_t» @ W)"],
    f"{TIME}f[t]": ["f[t] = sigmoid(x[t] @ W)\nh[t] = «f_t» * h[t-1]"],
    f"{TIME}h[T]": ["h[t] = x[t] @ W\nL = mse(y, «h_T» @ V)"],
    f"{TIME}h[t] = …": [
        "«h_t» = tanh(x_t @ W + h_t-1 @ U)",
        "«h_t» = tanh(x[t] @ W)",
    ],
}

READ = {
    "h[t] = σ(x[t] @ W) ⊙ h[t−1]² − b": "h[t] = sigmoid(x[t] @ W) * h[t-1]**2 - b",
    "h[t] = x[t] ∘ u – b": "h[t] = x[t] * u - b",
    "h[t] = u * x[t]¹⁰ # ⊙ β": "h[t] = u * x[t]**10",
    "h[t]\N{NO-BREAK SPACE}= （x[t]＋b）＊u": "h[t] = (x[t] + b) * u",
}
"""Texts in other letters, and what they say."""
