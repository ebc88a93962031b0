"""The training step in C, compiled for this processor when a C compiler is there; PyTorch's operations do without.

The compiled library is kept in the user's cache folder, under a name that depends on its source and the processor.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

SOURCE = Path(__file__).with_name("step.c")
FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fno-strict-aliasing", "-shared", "-fPIC")
WIDTH = 8  # rows of the C code are multiples of this


@cache
def library() -> ctypes.CDLL | None:
    """The compiled step, or None when it cannot be compiled here."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    try:
        path = _folder() / f"step-{_name(compiler)}.so"
        if not path.exists():
            _compile(compiler, path)
        loaded = ctypes.CDLL(str(path))
    except (OSError, subprocess.CalledProcessError):
        return None
    return loaded


def _folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "theorycheck"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _name(compiler: str) -> str:
    """Of the source, the compiler and the processor, whose instructions the library uses."""
    version = subprocess.run([compiler, "--version"], capture_output=True, check=True).stdout
    cpu = Path("/proc/cpuinfo")  # of a shared home folder, another machine may read the cache
    flags = [line for line in cpu.read_bytes().splitlines() if line.startswith(b"flags")] if cpu.exists() else []
    processor = [platform.machine().encode(), platform.processor().encode(), *flags[:1]]
    parts = [SOURCE.read_bytes(), " ".join(FLAGS).encode(), version, *processor]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _compile(compiler: str, path: Path) -> None:
    """Under a passing name first, so that no other process loads half a library."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        subprocess.run([compiler, *FLAGS, str(SOURCE), "-o", str(made), "-lm"], capture_output=True, check=True)
        made.replace(path)


def padded(values: np.ndarray) -> np.ndarray:
    """Contiguous single-precision values with zeros behind the last axis, to a multiple of WIDTH."""
    missing = -values.shape[-1] % WIDTH
    widths = [(0, 0)] * (values.ndim - 1) + [(0, missing)]
    return np.ascontiguousarray(np.pad(values, widths) if missing else values, dtype=np.float32)


class Samples:
    """Training samples as the C code reads them: tokens by rows and by columns."""

    def __init__(self, X: Float[np.ndarray, "n l d"], y: Float[np.ndarray, " n"]) -> None:
        self.shape = X.shape
        self.rows, self.columns = padded(X), padded(X.transpose(0, 2, 1))
        self.y = np.ascontiguousarray(y, dtype=np.float32)


def take_steps(
    W: Sequence[Float[Tensor, "1 i j"]],
    a: Float[Tensor, "1 m"],
    samples: Samples,
    order: Int[np.ndarray, "steps b"],
    queries: Int[np.ndarray, "steps b s"],
    eta: float,
    epoch: int,
) -> tuple[int, float]:
    """Take SGD steps of one model in place, until they are taken or an epoch's loss is zero or not finite.

    Args:
        W: W_O, W_V, W_K, W_Q, contiguous, in single precision on the CPU.
        a: output signs.
        samples: the training set.
        order: samples of every mini-batch; a whole number of epochs.
        queries: their query tokens.
        eta: step size.
        epoch: steps of an epoch.

    Returns:
        How many steps were taken, and the sum of the mean hinge losses of the last epoch's mini-batches.
    """
    _, l, d = samples.shape
    order, queries = _whole(order), _whole(queries)
    loss = ctypes.c_double()
    taken = _loaded().take_steps(
        *(len(order), epoch, order.shape[1], queries.shape[2], l, d, a.shape[1]),
        *_addresses(*W, a, samples.rows, samples.columns, samples.y, order, queries),
        ctypes.c_float(eta),
        ctypes.byref(loss),
    )
    if taken < 0:
        raise MemoryError("no memory for a training step")
    return taken, loss.value


def outputs(
    W: Sequence[Float[Tensor, "1 i j"]],
    a: Float[Tensor, "1 m"],
    X: Float[np.ndarray, "n l d"],
    queries: Int[np.ndarray, "n s"],
) -> Float[Tensor, "1 n"]:
    """F(X) of one model on samples with given query tokens; arguments as above."""
    n, l, d = X.shape
    X, queries, F = np.ascontiguousarray(X), _whole(queries), torch.empty(1, n)
    done = _loaded().outputs(n, queries.shape[1], l, d, a.shape[1], *_addresses(*W, a, X, queries, F))
    if not done:
        raise MemoryError("no memory for a forward pass")
    return F


def _loaded() -> ctypes.CDLL:
    compiled = library()
    if compiled is None:
        raise RuntimeError("no compiled step on this machine")
    return compiled


def _whole(numbers: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(numbers, np.int64)


def _addresses(*values: Tensor | np.ndarray) -> list[ctypes.c_void_p]:
    """Of values that stay alive elsewhere."""
    return [ctypes.c_void_p(v.data_ptr() if isinstance(v, Tensor) else v.ctypes.data) for v in values]
