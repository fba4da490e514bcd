"""A model: a text, the system that it describes, and what can be made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from symrnn.language.parse import parse
from symrnn.language.printer import show
from symrnn.language.tree import Written
from symrnn.library import texts
from symrnn.system import (
    System,
    adjoint,
    normal,
    unroll,
    with_asked_states,
    with_dropout,
    with_head,
    with_weights,
    with_zoneout,
)
from symrnn.system.doubts import doubts
from symrnn.system.names import listed
from symrnn.system.summary import Summary, summarise

if TYPE_CHECKING:
    from types import ModuleType

    from symrnn.check.report import Reports
    from symrnn.derive.derived import Derived
    from symrnn.derive.sympy.equations import Equations
    from symrnn.flow.data import Flow
    from symrnn.kernels.settings import Features
    from symrnn.kernels.target import Target
    from symrnn.kernels.verification import Report
    from symrnn.language.arrays import Array


@dataclass(frozen=True, repr=False)
class Model:
    """What someone wrote, under a name.

    >>> import symrnn
    >>> model = symrnn.parse("h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])", "mine")
    >>> print(model.system.equations[0].target)
    Ref(name='a_h', base='t', shift=0)
    >>> [symbol.name for symbol in model.adjoint.named("total")]
    ['L', 'd_W', 'd_U']
    """

    name: str
    written: Written

    @property
    def text(self) -> str:
        """The text as it was written, comments included."""
        return self.written.source.text if self.written.source else show(self.written)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        """The text, under a comment that names the model."""
        return f"# {self.name}\n{self.text.rstrip()}"

    def _repr_latex_(self) -> str:
        from symrnn.derive.shown import as_latex, of_model

        return as_latex(of_model(self.written))

    def _repr_html_(self) -> str:
        from symrnn.derive.shown import as_html, of_model

        return as_html(of_model(self.written))

    @cached_property
    def system(self) -> System:
        """The equations in normal form."""
        return normal(self.written)

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """What the text says and hardly means, each with its place."""
        return doubts(self.written, self.system.symbols)

    @cached_property
    def adjoint(self) -> System:
        """The system together with the gradient of its loss by every parameter."""
        return adjoint(self.system)

    def gradient(self, wrt: str | Sequence[str] = (), cotangents: bool = False) -> System:
        """The adjoint system, also by the inputs and the initial states (`O0`) in `wrt`."""
        wrt = listed(wrt)
        return adjoint(with_asked_states(self.system, wrt), wrt, cotangents)

    def unroll(self, steps: int) -> System:
        """The system written out for a number of steps."""
        return unroll(self.system, steps)

    def derive(
        self,
        steps: int | None = None,
        wrt: str | Sequence[str] = (),
        scalar: bool = False,
        dims: Mapping[str, int] | None = None,
        truncate: int | None = None,
        keep: str | Sequence[str] = (),
    ) -> "Derived":
        """The derivation of the gradient by every parameter, and by the inputs and initial states
        in `wrt`: for a number of steps or, without, for a symbolic T. With `truncate` there are no
        paths between windows of so many steps, counted from the last. The derivatives of the
        functions in `keep` are printed f′(a), as those are that are long.

        >>> import symrnn
        >>> print(symrnn.load("elman_n4").derive(steps=2).text("chain", "w_h"))
        Gradient with respect to w_h
            ∂L/∂w_h = [O₁ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₂ · diag(1 - O₂²)]_{t=2}
                      + [O₀ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₂ · ∂O₂/∂O₁ · diag(1 - O₁²)]_{t=1}
        <BLANKLINE>
        """
        from symrnn.derive.derived import derived

        of, wrt, keep = (self.name, self.written, self.system), listed(wrt), listed(keep)
        return derived(*of, steps, wrt, scalar, dims, truncate, keep)

    def sympy(
        self,
        steps: int | None = None,
        scalar: bool = False,
        dims: Mapping[str, int] | None = None,
    ) -> "Equations":
        """The equations as SymPy's, in order, the loss spelt out: written out for a number of
        steps, or with a letter T. Numbers are symbols, rows and matrices SymPy's matrices.

        >>> import symrnn
        >>> graph = symrnn.load("elman_n4").sympy(steps=2, scalar=True)
        >>> print(graph[0].lhs, "=", graph[0].rhs)
        O_1 = tanh(O_0*w_h + w_i*x_1)
        """
        from symrnn.derive.sympy.objects import graph

        return graph(self.written, steps, scalar, dims or {})

    def generate(
        self,
        steps: int,
        loops: bool | None = None,
        wrt: str | Sequence[str] = (),
        name: str | None = None,
        passes: Sequence[str] | None = None,
        backend: "str | Target" = "numpy",
        **features: "Unpack[Features]",
    ) -> str:
        """The source of a kernel for so many steps: written out if they are few, else a loop.
        `Features` says what else it can do. A back end has a name, or is handed in as it is.

        >>> import symrnn
        >>> source = symrnn.load("elman_n4").generate(steps=3)
        >>> "dot(O_2, w_h, O_w_h_3)" in source
        True
        """
        from symrnn.kernels.generate import generate, target_of
        from symrnn.kernels.settings import Settings

        asked = Settings.of(steps, loops, wrt, passes, **features)
        return generate(self.written, self.text, name or self.name, asked, target_of(backend))

    def generate_files(
        self,
        steps: int,
        loops: bool | None = None,
        wrt: str | Sequence[str] = (),
        name: str | None = None,
        passes: Sequence[str] | None = None,
        backend: "str | Target" = "c",
        dims: Mapping[str, int] | None = None,
        batch: int | str = 1,
        dtype: str = "float32",
        weights: "Mapping[str, Array] | None" = None,
        math: str = "poly",
        memory: int | None = None,
        **features: "Unpack[Features]",
    ) -> dict[str, str]:
        """The files of a kernel for these sizes, by name, for a language in which they are fixed.
        Where weights come along, widths that are not said are theirs. A batch of "any" is as many
        sequences as are said when it runs, at most 32, or as "any:8" says. `math` says whether exp
        and tanh are polynomials ("poly") or those of libm; a kernel that takes more than `memory`
        bytes is refused.

        >>> import symrnn
        >>> list(symrnn.load("elman_n4").generate_files(steps=3, dims={"D": 3, "H": 4, "C": 1}))
        ['elman_n4.h', 'elman_n4.c', 'elman_n4.py', 'main.c', 'Makefile']
        """
        from symrnn.kernels.generate import generate_files, target_of
        from symrnn.kernels.settings import Settings, Sizes, batch_said

        asked, target = Settings.of(steps, loops, wrt, passes, **features), target_of(backend)
        many, any_batch = batch_said(batch)
        sizes = Sizes(dims or {}, many, dtype, weights, math, memory, any_batch)
        return generate_files(self.written, self.text, name or self.name, asked, target, sizes)

    def kernel(
        self,
        steps: int,
        loops: bool | None = None,
        wrt: str | Sequence[str] = (),
        backend: "str | Target" = "numpy",
        batch: int | None = None,
        dtype: object = None,
        cpu: "str | Target | None" = None,
        **more: Any,
    ) -> "ModuleType":
        """The module of the same source, in memory; tracebacks show its lines.

        `more` are `Features`, and widths: D=5, H=3. Where a width, `batch` or `dtype` is said, all
        widths are; its Kernel has these sizes where no others are said, and a back end that
        compiles does so at once. `backend="auto"` takes the one that is the quickest for them.
        `cpu` is a second back end, whose kernels a module for PyTorch leaves its work to on a CPU.

        >>> import symrnn
        >>> symrnn.load("elman_n4").kernel(steps=3).PARAMS["w_h"]
        ('H', 'H')
        >>> module = symrnn.load("elman_n4").kernel(steps=3, batch=2, D=5, H=4, C=1)
        >>> module.BACKEND, module.Kernel().params["w_h"].shape
        ('numpy', (4, 4))
        """
        from symrnn.kernels.in_memory import in_memory
        from symrnn.kernels.settings import Settings, apart

        features, widths = apart(more)
        asked = Settings.of(steps, loops, wrt, **features)
        named = self.written, self.text, self.name
        return in_memory(*named, asked, backend, widths, batch, dtype, cpu)

    def verify(
        self,
        steps: int | None = None,
        loops: bool | None = None,
        wrt: str | Sequence[str] = (),
        batch: int = 2,
        dims: Mapping[str, int] | None = None,
        seed: int = 0,
        backend: "str | Target" = "numpy",
        **features: "Unpack[Features]",
    ) -> "Report":
        """The kernel held against three oracles that share no code with it; print what it says.

        >>> import symrnn
        >>> symrnn.load("elman").verify(steps=2).holds
        True
        """
        from symrnn.kernels.verification import verify_text

        of, tried = (self.name, self.written, self.text), (batch, dims, seed)
        return verify_text(*of, steps, loops, listed(wrt), backend, *tried, **features)

    def check(
        self,
        latex: str | Sequence[str],
        steps: int | None = None,
        wrt: str = "",
        scalar: bool = False,
        notation: str = "default",
        mapping: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> "Reports":
        r"""What is right and what is wrong in a derivation that somebody wrote: a formula, several,
        or a text with formulas in displays. A formula without a left side is the gradient by `wrt`;
        `mapping` says what letters of the text are in the model. Print it, or look at its claims:
        `[0].verdicts`.

        >>> import symrnn
        >>> net = symrnn.load("elman_n4")
        >>> found = net.check(r"\frac{\partial L}{\partial w_o} = (\hat y - y) O_3", 3, scalar=True)
        >>> [verdict.status for verdict in found[0].verdicts]
        ['right']
        """
        from symrnn.check.checking import check, writing

        text = writing(latex)
        derived = self.derive(steps, wrt or (), scalar)
        return check(derived, [text], by=wrt, notation=notation, mapping=mapping, seed=seed)

    def flow(
        self,
        params: Mapping[str, Any],
        inputs: Mapping[str, Any],
        steps: int | None = None,
        triangle: bool = True,
        jacobians: bool = True,
    ) -> "Flow":
        """How the gradient flows through time, for these parameters, inputs and targets: what each
        step adds to it, the Jacobians of the steps, and a verdict; print it. `triangle` tells for
        each step that the loss reads through which steps its gradient comes, at a backward pass
        for each of them. `steps` is needed where no input runs over time.

        >>> import numpy as np
        >>> import symrnn
        >>> model = symrnn.parse("h[t] = u * h[t-1] + x[t]; L = mse(y, h[T])", "mine")
        >>> found = model.flow({"u": [0.5]}, {"x": np.ones((9, 1, 1)), "y": [[0.0]]})
        >>> found.recurrences[0].verdict.word, found.recurrences[0].verdict.factor
        ('vanishing', 0.5)
        """
        from symrnn.flow.measure import measure

        return measure(self.name, self.written, params, inputs, steps, triangle, jacobians)

    def with_head(self, head: str | Path) -> "Model":
        """The same body under another head: binary, classes, steps, regress, or a file."""
        written = parse(texts.named("heads", head), str(head))
        return Model(f"{self.name}-{head}", with_head(self.written, written))

    def with_weights(self) -> "Model":
        """The same with a weight for each step of each sequence on the loss: 0 for no target.

        >>> import symrnn
        >>> print(symrnn.load("elman_steps").with_weights().text.splitlines()[-1])
        L = sum(weights[t] * mse(y[t], yhat[t])) / sum(weights[t])
        """
        return Model(f"{self.name}-weights", with_weights(self.written))

    def with_dropout(
        self, between: str | Sequence[str] = (), recurrent: str | Sequence[str] = ()
    ) -> "Model":
        """The same with masks on features: `between` a recurrence (or an input) and what reads it,
        one a step; `recurrent` inside a recurrence, one for all steps. `symrnn.training.masks`
        draws them.

        >>> import symrnn
        >>> print(symrnn.load("elman_n4").with_dropout("O").text.splitlines()[2])
        yhat = sigmoid((O[T] * drop_O[T]) @ w_o)
        """
        dropped = with_dropout(self.written, listed(between), listed(recurrent))
        return Model(f"{self.name}-dropout", dropped)

    def with_zoneout(self, states: str | Sequence[str]) -> "Model":
        """The same with states that keep the features at which a mask is 1, at each step.

        >>> import symrnn
        >>> print(symrnn.load("elman_n4").with_zoneout("O").text.splitlines()[2])
        O[t] = zone_O[t] * O[t-1] + (1 - zone_O[t]) * new_O[t]
        """
        return Model(f"{self.name}-zoneout", with_zoneout(self.written, listed(states)))

    def summary(self, dims: dict[str, int] | None = None) -> Summary:
        """Parameters with their shapes, states, inputs and outputs; counted if `dims` are given."""
        return summarise(self.name, self.system, dims)
