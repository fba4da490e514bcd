"""How the gradient flows through time: what each step adds to it, and why so little or so much.

- `entries`   where the gradient enters time, weighed: a system of a system
- `terms`     the gradient of a parameter, step by step
- `step`      one step of a recurrence by itself, and its Jacobian
- `symbols`   the same in symbols
- `measure`   all of it, for parameters and data
- `data`      what comes out
- `verdict`   what it means: vanishing, exploding, healthy
- `text`, `page`, `pictures`  how it is shown
"""
