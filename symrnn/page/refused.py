"""What a page has where something cannot be shown: the message that says why."""

from symrnn.derive.pages.document import Paragraph, Section
from symrnn.errors import SymrnnError


def refused(title: str, error: SymrnnError) -> Section:
    """
    >>> refused("Flow", SymrnnError("it is too long")).items
    (Paragraph(text=('It is too long.',)),)
    """
    said = str(error)
    return Section((title,), (Paragraph((f"{said[:1].upper()}{said[1:]}.",)),))
