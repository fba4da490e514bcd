"""One function of a module that makes arrays and passes over them: all steps, or a single one."""

from symrnn.kernels.numpy.contract import Contract
from symrnn.kernels.numpy.lines import as_tuple, fitted
from symrnn.kernels.numpy.names import Names
from symrnn.kernels.numpy.packed import PackedPlaces, PackedPrinter, PackedViews
from symrnn.kernels.numpy.passes import Function, Passes, copied
from symrnn.kernels.numpy.places import Places
from symrnn.kernels.numpy.plan import Plan
from symrnn.kernels.numpy.statements import Printer
from symrnn.kernels.numpy.views import Views
from symrnn.kernels.program.program import Loop, Product, Program, Slice

FEW = 4
"""From so many products on, a transposed matrix is copied once: BLAS reads it faster then."""


class Sheet:
    """The function, in the pieces that a template puts together."""

    name = "_plan"
    about = "The arrays for B sequences, and the passes over them."

    def __init__(self, contract: Contract, dims: tuple[str, ...]) -> None:
        kernel, program = contract.kernel, contract.kernel.program
        self.contract = contract
        alone = kernel.forward_only or kernel.one_step
        self.vectors = "theta" if alone else "theta, dtheta"
        self.vectors += ", fixed" * bool(contract.fixed)
        self.ragged = program.ragged
        self.printer = self.printer_of(program, dims)
        self.places = self.printer.places
        passes = Passes(contract, self.printer)
        self.functions: list[Function] = self.needed_of(passes.functions())
        self.plan = Plan(contract, passes)
        self.lines = [piece for line in self.plan.lines() for piece in fitted(line, 4)]
        self.result = self.plan.result([function.name for function in self.functions])

    def needed_of(self, functions: list[Function]) -> list[Function]:
        """The passes that are called, whether there is anything to do in them or not."""
        return functions

    def printer_of(self, program: Program, dims: tuple[str, ...]) -> Printer:
        """What prints statements, for the way in which the arrays lie."""
        often = turned_often(program)
        if program.ragged:
            return PackedPrinter(PackedViews(PackedPlaces(program, Names(), dims)), often=often)
        direct = frozenset(set(self.contract.inputs) - copied(self.contract))
        views = Views(Places(program, Names(), dims), direct)
        return Printer(views, often=often, gaps=self.with_gaps())

    @property
    def given(self) -> str:
        """The names under which a call finds its inputs."""
        if self.ragged:
            return "_"  # they lie in the plan
        names = [self.places.own[name] for name in self.contract.every]
        return f"({', '.join(names)}{',' * (len(names) == 1)})"

    @property
    def reads(self) -> dict[str, list[str]]:
        """What a kernel hands to each pass."""
        return {function.name: function.call for function in self.functions}

    def with_gaps(self) -> frozenset[str]:
        """The inputs that are read where they are, the rows of a step far from each other."""
        kernel = self.contract.kernel
        if not (kernel.batch_first and kernel.forward_only):
            return frozenset()
        return frozenset(n for n in self.contract.inputs if "T" in self.contract.axes(n))

    def strided(self) -> list[str]:
        """The inputs that may have gaps: those, and what is copied anyway."""
        if not self.contract.kernel.batch_first:
            return []
        names = self.with_gaps() | copied(self.contract)
        return [f"_STRIDED = {as_tuple([n for n in self.contract.every if n in names])}"]


def turned_often(program: Program) -> dict[Slice, bool]:
    """The matrices that are read transposed in a loop, or at more than a few steps."""
    counts: dict[Slice, int] = {}
    for statement in program.statements():
        many = len(statement.steps) if isinstance(statement, Loop) else 1
        for inner in statement.body if isinstance(statement, Loop) else (statement,):
            if isinstance(inner, Product):
                for pair in inner.pairs:
                    if pair.right_turned and pair.right.when is None:
                        counts[pair.right] = counts.get(pair.right, 0) + many
    return {matrix: count >= FEW for matrix, count in counts.items()}
