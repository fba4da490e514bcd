"""Derivations: gradients by backpropagation through time, as formulas that can be printed."""
