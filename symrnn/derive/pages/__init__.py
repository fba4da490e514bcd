"""Derivations as documents that people read.

document    a document before any format: sections of prose, formulas, tables, pictures
paper       the document of a derivation
beside      short equations side by side on paper
images      pictures of numbers, each as the address that holds all of it
tables      tables of words and numbers
tex         a document as a LaTeX file, and that as a PDF
html        as one page of HTML, its formulas MathML
text        as text for a terminal
escape      text that anybody may have typed, made harmless for each format
structure   whether a formula's LaTeX is well formed, in macros that every format knows
"""
