"""README and docs tell the truth: commands print what is shown, and every example runs.

The blocks of a page run in order, in one folder and with one set of names:

- `console`  each command, and what it prints: on standard output, and where `$ echo $?` follows,
             on both
- `python`   runs and prints something; an `output` block below it is what it prints. What begins
             with `# NAME.py: COMMAND` is a file that several processes, or another library, start
             (`tests/peers/test_scripts.py`)
- `rnn`, `toml`, `tex`  what begins with `# NAME`, or `% NAME`, is that file from there on; every
             `rnn` can be read. Files of these kinds beside a page of a folder are there already
- `math`     formulas in a page's own words
- `c`        is compiled, beside the back end for it (`tests/kernels/c`)
- `sh`       is what installs, measures for long, or needs a file of one's own: its commands are
             held against the parser, as are those in the text, and those that need nothing are run
"""

import contextlib
import importlib.util
import io
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.cli import main
from symrnn.cli.parser import build_parser
from symrnn.language.table import ARITY
from tests.documents import DOCS, ROOT, Block, Page, commands, pages

README = Page("README.md")
FILES = {"rnn", "toml", "tex"}
LANGUAGES = {"console", "python", "output", "math", "sh", "c", "text", "{toctree}", *FILES}
NEEDS = {"docs/jax.md": ("jax", "optax"), "docs/torch.md": ("torch",)}
"""Pages for whoever has these libraries."""
TAKEN = r"\d\.\d+e[-+]\d\d|\d+\.\d s|[\d,]+ tokens a second"
"""Figures that belong to the machine: how small an error is, and how long it took."""


