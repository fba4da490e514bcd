"""A back end in one file: every statement as loops over single numbers, in plain Python.

h[t] = tanh(a_h[t])    =>    for _r in range(B):
                                 for _k in range(H):
                                     h[_t, _r, _k] = np.tanh(a_h[_t - 1, _r, _k])
"""

from symrnn.kernels.module import module
from symrnn.kernels.plans import PlanRequest, PlanText, Spelling
from symrnn.kernels.program import program as p
from symrnn.kernels.program.lower import ELEMENTARY
from symrnn.kernels.program.show import INFIX
from symrnn.kernels.sections import Section, final_states, gradients_by_input, handed_out
from symrnn.kernels.sizes import number_text, shape_of, width_of
from symrnn.kernels.target import Target
from symrnn.language.tree import NARROW

SPELT = {
    "copy": "{0}",
    "negative": "-{0}",
    "stop": "{0}.real",
    "positive": "1.0 * ({0}.real > 0)",
    "is_zero": "1.0 * ({0} == 0)",
    **{f"{name}imum": f"{name}({{0}}, {{1}}, key=np.real)" for name in ("max", "min")},
    **{op: f"{{0}} {sign} {{1}}" for op, sign in INFIX.items()},
}


class Toy:
    """Prints the plan that it is asked for."""

    def __init__(self, request: PlanRequest) -> None:
        self.request, self.contract, self.own = request, request.contract, request.own
        self.program, self.system = request.contract.kernel.program, request.contract.system

    def entry(self, what: p.Argument, row: str = "_r", feature: str = "_k") -> str:
        if isinstance(what, p.Number):
            return f"({number_text(self.own, what.value)})"
        array, when = self.program.arrays[what.name], what.when
        place = [row] if array.rows or len(array.shape) == 2 else []
        if array.places is not None and array.steps is not None:
            match when:
                case p.At(step=step):
                    place.insert(0, str(step - array.steps[0]))
                case p.Span(first=first):
                    place.insert(0, f"_s + {first - array.steps[0]}")
                case p.Now(shift=shift):
                    place.insert(0, f"_t + {shift - array.steps[0]}")
        width = what.part[1] if what.part else array.width
        skip = f"{width_of(self.own, what.part[0])} + " if what.part else ""
        place.append(skip + ("0" if width == NARROW else feature))
        return f"{self.own[what.name]}[{', '.join(place)}]"

    def loops(self, what: p.Slice) -> dict[str, str]:
        """For each axis its counter, and how far it goes."""
        array, found = self.program.arrays[what.name], dict[str, str]()
        if isinstance(what.when, p.Span):
            found["_s"] = str(what.when.last - what.when.first + 1)
        if array.rows or len(array.shape) == 2:
            found["_r"] = "B" if array.rows else width_of(self.own, array.shape[0])
        return found | {"_k": width_of(self.own, what.part[1] if what.part else array.width)}

    def statement(self, statement: p.Plain) -> list[str]:
        match statement:
            case p.Map(op="turned", args=(p.Slice() as arg,)):
                value = self.entry(arg, "_k", "_r")
            case p.Map(op=op, args=args):
                value = SPELT.get(op, f"np.{op}({{0}})").format(*map(self.entry, args))
            case p.Reduce(arg=arg, op=op, over=over):
                axes = {"features": "_k", "steps": "_s", "rows": "_s _r", "all": "_s _r _k"}[over]
                value = self.sum(self.entry(arg), self.loops(arg), axes)
                value = value if op == "sum" else f"max{value[3:-1]}, key=np.real)"
            case p.Product(pairs=(pair,)):
                value = self.product(pair)
        lines = [f"for {axis} in range({n}):" for axis, n in self.loops(statement.out).items()]
        lines.append(f"{self.entry(statement.out)} = {value}")
        return [f"{'    ' * depth}{line}" for depth, line in enumerate(lines)]

    def sum(self, value: str, over: dict[str, str], axes: str) -> str:
        loops = [f"for {axis} in range({over[axis]})" for axis in axes.split() if axis in over]
        return f"sum(({value} {' '.join(loops)}))"

    def product(self, pair: p.Pair) -> str:
        over, left = self.loops(pair.left), self.entry(pair.left, feature="_j")
        if pair.left_turned:
            value = f"{self.entry(pair.left, '_i', '_r')} * {self.entry(pair.right, '_i')}"
            return self.sum(value, over | {"_i": over["_r"]}, "_s _i")
        right = self.entry(pair.right, *(("_k", "_j") if pair.right_turned else ("_j", "_k")))
        return self.sum(f"{left} * {right}", {"_j": over["_k"]}, "_j")

    def section(self, section: Section) -> list[str]:
        """A section as a function, which at its end copies what is handed out."""
        own, called = self.own, section.called
        lines = [f"{', '.join(own[n] for n in m)} = {own[k]}" for k, m in section.apart.items()]
        for one in section.statements:
            body = one.body if isinstance(one, p.Loop) else (one,)
            lines += [f"for _t in {list(one.steps) if isinstance(one, p.Loop) else [0]}:"]
            lines += [f"    {line}" for s in body for line in self.statement(s)]
        copied = self.copies(section.name)
        lines += [*(f"{place}[...] = {text}" for place, text in copied.items()), "pass"]
        ahead = f"def {called}({self.request.call(section.name)}):"
        return [ahead, *(f"    {line}" for line in lines), f"plan.{called} = {called}"]

    def text(self) -> PlanText:
        lines = ["plan = _Plan()", "plan.states, plan.grads = {}, {}", *self.arrays()]
        for place, text in (self.copies("forward") | self.copies("backward")).items():
            lines.append(f"{place} = np.array({text})")
        lines += [line for section in self.request.sections for line in self.section(section)]
        places = {s.name: handed_out(self.contract, s.name) for s in self.system.outputs}
        outputs = [f"{name}={place.text(self.own)}" for name, place in places.items()]
        lines.append(f"plan.outputs = dict({', '.join(outputs)})")
        lines += [f"plan.value = {self.own[self.system.loss]}"] if self.system.loss else []
        return PlanText("\n    ".join([f"def {self.request.signature}:", *lines, "return plan"]))

    def arrays(self) -> list[str]:
        request, own, lines = self.request, self.own, list[str]()
        for array in self.program.arrays.values():
            vector = {"parameter": "theta", "gradient": "dtheta"}.get(array.role)
            if vector:
                taken = f"{request.lay_out}({vector}{request.dims_after})[1]"
                lines.append(f"{own[array.name]} = {taken}['{array.of or array.name}']")
            elif array.role in ("variable", "scratch"):
                shape = ", ".join(shape_of(own, array))
                lines.append(f"{own[array.name]} = np.empty(({shape},), dtype)")
        return [*lines, *(f"{own[name]} = fixed['{name}']" for name in self.contract.fixed)]

    def copies(self, section: str) -> dict[str, str]:
        """What is copied to where when a section is done: states after the last step, gradients."""
        if section == "forward":
            finals = final_states(self.contract)
            return {f"plan.states['{k}']": place.text(self.own) for k, place in finals.items()}
        found = gradients_by_input(self.contract) if section == "backward" else {}
        texts = {k: [place.text(self.own) for place in places] for k, places in found.items()}
        return {
            f"plan.grads['{k}']": t[0] if len(t) == 1 else f"[{', '.join(t)}]"
            for k, t in texts.items()
        }


TOY = Target(
    name="toy",
    gradient=("fuse", "lower", "peel"),
    forward=("fuse", "lower", "peel"),
    step=("lower", "peel", "one_place"),
    source=lambda kernel: module(kernel, Spelling(lambda request: Toy(request).text())),
    elementary=ELEMENTARY - {"square", "softplus", "erf"},
    kinds=(),
    features=frozenset({"forward_only", "checkpoint", "batch_first"}),
)
"""One row after the other, in few loops: the passes of a back end for C."""
