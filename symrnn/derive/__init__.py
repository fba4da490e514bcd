"""Derivations: gradients by backpropagation through time, as formulas that can be printed.

- `formula`, `build`   what is printed, as data; formulas put together
- `network`   the author's variables, and what each hands back to what it reads
- `shapes`, `expressions`, `rows`   from the language to formulas: values, and rows carried back
- `losses`, `functions`, `columns`   ŷ - y; f′ and the functions of a text; column vectors
- `derivation`, `paths`   for each parameter a sum of terms, each along a path
- `closed`, `deltas`, `length`   terms in closed form; the nodes of a recursion; how long it is
- `views`   one file a view, each a function from a derivation to sheets of equations
- `evaluate`   equations worked out as they are printed, on their own tree
- `sheets`, `output`, `derived`   the views by name; a derivation in a format; what a model gives
- `notation`, `printing`, `pages`, `picture`   letters, formulas in print, documents, the figure
- `worked`, `exercises`   data for worked examples; blanks and planted slips
"""
