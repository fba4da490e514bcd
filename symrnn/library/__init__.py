"""Texts that come with symrnn: models, heads and notations, and the notes' own data.

- `zoo`    models and heads, found by name
- `texts`  the same, or those in files of one's own
- `notes`  the data that the source notes work with
"""
