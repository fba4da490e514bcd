"""The file of a kernel: functions of parameters and inputs, each with a gradient of its own."""

from dataclasses import dataclass, replace

from symrnn.errors import CheckError, UsageError
from symrnn.frame import render
from symrnn.kernels.contract import Axes, Contract, Functions, Kernel
from symrnn.kernels.jax.functions import Pass, Passes, Results
from symrnn.kernels.lines import as_dict, as_tuple
from symrnn.kernels.module import step_lines
from symrnn.kernels.program import program as p
from symrnn.kernels.program.masked import Mask, masked
from symrnn.system.carriers import SIZE
from symrnn.system.symbols import dimensions


@dataclass(frozen=True)
class Function:
    """A function of parameters and inputs, and its gradient."""

    name: str
    about: str
    ahead: Pass
    back: Pass | None
    needed: tuple[str, ...]

    @property
    def needed_text(self) -> str:
        return as_tuple(self.needed)

    @property
    def text(self) -> list[str]:
        return [*self.ahead.text, *(self.back.text if self.back is not None else ())]


def source(kernel: Kernel) -> str:
    """The file of a kernel."""
    contract, lengths = Contract(kernel), kernel.program.ragged
    if lengths and kernel.steps != kernel.program.steps:
        raise UsageError(
            f"the back end jax has no kernel with lengths for {kernel.steps} step; expected 2 or"
            " more, whose kernel takes shorter sequences as well"
        )
    kernel, masks = _without_lengths(kernel)
    maker = _Maker(kernel, tuple(dimensions(kernel.system.symbols)), tuple(masks))
    functions = [maker.forward()]
    if kernel.system.loss is not None:
        functions.append(maker.loss())
    step = maker.step()
    every = [*functions, *([step] if step is not None else [])]
    text = [line for function in every for line in function.text]
    fixed, symbols = contract.by_fixed, kernel.system.symbols
    return render(
        "jax/module.py.jinja",
        docstring=contract.docstring(),
        steps=kernel.steps,
        dims=as_tuple(maker.dims),
        contract="\n".join(maker.tables(contract)),
        has_fixed=bool(contract.fixed),
        functions=functions,
        step=step,
        has_loss=kernel.system.loss is not None,
        gradient=not kernel.forward_only,
        batch_first=kernel.batch_first,
        trained=f"(*PARAMS, *{as_tuple(fixed)})" if fixed else "PARAMS",
        wrt=as_tuple([n for n in contract.every if n in contract.by_input]),
        ids=contract.ids,
        state_ids=any(name in contract.ids for name in contract.groups),
        targets=[
            name
            for name in functions[-1].needed
            if symbols[name].role == "target" and name not in contract.ids
        ]
        if kernel.system.loss is not None and not kernel.forward_only
        else [],
        lengths=lengths,
        alive=next((name for name, mask in masks.items() if mask == ("alive", 0)), ""),
        masks=as_dict({name: mask for name, mask in masks.items() if name != SIZE}),
        size=SIZE if SIZE in masks else "",
        helpers=[h for h in _HELPERS if any(f"{h}(" in line for line in text)],
    )


def _without_lengths(kernel: Kernel) -> tuple[Kernel, dict[str, Mask]]:
    """A kernel with lengths whose functions are plain statements, and the masks that they read;
    among these how many steps a sequence has, where that is a number of the program."""
    made = kernel.functions
    assert made is not None
    if not kernel.program.ragged:
        return kernel, {}
    masks: dict[str, Mask] = {}

    def plain(one: Kernel) -> Kernel:
        program, own = masked(one.program, {*kernel.system.symbols, *Contract(kernel).groups})
        if any(masks.get(name, mask) != mask for name, mask in own.items()):
            raise CheckError("two functions have other masks under one name")
        masks.update(own)
        masks.update({SIZE: ("size", 0)} if SIZE in program.arrays else {})
        return replace(one, program=program)

    forward = plain(made.forward)
    loss = plain(made.loss) if made.loss is not None else None
    return replace(kernel, functions=replace(made, forward=forward, loss=loss)), masks


_HELPERS = (
    "scan_over",
    "sigmoid",
    "above_zero",
    "is_zero",
    "rows",
    "look_up",
    "scatter",
    "pick",
    "add_at",
)


