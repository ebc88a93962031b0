"""The training step in C, compiled for this processor when a C compiler is there; PyTorch's operations do
without.

The compiled library is kept in the user's cache folder, under a name that depends on its source, the
processor and its own content. It is code: it is loaded only from a place where nobody else can have put it,
else from one made anew.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

SOURCE = Path(__file__).with_name("step.c")
FLAGS = (
    "-O3",
    "-march=native",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-strict-aliasing",
    "-shared",
    "-fPIC",
)
WIDTH = 8  # rows of the C code are multiples of this
PATIENCE = 60.0  # seconds that the compiler, which needs about 2, is given
_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH  # may be written by them
_log = logging.getLogger(__name__)


@cache
def library() -> ctypes.CDLL | None:
    """The compiled step; None when it cannot be compiled, or owners of files are not known (Windows)."""
    compiler = shutil.which("cc")
    if compiler is None or not os.path.isabs(compiler) or not hasattr(os, "geteuid"):
        return None
    try:
        name, folder = _name(compiler), _cache_folder()
        return (folder and _kept(folder, name)) or _compiled(compiler, name, folder)
    except subprocess.TimeoutExpired:
        _log.warning(
            "theorycheck: the C compiler %s did not end within %g s; PyTorch's operations train",
            compiler,
            PATIENCE,
        )
    except (OSError, subprocess.CalledProcessError):
        pass
    return None


def _cache_folder() -> Path | None:
    """The cache folder of this user, free of links; None where there is none, or others could write there."""
    named = os.environ.get(
        "XDG_CACHE_HOME", ""
    )  # a relative one is to be ignored, says the XDG specification
    try:
        folder = (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "theorycheck"
        if not folder.is_absolute():
            return None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        resolved = folder.resolve()
        found = resolved.stat()
        if (
            found.st_uid == os.geteuid() and found.st_mode & _BY_OTHERS
        ):  # as former versions made it under umask 002
            resolved.chmod(stat.S_IMODE(found.st_mode) & ~_BY_OTHERS)
        return resolved if _is_own(resolved) and _is_safe(resolved) else None
    except (OSError, RuntimeError):
        return None


def _is_own(path: Path) -> bool:
    """Whether a file or folder belongs to this user, and others may not write it."""
    found = path.lstat()
    return found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode) and not found.st_mode & _BY_OTHERS


def _is_safe(folder: Path) -> bool:
    """Whether nobody else, but root, can have exchanged a folder: by its parents, up to the root.

    In a folder with the sticky bit, as /tmp, only their owners may rename or remove things.
    """
    for parent in folder.parents:
        found = parent.lstat()
        others_write = found.st_mode & _BY_OTHERS and not found.st_mode & stat.S_ISVTX
        if found.st_uid not in (0, os.geteuid()) or others_write or stat.S_ISLNK(found.st_mode):
            return False
    return True


def _kept(folder: Path, name: str) -> ctypes.CDLL | None:
    """The library that was compiled before; None where it is not there, is damaged, or is not this user's."""
    for path in folder.glob(f"step-{name}-*.so"):
        # A library that was cut short is found by its digest, as loading it would end this process.
        if _is_own(path) and path.name == _file_name(name, path) and (loaded := _load(path)):
            return loaded
    return None


def _file_name(name: str, path: Path) -> str:
    return f"step-{name}-{hashlib.sha256(path.read_bytes()).hexdigest()[:32]}.so"


def _load(path: Path) -> ctypes.CDLL | None:
    """A library, if it is one for this machine and has the functions."""
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError:
        return None
    return loaded if hasattr(loaded, "take_steps") and hasattr(loaded, "outputs") else None


def _name(compiler: str) -> str:
    """Of the source, the compiler and the processor, whose instructions the library uses."""
    version = _run([compiler, "--version"])
    cpu = Path("/proc/cpuinfo")  # of a shared home folder, another machine may read the cache
    flags = (
        [line for line in cpu.read_bytes().splitlines() if line.startswith(b"flags")] if cpu.exists() else []
    )
    processor = [platform.machine().encode(), platform.processor().encode(), *flags[:1]]
    parts = [SOURCE.read_bytes(), " ".join(FLAGS).encode(), version, *processor]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _compiled(compiler: str, name: str, kept: Path | None) -> ctypes.CDLL | None:
    """Compile in a passing folder of this user, load it, and keep the library for the next process."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as passing:
        folder = Path(passing).resolve()
        if not (_is_own(folder) and _is_safe(folder)):
            return None
        made = folder / "step.so"
        _run([compiler, *FLAGS, str(SOURCE), "-o", str(made), "-lm"])
        loaded = _load(made)
        if loaded and kept:
            with suppress(OSError):  # a full or read-only cache
                _keep(made, kept, name)
        return loaded


def _keep(made: Path, folder: Path, name: str) -> None:
    """Copy under a passing name first, so that no other process loads half a library; remove what it
    replaces.
    """
    for old in folder.glob(f"step-{name}-*.so"):
        old.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as passing:
        copy = Path(passing) / made.name
        shutil.copyfile(made, copy)
        copy.chmod(0o700)
        copy.replace(folder / _file_name(name, copy))


def _run(command: list[str]) -> bytes:
    """What a command prints; it and all that it started are ended when it takes too long.

    Raises:
        subprocess.SubprocessError: it fails, or takes too long.
    """
    with tempfile.TemporaryFile() as printed:  # a pipe would be waited for as long as any process holds it
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            status = process.wait(PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if status:
            raise subprocess.CalledProcessError(status, command)
        printed.seek(0)
        return printed.read()


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
    W: Sequence[Float[Tensor, "1 _ d"]],
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
        a: output weights.
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
    W: Sequence[Float[Tensor, "1 _ d"]],
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
