"""Tables from given figures, word for word."""

from symrnn.bench.report import Report, Row, as_text
from symrnn.bench.request import Size
from symrnn.clock import Figure


def figure(micro: float) -> Figure:
    return Figure(micro * 1e-6, micro * 0.9e-6, micro * 1.1e-6, 15, 100)


REPORT = Report(
    "float32",
    ("kernel", "torch", "compile", "jax", "floor"),
    (
        Row(
            "mine",
            Size(3, 3, 3, 3),
            {"kernel": figure(25), "torch": figure(300), "floor": figure(5.5)},
            wrong={"compile": "loss 1, expected 2"},
        ),
        Row(
            "mine",
            Size(100, 64, 128, 256),
            {"kernel": figure(41117.4), "torch": figure(47893), "floor": figure(33000)},
            left_out={"compile": "T = 100: too many"},
        ),
    ),
    {"jax": "jax"},
    {"python": "3.11.7", "numpy": "2.4.6"},
)

TEXT = """\
mine: one training step, float32, µs of one core (medians)
T, B, D, H         kernel  torch  compile  floor
3, 3, 3, 3           25.0    300    wrong   5.50
100, 64, 128, 256   41117  47893        -  33000

mine: how many times as quick as PyTorch
T, B, D, H         kernel  compile
3, 3, 3, 3           12.0        -
100, 64, 128, 256    1.16        -

mine: time as a multiple of the floor
T, B, D, H         kernel  torch  compile
3, 3, 3, 3           4.55   54.5        -
100, 64, 128, 256    1.25   1.45        -

wrong, not timed: compile, mine, 3, 3, 3, 3: loss 1, expected 2
left out: compile (mine): T = 100: too many
left out: jax: jax is not installed; pip install jax, or all that can be measured: \
pip install 'symrnn[bench]'
python 3.11.7, numpy 2.4.6
"""


def test_the_tables() -> None:
    assert as_text(REPORT) == TEXT


def test_without_torch_and_floor_there_are_no_ratios() -> None:
    row = Row("mine", Size(3, 3, 3, 3), {"kernel": figure(25)})
    assert as_text(Report("float64", ("kernel",), (row,))) == (
        "mine: one training step, float64, µs of one core (medians)\n"
        "T, B, D, H  kernel\n"
        "3, 3, 3, 3    25.0\n"
    )


def test_a_report_comes_back_from_json_as_it_was() -> None:
    assert Report.from_json(REPORT.to_json()) == REPORT
