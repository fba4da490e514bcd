"""Names in a generated JAX function: one for each array, at each shift and each step."""

import keyword
from collections.abc import Mapping, Sequence

from symrnn.kernels.names import Names
from symrnn.kernels.program.layout import pack_name
from symrnn.kernels.program.program import At, Now, Program, Slice, Span

RESERVED = {
    *keyword.kwlist,
    *("jax", "jnp", "lax", "params", "given", "kept", "cotangents", "outputs", "states"),
    *(
        "sigmoid",
        "above_zero",
        "is_zero",
        "look_up",
        "scatter",
        "pick",
        "add_at",
        "rows",
        "scan_over",
    ),
    *("B", "like", "step", "before", "here", "now", "axes", "float", "int", "len", "tuple", "zip"),
    *("STEPS", "PARAMS", "FIXED", "INPUTS", "STATES", "OUTPUTS", "DIMS", "START", "IDS"),
    *("forward", "loss", "loss_and_grads", "init_params", "vjp"),
}
"""Names that a generated file has for itself."""


class OwnNames:
    """Names as they are asked for; an array's own, unless something else is called so."""

    def __init__(self, program: Program, dims: Sequence[str]) -> None:
        self.names = Names(set(RESERVED))
        self.dims: Mapping[str, str] = {name: self.names.new(name) for name in dims}
        self.packs = {pack.members: pack.name for pack in program.packs}
        self.own = {name: self.names.new(name) for name in program.arrays}
        self.found: dict[object, str] = {}

    def of(self, what: Slice, first: int | None = None) -> str:
        """The name of a slice; all steps of a loop are called as one of them is, where `first` is
        the first step of the sequence that they belong to."""
        base = self.base(what.names)
        match what.when:
            case Now(shift=0) | None:
                return base
            case Now(shift=shift):
                side = "before" if shift < 0 else "after"
                far = f"_{abs(shift)}" if abs(shift) > 1 else ""
                return self.new((base, shift), f"{base}_{side}{far}")
            case At(step=step):
                return self.new((base, "at", step), f"{base}_{step}".replace("-", "m"))
            case Span(first=start, last=last):
                return self.new((base, start, last), f"{base}_{start}_{last}".replace("-", "m"))
        raise TypeError(f"{what} has no name")

    def base(self, names: tuple[str, ...]) -> str:
        if len(names) == 1:
            return self.own[names[0]]
        return self.new(names, self.packs.get(names) or pack_name(names))

    def new(self, key: object, wish: str) -> str:
        if key not in self.found:
            self.found[key] = self.names.new(wish)
        return self.found[key]