@dataclass(frozen=True)
class _Maker:
    """The functions of a kernel."""

    kernel: Kernel
    dims: tuple[str, ...]
    masks: tuple[str, ...] = ()

    @property
    def made(self) -> Functions:
        assert self.kernel.functions is not None
        return self.kernel.functions

    def tables(self, contract: Contract) -> list[str]:
        found = [f"{key} = {as_dict(value)}" for key, value in contract.tables().items()]
        found += [f"IDS = {as_dict(contract.ids)}"] if contract.ids else []
        found.append(f"START = {as_dict(contract.starts())}")
        return [*found, *step_lines(self.kernel)]

    def forward(self) -> Function:
        """The outputs and final states."""
        kernel, finals = self.made.forward, self.made.finals
        groups, weights = Contract(kernel).groups, kernel.cotangents
        outputs = {
            s.name: [self.whole(kernel, s.name)]
            for s in kernel.system.outputs
            if s.name not in finals.values()
        }
        states = {key: [p.Slice((finals[one],)) for one in own] for key, own in groups.items()}
        paths = {weights[name]: f'outputs["{name}"]' for name in outputs if name in weights}
        for key, own in groups.items():
            for place, one in enumerate(own):
                if finals[one] in weights:
                    index = f"[{place}]" if len(own) > 1 else ""
                    paths[weights[finals[one]]] = f'states["{key}"]{index}'
        ahead = Results((outputs, states))
        return self.function("forward", "outputs and states", kernel, ahead, paths)

    def loss(self) -> Function:
        kernel, weight = self.made.loss, self.made.weight
        assert kernel is not None
        assert kernel.system.loss is not None
        ahead, paths = Results(value=p.Slice((kernel.system.loss,))), {weight: "d_L"}
        return self.function("loss", "the loss", kernel, ahead, paths)

    def function(
        self, name: str, about: str, kernel: Kernel, ahead: Results, paths: dict[str, str]
    ) -> Function:
        contract = Contract(kernel)
        given = {key: axes for key, axes in self.axes(contract).items() if key not in paths}
        back = None
        if not kernel.forward_only:
            of = {
                a.of: a.name for a in kernel.program.arrays.values() if a.of and a.role != "scratch"
            }

            def gradient(one: str) -> p.Slice | None:
                return self.whole(kernel, of[one]) if one in of else None

            tables = contract.tables()
            every = {**tables["PARAMS"], **tables.get("FIXED", {})}
            params = {n: [gradient(n)] for n in every if n not in paths}
            inputs = {
                key: [gradient(one) for one in contract.groups.get(key, (key,))] for key in given
            }
            inputs |= {name: [None] for name in self.masks}
            back = Results((params, inputs))
            about += ", and the gradient"
        first, second = Passes(kernel, self.dims, ahead, back, paths).made()
        needed = tuple(key for key in given if key not in {*contract.groups, *self.masks})
        return Function(name, about, first, second, needed)

    def axes(self, contract: Contract) -> dict[str, Axes]:
        tables = contract.tables()
        return {**tables["INPUTS"], **tables["STATES"]}

    def whole(self, kernel: Kernel, name: str) -> p.Slice:
        """A variable at all the steps of the sequence."""
        timed = kernel.program.arrays[name].steps is not None
        return p.Slice((name,), p.Span(1, self.kernel.steps) if timed else None)

    def step(self) -> Function | None:
        """One step, where there is such a thing."""
        kernel = self.kernel.step
        if not isinstance(kernel, Kernel):
            return None
        contract, arrays = Contract(kernel), kernel.program.arrays
        outputs = {
            s.name: [p.Slice((s.name,), p.At(1) if arrays[s.name].steps is not None else None)]
            for s in kernel.system.outputs
        }
        states = {
            key: [
                p.Slice((kernel.states[one].name,), p.At(2 + kernel.states[one].shift))
                for one in own
            ]
            for key, own in contract.groups.items()
        }
        first, _ = Passes(kernel, self.dims, Results((outputs, states)), no_steps=True).made()
        every = {
            name: tuple(a for a in axes if a != "T") for name, axes in self.axes(contract).items()
        }
        needed = tuple(key for key in every if key not in contract.groups)
        return Function("step", "one step", first, None, needed)
