"""The page on which somebody types equations: a server on this machine, for one person.

What a browser sends passes through these, in this order; nothing before `jobs` reads the text.

- `server`     listens on 127.0.0.1, until Ctrl-C
- `guard`      which requests are answered at all: token, Host, Origin
- `app`        the addresses: the page itself, and what its script asks for
- `pool`       who does it: jobs wait for workers, and each has its time
- `worker`     a process of its own, with everything imported, and with limits
- `jobs`       what a worker does: checks a text, makes a panel, makes a file to be kept
- `complaint`  what is wrong with a text, and where, for the editor
- `reply`      an answer, of a worker or in its place

- `limits`     how much of everything there may be
- `address`    a text and its settings behind the # of an address
"""
