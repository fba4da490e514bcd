"""Jinja, in one place: templates only frame what was printed elsewhere.

An installed package carries the templates inside; a source tree has them beside the package.
"""

import sys
from contextlib import suppress
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any

from symrnn.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment

SETTINGS: dict[str, dict[str, Any]] = {
    "html": {"autoescape": True},
    "page": {"autoescape": True},
    "latex": {  # where braces and % have meanings of their own
        "block_start_string": "<%",
        "block_end_string": "%>",
        "variable_start_string": "<<",
        "variable_end_string": ">>",
        "comment_start_string": "<#",
        "comment_end_string": "#>",
    },
}
"""What differs from plain text, by the folder of the template."""


def templates() -> Path:
    """The folder with the templates."""
    package = Path(__file__).parent
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "text").is_dir():
            return folder
    raise UsageError(f"the templates are missing: expected them in {package / 'templates'}")


def render(template: str, **values: object) -> str:
    """A template, filled in. A name that it asks for and does not get is an error."""
    folder = template.partition("/")[0]
    return environment(folder).get_template(template).render(**values)


@cache
def environment(folder: str = "text") -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    plain = {
        "loader": FileSystemLoader(templates()),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "keep_trailing_newline": True,
        "autoescape": False,
        "bytecode_cache": compiled(folder),
    }
    return Environment(**{**plain, **SETTINGS.get(folder, {})})


def compiled(folder: str) -> "BytecodeCache | None":
    """Compiled templates, kept beside them as Python keeps its modules: in __pycache__, where one
    may write, and without a word where one may not. What cannot be read is compiled again."""
    import jinja2
    from jinja2.bccache import Bucket, FileSystemBytecodeCache

    class Kept(FileSystemBytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            try:
                super().load_bytecode(bucket)
            except Exception:  # whatever a file that was cut off makes of it
                bucket.reset()

        def dump_bytecode(self, bucket: Bucket) -> None:
            if not sys.dont_write_bytecode:
                with suppress(OSError):
                    super().dump_bytecode(bucket)

    kept = templates() / "__pycache__"
    with suppress(OSError):
        if not sys.dont_write_bytecode:
            kept.mkdir(exist_ok=True)
    if not kept.is_dir():
        return None
    settings = sha1(repr(SETTINGS.get(folder)).encode()).hexdigest()[:8]
    return Kept(str(kept), f"jinja-{jinja2.__version__}-{settings}-%s.pyc")
