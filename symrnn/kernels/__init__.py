"""From a system to code that runs.

- `settings`      what a kernel is made with
- `generate`      a model as the source of a kernel, and a source as the model it was made of
- `program`       a system as a Program: statements on arrays, pass by pass
- `checkpoint`    a kernel that keeps few states, as several programs
- `numpy`         a Program as a NumPy module
- `verification`  a kernel held against its text
"""
