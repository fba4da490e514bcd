"""Derivatives with d are total ones; ∂ beside them may be immediate."""

from symrnn.check.claims import RIGHT, RIGHT_IF, WRONG
from tests.cases import model
from tests.check.judged import reports

CHAIN = (
    r"\frac{d O_3}{d w_h} = \frac{\partial O_3}{\partial w_h}"
    r" + \frac{\partial O_3}{\partial O_2} \frac{d O_2}{d w_h}"
)
SLIP = r"\frac{\mathrm{d}O_3}{\mathrm{d}w_h} = (1 - O_3^2) O_2"


def test_d_is_total_and_the_partial_one_beside_it_immediate() -> None:
    derived = model("elman_n4").derive(3, scalar=True)
    (report,) = reports(
        derived, [CHAIN, SLIP, "dO_3/dw_h = (1 - O_3^2) O_2", r"dL/dw_o = \frac{dL}{dw_o}"]
    )
    assert [v.status for v in report.verdicts] == [RIGHT_IF, WRONG, WRONG, RIGHT]
