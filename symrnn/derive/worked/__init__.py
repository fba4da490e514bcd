"""Data and weights for a worked example.

known   what is known of an example so far; the rest, made up
data    from the notes, from JSON files, and all of it together: `worked_data(...)`
"""
