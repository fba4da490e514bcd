"""From the names of a model to the symbols that are printed.

symbol               a symbol's LaTeX, taken apart and held against an allow-list
spelling             the symbol of a name that no notation gives one; a symbol at a time, as text
notation             a notation: its table, and its file
names                at which times a name may be printed, and which the author did not write
families             a common letter, with an index, for symbols that are alike
letters              a notation applied to a system, no two references alike
derivation_letters   the letters of a derivation
"""
