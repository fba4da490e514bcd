"""How wide formulas are: held against what TeX has measured, and against TeX where it is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symrnn.derive.printing.measure import measure

# \wd of each in a box of an article at 10 pt, divided by 10 pt
MEASURED = {
    r"x_t": 0.92,
    r"W_{xh}": 1.92,
    r"\frac{\partial L}{\partial w_h}": 2.06,
    r"\frac{\partial^{+} L}{\partial h_{t-1}}": 2.78,
    r"(1 - O_3^{2})": 3.74,
    r"\sum_{t=1}^{T} x_t^{\top} \, \delta_t": 3.82,
    r"\left( \frac{1}{C} \, (\hat{y} - y) \right) w_o": 7.04,
    r"\tanh(x_t \, W + h_{t-1} \, U + b)": 10.74,
    r"e^{-x_t + y}": 2.97,
    r"\sqrt{1 - r \odot r}": 4.74,
    r"\begin{pmatrix} a & b \\ c & d_{t-1} \end{pmatrix}": 4.90,
    r"\mathrm{diag}(1 - h_t^{2})": 5.37,
    r"\begin{pmatrix} 0.1234 & -0.2345 & 1.5 \end{pmatrix}": 10.53,
    r"\delta^{\mathrm{softmax}}_{t+1} \, w_h^{\top} \odot \mathbf{1}_{H}": 7.42,
    r"\left[ \frac{\partial L}{\partial \hat{y}} \cdot \frac{\partial \hat{y}}{\partial O_3}"
    r" \right]_{t=3}": 6.69,
    r"\prod_{j=k+1}^{T} \frac{\partial s_j}{\partial s_{j-1}}": 5.35,
    r"\mathit{hidden}_t \, \mathrm{SiLU}^{\prime}(a)": 7.26,
    r"-\frac{1}{C} \, (y \, (\log(\hat{y}))^{\top} + (1 - y) \, (\log(1 - \hat{y}))^{\top})": 17.68,
    r"t = T - 1, \ldots, 1": 6.86,
    r"\boxed{\;(3)\;}": 2.51,
    r"x_{i,t}^{(2)}": 1.65,
}


@pytest.mark.parametrize("latex", MEASURED)
def test_a_width_is_that_of_tex(latex: str) -> None:
    assert 0.98 * MEASURED[latex] - 0.05 <= measure(latex) <= 1.08 * MEASURED[latex] + 0.05


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_widths_are_what_tex_measures(tmp_path: Path) -> None:
    boxes = "".join(
        f"\\setbox0\\hbox{{$\\displaystyle {latex}$}}\\typeout{{@@ \\the\\wd0}}\n"
        for latex in MEASURED
    )
    head = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}"
    (tmp_path / "a.tex").write_text(f"{head}\n{boxes}\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-draftmode", "a.tex"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    widths = [float(width) / 10 for width in re.findall(r"@@ ([0-9.]+)pt", found.stdout)]
    assert widths == pytest.approx(list(MEASURED.values()), abs=0.01)
