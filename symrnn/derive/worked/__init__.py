"""Data and weights for a worked example.

known    what is known so far, and the rest made up
notes    the notes' data
files    data and weights from JSON files
worked   all of it together: `worked_data(...)`
"""
