"""What a trial was made on: equal bits are promised on equal machines alone. Loads no torch for the CPU."""

from __future__ import annotations

import platform
import shutil
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def machine(device: str = "cpu") -> str:
    """The processor and the C compiler of this process, or the name of its card.

    Example:
        >>> machine() == machine("cpu") != ""
        True
    """
    if device == "cuda":
        import torch

        return str(torch.cuda.get_device_name())
    return f"{_processor()}, {_compiler()}"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _compiler() -> str:
    """The first line that the compiler of the training step says of itself."""
    with suppress(OSError, subprocess.SubprocessError):
        if found := shutil.which("cc"):
            asked = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=60)
            return next(iter(asked.stdout.splitlines()), "cc")
    return "no C compiler"
