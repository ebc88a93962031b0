"""Claim files, options and baselines for the fuzz test, each spoilt in some way."""

import json
import re
from importlib.resources import files
from random import Random

from mutated_tables import CASES

ODD_VALUES = [
    *("None", "0", "-1", "1", "3", "0.5", "True", "float('nan')", "float('inf')", "1e400", "10**400"),
    *("1 + 2j", "b'x'"),
    *("''", "'x'", "' '", "'L'", "'a\\nb'", "'\\x1b[31mred'", "'\\ud800'", "'x' * 100_000"),
    *("'<b>&{}$_^%#~\\\\'", "'😀'"),
    *("()", "[]", "{}", "set()", "(1,)", "(1, 2)", "(1, 2, 3)", "(-1, 0, 1)", "(4, 4, 4, 4)"),
    "(4, 6, float('nan'))",
    *("(1e-300, 1, 1e300)", "('4', '6', '8')", "tuple(range(1, 300))", "range(3, 9)"),
    *("iter((1, 2, 3))", "np.arange(3, 9)"),
    *("object()", "lambda *a: 1", "L", "T", "(L, L)", "oo", "-oo", "{'longest': 2}", "{L: 2}"),
    "{'longest': None}",
    *("{'longest': {1}}", "{'seed': 1, 'longest': 2}", "{'longest': 10**30}", "{1: 2}", "PAPER"),
    *("Claim", "print", "..."),
]  # fmt: skip
ODD_LAWS = [
    *("BigO(1, (L, oo))", "BigO(0, (L, oo))", "BigO(L, (L, 0))", "BigO(L, (L, 1))"),
    *("BigO(T, (L, oo))", "BigO(L)", "BigO()"),
    *("Theta(L**L, (L, oo))", "Theta(2**L, (L, oo))", "Theta(-L, (L, oo))", "Theta(L**0.3, (L, oo))"),
    *("L**2", "'L**2'"),
    *("Omega(L**2, (L, oo))", "BigO(L*T, (L, oo), (T, oo))", "BigO(L**2, (L, oo), (L, oo))"),
    "BigO(L**200, (L, oo))",
    *("Theta(1/L, (L, 0))", "BigO(oo, (L, oo))", "BigO(L**2, 'L')", "BigO(L**T, (L, oo))"),
    "Theta(L**1j, (L, oo))",
]  # fmt: skip
ODD_RETURNS = [
    *("None", "0", "0.0", "-1.0", "float('nan')", "float('inf')", "10**400", "'3'", "True", "False"),
    *("[]", "{}", "1j", "seed"),
    *("np.float32(3)", "np.array(3.0)", "np.array([3.0, 4.0])", "np.bool_(True)", "5e-324", "1e308"),
    *("object()", "1 / 0"),
    *("[][0]", "int('x')", "print('noise') or 3.0", "float(point['L'])", "point['L'] ** 2.0"),
    *("point['nothing']", "3.0"),
    *("1 + seed % 2", "None if seed % 2 else point['L'] ** 2.0", "point.clear() or 3.0"),
    *("__import__('nothing')", "(yield)"),
    *("__import__('sys').exit(0)", "__import__('sys').exit('enough')", "exec('raise MemoryError')"),
    "np.float64(1) / 0",
    *("__import__('warnings').warn('careful') or 3.0", "(lambda f: f(f))(lambda f: f(f))"),
    "__import__('time').sleep(0)",
]  # fmt: skip
ODD_LINES = [
    *("raise SystemExit(0)", "raise SystemExit(1)", "raise SystemExit('enough')", "raise KeyError(3)"),
    *("1 / 0", "import nothing"),
    *("claim = None", "claim = claim", "del claim", "print('noise')", "  indented", ")", "'''"),
    *("x = \ud800", "\x00", "L = 3"),
    *("import sys; sys.setrecursionlimit(50)", "import os; os.chdir('/')", "assert False"),
    *("Claim = dict", "return 3", "exit()"),
]  # fmt: skip


def template(name="mine"):
    """The file that `theorycheck new` writes."""
    text = files("theorycheck.reports").joinpath("templates/claim.py.txt").read_text(encoding="utf-8")
    return (
        text.replace("NAME", name)
        .replace("FILE", f"{name}.py")
        .replace("(4, 6, 8, 12, 16, 24, 32, 40)", "(4, 5, 6, 8, 10)")
    )


