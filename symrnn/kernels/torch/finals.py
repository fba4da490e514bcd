"""The states after the last step, out of what the forward pass gives and what was handed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from symrnn.kernels.contract import Contract, Kernel
from symrnn.kernels.lines import wrapped
from symrnn.kernels.torch.function import tuple_of
from symrnn.language.tree import Ref


@dataclass(frozen=True)
class Finals:
    """The final states of a kernel whose contract has steps first."""

    kernel: Kernel
    contract: Contract

    @cached_property
    def found(self) -> dict[str, str]:
        """Those that the forward pass works out: what they are there."""
        made = self.kernel.functions
        assert made is not None
        outputs = [symbol.name for symbol in made.forward.system.outputs]
        return {name: f"found[{outputs.index(of)}]" for name, of in made.finals.items()}

    def lines(self) -> list[str]:
        """All of them, by name."""
        found = []
        for key, own in self.contract.groups.items():
            texts = [self.final(key, own, name) for name in own]
            text = texts[0] if len(texts) == 1 else f"torch.stack({tuple_of(texts)})"
            found.append(f'"{key}": {text}')
        return wrapped("states = {", found, "}").split("\n")

    def final(self, key: str, own: Sequence[str], name: str) -> str:
        """One of them: worked out, handed in, or an input that is kept."""
        steps, refs = self.kernel.steps, self.kernel.states
        ref = refs[name]
        if self.kernel.program.ragged:
            return self.ragged(key, own, name)
        backward = ref.base == "T"
        step = ref.shift if backward else steps + ref.shift + 1
        if not 1 <= step <= steps:  # what was handed in: there are fewer steps than it has
            before = Ref(ref.name, ref.base, step - steps if backward else step - 1)
            places = [place for place, one in enumerate(own) if refs[one] == before]
            if places:
                return f'given["{key}"][{places[0]}]' if len(own) > 1 else f'given["{key}"]'
        kept = f'given["{self.kept_input(ref)}"][{step - 1}]'
        return self.found.get(name) or (kept if len(own) > 1 else f"{kept}.clone()")

    def ragged(self, key: str, own: Sequence[str], name: str) -> str:
        """The same where each sequence has a last step of its own."""
        if name in self.found:
            return self.found[name]
        ref = self.kernel.states[name]
        before = f'given["{key}"]' if len(own) > 1 else f'given["{key}"].unsqueeze(0)'
        kept = f'torch.cat(({before}, given["{self.kept_input(ref)}"]))'
        return f'_last({kept}, given["lengths"] + {len(own)}, {ref.shift + 1})'

    def kept_input(self, ref: Ref) -> str:
        return self.kernel.system.symbols[ref.name].keeps
