"""What makes trials of a function other trials: its text, the modules beside it, the values it carries."""

import functools
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from theorycheck import bounds
from theorycheck.code import name_of
from theorycheck.empirical.trial import Trial
from theorycheck.errors import ClaimError
from theorycheck.fingerprint import fingerprint
from theorycheck.plan import make_plan
from theorycheck.response_check import check_response

SCALE = 1


def digest(function) -> str:
    return fingerprint(function).digest


def power(exponent, factors=()):
    return lambda point, seed: point["x"] ** exponent * (1 + sum(factors))


class Power:
    """Grows as a power"""

    def __init__(self, exponent):
        self.exponent = exponent

    def __call__(self, point, seed):
        return point["x"] ** self.exponent

    def other(self, point, seed):
        return -self.exponent


def cell(text: str, **names):
    """The function f of a notebook's cell, which has no file."""
    module = ModuleType("__main__")
    vars(module).update(names)
    exec(compile(text, "<ipython-input-1>", "exec"), vars(module))
    return module.f


def raised(point, seed, exponent=2):
    return point["x"] ** exponent


first, second = lambda point, seed: 1.0, lambda point, seed: 2.0
CELL = "def f(point, seed):\n    return g(point) * SCALE\ndef g(point):\n    return point['x'] ** 2\n"
METHOD = "class C:\n    K = 1\n    def m(self):\n        return {}\ndef f(point, seed):\n    return C().m()\n"
DIFFERENT = {
    "captured values": [
        power(2), power(3), power(2.0), power(2, [1]), power(2, (1,)), power(2, {1}), power(True),
    ],
    "captured arrays": [
        power(2, np.ones(3)), power(2, np.ones(4)), power(2, np.zeros(3)), power(2, np.ones(3, int)),
    ],
    "captured objects": [power(2, [Power(1)]), power(2, [Power(2)]), power(2, [np]), power(2, [Power])],
    "partials": [functools.partial(raised, exponent=e) for e in (2, 3)] + [raised],
    "objects": [Power(2), Power(3), Power(2).other, Power(3).other, functools.partial(Power(2).other)],
    "lambdas of one file": [first, second],
    "code without a file": [
        cell(CELL, SCALE=1), cell(CELL, SCALE=2), cell(CELL.replace("** 2", "** 3"), SCALE=1),
    ],
    "classes without a file": [
        cell(METHOD.format(1)), cell(METHOD.format(2)), cell(METHOD.format(1).replace("K = 1", "K=2")),
    ],
    "modules that are named": [cell("import math as m\ndef f(p, s):\n    return m.pi"),
                               cell("import cmath as m\ndef f(p, s):\n    return m.pi")],
}  # fmt: skip


@pytest.mark.parametrize("kind", DIFFERENT)
def test_functions_that_may_give_other_results_have_other_fingerprints(kind):
    digests = [digest(function) for function in DIFFERENT[kind]]
    assert digests == [digest(function) for function in DIFFERENT[kind]]
    assert len(set(digests)) == len(digests)


def test_equal_values_have_equal_fingerprints():
    assert digest(power(2, {"a": 1, "b": 2})) == digest(power(2, {"b": 2, "a": 1}))
    assert digest(power(2, {"x", "y", "z"})) == digest(power(2, {"z", "y", "x"}))
    assert digest(power(2, (1.5, [2]))) == digest(power(2, (1.5, [2])))
    assert digest(cell(CELL, SCALE=1)) == digest(cell("\n\n# a comment\n" + CELL, SCALE=1))


def test_a_value_set_from_outside_counts(monkeypatch):
    def scaled(point, seed):
        return point["x"] * SCALE

    before = digest(scaled)
    monkeypatch.setitem(globals(), "SCALE", 2)
    assert digest(scaled) != before


def test_what_contains_itself_has_a_fingerprint():
    loop: list = []
    loop.append(loop)
    assert digest(power(2, loop)) != digest(power(2, []))
    recursive = cell("def f(point, seed):\n    return f(point, seed - 1) if seed else 1.0")
    assert digest(recursive)
    nested: list = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ClaimError, match="too deeply nested"):
        digest(power(2, nested))
    while nested:  # freeing it at once would overflow the stack
        nested = nested.pop()


