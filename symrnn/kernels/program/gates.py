"""Which gate an array is in.

    i[t] = sigmoid(x[t] @ W_i + …)        gate a_i: W_i, x_W_i, a_i, i, and their adjoints
    f[t] = sigmoid(x[t] @ W_f + …)        gate a_f: W_f, x_W_f, a_f, f, and their adjoints

A gate has the name of the variable whose equation holds the product: the pre-activation.
"""

from collections.abc import Iterable, Iterator

from symrnn.kernels.program.program import Loop, Map, Plain, Product, Program, plain


class Gates:
    """The gate of each array, as far as it is in one, and which gates belong together."""

    def __init__(self, program: Program) -> None:
        self.arrays = program.arrays
        self.statements = statements_of(program)
        self.parent: dict[str, str] = {}
        """For each gate another of its group, up to the root of the group."""
        self.of: dict[str, str] = {}
        self.matrices: list[list[Product]] = []
        """Products of one operand with the matrices of a group, in one loop."""
        for products in _side_by_side(program, self.statements):
            self.add_group(products)
        self.add_gradients_of_matrices()
        self.add_adjoints()
        self.add_results_and_vectors()

    def root(self, gate: str) -> str:
        """The gate that stands for the group of this one."""
        while self.parent.get(gate, gate) != gate:
            gate = self.parent[gate]
        return gate

    def groups(self) -> dict[str, list[str]]:
        """The gates of each group, by its root."""
        found: dict[str, list[str]] = {}
        for gate in self.parent:
            found.setdefault(self.root(gate), []).append(gate)
        return found

    def of_these(self, names: Iterable[str]) -> list[str]:
        """The gates of those arrays that are in one."""
        return [self.of[name] for name in names if name in self.of]

    # what is in which gate, step by step

    def add_group(self, products: list[Product]) -> None:
        """A gate for each of the products: its matrix, its result, and what that is needed for."""
        root = self.root(products[0].about)
        for product in products:
            gate = product.about
            self.parent[self.root(gate)] = root
            self.parent.setdefault(gate, root)
            (pair,) = product.pairs
            self.of |= dict.fromkeys((gate, product.out.name, pair.right.name), gate)
        self.matrices.append(products)

    def add_gradients_of_matrices(self) -> None:
        """Gradients lie as their parameters do."""
        for array in self.arrays.values():
            if array.role == "gradient" and array.of in self.of:
                self.of[array.name] = self.of[array.of]

    def add_adjoints(self) -> None:
        """So do the adjoints that they are made of, unless those serve several gates."""
        clash: set[str] = set()
        for statement in self.statements:
            if not isinstance(statement, Product) or statement.out.name not in self.of:
                continue
            gate = self.of[statement.out.name]
            for pair in statement.pairs:
                name = pair.right.name
                given = self.arrays[name].role in ("parameter", "fixed")
                adjoint = pair.left_turned and not given
                if adjoint and self.of.setdefault(name, gate) != gate:
                    clash.add(name)
        for name in clash:
            del self.of[name]

    def add_results_and_vectors(self) -> None:
        """Results are in a gate; a vector is in that of what it is read for, as is its gradient."""
        readers: dict[str, set[str | None]] = {}
        for statement in self.statements:
            self.add_result(statement)
            for read in statement.reads:
                array = self.arrays[read.name]
                if array.role == "parameter" and len(array.shape) == 1:
                    readers.setdefault(read.name, set()).add(self.of.get(statement.out.name))
        for name, gates in readers.items():
            (gate, *others) = gates
            if gate is not None and not others:
                self.of[name] = gate
        for array in self.arrays.values():
            if array.role == "gradient" and array.of in readers and array.of in self.of:
                self.of[array.name] = self.of[array.of]

    def add_result(self, statement: Plain) -> None:
        """What is worked out of one gate alone, or for a gate's own equation, is in it."""
        gate = self.of.get(statement.about)
        reads = set(self.of_these(read.name for read in statement.reads))
        if gate is None and len(reads) == 1 and isinstance(statement, Map):
            (gate,) = reads
        if gate is not None and isinstance(statement, Map | Product):
            self.of.setdefault(statement.out.name, gate)


def statements_of(program: Program) -> tuple[Plain, ...]:
    """Every statement that is no loop."""
    return tuple(s for body in program.sections.values() for s in plain(body))


def _side_by_side(program: Program, statements: Iterable[Plain]) -> Iterator[list[Product]]:
    """Products of one operand with several matrices, in one loop, that could be one product."""
    home = _homes(program)
    uses = _uses(statements)
    by_left: dict[object, list[Product]] = {}
    for statement in statements:
        match statement:
            case Product(pairs=(pair,)) if not (pair.left_turned or pair.right_turned):
                matrix = pair.right.name
                if uses[matrix] == 1 and program.arrays[matrix].role == "parameter":
                    key = (pair.left, statement.during, home.get(statement.about))
                    by_left.setdefault(key, []).append(statement)
    for products in by_left.values():
        gates = {product.about for product in products}
        widths = {program.arrays[product.out.name].width for product in products}
        if len(products) > 1 and len(widths) == 1 and len(gates) == len(products):
            yield products


def _homes(program: Program) -> dict[str, int]:
    """The loop in which each variable is worked out, or read first."""
    loops = [s for s in program.statements() if isinstance(s, Loop)]
    found: dict[str, int] = {}
    for count, loop in enumerate(loops):
        for inner in loop.body:
            found.setdefault(inner.about, count)
    for count, loop in enumerate(loops):
        for inner in loop.body:
            for read in inner.reads:
                found.setdefault(read.name, count)
    return found


def _uses(statements: Iterable[Plain]) -> dict[str, int]:
    """How many products multiply with each matrix as it is, not transposed."""
    found: dict[str, int] = {}
    for statement in statements:
        if isinstance(statement, Product):
            for pair in statement.pairs:
                if not pair.right_turned and not pair.left_turned:
                    found[pair.right.name] = found.get(pair.right.name, 0) + 1
    return found