def claim_file(number):
    """The bytes of a mutated claim file."""
    rng = Random(f"claim {number}")
    text = (
        template()
        if rng.random() < 0.75
        else rng.choice(sorted(CASES.glob("*.py"))).read_text(encoding="utf-8")
    )
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        text = rng.choice([_value, _value, _value, _without, _law, _returned, _returned, _line, _names])(
            rng, text
        )
    content = text.encode("utf-8", errors="surrogatepass")
    if rng.random() < 0.05:
        content = rng.choice(
            [content[: len(content) // 2], text.encode("utf-16", errors="replace"), b"", b"\xff" + content]
        )
    return content


def _keywords(text):
    """Where keyword arguments that end their line are written, with their values."""
    return list(re.finditer(r"(?<=[(\s,])([a-z_]+)=([^\n#]*?),?(?=\s*(?:#[^\n]*)?\n)", text))


def _value(rng, text):
    found = _keywords(text)
    place = rng.choice(found) if found else None
    return (
        text if place is None else f"{text[: place.start(2)]}{rng.choice(ODD_VALUES)},{text[place.end() :]}"
    )


def _without(rng, text):
    found = _keywords(text)
    place = rng.choice(found) if found else None
    return text if place is None else text[: place.start()] + text[place.end() :]


def _law(rng, text):
    return re.sub(r"(BigO|Theta)\(.*\),", lambda _: f"{rng.choice(ODD_LAWS)},", text, count=1)


def _returned(rng, text):
    return re.sub(r"return .*", lambda _: f"return {rng.choice(ODD_RETURNS)}", text, count=1)


def _line(rng, text):
    lines = text.split("\n")
    at, odd = rng.randrange(len(lines)), rng.choice(ODD_LINES)
    match rng.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.append(odd)
        case _:
            lines.insert(at, odd)
    return "\n".join(lines)


def _names(rng, text):
    names = (
        "factor",
        "levels",
        "replicates",
        "held",
        "law",
        "response",
        "np",
        "Claim",
        "point",
        "seed",
        "L",
        "T",
        "oo",
    )
    old, new = rng.sample(names, 2)
    return re.sub(rf"\b{old}\b", new, text, count=rng.choice([0, 1]))


VALUES = [
    *("", " ", "0", "1", "-1", "3", "0.5", "nan", "inf", "-inf", "1e400", "x", "x^-1", "O", "oo"),
    *("all", "quick", "smoke", "md"),
    *("md,html", "pdf,xyz", ",", "cpu", "cuda", "table.csv", "mine.py", "nothing.csv", "nothing.py"),
    *(".", "..", "/", "/dev/null"),
    *("folder", "folder/x.py", "sample_complexity", "sample_complexty", "two.sqlite", "noise.bin"),
    *("\udcff", "a\udcffb.py", "é", "😀"),
    *("a" * 300, "a" * 5000 + ".py", "\x1b[31m", "a\nb", "--", "-", "--json", "--help", "-h"),
    *("99999999999999999999", "0x10", "1_0"),
]  # fmt: skip
OPTIONS = {
    "fit": [
        "--claim", "--law", "--relation", "--variable", "--as-variable-goes-to", "--margin",
        "--guess-rate", "--json",
    ],
    "show": ["--json", "--nothing"],
    "verify": [
        "--claim", "--all", "--profile", "--report", "--fragment", "--design", "--sensitivity",
        "--seed", "--jobs", "--device",
        "--store", "--out", "--json", "--quiet", "--verbose",
    ],
    "plan": ["--claim", "--profile", "--threshold", "--steepness", "--jobs"],
    "report": ["--report", "--fragment", "--format", "--claim", "--store", "--out", "--verbose"],
    "runs": ["--store", "--nothing"],
    "list": ["--nothing"],
    "new": ["--nothing"],
    "--version": [],
    "nothing": ["--claim"],
}  # fmt: skip
FLAGS = {"--json", "--fragment", "--quiet", "--verbose", "--sensitivity", "--all", "--help"}
SOUND = {
    "fit": ["table.csv", "--law", "x", "--variable", "x", "--as-variable-goes-to", "oo"],
    "show": ["mine.py"],
    "verify": ["--claim", "mine.py", "--profile", "smoke", "--jobs", "1", "--report", "md"],
    "plan": ["--claim", "mine.py"],
    "report": ["1", "--report", "md"],
    "runs": [], "list": [], "new": ["fresh.py"],
}  # fmt: skip


def options(number):
    """A command with a list of options, some of which are wrong, missing or repeated."""
    rng = Random(f"options {number}")
    command = rng.choice([*OPTIONS, "fit", "fit", "verify", "report"])
    asked = list(SOUND.get(command, []))
    for _ in range(rng.choice([1, 1, 2, 3])):
        places = [i for i, part in enumerate(asked) if not part.startswith("--")]
        name = rng.choice(OPTIONS[command]) if OPTIONS[command] else None
        match rng.randrange(5):
            case 0 | 1 if places:
                asked[rng.choice(places)] = rng.choice(VALUES)
            case 2 if name:
                asked += [name] if name in FLAGS else [name, rng.choice(VALUES)]
            case 3 if asked:
                del asked[rng.randrange(len(asked))]
            case _:
                asked.insert(rng.randrange(len(asked) + 1), rng.choice(VALUES))
    return [
        command,
        *(part for part in asked if part != "--all" or command != "verify"),
    ]  # all claims take minutes


def baseline(number):
    """The bytes of a mutated baseline, which pins the claim `walk`."""
    rng = Random(f"baseline {number}")
    exponent = {"variable": "x", "estimate": 1.0, "ci_low": 0.9, "ci_high": 1.1}
    pin = {
        "name": "walk",
        "design": None,
        "verdict": "SUPPORTED",
        "profile": "quick",
        "seed": 0,
        "exponents": [exponent],
    }
    document = {
        "theorycheck-baseline": 2,
        "claims": [pin, *[{**pin, "name": "other"}] * (rng.random() < 0.3)],
    }
    if rng.random() < 0.25:
        document = {"walk": {k: v for k, v in pin.items() if k not in ("name", "design")}}
    for _ in range(rng.choice([1, 1, 2, 4])):
        _mutate(rng, document)
    text = json.dumps(document, indent=rng.choice([None, 2]))
    match rng.randrange(10):
        case 0:
            text = text[: rng.randrange(len(text))]
        case 1:
            at = rng.randrange(len(text))
            text = (
                text[:at] + rng.choice(["", ",", "{", "]", '"', "\x00", "NaN", "é", "1e999"]) + text[at + 1 :]
            )
        case 2:
            text = rng.choice(
                [
                    "",
                    "null",
                    "[]",
                    "3",
                    '"x"',
                    "{}",
                    "[" * 100_000,
                    "NaN",
                    text + text,
                    '{"claims": 3}',
                    "SQLite",
                ]
            )
        case 3:
            return rng.choice([text.encode("utf-16"), b"\xff" + text.encode(), text.encode("utf-8-sig")])
    return text.encode("utf-8", errors="surrogatepass")


def _mutate(rng, document):
    holders, waiting = [], [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list) and one:
            holders.append(one)
            waiting += one.values() if isinstance(one, dict) else one
    if not holders:
        return
    holder = rng.choice(holders)
    key = rng.choice(sorted(holder)) if isinstance(holder, dict) else rng.randrange(len(holder))
    odd = [
        None,
        0,
        -1,
        3,
        0.5,
        "",
        "x",
        "REFUTED",
        "*",
        True,
        [],
        {},
        float("nan"),
        float("inf"),
        10**30,
        "\x1b[31m",
        "\ud800",
    ]
    match rng.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice(["nothing", "name", "design", "seed", "\n"])] = holder[key]
        case 2 if isinstance(holder, list):
            holder.append(holder[key])
        case _:
            holder[key] = rng.choice(odd)


def furnish(folder):
    """Write the files that the options name."""
    (folder / "mine.py").write_text(template(), encoding="utf-8")
    (folder / "table.csv").write_text(
        "x,value\n" + "".join(f"{x},{x + x % 3}\n" for x in range(1, 13)), encoding="utf-8"
    )
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 8)
    (folder / "two.sqlite").write_bytes(b"SQLite format 3\x00" + bytes(200))
    (folder / "folder").mkdir()
