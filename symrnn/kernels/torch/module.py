"""The file: facts, functions of tensors, what autograd and torch.compile are told, the module."""

import hashlib
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from symrnn.errors import UsageError
from symrnn.frame import render
from symrnn.kernels.contract import Contract, Kernel, unsloped
from symrnn.kernels.lines import as_dict, as_tuple, fitted, wrapped
from symrnn.kernels.module import step_lines
from symrnn.kernels.names import RESERVED, Names
from symrnn.kernels.torch.finals import Finals
from symrnn.kernels.torch.function import Argument, TensorFunction, tuple_of
from symrnn.kernels.torch.gradient import GradientFunction
from symrnn.kernels.torch.groups import Cell, Cells
from symrnn.kernels.torch.layout import laid_out
from symrnn.kernels.torch.units import Unit, own_of
from symrnn.system.symbols import dimensions

HELPERS = ("look_up", "scatter", "pick", "add_at")
"""The functions of `templates/torch/helpers.py.jinja`, which a file has where it calls them."""

KEYWORDS = ("self", "batch_first", "fuse", "kernel", "generator", "device", "dtype")
"""What its class is told by name beside widths."""

ABOUT = {
    "forward": "Outputs and final states; and what the way back needs, if that is to be kept.",
    "loss": "The loss; and what the way back needs, if that is to be kept.",
}
ABOUT_ALONE = {"forward": "Outputs and final states.", "loss": "The loss."}
ABOUT_GRADIENT = {
    "forward": "The gradient by each tensor, from cotangents of outputs and final states.",
    "loss": "The gradient by each tensor, from the cotangent of the loss.",
}


def source(kernel: Kernel) -> str:
    """The file of a kernel."""
    if kernel.program.ragged and kernel.steps != kernel.program.steps:
        raise UsageError(
            f"the back end torch has no kernel with lengths for {kernel.steps} step; expected 2 or"
            " more, whose kernel takes shorter sequences as well"
        )
    return _Module(kernel).text()


