"""Texts that come with symrnn: models, heads and notations, and the notes' own data.

- `zoo`    models and heads, found by name
- `notes`  the data that the source notes work with
"""
