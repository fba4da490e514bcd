"""Formulas in print: LaTeX, plain text, Python; what they share, and how lines are broken."""
