"""The unrolled network as a picture.

shapes    what a picture is made of
network   who reads whom among the author's variables
plan      where nodes stand
lines     lengths, parallels and ends of lines
routes    how arrows run
labels    what is written beside them
picture   all of it together: `picture(system, own)`
style     colours and sizes that both formats share
tikz      the picture for LaTeX
svg       the picture for a page of HTML
runs      a symbol's LaTeX as text with indices, for SVG
"""
