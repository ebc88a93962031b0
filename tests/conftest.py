"""Checks shapes of all annotated tensor arguments, and gives tests a small, fast setting and claim."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import importlib
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch
from jaxtyping import install_import_hook

from theorycheck import empirical

EXPERIMENTS = [
    package.name
    for package in pkgutil.iter_modules(empirical.__path__, f"{empirical.__name__}.")
    if package.ispkg
]
with install_import_hook(EXPERIMENTS, "beartype.beartype"):
    for name in EXPERIMENTS:
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            importlib.import_module(module.name)

from theorycheck.empirical.shallow_vit.setting import Setting  # noqa: E402 (after the hook)

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "benchmarks")]  # for the oracle, and the planted laws

torch.set_num_threads(1)

SMALL = {
    "L": 20,
    "d": 8,
    "M": 3,
    "alpha_relevant": 0.2,
    "alpha_confusion": 0.02,
    "tau": 0.2,
    "noise": "sphere",
    "fractions": "random",
    "sigma": 0.1,
    "delta": 0.2,
    "m": 40,
    "attention": True,
    "S": 5,
    "N": 16,
    "B": 16,
    "eta": 1.0,
    "T": 400,
    "test_size": 100,
    "tolerance": 0.01,
}

CLAIM = '''"""A small claim, which trains in seconds."""

from sympy import Ge, Gt, log

from theorycheck.bounds.shallow_vit import NOTATION, PAPER, SETTING, T, M, N, N_star, L, S, alpha_confusion
from theorycheck.bounds.shallow_vit import alpha_relevant, d, m
from theorycheck.claim import Claim, Condition, Design, Search
from theorycheck.source import Source
from theorycheck.statements import BigO

claim = Claim(
    name="tiny",
    title="A small claim",
    source=Source(paper=PAPER, place="Theorem 1"),
    provenance="stated",
    quantity=N_star,
    law=BigO(alpha_relevant**-2, (alpha_relevant, 0)),
    conditions=(
        Condition(relation=Gt(alpha_relevant, 6 * alpha_confusion)),
        Condition(relation=Ge(m, M**2 * log(N))),
    ),
    response="zero_generalization_error",
    design=Design(
        factor=alpha_relevant,
        levels=(0.15, 0.2, 0.3),
        search=Search(N, (2, 4, 12, 32, 64)),
        replicates=4,
        held={**SETTING, "attention": True, L: 20, d: 8, M: 3, m: 40, S: 5, "test_size": 100, T: 300},
    ),
    refuted_by="N* grows faster",
    notation=NOTATION,
)
'''


def mostly_slow(quick: Iterable[object], values: Iterable[object]) -> list:
    """Values for `pytest.mark.parametrize`, of which all but the quick ones are left to `make slow`."""
    quick = list(quick)
    return [pytest.param(value, marks=() if value in quick else pytest.mark.slow) for value in values]


@pytest.fixture
def small() -> Setting:
    return Setting(**SMALL)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The path of a claim file that trains in seconds."""
    path = tmp_path / "tiny.py"
    path.write_text(CLAIM)
    return path
