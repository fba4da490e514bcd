"""From the names of a model to the symbols that are printed.

glyph        a symbol's LaTeX, taken apart and held against an allow-list
notation     a notation: its table, and its file
default      the symbol of a name that no notation gives one
writing      a symbol at a time: as LaTeX, as plain text, as an identifier
references   which references of a system may be printed
made_up      which of its names the author did not write
letters      a notation applied to a system, no two references alike
lettering    the letters of a derivation
"""
