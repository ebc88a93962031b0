"""Claim files that are malformed: each is refused when it is read, by a message that names file and field."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from theorycheck import bounds
from theorycheck.cli import app
from theorycheck.plan import make_plan

DESIGN = {"factor": "x", "levels": "(1, 2, 4, 8)", "replicates": "3", "held": "{'k': 1}"}
SEARCH = DESIGN | {"search": "Search(N, (1, 2, 4))"}
CLAIM = {
    "name": "'small'",
    "title": "'A small claim'",
    "source": "Source(paper=PAPER, place='1')",
    "provenance": "'recalled'",
    "quantity": "T",
    "law": "Theta(x**2, (x, oo))",
    "response": "cost",
    "design": None,
    "refuted_by": "'the cost grows faster'",
}
HEAD = '''
import builtins, datetime, decimal, functools, itertools, math, pathlib, sys
import numpy as np
from sympy import *
from theorycheck import BigO, Claim, Condition, Design, Omega, Paper, Search, Source, Theta
from theorycheck.law import Law
from theorycheck.statements import Contrast, Direction, ForEach, Limit, Ordering, Transition, UnknownLimit

x, y, z, T, N, t = symbols("x y z T N t", positive=True)
C = Symbol("C", real=True)
PAPER = Paper(key="k", short="S", reference="R")
TRAINED = pathlib.Path(__file__).with_name("trained")


def cost(point, seed):
    """The cost."""
    TRAINED.touch()
    return 3.0 * point["x"] ** 2

'''


def call(function, arguments):
    lines = [f"    {name}={value},\n" for name, value in arguments.items()]
    return f"{function}(\n{''.join(lines)})"


def claim_text(claim=None, design=None, head=HEAD):
    """The text of a claim file, with some arguments changed; None leaves one out."""
    designed = call("Design", {k: v for k, v in (DESIGN | (design or {})).items() if v is not None})
    arguments = CLAIM | {"design": designed} | (claim or {})
    return f"{head}\nclaim = {call('Claim', {k: v for k, v in arguments.items() if v is not None})}\n"


def run(path):
    """What `verify` answers in this process."""
    arguments = ["verify", "--claim", str(path), "--profile", "smoke", "--jobs", "1", "--report", "md"]
    folder = path.parent
    return CliRunner().invoke(
        app, [*arguments, "--store", str(folder / "s.sqlite"), "--out", str(folder / "out")]
    )


def assert_refused(result, path, field):
    """Exit status 2, one message that names file and field, and no trial."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(f"theorycheck: {path}")
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stderr.isprintable() or result.stderr[:-1].isprintable()
    assert field in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not (path.parent / "trained").exists()
    assert not (path.parent / "s.sqlite").exists()


