"""The function of a Python module that makes the structs of a C kernel, with arrays as views into
them, and calls its functions.

    def _plan(B, dtype, theta, dtheta, D, H):
        library = _library(dtype, B, D, H)
        memory, given = library.numbers("memory"), library.numbers("inputs")
        ...
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from symrnn.kernels.c.names import identifier
from symrnn.kernels.c.unit import Work
from symrnn.kernels.plans import PlanRequest, PlanText
from symrnn.kernels.sections import (
    Place,
    final_states,
    gradients_by_input,
    handed_out,
)
from symrnn.kernels.sizes import shape_of, width_of


def plan(request: PlanRequest, any_batch: bool = False) -> PlanText:
    """The function, as it is printed into the module; `any_batch` says whether the structs know how
    many sequences there are."""
    body = textwrap.indent("\n".join([*_Plan(request, any_batch).lines(), "return plan"]), "    ")
    return PlanText(f"def {request.signature}:\n{body}")


class _Plan:
    def __init__(self, request: PlanRequest, any_batch: bool) -> None:
        self.request, self.contract, self.own = request, request.contract, request.own
        kernel = self.contract.kernel
        name = identifier(kernel.name)
        self.prefix = name
        part = f"{name}_step" if kernel.one_step else name
        self.work = Work(kernel, request.dims, part, name.upper(), any_batch)

    def lines(self) -> Iterator[str]:
        request = self.request
        yield f'"""{request.about}"""'
        dims = "".join(f", {self.own[f'dim {n}']}" for n in request.dims)
        yield f"library = _library(dtype, B{dims})"
        part = self.work.prefix
        yield f'memory = library.numbers("{part}_memory")'
        yield f'given = library.numbers("{part}_inputs")'
        yield from self.pieces("memory", [n for n, _ in self.work.memory], self.own, self.wanted)
        if self.work.ragged:
            yield from self.results()
        taken = {key: f"given_{key}" for key, _ in self.work.inputs}
        yield from self.pieces("given", list(taken), taken, set(taken))
        yield "plan = _Plan()"
        if self.work.any_batch:
            yield from self.counts(list(taken))
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
            if not self.work.ragged:
                yield from self.again()
        if self.work.ragged:
            yield from self.found()
        else:
            yield from self.handed_out()

    @property
    def wanted(self) -> set[str]:
        """The arrays that are handed out."""
        contract = self.contract
        whole = set(self.by_fixed.values())
        whole |= {contract.system.loss} if contract.system.loss else set()
        if self.work.ragged:
            return whole
        places = [handed_out(contract, s.name) for s in contract.system.outputs]
        places += final_states(contract).values()
        places += [place for each in gradients_by_input(contract).values() for place in each]
        return whole | {place.array for place in places}

    @property
    def by_fixed(self) -> dict[str, str]:
        """The arrays of gradients by what is handed in with the parameters."""
        arrays = self.contract.kernel.program.arrays.values()
        fixed = self.contract.fixed
        return {a.of: a.name for a in arrays if a.of in fixed and a.role != "scratch"}

    def pieces(
        self, vector: str, names: list[str], own: Mapping[str, str], wanted: set[str]
    ) -> Iterator[str]:
        """The arrays that lie in a vector one after the other, by name where they are wanted."""
        if names:
            yield f"piece = _pieces({vector})"
        for name in names:
            many = self.work.spelling.groups.get(name, ()) if vector == "given" else ()
            axes = self.shape((*many, name)[0], vector == "given")
            text = f"piece({', '.join([*([str(len(many))] if many else []), *axes])})"
            yield f"{own[name]} = {text}" if name in wanted else text

    def shape(self, name: str, given: bool) -> list[str]:
        """The axes of an array: of all rows, where these have no gaps, but in what is given."""
        array = self.contract.kernel.program.arrays[name]
        if not self.work.ragged or not array.rows:
            return shape_of(self.own, array)
        widths = [width_of(self.own, width) for width in array.shape]
        if array.steps is None:
            return ["B", *widths]
        steps = self.contract.kernel.steps
        if given:
            return [str(steps), "B", *widths]
        return [f"{steps + sum(self.work.spelling.fronts(name))} * B", *widths]

    def results(self) -> Iterator[str]:
        """What is handed out, behind the rest of the memory."""
        rows = self.work.writer.rows
        for each in rows.results().values():
            for result in each:
                array = self.contract.kernel.program.arrays[result.arrays[0]]
                lags = [str(len(result.arrays))] if len(result.arrays) > 1 else []
                steps = [str(self.contract.kernel.steps)] if result.timed else []
                widths = [width_of(self.own, width) for width in array.shape]
                axes = ", ".join([*lags, *steps, "B", *widths])
                yield f"found_{result.name} = piece({axes})"

    def found(self) -> Iterator[str]:
        """Results by name, and what is handed in."""
        rows = self.work.writer.rows.results()
        outputs = {s.name for s in self.contract.system.outputs}
        ahead = {r.name: f"found_{r.name}" for r in rows["forward"]}
        grads = {r.name.removeprefix("d_"): f"found_{r.name}" for r in rows["backward"]}
        tables = {
            "outputs": {name: text for name, text in ahead.items() if name in outputs},
            "states": {name: text for name, text in ahead.items() if name not in outputs},
            "by_input": grads,
            "grads": {key: self.own[name] for key, name in self.by_fixed.items()},
            "given": {key: f"given_{key}" for key, _ in self.work.inputs},
        }
        for name, found in tables.items():
            inner = ", ".join(f'"{key}": {text}' for key, text in found.items())
            yield f"plan.{name} = {{{inner}}}"
        if self.contract.system.loss:
            yield f"plan.value = {self.own[self.contract.system.loss]}"

    def counts(self, taken: Sequence[str]) -> Iterator[str]:
        """How many sequences there are, and how many steps each has."""
        struct = f"{self.work.prefix}_inputs"
        if self.work.ragged:
            yield f'plan.batch = library.integers(given, "{struct}_batch", 1)'
            yield f'plan.given_lengths = library.integers(given, "{struct}_lengths", B)'
        else:
            yield f'library.integers(given, "{struct}_batch", 1)[...] = B'

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
        yield "plan.fit, plan.stacked = library.fit(plan), partial(library.stacked, plan)"

    def copied(self, section: str) -> list[str]:
        """What the next call would write to before it has read it."""
        if section not in ("forward", "step", "whole") or self.work.ragged:
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
        grads |= {key: own[name] for key, name in self.by_fixed.items()}
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
