"""The statements of a section as C: products as calls, everything else as loops over entries.

s[t] = x_W[t] + h_U[t]              for (int r = 0; r < B; r++)
h[t] = tanh(s[t])           =>          for (int j = 0; j < H; j++)
                                            m->h[t][r][j] = tanh(m->x_W[t - 1][r][j] + …);
"""

from collections.abc import Iterator

from symrnn.kernels.c.expressions import value_of
from symrnn.kernels.c.grouping import Group, Grouping, Space, is_across
from symrnn.kernels.c.layout import comment, indented, nest
from symrnn.kernels.c.rows import Rows, counted, counts
from symrnn.kernels.c.spelling import Spelling, plus
from symrnn.kernels.contract import Contract, Kernel
from symrnn.kernels.infix import Text
from symrnn.kernels.program import program as p
from symrnn.kernels.program.rewrite import is_by_id


class Writer:
    """Writes the sections of one kernel."""

    def __init__(self, kernel: Kernel, spelling: Spelling) -> None:
        self.spelling, self.program = spelling, kernel.program
        self.grouping = Grouping(kernel, spelling)
        self.loops, self.local = self.grouping.loops, self.grouping.local
        self.rows = Rows(Contract(kernel), spelling)

    def section(self, name: str) -> list[str]:
        """The body of a function."""
        lines: list[str] = []
        for part in self.grouping.parts.get(name, []):
            body = [line for group in part.groups for line in self.group(group)]
            if part.loop is None:
                lines += body
                continue
            lines += [comment(line) for line in part.said]
            first, last = part.loop.first, self.spelling.count(part.loop.last)
            if self.program.ragged:
                last = "steps"
                body = [*counted(body), *body]
            ahead = f"int t = {first}; t <= {last}; t++"
            if part.loop.direction < 0:
                ahead = f"int t = {last}; t >= {first}; t--"
            lines += [f"for ({ahead}) {{", *indented(body), "}"]
        if self.program.ragged:
            lines = [*self.rows.taken(name), *lines, *self.rows.given_back(name)]
        return [*counts(self.spelling, name, lines), *lines]

    def group(self, group: Group) -> list[str]:
        if group.space is None:
            said = [comment(line) for line in group.said[0]]
            return said + self.alone(group.statements[0])
        body = list(self.numbers(group))
        if all(line.startswith("/*") for line in body):
            return []  # nobody reads any of it
        return [*in_threads(group.space), *nest(group.space, body)]

    def alone(self, statement: p.Plain) -> list[str]:
        match statement:
            case p.Product(out=out, pairs=(pair,)):
                if self.program.arrays[pair.left.name].classes is not None:
                    return self.product_by_id(out, pair)
                return [self.product(out, pair)]
            case p.Map() if is_by_id(statement):
                return self.map_by_id(statement)
            case p.Map(out=out, op="turned", args=(p.Slice() as arg,)):
                loops = self.loops(out)
                row = "j" if "j" in dict(loops) else "0"
                line = f"{self.spelling.entry(out)} = {self.spelling.entry(arg, row, 'r')};"
                return nest(loops, [line])
            case p.Map() if self.program.ragged and is_across(statement, self.program):
                return self.rows.across(statement, lambda one: self.value(one, {}).text)
            case p.Reduce(over="steps") if self.program.ragged:
                return self.rows.sum_steps(statement)
            case p.Reduce():
                return self.reduced(statement)
        raise TypeError(f"{type(statement).__name__} stands alone")

    def product(self, out: p.Slice, pair: p.Pair) -> str:
        """One call: `left` may be read transposed, by how far its rows and columns are apart."""
        spelling, lead = self.spelling, self.lead
        rows, columns = spelling.row_count(out), spelling.width(spelling.features(out))
        inner = spelling.width(spelling.features(pair.left))
        left, right = spelling.first(pair.left), spelling.first(pair.right)
        into = f"{spelling.first(out)}, {lead(out)}"
        if pair.right_turned:
            call = f"{left}, {lead(pair.left)}, {right}, {lead(pair.right)}, {into}"
            return f"dot_by_turned({rows}, {columns}, {inner}, {call});"
        steps = f"{lead(pair.left)}, 1"
        if pair.left_turned:
            rows, inner = inner, spelling.row_count(pair.left)
            steps = f"1, {lead(pair.left)}"
        call = f"{left}, {steps}, {right}, {lead(pair.right)}, {into}"
        return f"dot({rows}, {columns}, {inner}, {call});"

    def lead(self, what: p.Slice) -> str:
        """How many numbers lie from one row to the next."""
        return self.spelling.width(self.program.arrays[what.name].width)

    # over class ids; -1, where nothing has been yet, stands for a row of zeros

    def product_by_id(self, out: p.Slice, pair: p.Pair) -> list[str]:
        """A row of the matrix for each id, or for each id a row of the gradient."""
        spelling, one = self.spelling, self.id_of(pair.left)
        if pair.left_turned:
            line = f"{spelling.entry(out, 'id')} += {spelling.entry(pair.right)};"
            row = nest(self.row(pair.right), [line])
            add = [one, "if (id >= 0)", *indented(row)]
            zero = nest(self.loops(out), [f"{spelling.entry(out)} = 0;"])
            return [*zero, *nest(self.loops(pair.left), add)]
        value = f"id < 0 ? 0 : {spelling.entry(pair.right, 'id')}"
        row = nest(self.row(out), [f"{spelling.entry(out)} = {value};"])
        return nest(self.loops(pair.left), [one, *row])

    def map_by_id(self, statement: p.Map) -> list[str]:
        """`pick`, the feature that an id says; `add_at`, something added to it."""
        spelling, out = self.spelling, statement.out
        rows, *amount, ids = statement.args
        assert isinstance(ids, p.Slice)
        lines = [self.id_of(ids)]
        if not amount:
            assert isinstance(rows, p.Slice)
            lines.append(f"{spelling.entry(out)} = {spelling.entry(rows, feature='id')};")
            return nest(self.loops(ids), lines)
        kept = self.value(p.Map(out, "copy", (rows,)), {}).text
        added = self.value(p.Map(out, "copy", (amount[0],)), {}).text
        lines += nest(self.row(out), [f"{spelling.entry(out)} = {kept};"])
        lines.append(f"{spelling.entry(out, feature='id')} += {added.replace('[j]', '[id]')};")
        return nest(self.loops(ids), lines)

    def row(self, what: p.Slice) -> Space:
        """The loop over the features of a row, if there are several."""
        return tuple(loop for loop in self.loops(what) if loop[0] == "j")

    def id_of(self, ids: p.Slice) -> str:
        return f"const int id = (int){self.spelling.entry(ids)};"

    def reduced(self, statement: p.Reduce) -> list[str]:
        spelling, arg = self.spelling, statement.arg
        of = dict(self.loops(arg))
        gone = {"features": "j", "steps": "s", "rows": "sr", "all": "srj"}[statement.over]
        over = tuple((axis, n) for axis, n in of.items() if axis in gone)
        kept = tuple((axis, n) for axis, n in of.items() if axis not in gone)
        entry, out = spelling.entry(arg), spelling.entry(statement.out)
        if statement.op == "max":
            start = spelling.entry(arg, feature="0")
            step = f"found = greater(found, {entry});"
            inner = [f"real found = {start};", *nest(over, [step]), f"{out} = found;"]
            return nest(kept, inner)
        if statement.over in ("features", "all"):
            inner = ["real found = 0;", *nest(over, [f"found += {entry};"]), f"{out} = found;"]
            return nest(kept, inner)
        # along the features of a row, which lie side by side
        return [*nest(kept, [f"{out} = 0;"]), *nest(tuple(of.items()), [f"{out} += {entry};"])]

    def numbers(self, group: Group) -> Iterator[str]:
        """What is worked out of one entry, line by line."""
        uses: dict[p.Slice, int] = {}  # by what is used itself
        for statement in reversed(group.statements):
            if statement.out not in self.local or statement.out in uses:
                for what in self.grouping.reads(statement):
                    uses[what] = uses.get(what, 0) + 1
        known: dict[p.Slice, Text] = {}
        last = group.statements[-1]
        for said, statement in zip(group.said, group.statements, strict=True):
            assert isinstance(statement, p.Map)
            yield from (comment(line) for line in said)
            text = self.value(statement, known)
            out = statement.out
            if out in self.local and uses.get(out, 0) == 1 and statement is not last:
                known[out] = text
            elif out in self.local:
                known[out] = Text(self.spelling.local(out))
                if uses.get(out, 0):
                    yield f"const real {known[out].text} = {text.text};"
            else:
                yield f"{self.spelling.entry(out)} = {text.text};"

    def value(self, statement: p.Map, known: dict[p.Slice, Text]) -> Text:
        args = [self.argument(arg, known) for arg in statement.args]
        if statement.op == "only":
            length = args[1].text.removeprefix("(real)")
            return Text(f"(rows->length[r] == {length} ? {args[0].text} : 0)")
        return value_of(statement.op, args)

    def argument(self, arg: p.Argument, known: dict[p.Slice, Text]) -> Text:
        if isinstance(arg, p.Number):
            return self.spelling.number(arg.value)
        whole = self.grouping.whole(arg)
        text = known.get(whole) or Text(self.spelling.entry(whole))
        if whole == arg:
            return text
        assert isinstance(arg.when, p.Now)
        assert arg.when.cut is not None
        return Text(f"(in_one_window(t, {plus('t', arg.when.cut.shift)}) ? {text.text} : 0)")


def in_threads(space: Space) -> list[str]:
    """What shares the rows of a loop out, where there are several and it is compiled so."""
    if len(space) < 2 or space[0][0] == "j":
        return []
    many = (f"({n})" if " " in n else n for _, n in space)
    return [f"IN_THREADS({' * '.join(many)})"]
