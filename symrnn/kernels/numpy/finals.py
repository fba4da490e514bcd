"""Where states are after the last step: what the next call is to be given; and where the gradients
by several steps of a state come together."""

from symrnn.kernels.numpy.contract import Contract
from symrnn.kernels.numpy.packed import PackedPlaces
from symrnn.kernels.numpy.places import Places, between
from symrnn.kernels.program.program import Slice
from symrnn.language.tree import Width


class Finals:
    """The final states of a program, by their names in STATES."""

    def __init__(self, contract: Contract, places: Places) -> None:
        self.contract, self.places = contract, places
        self.steps = contract.kernel.program.steps
        self.kept = {
            key: places.names.new(f"{places.own[key]}_last")
            for key, own in contract.groups.items()
            if not contract.kernel.program.ragged and self.is_overwritten(key, len(own))
        }
        """States that lie where the next call writes before it has read them: these are copied."""

        self.gradients = {
            key: places.names.new(f"d_{places.own[key]}_steps")
            for key in contract.by_input
            if len(contract.groups.get(key, ())) > 1
        }
        """Of states of several steps, the gradients by all of these together."""

    def is_overwritten(self, key: str, count: int) -> bool:
        array = self.places.array(self.contract.kernel.states[key].name)
        return count > 1 and (array.window is not None or self.steps < count)

    def copies(self, section: str) -> list[str]:
        """What a pass does at its end."""
        if section == "forward":
            return [f"copyto({name}, {self.view(key)})" for key, name in self.kept.items()]
        if section == "backward":
            return [
                f"copyto({name}[{step}], {self.places.whole(one)})"
                for key, name in self.gradients.items()
                for step, one in enumerate(self.contract.by_input[key])
            ]
        return []

    def arrays(self) -> list[str]:
        """The arrays for that."""
        width = {key: self.places.width(self.width(key)) for key in self.gradients}
        return [
            *(f"{name} = {self.view(key)}.copy()" for key, name in self.kept.items()),
            *(
                f"{name} = np.empty(({len(self.contract.groups[key])}, B, {width[key]}), dtype)"
                for key, name in self.gradients.items()
            ),
        ]

    def width(self, key: str) -> Width:
        return self.places.array(self.contract.by_input[key][0]).width

    def text(self, key: str) -> str:
        if self.contract.kernel.program.ragged:
            return self.of_each(key)
        return self.kept.get(key) or self.view(key)

    def view(self, key: str) -> str:
        """The last steps of a variable; of a recurrence that runs backwards, the first."""
        states = self.contract.kernel.states
        ref = states[key]
        array = self.places.array(ref.name)
        text = self.places.base(Slice((ref.name,), None), lanes=False)
        if array.places is None:
            return text
        shifts = sorted(states[one].shift for one in self.contract.groups[key])
        after = 0 if ref.base == "T" else self.steps + 1
        first, last = (array.place(after + shift) for shift in (shifts[0], shifts[-1]))
        return f"{text}[{first}]" if first == last else f"{text}[{between(first, last + 1)}]"

    def of_each(self, key: str) -> str:
        """Where each sequence has a last step of its own: for each lag the array, how many
        boundaries it has before and behind, and the step, from the first or from the last."""
        states = self.contract.kernel.states
        ref = states[key]
        assert isinstance(self.places, PackedPlaces)
        before, behind = self.places.fronts(ref.name)
        array = self.places.base(Slice((ref.name,), None), lanes=False)
        shifts = sorted(states[one].shift for one in self.contract.groups[key])
        steps = [f"{shift}, None" if ref.base == "T" else f"None, {shift + 1}" for shift in shifts]
        return f"[{', '.join(f'({array}, {before}, {behind}, {step})' for step in steps)}]"
