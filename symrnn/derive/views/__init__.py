"""The views of a derivation: the same terms as a chain of partials, closed, as a recursion, …

One file a view; each takes a derivation and the names of parameters, and gives sheets of equations.
"""
