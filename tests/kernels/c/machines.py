"""Other machines than this one: a compiler for each, and what runs its programs here."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.documents import Page
from tests.kernels.c.compiler import STRICT

DEVICES = Page("docs/devices.md")
CORTEX_M4 = ("-mthumb", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard")
CORTEX_M0 = ("-mthumb", "-mcpu=cortex-m0")


@dataclass(frozen=True)
class Machine:
    """A machine, by the names of the commands that compile for it and run its programs."""

    name: str
    compiler: str
    flags: tuple[str, ...]
    emulator: tuple[str, ...]
    bare: bool = False
    """Whether there is no system on it: a program needs a start of its own."""

    @property
    def missing(self) -> str:
        """What is not installed here."""
        return " and ".join(n for n in (self.compiler, self.emulator[0]) if not shutil.which(n))

    def compiled(self, where: Path, *flags: str) -> str:
        """What the compiler says of all C files there."""
        if self.bare:
            (where / "start.c").write_text(named(DEVICES, "start.c"))
        names = sorted(path.name for path in where.glob("*.c"))
        command = [self.compiler, *STRICT, *self.flags, *flags, *names, "-o", "made", "-lm"]
        return subprocess.run(command, cwd=where, capture_output=True, text=True).stderr

    def run(self, where: Path) -> str:
        """What the program prints."""
        command = [*self.emulator, "made"]
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout


def named(page: Page, file: str) -> str:
    """The C block of a page that begins with the name of a file."""
    return next(b.text for b in page.blocks("c") if b.text.startswith(f"/* {file}:"))


BARE = ("-Wdouble-promotion", "--specs=rdimon.specs", "-Wl,--section-start=.vectors=0")
BOARD = ("qemu-system-arm", "-M", "mps2-an386", "-nographic", "-semihosting", "-kernel")

MACHINES = (
    Machine("cortex-m4", "arm-none-eabi-gcc", (*CORTEX_M4, *BARE), BOARD, bare=True),
    Machine(
        "aarch64", "aarch64-linux-gnu-gcc", ("-static", "-Wdouble-promotion"), ("qemu-aarch64",)
    ),
    Machine("s390x", "s390x-linux-gnu-gcc", ("-static",), ("qemu-s390x",)),
)
"""A small one without a system; one with vectors of four numbers; and one whose bytes run the other
way, and whose C works floats out as doubles, as the standard allows."""


def each_machine() -> list[object]:
    return [
        pytest.param(
            machine,
            id=machine.name,
            marks=pytest.mark.skipif(
                bool(machine.missing), reason=f"{machine.missing}: not installed here"
            ),
        )
        for machine in MACHINES
    ]
