"""Models and derivations as objects of SymPy's, and back. Only here, where SymPy is asked for, is
it imported at the top of a module.

functions   the functions of the language as SymPy's, with derivatives in terms of their own value
building    Python text as objects, each sum and product as it stands there
letters     the symbols that the names in a text stand for
numbers     SymPy's lambdify, for matrices too
equations   equations in their order, with their symbols by name: what is handed out
objects     all of it together: `graph(...)` of a model, `derived(...)` of a derivation

references  the other way: variables at a time, as SymPy's expressions have them
reading     the text of a model from equations
losses      losses that are written out, known again
"""
