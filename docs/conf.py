"""How Sphinx makes pages of this folder: `make docs`."""

import re
from pathlib import Path

from docutils.nodes import SkipNode
from pygments.lexer import RegexLexer
from pygments.lexers.python import PythonLexer
from pygments.token import Generic

from symrnn.derive.pages.html import formula_html


class ConsoleLexer(RegexLexer):
    """What is typed stands behind `$ `; all else is printed, also where it begins with `#`."""

    tokens = {"root": [(r"^\$ .*\n", Generic.Prompt), (r".*\n", Generic.Output)]}  # noqa: RUF012


ROOT = Path(__file__).parent.parent

project = "symrnn"
author = "The symrnn authors"
copyright = "2026, the symrnn authors"
version = release = re.findall(
    r'^__version__ = "(.*)"', (ROOT / "symrnn" / "__init__.py").read_text("utf-8"), re.MULTILINE
)[0]

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
myst_fence_as_directive = ["math"]  # ```math, as other readers of Markdown have it

html_theme = "furo"
html_title = f"symrnn {version}"
html_show_sphinx = False
html_math_renderer = "mathml"  # by symrnn itself: a page needs no script and no network


def formula(translator, node):
    translator.body.append(f'<div class="math">{formula_html(node.astext())}</div>')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    app.add_lexer("console", ConsoleLexer)
    app.add_lexer("rnn", PythonLexer)  # the language is a part of Python's syntax
