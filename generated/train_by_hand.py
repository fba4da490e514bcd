"""Training by hand: NumPy, one generated file, and the update rule. python train_by_hand.py"""

import elman_n4_t3 as net
import numpy as np

WORDS = ("cat", "mat", "rat")
REVIEWS = {"cat mat rat": 1, "rat rat mat": 1, "mat mat cat": 0}
ETA = 0.3

one_hot = np.eye(len(WORDS))
x = np.array([one_hot[[WORDS.index(word) for word in review.split()]] for review in REVIEWS])
x = x.swapaxes(0, 1)  # time first: x[t] is x_t of all reviews
y = np.array([[float(answer)] for answer in REVIEWS.values()])

params = net.init_params(seed=0, D=3, H=3, C=1)
for step in range(100):
    loss, grads = net.loss_and_grads(params, x=x, y=y)
    if step % 10 == 0:
        print(f"step {step:3}   loss {loss:.4f}")
    for name, grad in grads.items():
        params[name] -= ETA * grad  # w_new = w_old - η ∂L/∂w_old
loss = net.loss(params, x=x, y=y)
print(f"step 100   loss {loss:.4f}\n")

outputs, _ = net.forward(params, x=x)
for review, answer, (yhat,) in zip(REVIEWS, y[:, 0], outputs["yhat"], strict=True):
    print(f"{review}   y {answer:.0f}   ŷ {yhat:.3f}")
