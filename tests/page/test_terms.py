"""Terms that can be chosen: their formulas are those of the derivation, and what lights up with
them is there."""

import re

import pytest

from symrnn.derive.pages.document import Choice, Fold, Paragraph, Section
from symrnn.derive.pages.html import section_html
from symrnn.page.asked import Asked
from symrnn.page.panels import PANELS
from symrnn.page.subject import Subject
from tests.cases import ZOO
from tests.page.pages import Page, subject

LINKED = ("network", "terms", "system", "kernel")


def choices(of: Subject) -> list[Choice]:
    (section,) = PANELS["terms"](of)
    folds = [item for item in section.items if isinstance(item, Fold)]
    return [item for fold in folds for item in fold.items if isinstance(item, Choice)]


def page(of: Subject, *panels: str) -> Page:
    sections: list[Section] = [section for name in panels for section in PANELS[name](of)]
    return Page("".join(section_html(s, f"s{n}") for n, s in enumerate(sections)))


def bare(text: str) -> str:
    """Without spaces, and without the dots that a broken line has."""
    return re.sub(r"[\s·]+", "", text)


@pytest.mark.parametrize("name", ZOO)
def test_every_mark_that_a_term_lights_is_there(name: str) -> None:
    found = page(subject(name), *LINKED)
    there = found.tokens("data-at")
    assert found.tokens("data-lights") <= there
    assert found.tokens("data-behind") <= there


TEXTS = {
    "a computed matrix": "A: (H, K); M = A @ B; h[t] = tanh(x[t] @ W + h[t-1] @ M);"
    " L = mse(y, h[T])",
    "two lags": "h[t] = tanh(x[t] @ W + h[t-1] @ U + h[t-2] @ V); L = mse(y, h[T])",
    "two losses": "h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T]) + mse(z, h[T] @ R)",
    "a weight used twice": "h[t] = tanh(x[t] @ W + h[t-1] @ V @ V); L = mse(y, h[T] @ V)",
    "a tied weight": "h[t] = tanh(x[t] @ W + h[t-1] @ U); p[t] = softmax(h[t] @ transpose(W));"
    " L = mean(ce(y[t], p[t]))",
    "both ways": "f[t] = tanh(x[t] @ W + f[t-1] @ U); g[t] = tanh(f[t] @ V + g[t+1] @ R);"
    " L = mean(mse(y[t], g[t]))",
    "names of adjoints": "d_h[t] = tanh(x[t] @ d + d_h[t-1] @ h); L = mse(y, d_h[T])",
    "a fixed T": "T = 4; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])",
    "a start that is learnt": "h[0] = h0; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])",
}


@pytest.mark.parametrize("case", TEXTS)
def test_whatever_the_text_its_terms_light_what_is_there(case: str) -> None:
    found = page(Subject(Asked(TEXTS[case])), *LINKED)
    assert found.values("data-term")
    assert found.tokens("data-lights") | found.tokens("data-behind") <= found.tokens("data-at")


@pytest.mark.parametrize("name", ZOO)
def test_each_term_has_its_path_in_the_picture_and_its_lines_in_the_listings(name: str) -> None:
    of = subject(name)
    picture = page(of, "network").tokens("data-at")
    listings = [page(of, panel).tokens("data-at") for panel in ("system", "kernel")]
    parameters = {s.name for s in of.model.system.named("parameter")}
    for choice in choices(of):
        assert picture & set(choice.lights)
        assert any(">" in token for token in picture & {*choice.lights, *choice.behind})
        own = re.split("[@.]", choice.name)[0]
        if own in parameters:
            bar = next(s.name for s in of.model.adjoint.symbols.values() if _is_of(s.of, own))
            assert all(bar in there and bar in choice.lights for there in listings)


def _is_of(ref: object, name: str) -> bool:
    return getattr(ref, "name", None) == name


@pytest.mark.parametrize("name", ZOO)
def test_there_is_a_term_for_each_step_of_each_parameter(name: str) -> None:
    of = subject(name)
    names = [choice.name for choice in choices(of)]
    assert len(set(names)) == len(names)
    for parameter in of.terms_of.parameters:
        count = sum(re.split("[@.]", each)[0] == parameter for each in names)
        assert count == len(of.terms_of.terms(parameter))


@pytest.mark.parametrize("notation", ["default", "books"])
@pytest.mark.parametrize("name", ["char", "elman", "elman_steps", "stacked"])
def test_the_chain_and_the_closed_form_of_a_term_are_those_of_the_views(
    name: str, notation: str
) -> None:
    of = subject(name, notation=notation)
    for parameter in of.terms_of.parameters:
        views = ("chain", "closed")
        chain, closed = (
            bare(of.unrolled.text(view, parameter, width=0, notation=notation)) for view in views
        )
        for choice in choices(of):
            if re.split("[@.]", choice.name)[0] == parameter:
                one, other = re.sub(r"_\{t=\d\}", "", bare(choice.display.plain)).split("=")[1:]
                assert f"[{one}]_{{t=" in chain or f"={one}" in chain
                assert other in closed


def test_what_elman_lights() -> None:
    found = {choice.name: choice for choice in choices(subject("elman"))}
    assert list(found)[:4] == ["w_i@3", "w_i@2", "w_i@1", "w_h@3"]
    second = set(found["w_h@2"].lights)
    assert {"L>yhat", "yhat>O@3", "O@3>O@2", "w_h@2", "d_a_O@3", "d_O@2", "d_w_h"} <= second
    assert not second & {"O@2>O@1", "O@1", "d_O@1", "w_h@3", "d_w_i"}
    assert found["w_h@2"].display.plain == (
        "[∂L/∂w_h]_{t=2} = O₁ᵀ · ∂L/∂ŷ · ∂ŷ/∂O₃ · ∂O₃/∂O₂ · diag(1 - O₂²)\n"
        "                = O₁ᵀ (((ŷ - y)/C w_oᵀ ⊙ (1 - O₃²)) w_hᵀ ⊙ (1 - O₂²))"
    )
    assert found["w_o"].label == "once"


def test_behind_a_total_derivative_light_the_paths_that_it_sums_up() -> None:
    found = {choice.name: choice for choice in choices(subject("char"))}
    first = found["W_hh@1"]
    assert "L>yhat@2" not in first.lights
    assert {"L>yhat@1", "L>yhat@2", "L>yhat@3", "yhat@3>h@3", "h@3>h@2", "h@2>h@1"} <= {
        *first.behind
    }
    assert {"L>yhat@1", "yhat@1>h@1", "h@2>h@1"} <= {*found["h@1"].lights}


def test_a_loop_lights_its_one_line_at_every_step() -> None:
    found = {choice.name: choice for choice in choices(subject("elman", 12))}
    assert {"d_O@t", "d_O@12"} <= {*found["w_h@5"].lights}
    assert "d_O@12" in found["w_h@12"].lights


def test_terms_that_nobody_would_read_are_not_written_out() -> None:
    (section,) = PANELS["terms"](subject("elman", 200))
    (said,) = section.items
    assert isinstance(said, Paragraph)
    assert "With 200 steps the terms have 61,504 factors" in str(said.text)


def test_of_many_steps_the_last_terms_have_rows() -> None:
    (section,) = PANELS["terms"](subject("char", 40))
    (first, *_) = [item for item in section.items if isinstance(item, Fold)]
    *rows, said = first.items
    assert [getattr(row, "name", "") for row in rows] == [f"W_xh@{40 - n}" for n in range(30)]
    assert said == Paragraph(("and 10 more, of the steps before these.",))