PROGRAM = """
from functools import partial
import numpy as np
from theorycheck.fingerprint import fingerprint
def make(names):
    def f(point, seed):
        return len(names & {"a", "b"})
    return f
print(fingerprint(partial(make({"a", "b", "c", "d"}))).digest)
"""


def test_a_fingerprint_is_the_same_in_every_process(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    commands = [[sys.executable, "-c", PROGRAM], [sys.executable, path]]
    for command in commands:
        found = {
            subprocess.run(
                command, env={**os.environ, "PYTHONHASHSEED": s}, capture_output=True, check=True
            ).stdout
            for s in ("1", "2", "3")
        }
        assert len(found) == 1


class Opaque:
    def __call__(self, *arguments):
        yield 1.0


async def later(point, seed):
    return 1.0


def drawn(point, seed):
    yield 1.0


REFUSED = [
    (np.add, "add is a ufunc of NumPy, which takes numbers and no point"),
    (len, "len is not written in Python, so that no key"),
    ({}.get, "get is not written in Python"),
    (functools.partial(max, 1), "max is not written in Python"),
    (functools.lru_cache(raised), "raised is cached by functools, which takes no point"),
    (Power, "Power is a class, which returns an object and no number"),
    (later, "later is a coroutine or generator"),
    (drawn, "drawn is a coroutine or generator"),
    (Opaque(), "Opaque is a coroutine or generator"),
    (
        lambda point: 1.0,
        r"function is called as f\(point, seed\), which it does not take: too many positional arguments",
    ),
    (functools.partial(raised, 1, 2), r"raised is called as f\(point, seed\)"),
    (lambda point, seed, *, more: 1.0, r"f\(point, seed\), which it does not take: missing a required"),
    (power(2, threading.Lock()), "function carries a lock, which cannot be compared from run to run"),
    (power(2, (x for x in ())), "carries a generator, which cannot be compared"),
    (
        power(2, np.random.default_rng(0)),
        "carries a random generator, so that results would depend on the order",
    ),
    (power(2, [random.Random(0)]), "carries a random generator"),
    (functools.partial(raised, exponent=np.random.RandomState(0)), "carries a random generator"),
    (
        cell("def f(point, seed):\n    return RNG.random()", RNG=np.random.default_rng(0)),
        "carries a random generator",
    ),
]


@pytest.mark.parametrize(("function", "message"), REFUSED)
def test_what_cannot_be_a_response_is_refused_with_the_reason(function, message):
    with pytest.raises(ClaimError, match=message):
        check_response(function)


def test_tensors_are_told_apart_by_their_numbers():
    tensors = [torch.zeros(2), torch.zeros(2), torch.ones(2), torch.zeros(2, dtype=torch.float64)]
    digests = [digest(power(2, [tensor])) for tensor in tensors]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_an_open_file_is_refused(tmp_path):
    with (
        (tmp_path / "f").open("w") as file,
        pytest.raises(ClaimError, match="carries a TextIOWrapper, which cannot be"),
    ):
        check_response(power(2, file))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (raised, "raised"),
        (functools.partial(raised, exponent=3), "raised"),
        (first, "function"),
        (Power(2), "Power"),
        (Power(2).other, "other"),
        (cell(CELL, SCALE=1), "f"),
    ],
)
def test_what_can_be_called_with_point_and_seed_is_a_response(function, name):
    check_response(function)
    assert name_of(function) == name


CLAIM = '''
from sympy import oo, symbols
from theorycheck import BigO, Claim, Design, Paper, Search, Source
{imports}
x, y = symbols("x y", positive=True)

def grown(point, seed):
    """A value"""
    {body}

claim = Claim(
    name="{name}", title="Growth", quantity=y, law=BigO(x**2, (x, oo)), provenance="recalled",
    source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"), response=grown,
    design=Design(factor=x, levels=(1, 2, 4, 8), replicates=4, held={{}}), refuted_by="faster growth",
)
'''


def claim_file(folder: Path, imports: str, body: str, name: str = "growth") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(CLAIM.format(imports=imports, body=body, name=name))
    return path