class Reader:
    """Someone who types what a page says, from its beginning to its end."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.names: dict[str, Any] = {}
        self.said = ""

    def read(self) -> None:
        for block in self.page.blocks():
            where = f"{self.page.name}, line {block.line}"
            assert block.language in LANGUAGES, f"{where}: a block of '{block.language}'"
            if block.language in FILES and block.file:
                (self.folder / block.file).write_text(block.text, "utf-8")
            if block.language == "rnn":
                symrnn.parse(block.text, strict=True)
            elif block.language == "console":
                self.type(block, where)
            elif block.language == "python":
                self.said = "" if block.command else self.run(block, where)
            elif block.language == "output" and self.said:
                assert self.said == block.text, where

    def type(self, block: Block, where: str) -> None:
        typed = list(commands(block))
        assert typed, f"{where}: no command"
        for number, (command, shown) in enumerate(typed):
            if command == "echo $?":
                continue
            after = typed[number + 1] if number + 1 < len(typed) else ("", "")
            fails = after[0] == "echo $?"
            status, out, err = execute(command, self.folder)
            wanted = int(after[1]) if fails else 0
            assert status == wanted, f"{where}: {command}\n{out}{err}"
            assert steady(out + err if fails else out) == steady(shown), f"{where}: {command}"

    def run(self, block: Block, where: str) -> str:
        code = compile("\n" * (block.line - 1) + block.text, self.page.name, "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, self.names)
        said = printed.getvalue()
        assert said, f"{where}: prints nothing"
        return said


def execute(command: str, folder: Path) -> tuple[int, str, str]:
    """What a command gives back: its status, standard output, standard error."""
    program, *arguments = shlex.split(command)
    if program == "symrnn":
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
        return status, out.getvalue(), err.getvalue()
    if program == "python":
        done = subprocess.run(
            [sys.executable, *arguments], cwd=folder, capture_output=True, text=True
        )
        return done.returncode, done.stdout, done.stderr
    assert program == "ls", f"no test knows how to run {program}"
    return 0, "\n".join(sorted(path.name for path in (folder / arguments[0]).iterdir())) + "\n", ""


def steady(text: str) -> str:
    return re.sub(TAKEN, "#", text)


def follow(page: Page, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    for path in (ROOT / page.name).parent.iterdir():
        if path.suffix.removeprefix(".") in FILES:
            shutil.copy(path, folder)
    try:
        Reader(page, folder).read()
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]  # the next page may have a file of this name


def test_the_readme_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(list(README.blocks("console"))) >= 3
    assert list(README.blocks("python"))
    follow(README, tmp_path, monkeypatch)


@pytest.mark.parametrize("page", pages()[1:], ids=lambda page: page.name)
def test_every_page_does_what_it_says(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for library in NEEDS.get(page.name, ()):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed here")
    follow(page, tmp_path, monkeypatch)


def test_what_is_not_what_a_page_says_is_noticed(tmp_path: Path) -> None:
    class Wrong(Page):
        text = "```console\n$ symrnn models\nno such line\n```\n"

    with pytest.raises(AssertionError, match="line 2: symrnn models"):
        Reader(Wrong("wrong"), tmp_path).read()


def test_the_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= 200


def test_the_formulas_are_those_that_are_derived(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = README.blocks("math")
    command = "derive elman_n4 --steps 3 --scalar --view closed --width 0"
    assert main(command.split()) == 0
    derived = capsys.readouterr().out
    lines = [line.removesuffix(r" \\") for line in block.text.splitlines() if "&=" in line]
    assert len(lines) == 3
    for line in lines:
        left, right = line.split(" &= ")
        assert f"{left} &= " in derived
        assert f"&= {right}\n" in derived


# what is not run


def mentioned() -> list[tuple[str, str]]:
    """Commands that stand in `sh` blocks and between single backquotes, each with its page."""
    found = []
    for page in pages():
        for block in page.blocks("sh"):
            found += [(page.name, line) for line in block.text.splitlines()]
        found += [(page.name, code) for code in re.findall(r"`([^`\n]+)`", page.prose)]
    return [(name, text.split("  #")[0].strip()) for name, text in found]


SYMRNN = [each for each in mentioned() if each[1].startswith("symrnn ")]
OTHERS = [each for each in mentioned() if re.match(r"make \w|python \w", each[1])]


@pytest.mark.parametrize(("page", "command"), SYMRNN, ids=[command for _, command in SYMRNN])
def test_what_is_not_run_is_understood(page: str, command: str) -> None:
    said = [word for word in shlex.split(command)[1:] if word != "…"]
    words = ["3" if word in ("T", "K") else word for word in said]
    options, more = build_parser(words).parse_known_args(words)
    assert not [word for word in more if word.startswith("-")]
    assert hasattr(options, "texts") or not more


ALONE = [
    command
    for _, command in SYMRNN
    if re.match(r"symrnn (models|show|summary|derive|generate|verify|check) ", command)
    and not re.search(r"\b(MODEL|T|K|scorer\.py)\b|\.pdf|\.rnn|\.tex|--weights", command)
]
"""Commands that need no file of a page, no run and no TeX."""


@pytest.mark.parametrize("command", sorted({*ALONE}))
def test_what_needs_nothing_else_is_run_all_the_same(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = execute(command, tmp_path)
    assert status == 0, err
    assert out or list(tmp_path.iterdir())


@pytest.mark.parametrize(("page", "command"), OTHERS, ids=[command for _, command in OTHERS])
def test_targets_and_scripts_are_there(page: str, command: str) -> None:
    program, name, *_ = command.split()
    if program == "make":
        assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    elif name != "-m" and not name.endswith("_t25.py"):
        assert (ROOT / name).is_file()


# what must not go stale


def offered(capsys: pytest.CaptureFixture[str], command: str) -> list[str]:
    """The names that a message offers when it is given one that is not among them."""
    with contextlib.suppress(SystemExit):
        assert main(command.split()) == 2
    said = capsys.readouterr().err
    names = re.findall(r"there are ([\w, ]+?)(?: \(|$)", said.strip()) or re.findall(
        r"choose from ([^)]*)", said
    )
    assert names, said
    return re.findall(r"[\w-]+", names[0])


@pytest.mark.parametrize(
    ("command", "page"),
    [
        ("no-such-command", "docs/commands.md"),
        ("derive elman --view none", "docs/derivations.md"),
        ("derive elman --format none", "docs/derivations.md"),
        ("derive elman --notation none", "docs/derivations.md"),
        ("bench --peers none", "docs/benchmarks.md"),
        ("generate elman --steps 3 --passes none,fold", "docs/kernels.md"),
    ],
)
def test_a_page_has_every_name_that_may_be_given(
    command: str, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Page(page).text
    missing = [
        name for name in offered(capsys, command) if not re.search(rf"`(symrnn )?{name}\b", text)
    ]
    assert missing == []


def test_the_table_of_the_language_names_every_function() -> None:
    text = Page("docs/language.md").text
    assert [name for name in ARITY if not re.search(rf"\b{name}\b", text)] == []


def test_the_tables_of_functions_are_those_of_the_code() -> None:
    made = runpy.run_path(str(DOCS / "tables.py"))["page"]()
    assert Page("docs/functions.md").text == made, "run `make golden`"


NOTEBOOKS = runpy.run_path(str(DOCS / "notebooks.py"))


@pytest.mark.parametrize("path", NOTEBOOKS["notebooks"](), ids=lambda path: path.name)
def test_a_notebook_gives_what_it_shows(path: Path) -> None:
    shown = path.read_text("utf-8")
    assert '"text/latex"' in shown
    assert NOTEBOOKS["executed"](path) == shown, "run `make golden`"


HANDOUTS = runpy.run_path(str(DOCS / "handouts.py"))
FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)


def test_each_handout_has_a_command_and_the_other_way_round() -> None:
    files = {path.name for path in (DOCS / "handouts").glob("*.html")}
    assert files == HANDOUTS["commands"]().keys()


@pytest.mark.parametrize("name", HANDOUTS["commands"]())
def test_a_handout_is_what_its_command_makes(name: str, tmp_path: Path) -> None:
    shown = (DOCS / "handouts" / name).read_text("utf-8")
    made = HANDOUTS["page"](name, tmp_path / name)
    # how a formula becomes MathML is for the library that does it
    assert FORMULA.split(made) == FORMULA.split(shown), "run `make golden`"


@pytest.mark.parametrize(
    "module",
    [
        symrnn.load("elman").kernel(steps=3),
        symrnn.load("char").kernel(steps=3, ids=["x", "y"]),
        symrnn.load("bilstm").kernel(steps=3, lengths=True),
        symrnn.parse("A: fixed; h[t] = tanh(x[t] @ W + h[t-1] @ A)").kernel(steps=3),
    ],
    ids=["elman", "ids", "lengths", "fixed"],
)
def test_every_public_name_of_a_kernel_has_its_line(module: ModuleType) -> None:
    text = Page("docs/kernels.md").text
    borrowed = {"np", *vars(np)}
    at_work = {"LITTLE", "OFTEN", "MEMBERS", "TIMED"}  # what a file has for its own use
    others = borrowed | at_work
    own = [name for name in vars(module) if not name.startswith("_") and name not in others]
    assert len(own) > 10
    assert [name for name in own if not re.search(rf"`{name}\b", text)] == []


def test_the_page_of_the_design_alone_says_where_code_lies() -> None:
    design = Page("docs/design.md")
    for page in pages():
        paths = re.findall(r"`((?:symrnn|tests|benchmarks|generated|docs)/[\w./-]*)`", page.text)
        kept = [path for path in paths if "_build" not in path]
        assert [path for path in kept if not (ROOT / path).exists()] == [], page.name
        if page != design:
            assert [path for path in paths if path.startswith("symrnn/")] == [], page.name
    packages = sorted(path.parent for path in (ROOT / "symrnn").glob("*/__init__.py"))
    wanted = [f"symrnn/{path.name}" for path in packages]
    assert [path for path in wanted if f"`{path}" not in design.text] == []


def test_links_lead_somewhere() -> None:
    for page in pages():
        folder = (ROOT / page.name).parent
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.prose):
            assert (folder / link).exists(), f"{page.name}: {link}"


def test_the_latest_change_is_of_this_version() -> None:
    changes = Page("CHANGELOG.md").text
    assert re.findall(r"^## (\S+)", changes, re.MULTILINE)[0] == symrnn.__version__


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    for name in ("sphinx", "myst_parser", "furo"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed: pip install '.[docs]'")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html"]
    command += [str(DOCS), str(tmp_path / "html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "html" / "index.html").is_file()
