"""Is this derivation right, and if not, where does it go wrong?

claims       what people wrote, as data: lines, what they say, and what is found of each
reading      from text to claims: files, the structure of TeX, symbols, formulas
truth        derivatives of any variable by any other, along every path or over one step
values       formulas in numbers, where a derivative is what it truly is
conventions  rows or columns, layouts, what ∂ means, own letters: one choice for a document
judge        a document held against its model
faults       the first wrong term of a wrong line, and what belongs there
report       what is told: for a terminal, as JSON, as CSV, as a page
"""
