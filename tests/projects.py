"""Small projects with claims in pure Python, and pytest run in them, for the tests of the plugin."""

import json

import theorycheck.api  # so that runs within this process need not load it again

BASELINE = "claims-baseline.json"
CLAIM = """
import random

from sympy import oo, symbols

from theorycheck import BigO, Claim, Design, Paper, Source

x, y = symbols("x y", positive=True)


def steps(point, seed):
    return point["x"] ** point["power"] * (1 + 0.02 * random.Random(seed).random())


def design(levels):
    return Design(factor=x, levels=levels, replicates=5, held={"power": POWER})


claim = Claim(
    name="NAME", title="Steps", source=Source(paper=Paper(key="a", short="A 1990", reference="A"), place="Theorem 1"),
    provenance="recalled", quantity=y, law=BigO(x**2, (x, oo)), response=steps, margin=MARGIN, refuted_by="faster",
    design=design((2, 4, 8, 16, 32)), designs={"far": design((64, 128, 256, 512, 1024))},
)
"""
assert theorycheck.api


def claim_file(pytester, name="walk", *, power=2.0, margin=0.25, path=None):
    """Write a claim that is SUPPORTED unless the power is above 2 and the margin."""
    target = pytester.path / (path or f"claims/{name}.py")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(CLAIM.replace("NAME", name).replace("POWER", str(power)).replace("MARGIN", str(margin)))
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
    result = start("-q", "-p", "no:cacheprovider", f"--rootdir={pytester.path}", *map(str, options))
    output = result.stdout.str() + "\n" + result.stderr.str()
    assert "INTERNALERROR" not in output
    assert "Traceback" not in output
    return int(result.ret), output


def pins(pytester, path=BASELINE):
    """What a baseline pins: name, design, profile, seed of each entry, and its verdict."""
    entries = json.loads((pytester.path / path).read_text())["claims"]
    return {(e["name"], e["design"], e["profile"], e["seed"]): e["verdict"] for e in entries}
