"""Tables and laws for the fuzz test: good ones, degenerate ones, and mistakes of people who write them."""

import csv
import io
import math
from pathlib import Path
from random import Random

CASES = Path(__file__).with_name("data") / "cases"
ODD_FIELDS = [
    *("", " ", "0", "-1", "-0.0", "nan", "NaN", "inf", "-inf", "Infinity", "1e400", "1e308", "1e-308"),
    "5e-324",
    *("1e15", "1e16", "999999999999999999999", "0.5", "1,5", "1_0", "0x10", "٣", "½", "None", "TRUE"),
    *("x", "=1+1"),
    *('"', "'", "\x1b[31m", "\x00", "\ufeff1", "1 2", "+3", "1e", ".", "1.", ".5", "\u202e"),
    *("9" * 300, "1;2"),
]  # fmt: skip
ODD_NAMES = [
    "",
    " ",
    "x",
    "n",
    "N",
    "value",
    "seed",
    "trials",
    "censored",
    "log",
    "lambda",
    "e",
    "\x1b[2J",
    "x y",
    "é",
]
LETTERS = ("x", "y", "z")


def text(header, rows, separator=","):
    """A table as the text of a file."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerows([header, *rows])
    return out.getvalue()


def measured(rng, levels=(1, 2, 4, 8, 16), most=6, noise=0.05, factors=1):
    """Values that follow a power law."""
    power, rows = rng.choice([-2, -1, -0.05, 0, 0.5, 1, 3]), []
    for _ in range(len(levels) if factors == 1 else 3 * len(levels)):
        point = (
            [levels[len(rows) % len(levels)]]
            if factors == 1
            else [rng.choice(levels) for _ in range(factors)]
        )
        for _ in range(rng.randint(1, most)):
            rows.append([*point, math.prod(point) ** power * math.exp(rng.gauss(0, noise))])
    return [*LETTERS[:factors], "value"], rows


def counted(rng, levels=(0.03, 0.1, 0.3, 1), sizes=(2, 4, 8, 16, 32, 64), trials=20, guess=0.0, steep=1.5):
    """Successes whose threshold follows a power law."""
    power, rows = rng.choice([-2, -1, 0, 0.5]), []
    for x in levels:
        for n in sizes:
            rate = 0.5 * math.erfc(
                -steep * (math.log(n / 12) - power * math.log(x / levels[0])) / math.sqrt(2)
            )
            rate = guess + (1 - guess) * rate
            successes = (
                sum(rng.random() < rate for _ in range(trials)) if trials <= 1000 else int(trials * rate)
            )
            rows.append([x, n, successes, trials])
    return ["x", "n", "successes", "trials"], rows


def with_seeds(rng, table, kind):
    """The same rows with seeds: one alone, one each, two, or texts."""
    header, rows = table
    seed = {"one": lambda i: 7, "unique": lambda i: i, "two": lambda i: i % 2, "few": lambda i: i % 5}[kind]
    return [*header, "seed"], [[*row, seed(i)] for i, row in enumerate(rows)]


def _constant(rng):
    header, rows = measured(rng)
    return header, [[*row[:-1], 3.7] for row in rows]


def _exact(rng):
    power, many = rng.choice([-30, -1, 0.3, 1, 2, 40]), rng.choice([1, 2, 5])
    return ["x", "value"], [[x, x**power] for x in (1.0, 2.0, 4.0, 8.0, 16.0) for _ in range(many)]


def _exact_curve(rng):
    return ["x", "value"], [
        [x, x + 100] for x in rng.sample(range(1, 60), 8) for _ in range(rng.choice([1, 3]))
    ]


def _few_rows(rng):
    xs = rng.choice([(1, 2, 4), (1, 2, 4, 8), (1, 2, 4, 8, 8), (1, 1, 2, 4)])
    return ["x", "value"], [[x, x * math.exp(rng.gauss(0, 0.1))] for x in xs]


def _unequal(rng):
    xs = [x for x in (4, 8, 16, 32, 128) for _ in range(rng.choice([1, 1, 2, 9]))]
    return ["x", "value"], [[x, x * math.exp(rng.gauss(0, 0.02))] for x in xs]


def _collinear(rng):
    header, rows = rng.choice([measured, counted])(rng)
    return ["y", *header], [[row[0] ** 2, *row] for row in rows]


def _nearly_collinear(rng):
    header, rows = measured(rng)
    return ["y", *header], [[row[0] * (1 + 1e-9 * i), *row] for i, row in enumerate(rows)]


def _censored(rng):
    header, rows = measured(rng)
    share = rng.choice([0, 0.3, 0.9, 1])
    return [*header, "censored"], [[*row, int(rng.random() < share)] for row in rows]


def _censored_at_the_end(rng):
    header, rows = measured(rng)
    return [*header, "censored"], [[*row, int(row[0] > 4)] for row in rows]


def _separated(rng):
    header, rows = counted(rng, steep=1e3)
    return header, rows


def _one_outcome(rng):
    header, rows = counted(rng)
    return header, [
        [x, n, rng.choice([0, trials]) if rng.random() < 0.02 else trials, trials] for x, n, _, trials in rows
    ]


def _half(rng):
    header, rows = counted(rng)
    return header, [[x, n, trials // 2, trials] for x, n, _, trials in rows]


def _falling(rng):
    header, rows = counted(rng)
    return header, [[x, n, trials - successes, trials] for x, n, successes, trials in rows]


def _one_trial(rng):
    return counted(rng, trials=1)


def _huge_trials(rng):
    return counted(rng, trials=rng.choice([10**6, 10**12, 10**15]), guess=rng.choice([0, 0.3]))


def _many_levels(rng):
    many = rng.choice([60, 199, 201, 1000])
    return measured(rng, levels=[1 + i / 7 for i in range(many)], most=2)


def _one_size(rng):
    return counted(rng, sizes=rng.choice([(5,), (5, 6), (1, 10**15)]))


def _extreme_levels(rng):
    return measured(
        rng, levels=rng.choice([(1e-300, 1, 1e300), (1, 1 + 1e-12, 1 + 2e-12, 1 + 4e-12), (1e-5, 1e-4, 1e9)])
    )


def _wide_values(rng):
    return ["x", "value"], [[x, 10 ** rng.uniform(-300, 300)] for x in (1, 2, 4, 8, 16) for _ in range(3)]


def _rounded(rng):
    return ["x", "value"], [[x, max(1, round(x * 0.3))] for x in (1, 2, 4, 8, 16) for _ in range(4)]


def _two_factors(rng):
    return measured(rng, factors=2)


def _two_factors_counted(rng):
    header, rows = counted(rng)
    return ["y", *header], [[y, *row] for y in (1, 2, 5) for row in rows]


def _step(rng):
    return ["x", "value"], [
        [x, (1 if x < 5 else 1000) * math.exp(rng.gauss(0, 0.01))] for x in range(1, 12) for _ in "abc"
    ]


def _with_some_seeds(rng):
    table = rng.choice([measured, _censored, _two_factors, _exact])(rng)
    return with_seeds(rng, table, rng.choice(["one", "unique", "two", "few"]))


def _counted_by_seed(rng):
    header, rows = counted(rng, trials=rng.choice([1, 3]))
    seeds = rng.choice([1, 2, 6])
    return [*header, "seed"], [[x, n, rng.randint(0, t), t, s] for s in range(seeds) for x, n, _, t in rows]


GOOD = [measured, counted, lambda rng: counted(rng, guess=0.5), _two_factors, _two_factors_counted]
DEGENERATE = [
    _constant, _exact, _exact_curve, _few_rows, _unequal, _collinear, _nearly_collinear, _censored,
    _censored_at_the_end,
    _separated, _one_outcome, _half, _falling, _one_trial, _huge_trials, _many_levels, _one_size,
    _extreme_levels,
    _wide_values, _rounded, _step, _with_some_seeds, _counted_by_seed,
]  # fmt: skip


def _one_case(rng):
    path = rng.choice(sorted(CASES.glob("*.csv")))
    header, *rows = csv.reader(path.read_text().splitlines())
    return header, rows


def _swap(rng, header, rows):
    i, j, k = rng.randrange(len(rows)), rng.randrange(len(rows)), rng.randrange(len(header))
    rows[i][k], rows[j][k] = rows[j][k], rows[i][k]


def _swap_columns(rng, header, rows):
    i, j = rng.randrange(len(header)), rng.randrange(len(header))
    header[i], header[j] = header[j], header[i]


def _duplicate(rng, header, rows):
    rows += [list(rng.choice(rows)) for _ in range(rng.choice([1, 5]))]


def _delete(rng, header, rows):
    for _ in range(rng.randint(1, len(rows))):
        if len(rows) > 1:
            rows.pop(rng.randrange(len(rows)))


def _odd_field(rng, header, rows):
    rng.choice(rows)[rng.randrange(len(header))] = rng.choice(ODD_FIELDS)


def _odd_row(rng, header, rows):
    rng.choice(rows)[:] = rng.choice(
        [[], [""], ["1"] * (len(header) + 1), ["1"] * (len(header) - 1), ["# note"]]
    )


def _odd_name(rng, header, rows):
    header[rng.randrange(len(header))] = rng.choice(ODD_NAMES)


def _delete_column(rng, header, rows):
    k = rng.randrange(len(header))
    for row in (header, *rows):
        del row[k : k + 1]


def _add_column(rng, header, rows):
    header.append(rng.choice([*ODD_NAMES, header[0]]))
    for row in rows:
        row.append(rng.choice(["1", "2", "0"]))


def _rescale(rng, header, rows):
    k, by = rng.randrange(len(header)), rng.choice([-1, 0, 1e-200, 1e-3, 1e3, 1e200])
    for row in rows:
        row[k] = float(row[k]) * by


def _equal(rng, header, rows):
    k = rng.randrange(len(header))
    for row in rows:
        row[k] = rows[0][k]


def _shuffle(rng, header, rows):
    rng.shuffle(rows)


MUTATIONS = [
    _swap, _swap_columns, _duplicate, _delete, _odd_field, _odd_row, _odd_name, _delete_column,
    _add_column, _rescale, _equal,
    _shuffle,
]  # fmt: skip
ENCODED = [
    lambda content: content.encode("utf-16"),
    lambda content: content.encode("utf-8-sig"),
    lambda content: content.replace("\n", "\r").encode(),
    lambda content: content.replace("\n", "\r\n").encode(),
    lambda content: content.replace(",", ";").encode(),
    lambda content: content.replace(",", "\t").encode(),
    lambda content: content.replace(",", "|").encode(),
    lambda content: content.replace(".", ",").encode(),
    lambda content: content[: len(content) // 2].encode(),
    lambda content: content.partition("\n")[2].encode(),
    lambda content: content.partition("\n")[0].encode(),
    lambda content: b"\xff" + content.encode(),
    lambda content: content.encode() + b"\x00",
    lambda content: ("# a note\n" + content).encode(),
    lambda content: ("\n\n" + content + "\n\n").encode(),
    lambda content: content.replace(",", ', "', 1).encode(),
    lambda content: b"",
]


def table(number):
    """The bytes of a mutated table, and the factors that it may have."""
    rng = Random(f"table {number}")
    if number % 2:
        header, rows = rng.choice(DEGENERATE)(rng)
        factors, changes = [c for c in LETTERS if c in header], 0
    else:
        header, rows = (_one_case if number % 4 else rng.choice(GOOD))(rng)
        factors, changes = (
            [c for c in header if c not in ("n", "successes", "trials", "value", "seed", "censored")],
            1,
        )
        factors = factors or ["n"]
    header, rows = list(header), [list(row) for row in rows]
    for _ in range(changes * rng.choice([1, 1, 2, 4])):
        try:
            rng.choice(MUTATIONS)(rng, header, rows)
        except (ValueError, IndexError):  # what an earlier mutation has left cannot bear this one
            continue
    content = text(header, rows)
    encode = rng.choice(ENCODED) if changes and rng.random() < 0.15 else str.encode
    return encode(content), factors


def fit_options(number, factors):
    """How a table is judged."""
    rng = Random(f"options of table {number}")
    law = "*".join(f"{factor}^{rng.choice(['-2', '-1', '-0.05', '1/2', '1', '2'])}" for factor in factors)
    options = ["--law", law, "--relation", rng.choice(["O", "Omega", "Theta"])]
    for factor in factors:
        options += ["--variable", factor]
    options += rng.choice([[], ["--as-variable-goes-to", "oo"], ["--as-variable-goes-to", "0"]])
    options += rng.choice([[], [], ["--margin", rng.choice(["0.01", "0.5", "3"])]])
    options += rng.choice([[], [], [], ["--guess-rate", rng.choice(["0", "0.1", "0.5"])]])
    return options + ["--json"] * rng.choice([False, True])


def law(number):
    """The text of a law of x and y, grown from a grammar, and sometimes spoilt."""
    rng = Random(f"law {number}")
    grown = (
        rng.choice(["x", "x*y", "x^-1"])
        + rng.choice(["*", "+", "/", "-"])
        + _grown(rng, rng.choice([1, 2, 3, 4]))
    )
    if number % 3:
        return grown
    garbage = [
        *("(", ")", "^", "**", "//", "%", "@", "!", "=", "==", ":=", ",", ";", "lambda", "if"),
        *("__import__", "'", '"', "\\"),
        *("\n", "\x00", "é", "∞", "½", "oo", "zoo", "nan", "I", "E", "pi", "1e999", "1j", "0x1"),
        *("1_0", "0", "..", "...", "[]"),
        *("{x}", "x.y", "x[0]", "f(x)", "log()", "log(x, y)", "exp(exp(x))", "x^x", "2^999", "-"),
        *("True", "None", "\ud800"),
    ]  # fmt: skip
    at = rng.randrange(len(grown) + 1)
    odd = rng.choice(garbage)
    return rng.choice(
        [grown[:at] + odd + grown[at:], grown[:at] + odd, odd, odd * rng.choice([2, 50, 300]), grown * 9]
    )


def _grown(rng, depth):
    if depth == 0:
        return rng.choice(
            ["x", "y", "x", "y", "2", "0.076", "1/3", "0", "10", "1e-9", "c", "n", "999999999999"]
        )
    part = _grown(rng, depth - 1)
    match rng.randrange(9):
        case 0 | 1:
            return f"({part})^{rng.choice(['2', '-1', '0.5', '-0.076', '(1/3)', '0', '100', '1.5', '(-3)'])}"
        case 2:
            return f"log({part})"
        case 3:
            return f"sqrt({part})"
        case 4:
            return f"exp({rng.choice(['', '-', '1/'])}{part})"
        case _:
            return f"({part} {rng.choice('+-*/')} {_grown(rng, depth - 1)})"
