"""How much of everything a page may ask for."""

BODY = 256 << 10
"""Bytes of a request."""

TEXT = 64 << 10
"""Characters of a model."""

STEPS = 100
"""Of a derivation on a page: for more of them there are commands."""

REPLY = 16 << 20
"""Bytes of an answer."""

WAITING = 32
"""Jobs that wait for a worker."""

CONNECTIONS = 256

PATIENCE = 10.0
"""Seconds in which a request has to be said, head and body each."""

QUICK, SLOW, PAPER = 10.0, 30.0, 60.0
"""Seconds for a job: a panel, a panel that proves or measures, a document."""

GRACE = 0.1
"""Seconds in which a job may end by itself that nobody waits for any more."""

LEAVING = 1.0
"""Seconds in which a worker that is ended may remove what TeX has written."""

MEMORY = 1 << 30
"""Bytes of data of a worker."""

WORKERS = 2
"""For panels; beside them there is one for checks."""

SUBJECTS = 8
"""Models that a worker remembers."""
