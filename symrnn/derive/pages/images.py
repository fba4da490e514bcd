"""Pictures of numbers within a page: each as the address that holds all of it."""

import importlib.util
from base64 import b64encode
from collections.abc import Callable

from symrnn.derive.pages.document import Image, Text

LARGE = 120_000
"""Bytes: a drawing of more is kept as dots, which are fewer."""

KINDS = {"svg": "image/svg+xml", "png": "image/png"}

MISSING = "There would be pictures here if matplotlib were installed: pip install matplotlib."


def can_draw() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def image(draw: Callable[[str], bytes], caption: Text, dots: bool = False) -> Image:
    """A picture that can be drawn in either form: in lines, unless it is to be in dots or its lines
    are too many."""
    form = "png" if dots else "svg"
    drawn = draw(form)
    if not dots and len(drawn) > LARGE:
        form, drawn = "png", draw("png")
    return Image(f"data:{KINDS[form]};base64,{b64encode(drawn).decode()}", caption)
