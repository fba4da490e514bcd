"""The unrolled network as a picture.

shapes    what a picture is made of, and how it looks
plan      who reads whom among the author's variables, and where they stand
routes    the lines of the arrows around the nodes
picture   nodes, arrows and labels beside them: `picture(system, own)`
tikz      the picture for LaTeX
svg       the picture for a page of HTML
"""