OF_DESIGN = {  # field: values that are refused there, with the words that say why
    "factor": [
        *((f"'{name}'", f"{name}, a name that the table of trials needs") for name in (
            "seed", "censored", "successes", "trials", "value", "outcome", "work", "key", "replicate",
            "unfitted", "pair", "point", "ratio",
        )),
        ("''", "is empty"),
        ("'a\\nb'", "control character '\\n'"),
        ("'a\\x1b[31mb'", "control character '\\x1b'"),
        ("'\\ud800'", "control character '\\ud800'"),
        ("'a\\u202eb'", "control character '\\u202e'"),
        ("3", "valid string"),
        ("None", "valid string"),
        ("x + y", "valid string"),
    ],
    "levels": [
        ("(1, 2)", "at least 3 different levels"),
        ("(1, 2, 2, 4)", "has 2 twice"),
        ("(1, 2, 4, 4.0)", "has 4.0 twice"),
        ("(1, 2, float('nan'), 4)", "is nan"),
        ("(1, 2, math.inf)", "is inf"),
        ("(1, 2, 10**400)", "beyond 1e308"),
        ("(-1, 2, 4)", "not negative"),
        ("(1, 2, oo)", "is oo"),
        ("(1, 2, 1j)", "of the type complex"),
        ("(1, 2, I)", "is I"),
        ("(1, 2, 'four')", "has the value 'four'"),
        ("(1, 2, None)", "has the value None"),
        ("(True, 2, 3)", "has the value True"),
        ("(1, 2, y)", "of the type Symbol"),
        ("{1, 2, 4}", "of the type set"),
        ("'124'", "of the type str"),
        ("8", "of the type int"),
        ("itertools.count(1)", "more than 100000 values"),
        ("np.ones((3, 2))", "of the type ndarray"),
        ("(0, 1, 2)", "levels must be positive"),
    ],
    "budget": [("0", "greater than or equal to 1"), ("'many'", "valid integer")],
    "replicates": [
        ("0", "greater than or equal to 1"),
        ("-3", "greater than or equal to 1"),
        ("10**9", "less than or equal to 1000000"),
        ("10**400", "less than or equal to 1000000"),
        ("2.5", "valid integer"),
        ("float('nan')", "finite number"),
        ("300_000", "the design has 1200000 trials"),
    ],
    "held": [
        ("{'k': float('nan')}", "'k' is nan"),
        ("{'k': math.inf}", "'k' is inf"),
        ("{'k': 10**400}", "'k' is a number beyond 1e308"),
        ("{'k': {1, 2}}", "'k' is of the type set"),
        ("{'k': [1, 2]}", "'k' is of the type list"),
        ("{'k': {'a': 1}}", "'k' is of the type dict"),
        ("{'k': np.arange(3)}", "'k' is of the type ndarray"),
        ("{'k': pathlib.Path('.')}", "'k' is of the type PosixPath"),
        ("{'k': cost}", "'k' is of the type function"),
        ("{'k': lambda: 1}", "'k' is of the type function"),
        ("{'k': 1j}", "'k' is of the type complex"),
        ("{'k': b'bytes'}", "'k' is of the type bytes"),
        ("{'k': decimal.Decimal(1)}", "'k' is of the type Decimal"),
        ("{'k': datetime.date(2000, 1, 1)}", "'k' is of the type date"),
        ("{'k': np.float64('nan')}", "'k' is nan"),
        ("{'k': np.datetime64('2000')}", "'k' is of the type date"),
        ("{'k': 'two\\nlines'}", "'k' contains the control character"),
        ("{'k': '\\udfff'}", "'k' contains the control character"),
        ("{'k': oo}", "'k' is oo"),
        ("{'k': zoo}", "'k' is zoo"),
        ("{'k': I}", "'k' is I"),
        ("{'k': x > 3}", "'k' is of the type StrictGreaterThan"),
        ("{'k': Matrix([1])}", "'k' is of the type"),
        ("{'k': y / 2}", "needs a value for y"),
        ("{y: z, z: y}", "needs its own value (y -> z -> y)"),
        ("{y: y + 1}", "needs its own value (y -> y)"),
        ("{y: 1 / (x - 2)}", "is zoo, but must be a finite number at x = 2"),
        ("{y: log(x - 4)}", "+ I*pi, but must be a finite number at x = 1.0"),
        ("{y: Function('f')(x)}", "is f(1.0)"),
        ("{y: x**1000 * 10**300}", "e+601, but must be a finite number at x = 2.0"),
        ("{y: x + z, z: 'text'}", "needs numbers for its letters, found z = 'text'"),
        ("{y: 1, 'y': 2}", "names y twice"),
        ("{3: 1}", "has the name 3"),
        ("{'a\\nb': 1}", "control character"),
        ("[('k', 1)]", "valid dictionary"),
        ("None", "valid dictionary"),
    ],
    "crossed": [
        ("{'seed': (1, 2)}", "seed, a name that the table of trials needs"),
        ("{x: (1, 2)}", "varies or searches x twice"),
        ("{y: ()}", "'y' has no values"),
        ("{y: (1, 1)}", "'y' has 1 twice"),
        ("{y: (1, float('nan'))}", "is nan"),
        ("{y: 'abc'}", "'y' is of the type str"),
        ("{y: {1, 2}}", "'y' is of the type set"),
        ("{y: 3}", "'y' is of the type int"),
        ("{y: ([1], [2])}", "of the type list"),
        ("{y: (1, 2)}", "of which the law does not speak", "design"),
    ],
    "note": [("'two\\nlines'", "control character"), ("3", "valid string")],
    "published": [
        ("'nowhere.csv'", "'nowhere.csv' cannot be read: No such file"),
        ("'/'", "cannot be read: Is a directory"),
        ("'a\\0b'", "'a\\x00b' is no table of counts"),
        ("__file__", "lacks the column x, n, successes, trials"),
        ("3", "not a valid path"),
    ],
    "colour": [("1", "Extra inputs")],
}  # fmt: skip
OF_SEARCH = {
    "search": [
        *(
            (f"Search(N, {values})", message, "values of Search")
            for values, message in (
                ("()", "at least 3 different"),
                ("(1, 2)", "at least 3 different"),
                ("(1, 2, 2)", "has 2 twice"),
                ("(0, 1, 2)", "all positive"),
                ("(1, 2, float('nan'))", "is nan"),
                ("(1, 2, math.inf)", "is inf"),
                ("(1, 2, 10**400)", "beyond 1e308"),
                ("(1, 2, 10**30)", "at most 2^53"),
                ("(1, 2, 'many')", "has the value 'many'"),
            )
        ),
        ("Search('', (1, 2, 4))", "is empty", "letter of Search"),
        ("Search(x, (1, 2, 4))", "varies or searches x twice", "crossed"),
        ("Search('trials', (1, 2, 4))", "searches trials, a name that the table of trials needs"),
        ("(N, (1, 2, 4))", "a search is Search(letter, values), as in Search(N, (4, 8, 16))"),
    ],
    "samples": [("(1, 2, 4)", "Extra inputs are not permitted")],
    "factor": [("N", "varies or searches N twice", "crossed")],
}
OF_CLAIM = {
    "name": [
        ("'Small'", "match pattern"), ("'a/b'", "match pattern"), ("'a' * 200", "at most 100"),
        ("3", "string"),
    ],
    "title": [
        ("''", "is empty"), ("'two\\nlines'", "control character"), ("'\\x07'", "control character"),
        ("'\\ud83d'", "control character"), ("None", "valid string"), ("'a\\u2028b'", "control character"),
    ],
    "refuted_by": [("'  '", "is empty"), ("'a\\tb'", "control character '\\t'")],
    "source": [
        ("'Theorem 1'", "Source"), ("Source(paper=PAPER, place='a\\nb')", "place of Source", "place"),
        ("Source(paper=Paper(key='', short='S', reference='R'), place='1')", "key of Paper", "key"),
        ("Source(paper=Paper(key='k', short='\\x00', reference='R'), place='1')", "short of Paper", "short"),
        (
            "Source(paper=Paper(key='k', short='S', reference='a\\nb'), place='1')",
            "reference of Paper", "reference",
        ),
    ],
    "provenance": [("'rumoured'", "stated")],
    "quantity": [
        ("'T'", "instance of Symbol"), ("T**2", "instance of Symbol"),
        ("Symbol('a\\nb')", "control character"),
    ],
    "law": [
        ("'x^2'", "got 'x^2'"), ("x**2", "got x**2"), ("None", "got None"),
        ("Law(x**2, (x, oo))", "a claim states"), ("BigO", "got <class"),
        ("(Theta(x, (x, oo)),)", "a claim states"),
    ],
    "response": [
        ("3", "callable"), ("None", "callable"), ("[cost]", "callable"), ("'a\\nb'", "control character"),
        ("lambda: 1", "f(point, seed)"),
        ("lambda point: 1", "f(point, seed)"), ("lambda a, b, c: 1", "f(point, seed)"),
        ("functools.partial(cost, seed=1, other=2)", "f(point, seed)"), ("len", "not written in Python"),
        ("np.add", "a ufunc"), ("functools.cache(cost)", "cached by functools"), ("dict", "a class"),
        ("np.zeros(3)", "callable"), ("type('G', (), {'__call__': lambda self: 1})()", "f(point, seed)"),
    ],
    "conditions": [
        ("(x > 1,)", "Condition"), ("(Condition(relation=y > 1),)", "needs a value for y"),
        ("(Condition(relation=S(2) > 1),)", "relation of Condition", "relation"),
        ("(Condition(relation=x),)", "relation of Condition", "relation"),
        ("(Condition(relation='x > 1'),)", "relation of Condition", "relation"), ("3", "valid tuple"),
    ],
    "margin": [
        ("0", "greater than 0"), ("-1", "greater than 0"), ("math.inf", "finite"), ("float('nan')", "finite"),
        ("'wide'", "valid number"), ("None", "valid number"),
    ],
    "rivals": [
        ("(1, math.inf)", "is inf"), ("(1, float('nan'))", "is nan"), ("3", "of the type int"),
        ("('a',)", "has the value 'a'"),
    ],
    "notation": [
        ("{'x': 'y'}", "instance of Symbol"), ("{x: 3}", "valid string"), ("{x: ''}", "is empty"),
        ("{x: 'a\\nb'}", "control character"), ("[x]", "valid dictionary"),
    ],
    "designs": [
        ("{'a/b': DESIGN}", "match pattern"), ("{'../up': DESIGN}", "match pattern"),
        ("{'': DESIGN}", "is empty"), ("{'other': 3}", "Design"),
        ("{'other': Design(factor=y, levels=(1, 2, 4), replicates=1, held={})}", "variable x"),
    ],
    "variations": [
        ("{'other': {x: 3}}", "which the design changes anyway"),
        ("{'other': {'k': {1}}}", "of the type set"), ("{'other': {y: y + 1}}", "needs its own value"),
        ("{'other': 3}", "valid dictionary"),
        ("{'a\\nb': {}}", "control character"),
    ],
    "colour": [("1", "Extra inputs")],
}  # fmt: skip
STATEMENTS = {  # with what their designs need; the message names the field or the design
    "Direction('x')": ("variable", {}),
    "Direction(y)": ("field design", {}),
    "Direction(x, linear=y + z)": ("linear", {}),
    "Direction(x), margin=0.1": ("field margin", {}),
    "Direction(x), rivals=(1,)": ("field rivals", {}),
    "Limit(math.nan, 0.1, 1, 20)": ("value", {}),
    "Limit(1, 0, 1, 20)": ("tolerance", {}),
    "Limit(1, 0.1, math.inf, 20)": ("rate", {}),
    "Limit(1, 0.1, 1, 0)": ("start", {}),
    "Limit(1, 0.1, 1, '20th')": ("start", {}),
    "Limit(1, 0.1, 1, 20, falls='attended')": ("falls", {}),
    "Limit(1, 0.1, 1, 20), rivals=(1,)": ("field rivals", {}),
    "Limit(1, 0.1, 1, 20)": ("field design", {"crossed": "{y: (1, 2)}"}),
    "Limit(1, 0.1, 1, 20, ('t',))": ("field design", {"factor": "'t'"}),
    "Limit(1, 0.1, 1, 21)": ("field design", {"search": "Search(N, (1, 2, 4))"}),
    "Transition(N / x, 0)": ("bound", {"search": "Search(N, (1, 2, 4))"}),
    "Transition(N / x, y)": ("bound", {"search": "Search(N, (1, 2, 4))"}),
    "Transition(y / x, 1)": ("expression", {"search": "Search(N, (1, 2, 4))"}),
    "Transition(N / x, 1)": ("field design", {}),
    "Ordering(())": ("pairs", {}),
    "Ordering(({'x': 1}, {'x': 2}))": ("pairs", {}),
    "Ordering((({'x': 1}, {'x': 1}),))": ("pairs", {}),
    "Ordering((({'x': 1}, {'x': 3}),))": ("field design", {}),
    "Ordering((({'y': 1}, {'x': 2}),))": ("field design", {}),
    "Ordering((({x: 1}, {x: 2}),))": ("field design", {"search": "Search(N, (1, 2, 4))"}),
    "Contrast(x, 'g', (1, 2), (2, 3))": ("first", {}),
    "Contrast(x, 'g', (1, BigO(x, (x, oo))), (2, BigO(x, (x, 0))))": ("first", {}),
    "Contrast(x, 'g', (1, BigO(x, (x, 0))), (2, BigO(y, (y, 0))))": ("second", {}),
    "Contrast(x, 'g', (1, BigO(x, (x, 0))), ('1', BigO(x, (x, 0))))": ("first", {}),
    "Contrast(x, 'g', (1, BigO(x, (x, 0))), (2, BigO(x, (x, 0))))": (
        "field design", {"search": "Search(N, (1, 2, 4))"},
    ),
    "Contrast(x, 'g', (1, BigO(x, (x, 0))), (3, BigO(x, (x, 0))))": (
        "field design", {"search": "Search(N, (1, 2, 4))", "crossed": "{'g': (1, 2)}"},
    ),
    "ForEach('g', (1, 2), Direction(x))": ("law", {}),
    "ForEach('g', (1, 1), BigO(x, (x, 0)))": ("values", {}),
    "ForEach('g', (1, 2), BigO(x, (x, 0)))": ("field design", {}),
    "ForEach('g', (1, 2), BigO(x, (x, 0))), rivals=(1,)": ("field rivals", {"crossed": "{'g': (1, 2)}"}),
    "UnknownLimit(1 - x**C, C > 0, gap=BigO(1/t, (t, oo)), start=0)": ("start", {}),
    "UnknownLimit(1 - x**C, C < 0, gap=BigO(1/t, (t, oo)), start=20)": ("unknown", {}),
    "UnknownLimit(1 - x**C, x > 0, gap=BigO(1/t, (t, oo)), start=20)": ("unknown", {}),
    "UnknownLimit(1 - x, C > 0, gap=BigO(1/t, (t, oo)), start=20)": ("the limit has one variable", {}),
    "UnknownLimit(1 - x**(2 * C), C > 0, gap=BigO(1/t, (t, oo)), start=20)": ("exponent 2*C", {}),
    "UnknownLimit(1 - x**C, C > 0, gap=BigO(t, (t, oo)), start=20)": ("must fall", {}),
    "UnknownLimit(1 - x**C, C > 0, gap=BigO(t, (t, 0)), start=20)": ("gap is a bound", {}),
    "UnknownLimit(1 - x**C, C > 0, gap=BigO(1/t, (t, oo)), start=20, falls='k')": ("falls", {}),
    "UnknownLimit(1 - y**C, C > 0, gap=BigO(1/t, (t, oo)), start=20)": ("field design", {}),
    "Theta(x**2, (x, 1))": ("a law speaks of", {}),
    "Theta(2**x, (x, oo))": ("exponent", {}),
}  # fmt: skip


