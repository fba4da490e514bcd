"""Exercises: derivations with blanks to fill in, or with one error to find.

blanks     some factors left blank, and the answers
mistakes   what could go wrong in an equation
slips      one error planted, which changes a gradient
exercise   all of it for an output, and the same in worked numbers
"""