def key(path: Path) -> str:
    plan = make_plan(bounds.load(path), "smoke")
    return plan.trial(plan.cells[0], 0).key


WAYS = {
    "import": ("import helper", "return helper.value(point)", "helper.py"),
    "name": ("from helper import value", "return value(point)", "helper.py"),
    "inside the function": ("", "import helper; return helper.value(point)", "helper.py"),
    "through another module": ("import between", "return between.helper.value(point)", "helper.py"),
    "package": ("import pack.deep.helper", "return pack.deep.helper.value(point)", "pack/deep/helper.py"),
    "relative": ("from pack import relative", "return relative.value(point)", "pack/deep/helper.py"),
    "start of a package": ("import pack", "return pack.BASE * point['x']", "pack/__init__.py"),
}


def edit(path, text, seconds):
    """Write a file so much later, as Python takes files of equal size and second for equal."""
    path.write_text(text)
    os.utime(path, (time.time() + seconds,) * 2)


@pytest.mark.parametrize("way", WAYS)
def test_an_edited_helper_makes_new_trials(way, tmp_path):
    imports, body, edited = WAYS[way]
    (tmp_path / "pack/deep").mkdir(parents=True)
    helper = "BASE = 1\n\ndef value(point):\n    return BASE * point['x']\n"
    for name in ("helper.py", "pack/__init__.py", "pack/deep/helper.py", "unrelated.py"):
        (tmp_path / name).write_text(helper)
    (tmp_path / "between.py").write_text("import helper\n")
    (tmp_path / "pack/relative.py").write_text("from .deep.helper import value\n")
    path = claim_file(tmp_path, imports, body)
    first = key(path)
    (tmp_path / "unrelated.py").write_text("other = 1\n")
    assert key(path) == first
    edit(tmp_path / edited, helper.replace("BASE = 1", "BASE = 2"), 1)
    second = key(path)
    assert second != first
    edit(tmp_path / edited, helper, 2)
    assert key(path) == first
    moved = tmp_path.parent / f"{tmp_path.name}-moved"
    tmp_path.rename(moved)
    assert key(moved / path.name) == first


def test_the_modules_of_two_folders_are_not_mixed_up(tmp_path):
    for i in (1, 2):
        path = claim_file(tmp_path / str(i), "import helper", "return helper.VALUE", name=f"growth{i}")
        (path.parent / "helper.py").write_text(f"VALUE = {i}.5\n")
        claim = bounds.load(path)
        assert claim.response({}, 0) == i + 0.5
    assert "helper" not in sys.modules
    assert str(tmp_path / "1") not in sys.path


def test_a_file_edited_after_it_was_loaded_is_not_what_would_run(tmp_path):
    path = claim_file(tmp_path, "import helper", "return helper.value()")
    helper = tmp_path / "helper.py"
    helper.write_text("def value():\n    return 1.0\n")
    claim = bounds.load(path)
    helper.write_text("def value():\n    return 2.0\n")
    with pytest.raises(ClaimError, match=r"helper\.py was edited after its value was loaded"):
        assert make_plan(claim, "smoke").hash
    helper.write_text("# the same\ndef value():\n    return 1.0\n")
    assert make_plan(claim, "smoke").hash
    path.write_text(path.read_text().replace("helper.value()", "1 + helper.value()"))
    with pytest.raises(ClaimError, match=r"growth\.py was edited after its grown was loaded"):
        assert make_plan(claim, "smoke").hash


def test_stored_trials_of_this_package_keep_their_keys():
    """As they were before functions had fingerprints."""
    parameters = {"L": 20, "d": 8, "alpha_relevant": 0.2, "attention": True}
    keys = [
        Trial(name, parameters, seed=5, replicate=3, revision=3).key
        for name in ("zero_generalization_error", "test_loss")
    ]
    assert keys == [
        "9989d1e38f0f6857509c7760dc8f3fd26f308b1cf82c5feee270c8967513ded7",
        "0529e27b45d25ba8373e63fee61abd5b4b0bd266642d0a6e20f2aeff3af732d6",
    ]
