"""Is this derivation right, and if not, where does it go wrong?

claims       what people wrote, as data: lines, what they say, and what is found of each
markup       what stands in a text beside its formulas
sources      from a file to its lines of mathematics
reading      from lines to claims: the structure of TeX, symbols, formulas
judging      a document held against its model, under one set of readings and conventions
faults       the first wrong term of a wrong line, and what belongs there
report       what is told: for a terminal, as JSON, as CSV, as a page
checking     all of these, one after the other
"""
