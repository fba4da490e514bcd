"""The function of a Python module that makes the structs of a C kernel, with arrays as views into
them, and calls its functions.

    def _plan(B, dtype, theta, dtheta, D, H):
        library = _library(dtype, B, D, H)
        memory, given = library.numbers("memory"), library.numbers("inputs")
        ...
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from symrnn.kernels.c.unit import Work, identifier
from symrnn.kernels.plans import PlanRequest, PlanText
from symrnn.kernels.sections import (
    Place,
    final_states,
    gradients_by_input,
    handed_out,
)
from symrnn.kernels.sizes import shape_of


def plan(request: PlanRequest) -> PlanText:
    """The function, as it is printed into the module."""
    body = textwrap.indent("\n".join([*_Plan(request).lines(), "return plan"]), "    ")
    return PlanText(f"def {request.signature}:\n{body}")


class _Plan:
    def __init__(self, request: PlanRequest) -> None:
        self.request, self.contract, self.own = request, request.contract, request.own
        kernel = self.contract.kernel
        name = identifier(kernel.name)
        self.prefix = name
        part = f"{name}_step" if kernel.one_step else name
        self.work = Work(kernel, request.dims, part, name.upper())

    def lines(self) -> Iterator[str]:
        request = self.request
        yield f'"""{request.about}"""'
        dims = "".join(f", {self.own[f'dim {n}']}" for n in request.dims)
        yield f"library = _library(dtype, B{dims})"
        part = self.work.prefix
        yield f'memory = library.numbers("{part}_memory")'
        yield f'given = library.numbers("{part}_inputs")'
        yield from self.pieces("memory", [n for n, _ in self.work.memory], self.own, self.wanted)
        taken = {key: f"given_{key}" for key, _ in self.work.inputs}
        yield from self.pieces("given", list(taken), taken, set(taken))
        yield "plan = _Plan()"
        gradients = "dtheta" if "dtheta" in request.vectors else "theta"
        yield f"bound = library.bound(plan, memory, theta, {gradients}, given)"
        given: list[str] = []
        for section in request.sections:
            new = [n for n in (*section.given, *self.contract.fixed) if n not in given]
            given += new
            yield from self.section(section.called, request.call(section.name), new)
        if self.contract.kernel.system.loss and any(s.name == "backward" for s in request.sections):
            every = ", ".join(request.given_to_sections)
            yield from self.section("whole", every, given)
            yield from self.again()
        yield from self.handed_out()

    @property
    def wanted(self) -> set[str]:
        """The arrays that are handed out."""
        contract = self.contract
        places = [handed_out(contract, s.name) for s in contract.system.outputs]
        places += final_states(contract).values()
        places += [place for each in gradients_by_input(contract).values() for place in each]
        found = {place.array for place in places}
        return found | ({contract.system.loss} if contract.system.loss else set())

    def pieces(
        self, vector: str, names: list[str], own: Mapping[str, str], wanted: set[str]
    ) -> Iterator[str]:
        """The arrays that lie in a vector one after the other, by name where they are wanted."""
        if names:
            yield f"piece = _pieces({vector})"
        for name in names:
            many = self.work.spelling.groups.get(name, ())
            axes = shape_of(self.own, self.contract.kernel.program.arrays[(*many, name)[0]])
            text = f"piece({', '.join([*([str(len(many))] if many else []), *axes])})"
            yield f"{own[name]} = {text}" if name in wanted else text

    def section(self, called: str, taken: str, given: Sequence[str]) -> Iterator[str]:
        """A function that copies what is handed in, and calls."""
        yield f'run_{called} = bound("{called}")'
        yield ""
        yield f"def {called}({taken}):"
        for one in given:
            what = f'fixed["{one}"]' if one in self.contract.fixed else self.own[one]
            yield f"    given_{one}[...] = {what}"
        yield f"    run_{called}()"
        yield from (f"    {line}" for line in self.copied(called))
        yield ""
        yield f"plan.{called} = {called}"

    def again(self) -> Iterator[str]:
        """The same with what lies in `given`, and the places of each input there."""
        own, contract = self.own, self.contract
        lines = [f'given_{one}[...] = fixed["{one}"]' for one in contract.fixed]
        lines += ["run_whole()", *self.copied("whole")]
        if len(lines) == 1:
            yield "plan.again = run_whole"
        else:
            yield from ("", "def again():", *(f"    {line}" for line in lines), "")
            yield "plan.again = again"
        places = []
        for name, axes in contract.every.items():
            turned = ".swapaxes(0, 1)" if contract.kernel.batch_first and "T" in axes else ""
            places.append(f'"{name}": given_{own.get(name, name)}{turned}')
        yield f"given = {{{', '.join(places)}}}"
        yield "plan.given = {name: (place, place.shape) for name, place in given.items()}"

    def copied(self, section: str) -> list[str]:
        """What the next call would write to before it has read it."""
        if section not in ("forward", "step", "whole"):
            return []
        finals = final_states(self.contract)
        return [
            f'plan.states["{key}"][...] = {place.text(self.own)}'
            for key, place in finals.items()
            if place.overwritten or key in self.contract.ids
        ]

    def handed_out(self) -> Iterator[str]:
        contract, own = self.contract, self.own
        outputs = {s.name: handed_out(contract, s.name).text(own) for s in contract.system.outputs}
        finals = final_states(contract)
        states = {k: self.state(k, place) for k, place in finals.items()}
        grads = {k: self.each(places) for k, places in gradients_by_input(contract).items()}
        for name, found in (("outputs", outputs), ("states", states), ("grads", grads)):
            inner = ", ".join(f'"{key}": {text}' for key, text in found.items())
            yield f"plan.{name} = {{{inner}}}"
        if contract.system.loss:
            yield f"plan.value = {own[contract.system.loss]}"

    def state(self, key: str, place: Place) -> str:
        text = place.text(self.own)
        if key in self.contract.ids:
            return f"{text}.astype(np.intp)"
        return f"{text}.copy()" if place.overwritten else text

    def each(self, places: tuple[Place, ...]) -> str:
        texts = [place.text(self.own) for place in places]
        return texts[0] if len(texts) == 1 else f"np.stack([{', '.join(texts)}])"
