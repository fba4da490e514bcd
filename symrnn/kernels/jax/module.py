"""The file of a kernel: functions of parameters and inputs, each with a gradient of its own."""

from dataclasses import dataclass, replace

from symrnn.frame import render
from symrnn.kernels.contract import Axes, Contract, Kernel
from symrnn.kernels.jax.functions import Pass, Passes, Results
from symrnn.kernels.lines import as_dict, as_tuple
from symrnn.kernels.module import step_lines
from symrnn.kernels.program import Job
from symrnn.kernels.program import program as p
from symrnn.kernels.target import Target
from symrnn.language.tree import Ref
from symrnn.system import System, adjoint, initial_states, kept, normal, with_states
from symrnn.system.exposed import ForwardPass, forward_pass, weighed
from symrnn.system.ids import with_ids
from symrnn.system.names import free
from symrnn.system.states import all_ids
from symrnn.system.symbols import dimensions
from symrnn.system.system import Linear, Term


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


def module(kernel: Kernel, target: Target) -> str:
    """The whole file."""
    contract = Contract(kernel)
    maker = _Maker(kernel, target, tuple(dimensions(kernel.system.symbols)))
    functions = [maker.forward()]
    if kernel.system.loss is not None:
        functions.append(maker.loss())
    step = maker.step()
    every = [*functions, *([step] if step is not None else [])]
    text = [line for function in every for line in function.text]
    asked = kernel.settings.wrt if kernel.settings is not None else ()
    fixed = tuple(name for name in contract.fixed if name in asked)
    symbols = kernel.system.symbols
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
        trained=f"(*PARAMS, {', '.join(fixed)})" if fixed else "PARAMS",
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
        helpers=[h for h in _HELPERS if any(f"{h}(" in line for line in text)],
    )


_HELPERS = ("sigmoid", "above_zero", "is_zero", "rows", "look_up", "scatter", "pick", "add_at")


class _Maker:
    def __init__(self, kernel: Kernel, target: Target, dims: tuple[str, ...]) -> None:
        self.kernel, self.target, self.dims = kernel, target, dims
        assert kernel.settings is not None
        self.settings = kernel.settings
        self.form = kept(normal(with_ids(kernel.written, self.settings.ids), stable=True))
        self.steps = kernel.steps

    def tables(self, contract: Contract) -> list[str]:
        found = [f"{key} = {as_dict(value)}" for key, value in contract.tables().items()]
        found += [f"IDS = {as_dict(contract.ids)}"] if contract.ids else []
        found.append(f"START = {as_dict(contract.starts())}")
        return [*found, *step_lines(self.kernel)]

    def scheduled(self, system: System) -> Kernel:
        ids = tuple(name for name in self.settings.ids if name in system.symbols)
        job = Job(self.steps, self.settings.loops, ids)
        passes = self.target.forward if self.kernel.forward_only else self.target.gradient
        folded, program = self.target.schedule(system, job, passes, self.settings.passes)
        return replace(self.kernel, system=system, folded=folded, program=program)

    def differentiated_by(self, system: System) -> list[str]:
        """Everything that there can be a gradient by, beside the parameters."""
        ids = all_ids(system, self.settings.ids)
        return [s.name for s in system.named("input", "fixed") if s.name not in ids]

    def forward(self) -> Function:
        """The outputs and final states."""
        made = _with_all_states(self.form, forward_pass(self.form))
        system = made.system
        if not self.kernel.forward_only:
            system = adjoint(system, self.differentiated_by(system), cotangents=True)
        kernel = self.scheduled(system)
        groups, finals = Contract(kernel).groups, set(made.finals.values())
        outputs = {
            s.name: [self.whole(kernel, s.name)] for s in system.outputs if s.name not in finals
        }
        states = {key: [p.Slice((made.finals[one],)) for one in own] for key, own in groups.items()}
        paths: dict[str, str] = {}
        weighs = {symbol.weighs: symbol.name for symbol in system.named("input") if symbol.weighs}
        for name in outputs:
            if name in weighs:
                paths[weighs[name]] = f'outputs["{name}"]'
        for key, own in groups.items():
            for place, one in enumerate(own):
                if made.finals[one] in weighs:
                    index = f"[{place}]" if len(own) > 1 else ""
                    paths[weighs[made.finals[one]]] = f'states["{key}"]{index}'
        ahead = Results((outputs, states))
        return self.function("forward", "outputs and states", kernel, ahead, paths)

    def loss(self) -> Function:
        system, paths = with_states(self.form), dict[str, str]()
        if not self.kernel.forward_only:
            made = weighed(system)
            system = made.plain(adjoint(made.system, self.differentiated_by(system)))
            paths[made.weight] = "d_L"
        assert system.loss is not None
        ahead = Results(value=p.Slice((system.loss,)))
        return self.function("loss", "the loss", self.scheduled(system), ahead, paths)

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
            back = Results((params, inputs))
            about += ", and the gradient"
        first, second = Passes(kernel, self.dims, ahead, back, paths).made()
        needed = tuple(key for key in given if key not in contract.groups)
        return Function(name, about, first, second, needed)

    def axes(self, contract: Contract) -> dict[str, Axes]:
        tables = contract.tables()
        return {**tables["INPUTS"], **tables["STATES"]}

    def whole(self, kernel: Kernel, name: str) -> p.Slice:
        """A variable at all the steps of the sequence."""
        timed = kernel.program.arrays[name].steps is not None
        return p.Slice((name,), p.Span(1, self.steps) if timed else None)

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


def _with_all_states(form: System, found: ForwardPass) -> ForwardPass:
    """With what an input has kept of earlier steps among the states that are left: whoever
    differentiates by that input gets to it through them too."""
    symbols, made, finals = (
        dict(found.system.symbols),
        list(found.system.equations),
        dict(found.finals),
    )
    for name, ref in initial_states(form).items():
        if name not in finals and ref.name in symbols:
            finals[name] = free(f"last_{name}", symbols)
            old = symbols[ref.name]
            symbols[finals[name]] = replace(old, name=finals[name], timed=False, output=True)
            last = Ref(ref.name, "T", ref.shift + 1)
            made.append(Linear(Ref(finals[name]), (Term(last),)))
    return ForwardPass(replace(found.system, equations=tuple(made), symbols=symbols), finals)
