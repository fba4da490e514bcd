"""Derivations: gradients by backpropagation through time, as formulas that can be printed.

From a system to terms:

- `formula`, `build`   what is printed, as data: expressions of the language, and kinds beside them
- `edges`, `network`   what each of the author's variables hands back to what it reads
- `paths`, `derivation`   for each parameter a sum of terms, each along a path
- `shapes`, `expressions`, `rows`   from the language to formulas: values, and rows carried back
- `losses`, `functions`   ŷ - y where it cancels; f′ and the functions of a text
- `lettered`   a letter for what goes into a function, where derivatives would write it out
- `layer_norm`   layer norm: names for its parts, and its one Jacobian
- `recursion`, `over_time`   terms in closed form, the nodes of a recursion; a softmax over time

From terms to what somebody reads:

- `views`   one file a view, each a function from a derivation to sheets of equations
- `sheets`, `immediate`   the views that are asked for, column vectors, the batch; what ∂ means
- `sizes`   how many steps and how wide: what may be asked for
- `alike`, `fold`, `fold_steps`   which names are alike; alike equations as one, with an index
- `output`, `data`, `derived`   a derivation in a format, or as JSON; what a model gives
- `as_written`, `shown`   a model's own equations; what a notebook shows
- `notation`, `printing`, `pages`, `picture`   letters, formulas in print, documents, the figure
- `sympy`   graphs and gradients as SymPy objects, and models of SymPy's equations
- `worked`, `exercises`   data for worked examples; blanks and planted slips

And the judge: `evaluate` works equations out as they are printed, on their own tree, by what
`left_sides` says of each derivative.
"""
