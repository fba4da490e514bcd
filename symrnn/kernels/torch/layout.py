"""Long lines of a file on as many as they need."""

from collections.abc import Iterable, Iterator

from symrnn.kernels.lines import WIDTH

OPEN, CLOSE = "([{", ")]}"


def laid_out(lines: Iterable[str], indent: int = 4) -> list[str]:
    """Statements as they stand, each on as many lines as it needs."""
    space = " " * indent
    found: list[str] = []
    for line in lines:
        if len(line) + indent <= WIDTH or line.lstrip().startswith("#"):
            found.append(line)
        else:
            found += [each.removeprefix(space) for each in _broken(space + line)]
    return found


def _broken(line: str) -> Iterator[str]:
    """A line with what stands between its last long brackets on lines of their own.

    >>> print(*_broken("a = f(" + "x" * 60 + ", " + "y" * 60 + ")"), sep="\\n")
    a = f(
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,
        yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy,
    )
    """
    indent = " " * (len(line) - len(line.lstrip()))
    found = _brackets(line)
    if found is None or found[0] >= WIDTH:
        target, _, value = line.rpartition(" = ")
        names = target.strip().split(", ")
        if len(names) > 1:
            yield f"{indent}("
            yield from (f"{indent}    {name}," for name in names)
            rest = f"{indent}{value}"
            head, *others = _broken(rest) if len(rest) + 4 > WIDTH else (rest,)
            yield from (f"{indent}) = {head[len(indent) :]}", *others)
            return
        yield from (f"{target} = (", f"{indent}    {value}", f"{indent})") if target else (line,)
        return
    first, last = found
    inside = f"{indent}    {line[first + 1 : last].rstrip(', ')}"
    called = first > 0 and (line[first - 1].isidentifier() or line[first - 1] in ")]")
    yield line[: first + 1]
    if not called and not _parts(inside)[1:]:
        yield inside
    else:
        for part in _parts(inside):
            own = f"{indent}    {part.strip()}"
            yield from _broken(f"{own},") if len(own) >= WIDTH else (f"{own},",)
    yield f"{indent}{line[last:]}"


def _brackets(line: str) -> tuple[int, int] | None:
    """The last brackets at the outermost level that hold something long."""
    depth, opened, found = 0, 0, None
    quote = ""
    for place, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in OPEN:
            opened = place if not depth else opened
            depth += 1
        elif letter in CLOSE:
            depth -= 1
            if not depth and (found is None or place - opened >= found[1] - found[0]):
                found = (opened, place)
    return found if found and found[1] - found[0] > 20 else None


def _parts(inside: str) -> list[str]:
    """What commas separate, at the outermost level."""
    depth, parts, quote = 0, [""], ""
    for letter in inside:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in OPEN:
            depth += 1
        elif letter in CLOSE:
            depth -= 1
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]
