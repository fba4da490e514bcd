"""Exercises: derivations with blanks to fill in, or with one error to find.

exercise   some factors left blank, and the answers
mistakes   what could go wrong in an equation
matters    whether an error changes a gradient
slip       one error that matters, planted
worked     blanks and a slip in worked numbers
"""