@dataclass(frozen=True)
class _Module:
    kernel: Kernel

    @cached_property
    def contract(self) -> Contract:
        """What the file promises, with steps first."""
        return Contract(replace(self.kernel, batch_first=False))

    @cached_property
    def dims(self) -> tuple[str, ...]:
        return tuple(dimensions(self.kernel.system.symbols))

    @cached_property
    def widths(self) -> dict[str, str]:
        """What its class calls each width."""
        names = Names({*keyword.kwlist, *KEYWORDS})
        return {name: names.new(name) for name in self.dims}

    @property
    def dims_by_name(self) -> str:
        """The widths `dims`, as they are handed to the class."""
        other = {name: own for name, own in self.widths.items() if name != own}
        return f"{{{as_dict(other)}.get(n, n): dims[n] for n in dims}}" if other else "dims"

    @cached_property
    def cells(self) -> Cells:
        return Cells()

    @cached_property
    def functions(self) -> list[TensorFunction]:
        made, found = self.kernel.functions, list[TensorFunction]()
        assert made is not None
        outputs, cells = tuple(s.name for s in made.forward.system.outputs), self.cells
        if outputs:
            own = own_of(made.forward.program, self.dims)
            found.append(
                TensorFunction(made.forward, "forward", outputs, "", self.dims, own, cells)
            )
        if made.loss is not None:
            own, loss = own_of(made.loss.program, self.dims), made.loss.system.loss
            assert loss is not None
            found.append(
                TensorFunction(made.loss, "loss", (loss,), made.weight, self.dims, own, cells)
            )
        return found

    @cached_property
    def every(self) -> dict[str, Any]:
        """Inputs and states, each with its axes."""
        tables = self.contract.tables()
        return {**tables["INPUTS"], **tables["STATES"]}

    def text(self) -> str:
        kernel = self.kernel
        printed = [self.printed(function) for function in self.functions]
        calls = "\n".join(
            line for each in printed for line in (*each["lines"], *each["back_lines"])
        )
        step = self.step()
        calls += "\n".join(step["lines"]) if step else ""
        ragged = kernel.program.ragged
        helpers = {name for name in HELPERS if f"_{name}(" in calls}
        has_forward = any(function.name == "forward" for function in self.functions)
        values = dict(
            name=kernel.name,
            class_name=class_name(kernel.name),
            docstring=Contract(kernel).docstring(),
            steps=kernel.steps,
            dims=as_tuple(self.dims),
            contract="\n".join(self.facts()),
            functions=printed,
            cells=[self.cell(cell) for cell in self.cells.found.values()],
            triton=any(cell.triton is not None for cell in self.cells.found.values()),
            step=step,
            helpers=render("torch/helpers.py.jinja", helpers=helpers, lengths=ragged),
            lengths=ragged,
            batch_first=kernel.batch_first,
            has_loss=kernel.system.loss is not None,
            gradient=not kernel.forward_only,
            truncated=kernel.windows is not None,
            unsloped=unsloped(self.contract),
            has_forward=has_forward,
            has_fixed=bool(self.contract.fixed),
            ids=bool(self.contract.ids),
            state_ids=any(name in self.contract.ids for name in self.contract.groups),
            whole=as_tuple(self.whole_numbers),
            results=self.results,
            final_lines=Finals(kernel, self.contract).lines() if has_forward else [],
            dims_own=list(self.widths.values()),
            dims_by_name=self.dims_by_name,
            **self.arguments(),
        )
        text = render("torch/module.py.jinja", **values, digest="DIGEST")
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        text = text.rstrip("\n") + "\n"
        return text.replace("DIGEST", f"{identifier(kernel.name).lower()}_{digest}")

    # facts

    def facts(self) -> Iterator[str]:
        contract, kernel = Contract(self.kernel), self.kernel
        for key, value in contract.tables().items():
            yield f"{key} = {as_dict(value)}"
        if ids := {name: contract.ids[name] for name in self.every if name in contract.ids}:
            yield f"IDS = {as_dict(ids)}"
        yield f"START = {as_dict(contract.starts())}"
        yield from contract.cut()
        yield f"_EVERY = {as_dict(self.every)}"
        states = set(contract.groups)
        for f in self.functions:
            members = contract.members
            needed = {members.get(a.unit.name, a.unit.name) for a in f.arguments}
            names = {members.get(n, n) for a in f.arguments for n in a.unit.members}
            found = [n for n in self.every if n in names | needed and n not in states]
            yield f"_{f.name.upper()}_NEEDS = {as_tuple(found)}"
        yield from step_lines(kernel)

    @property
    def whole_numbers(self) -> list[str]:
        """What comes as whole numbers."""
        lengths = ["lengths"] if self.kernel.program.ragged else []
        return [*(name for name in self.every if name in self.contract.ids), *lengths]

    @property
    def results(self) -> str:
        """Outputs and final states, in the order in which the forward pass gives them."""
        return as_tuple([name for f in self.functions if not f.is_loss for name in f.outputs])

    # functions

    def printed(self, function: TensorFunction) -> dict[str, Any]:
        """What is printed of a function."""
        alone = self.kernel.forward_only
        lines = function.lines()
        back = [] if alone else GradientFunction(function).lines()
        return {
            "name": function.name,
            "about": (ABOUT_ALONE if alone else ABOUT)[function.name],
            "about_gradient": ABOUT_GRADIENT[function.name],
            "lines": laid_out(lines),
            "back_lines": laid_out(back),
            "shape_lines": laid_out(self.shape_lines(function)),
            "tensor_lines": laid_out(self.tensor_lines(function, function.arguments)),
        }

    def cell(self, cell: Cell) -> dict[str, Any]:
        """A group as a function, and as a kernel."""
        count = len(cell.taken) - cell.numbers
        return {
            "name": cell.name,
            "head": laid_out([f"def {cell.name}({', '.join(cell.taken)}):"], 0),
            "tensors": cell.taken[:count],
            "numbers": cell.taken[count:],
            "given": cell.given,
            "lines": laid_out(cell.lines),
            "triton": laid_out(cell.triton, 8) if cell.triton is not None else None,
        }

    def shape_lines(self, function: TensorFunction) -> list[str]:
        units = function.units
        outputs = []
        for name in function.outputs:
            unit = units.of[name]
            shape = units.shape(unit)
            if len(unit.members) > 1:
                shape = [*shape[:-1], units.sum([name])]
            if unit.timed:
                shape = [str(self.kernel.steps), *shape[1:]]
            outputs.append("()" if function.is_loss else tuple_of(shape))
        if self.kernel.forward_only:
            return [*function.sizes(), *wrapped("return [", outputs, "]").split("\n")]
        kept = [self.kept_shape(function, unit) for unit in function.kept]
        lines = function.sizes()
        lines += wrapped("outputs = [", outputs, "]").split("\n")
        lines += wrapped("kept = [", kept, "]").split("\n")
        return [*lines, "return outputs, kept"]

    def kept_shape(self, function: TensorFunction, unit: Unit) -> str:
        shape = function.units.shape(unit)
        return tuple_of(['"ids"', *shape] if unit.array.classes is not None else shape)

    def tensor_lines(self, function: "TensorFunction", arguments: Sequence[Argument]) -> list[str]:
        """The tensors of a call."""
        contract, lines, found = self.contract, list[str](), list[str]()
        apart: dict[str, str] = {}
        for key, own in contract.groups.items():
            if len(own) > 1:
                names = [f"{function.own[name]}" for name in own if name in function.own]
                if len(names) == len(own):
                    lines.append(f'{", ".join(names)} = given["{key}"].unbind(0)')
                    apart |= dict(zip(own, names, strict=True))
        for argument in arguments:
            members = argument.unit.members
            if argument.role in ("parameter", "fixed"):
                found += [f'params["{name}"]' for name in members]
            else:
                (name,) = members
                found.append(apart.get(name) or f'given["{name}"]')
        if function.program.ragged:
            found.append('given["lengths"]')
        return [*lines, *wrapped("return (", found, ",)" if len(found) == 1 else ")").split("\n")]

    # one step

    def step(self) -> dict[str, Any] | None:
        """The function of a single step, if there is one."""
        kernel = self.kernel.step
        if not isinstance(kernel, Kernel):
            return None
        function = TensorFunction(
            kernel, "step", (), "", self.dims, own_of(kernel.program, self.dims), self.cells
        )
        body = function.body()
        for argument in function.arguments:
            place = body.place(argument.unit)
            if argument.unit.timed:
                place.whole, place.steps, place.filled = "", f"(None, {argument.unit.name})", {1}
        statements = function.program.sections.get("forward", ())
        function.put_together(body, function.names_of(statements))
        body.section(statements)
        outputs = []
        for symbol in kernel.system.outputs:
            unit = body.units.of[symbol.name]
            columns = body.units.columns_of(symbol.name)
            outputs.append(body.at(unit, columns, 1) if unit.timed else body.all_of(unit, columns))
        states = []
        for own in self.contract.groups.values():
            refs = [kernel.states[name] for name in own]
            texts = [body.at(body.units.of[r.name], None, r.shift + 2) for r in refs]
            states.append(texts[0] if len(texts) == 1 else f"torch.stack({tuple_of(texts)})")
        read = function.names_of(statements)
        lines = [*function.sizes(), *function.unpacked(read, body.like), *body.lines]
        lines += fitted(f"return {tuple_of(outputs)}, {tuple_of(states)}", 4)
        names = [n for n in Contract(kernel).every if n not in self.contract.groups]
        return {
            "lines": laid_out(lines),
            "tensor_lines": laid_out(self.tensor_lines(function, function.arguments)),
            "needs": names,
        }

    # the module

    def arguments(self) -> dict[str, str]:
        """What its methods take."""
        names = Names({"self", "given", *RESERVED} - {"step", "forward", "loss"})
        own = {name: names.new(name) for name in self.every}
        groups = self.contract.groups
        found: dict[str, str] = {}
        needs = {
            f.name: [
                n
                for n in self.every
                if n not in groups and any(n in a.unit.members for a in f.arguments)
            ]
            for f in self.functions
        }
        step = self.kernel.step
        if isinstance(step, Kernel):
            every = Contract(step).every
            needs["step"] = [n for n in every if n not in groups]
        for name in ("forward", "loss", "step"):
            taken = [*needs.get(name, []), *groups]
            found[f"{name}_arguments"] = ", ".join(
                own[n] if n not in groups else f"{own[n]}=None" for n in taken
            )
            found[f"{name}_dict"] = ", ".join(f'"{n}": {own[n]}' for n in taken)
            if self.kernel.program.ragged and name != "step":
                found[f"{name}_arguments"] += ", lengths=None"
                found[f"{name}_dict"] += ', "lengths": lengths'
        found["dims_dict"] = ", ".join(f'"{name}": {own}' for name, own in self.widths.items())
        found["widths_said"] = (
            f"The widths {', '.join(self.widths.values())} are given when it is made."
            if self.dims
            else "It has no widths of its own."
        )
        return found


def class_name(name: str) -> str:
    """
    >>> class_name("gru_torch"), class_name("texts/my cell.rnn"), class_name("3rd")
    ('GruTorch', 'MyCell', 'Cell3rd')
    """
    words = re.findall(r"[A-Za-z0-9]+", re.split(r"[/\\]", name)[-1].removesuffix(".rnn"))
    found = "".join(word[0].upper() + word[1:] for word in words) or "Cell"
    return found if not found[0].isdigit() else f"Cell{found}"


def identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "cell"
