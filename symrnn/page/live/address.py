"""A text and its settings behind the # of an address, which no browser sends to a server."""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from symrnn.page.live.limits import BODY

MARK = "m="


def fragment(asked: Mapping[str, object]) -> str:
    """What stands behind the #: JSON, deflated, in letters that addresses have.

    >>> fragment({"text": "h[t] = x[t]"})
    'm=q1YqSa0oUbJSyoguiVWwVagAUkq1AA'
    """
    packer = zlib.compressobj(9, wbits=-15)
    said = json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()
    return MARK + urlsafe_b64encode(packer.compress(said) + packer.flush()).decode().rstrip("=")


def unfolded(address: str) -> dict[str, object]:
    """The same back, from a whole address; empty if there is nothing behind its #.

    >>> unfolded("http://127.0.0.1:80/token/#m=q1YqSa0oUbJSyoguiVWwVagAUkq1AA")
    {'text': 'h[t] = x[t]'}
    """
    _, _, packed = address.partition("#" + MARK)
    try:
        data = urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        found = json.loads(zlib.decompressobj(wbits=-15).decompress(data, BODY)) if data else {}
    except (ValueError, zlib.error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
