"""Exercises: derivations with blanks to fill in, or with one error to find.

blanks       some factors left blank, and the answers
mistakes     what could go wrong in an equation
slips        one error planted, which changes a gradient
in_numbers   blanks and a slip in worked numbers
"""
