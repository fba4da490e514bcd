"""From a system to code that runs.

- `settings`      what a kernel is made with
- `generate`      a model as the source of a kernel, and a source as the model it was made of
- `target`        what a back end is
- `program`       a system as a Program: statements on arrays, pass by pass
- `checkpoint`    a kernel that keeps few states, as several programs

What all back ends share, once there is a Program:

- `contract`      names, axes and starts: what a kernel promises
- `sections`      what forward pass, loss and backward pass are handed; what is copied; final states
- `comments`      statements under the equations that they work out
- `names`         names in a generated function, each for one thing
- `infix`         expressions, with brackets where they are needed
- `sizes`         sizes, and numbers made of them
- `lines`         Python as a person would lay it out

For those whose kernels are Python modules on NumPy's arrays:

- `plans`         what such a back end is asked to print, and what it hands back
- `module`        the whole file: what is the same in every kernel comes from `templates/host`
- `segments`      the parts of a file that keeps few states
- `load`          a source compiled in memory, so that tracebacks show its lines

And the back ends, with what holds a kernel against its text:

- `numpy`         a Program as a NumPy module
- `c`             a Program as C99
- `torch`         a Program as a module for PyTorch
- `jax`           a Program as functions for JAX
- `auto`          which of them is the quickest for some sizes, measured once
- `in_memory`     a kernel of any of them as a module in memory, for the sizes that are said
- `verification`  numbers against oracles that share no code
"""
