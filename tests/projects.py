"""Small projects with claims in pure Python, and pytest run in them, for the tests of the plugin."""

import json

import theorycheck.api  # so that runs within this process need not load it again

BASELINE = "claims-baseline.json"
CLAIM = """
import math
import random

from sympy import symbols

from theorycheck import Claim, Design, Paper, Source
from theorycheck.statements import Direction

x, y = symbols("x y", positive=True)


def size(point, seed):
    wave = 0.02 * math.cos(math.pi * point["x"])
    return math.exp(point["slope"] * point["x"] + wave + 0.002 * random.Random(seed).random())


def design(levels):
    return Design(factor=x, levels=levels, replicates=5, held={"slope": SLOPE})


claim = Claim(
    name="NAME", title="Size",
    source=Source(paper=Paper(key="a", short="A 1990", reference="A"), place="Theorem 1"),
    provenance="recalled", quantity=y, law=Direction(x), response=size, refuted_by="it falls",
    design=design((1, 2, 3, 4, 5)), designs={"far": design((6, 7, 8, 9, 10))},
)
"""
assert theorycheck.api


def claim_file(pytester, name="walk", *, slope=1.0, path=None):
    """Write a claim: SUPPORTED, REFUTED, or INCONCLUSIVE where the slope is positive, negative, or 0."""
    target = pytester.path / (path or f"claims/{name}.py")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(CLAIM.replace("NAME", name).replace("SLOPE", str(slope)))
    return target


def module_of(pytester, body, path="test_mine.py"):
    """Write a module of tests."""
    target = pytester.path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"import pytest\n\n{body}\n")
    return target


def run(pytester, *options, apart=False):
    """Run pytest in the project, apart from this process if asked to: its exit status, and what it prints."""
    start = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
    slow = "no:hypothesispytest"  # which loads hypothesis anew at the end of every run
    result = start(
        "-q", "-p", "no:cacheprovider", "-p", slow, f"--rootdir={pytester.path}", *map(str, options)
    )
    output = result.stdout.str() + "\n" + result.stderr.str()
    assert "INTERNALERROR" not in output
    assert "Traceback" not in output
    return int(result.ret), output


def pins(pytester, path=BASELINE):
    """What a baseline pins: name, design, profile, seed of each entry, and its verdict."""
    entries = json.loads((pytester.path / path).read_text())["claims"]
    return {(e["name"], e["design"], e["profile"], e["seed"]): e["verdict"] for e in entries}