def cases():
    for table, base, changed in (
        (OF_DESIGN, DESIGN, "design"),
        (OF_SEARCH, SEARCH, "design"),
        (OF_CLAIM, {}, "claim"),
    ):
        for field, values in table.items():
            for i, (value, message, *named) in enumerate(values):  # named: another field than that one
                arguments = {changed: {**base, field: value}}
                name = f"{changed}-{field}-{value[:40]}".encode("unicode_escape").decode()
                marks = pytest.mark.slow if i else ()
                yield pytest.param(arguments, *(named or [field]), message, id=name, marks=marks)


@pytest.mark.parametrize(("arguments", "field", "message"), list(cases()))
def test_a_field_is_refused_by_its_name(tmp_path, arguments, field, message):
    path = tmp_path / "small.py"
    text = claim_text(**arguments)
    path.write_text(text.replace("DESIGN", call("Design", DESIGN)))
    result = run(path)
    assert_refused(result, path, field)
    assert message in result.stderr


@pytest.mark.parametrize("law", STATEMENTS)
def test_a_statement_is_refused_by_its_field(tmp_path, law):
    field, design = STATEMENTS[law]
    path = tmp_path / "small.py"
    path.write_text(claim_text({"law": law}, design))
    assert_refused(run(path), path, field)


FILES = {  # text of a file, and words of the message
    "empty": ("", "must define `claim = Claim(...)`"),
    "another type": ("claim = 3", "found int"),
    "a class": ("from theorycheck import Claim\nclaim = Claim", "found ModelMetaclass"),
    "syntax": ("claim = (", "line 1: this is not Python"),
    "null byte": ("claim = 1\0", "this is not Python"),
    "deep nesting": ("claim = " + "(" * 5000 + ")" * 5000, "this is not Python"),
    "missing module": (
        "\nimport no_such_module", "line 2: ModuleNotFoundError: No module named 'no_such_module'",
    ),
    "missing name": ("from theorycheck import Hypothesis", "line 1: ImportError"),
    "exit": ("import sys\nsys.exit(0)", "line 2: SystemExit: 0"),
    "exit with a text": ("raise SystemExit('done')", "line 1: SystemExit: done"),
    "quit": ("raise GeneratorExit", "line 1: GeneratorExit"),
    "an own base exception": ("class Stop(BaseException): pass\nraise Stop('now')", "line 2: Stop: now"),
    "an error of lines": ("raise ValueError('a\\nb')", "line 1: ValueError: a b"),
    "an error that cannot be told": (
        "class Mute(Exception):\n def __str__(self): raise ValueError\nraise Mute", "line 3: Mute",
    ),
    "infinite recursion": ("def f(): f()\nf()", "RecursionError"),
    "memory": ("raise MemoryError", "line 1: MemoryError"),
    "two claims": (claim_text() + "claim = Claim(name='other')", "defines claim in lines"),
    "closed standard error": (
        "import sys\nsys.stderr.close(); sys.stdout.close()\n1 / 0", "line 3: ZeroDivisionError",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_refused(tmp_path, name):
    path = tmp_path / "small.py"
    path.write_text(FILES[name][0])
    assert_refused(run(path), path, FILES[name][1])


def test_what_is_no_readable_file_is_refused(tmp_path):
    folder, absent, large, latin = (
        tmp_path / f"{name}.py" for name in ("folder", "absent", "large", "latin")
    )
    folder.mkdir()
    large.write_text("#" * 10_000_001)
    latin.write_bytes("name = 'é'".encode("latin-1"))
    for path, message in (
        (folder, "is a folder or a device"),
        (absent, "No such file"),
        (large, "10000001 bytes, at most 10000000"),
        (latin, "this is not Python"),
        (Path(f"{tmp_path}/a\0b.py"), "null"),
    ):
        result = run(path)
        assert result.exit_code == 2
        assert message in result.stderr


def test_a_file_may_name_its_encoding_and_differ_from_its_claim_in_name(tmp_path):
    path = tmp_path / "other.py"
    path.write_bytes(("# coding: latin-1\n" + claim_text({"title": "'Größe'"})).encode("latin-1"))
    assert bounds.load(path).title == "Größe"
    path.write_bytes(b"\xef\xbb\xbf" + claim_text().encode())
    assert bounds.load(path).name == "small"


ACCEPTED = {
    "numpy levels": (
        {},
        {"levels": "np.geomspace(1, 8, 4)"},
        lambda c: c.design.levels == pytest.approx((1, 2, 4, 8)),
    ),
    "a range": ({}, {"levels": "range(1, 5)"}, lambda c: c.design.levels == (1, 2, 3, 4)),
    "sympy levels": (
        {},
        {"levels": "(S(1) / 2, 1, pi)"},
        lambda c: c.design.levels[2] == pytest.approx(3.14159, 1e-5),
    ),
    "numpy held": (
        {},
        {
            "held": (
                "{'a': np.int64(3), 'b': np.float32(0.5), 'c': np.bool_(True), 'd': np.str_('t'), 'e':"
                " np.array(2)}"
            )
        },
        lambda c: [type(v) for v in c.design.held.values()] == [int, float, bool, str, int],
    ),
    "chained expressions in any order": (
        {},
        {"held": "{z: 2 * y, y: x / 4}"},
        lambda c: c.design.point(2.0) == {"x": 2.0, "y": 0.5, "z": 1.0},
    ),
    "a scalar": (
        {},
        {"held": "{'a': None, 'b': True, 'c': 'text', 'd': ''}"},
        lambda c: len(c.design.held) == 4,
    ),
    "an emoji": ({"title": "'Größe 📏 大'"}, {}, lambda c: "📏" in c.title),
    "n": ({"law": "Theta(n, (n, oo))"}, {"factor": "n"}, lambda c: c.design.factor == "n"),
    "n beside a search": (
        {"law": "Theta(n, (n, oo))"},
        {"factor": "n", "search": "Search(N, (1, 2, 4))"},
        lambda c: list(c.design.changing) == ["n", "N"],
    ),
    "a lambda": ({"response": "lambda point, seed: 1.0"}, {}, lambda c: callable(c.response)),
    "a partial": (
        {"response": "functools.partial(lambda a, p, s: 1.0, 3)"},
        {},
        lambda c: callable(c.response),
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_can_be_tested_is_accepted(tmp_path, name):
    claim, design, holds = ACCEPTED[name]
    path = tmp_path / "small.py"
    path.write_text(claim_text(claim, design, head=HEAD + "n = Symbol('n', positive=True)\n"))
    assert holds(bounds.load(path))


def test_a_published_table_is_read_when_the_design_is_built(tmp_path):
    table = tmp_path / "counts.csv"
    path = tmp_path / "small.py"
    path.write_text(claim_text(design={"published": repr(str(table))}))
    for text, message in (
        ("x,n,successes,trials\n", "it has no rows"),
        ("x,n,successes,trials\n1,2,3,4\n1,2,5,4\n", "row 2 has x = 1, n = 2, successes = 5, trials = 4"),
        ("x,n,successes,trials\n1,2,many,4\n", "row 1 has"),
        ("x,n,successes,trials\n1,2\n", "row 1 has"),
        ("x;n;successes;trials\n1;2;3;4\n", "lacks the column"),
        ("x,n,successes,trials\n1,nan,3,4\n", "row 1 has"),
    ):
        table.write_text(text)
        result = run(path)
        assert_refused(result, path, "field published of Design")
        assert message in result.stderr
    table.write_bytes(b"\xff\xfe")
    assert_refused(run(path), path, "field published of Design")
    table.write_text("x,n,successes,trials\n1,2,3,4\n")
    assert bounds.load(path).design.published == table


def test_a_claim_file_that_closes_or_writes_standard_output_leaves_it_to_the_program(tmp_path):
    path = tmp_path / "small.py"
    for line in ("sys.stdout.close()", "import os; os.close(1)", "print('hello')", "sys.stdout = None"):
        path.write_text(claim_text(head=HEAD + line + "\n"))
        command = [sys.executable, "-c", "from theorycheck.cli import main; main()", "show", str(path)]
        result = subprocess.run(command, capture_output=True, text=True)
        assert (result.returncode, result.stdout.splitlines()[:1]) == (
            0,
            ["small   A small claim"],
        ), result.stderr
        assert ("hello" in result.stderr) == ("hello" in line)


def test_a_condition_that_cannot_be_compared_is_an_error_before_training(tmp_path):
    path = tmp_path / "small.py"
    path.write_text(claim_text({"conditions": "(Condition(relation=log(x - 3) > 1),)"}))
    result = run(path)
    assert (result.exit_code, "Traceback" in result.stderr) == (2, False)
    assert "log(x - 3) > 1" in result.stderr
    assert not (tmp_path / "trained").exists()


def test_an_unknown_response_is_named_with_its_claim(tmp_path):
    path = tmp_path / "small.py"
    path.write_text(claim_text({"response": "'no_such'"}))
    result = run(path)
    assert result.exit_code == 2
    assert "field response of small: there is no response 'no_such'" in result.stderr


def test_a_claim_that_is_sound_is_planned(tmp_path):
    path = tmp_path / "small.py"
    path.write_text(claim_text())
    assert len(make_plan(bounds.load(path)).cells) == 4
