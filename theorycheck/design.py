"""A design: the experiment that tests a claim, as frozen data that is checked when it is built."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Self

import sympy
from pydantic import BeforeValidator, Field, field_validator, model_validator
from sympy import Expr, Symbol

from theorycheck.errors import ClaimError
from theorycheck.fields import Crossed, Frozen, Held, Misfit, Name, Note, finite, name_of, numbers
from theorycheck.search import Search
from theorycheck.text import cut

Point = Mapping[str, Any]  # values of parameters of a response, or of letters, by name
SAMPLES = Symbol(
    "N", positive=True
)  # the number of training samples, the letter every sample-complexity bound uses

# Columns that tables of trials, and what the judge makes of them, have beside what is varied.
RESERVED = frozenset({
    "censored", "failed", "key", "machine", "note", "outcome", "pair", "point", "ratio", "replicate",
    "searched", "seed", "successes", "trials", "unfitted", "value", "work",
})  # fmt: skip
MOST_TRIALS = 1_000_000  # cells times replicates; with more a design is taken for a mistake
MOST_SHOWN = 100  # characters of an expression, in a message
_COUNTS = ("n", "successes", "trials")


class Design(Frozen):
    """The experiment: levels of what is varied, values among which a threshold is sought, replicates, and
    what is held.

    Names and letters of the theorem are both accepted; NumPy's numbers become Python's.

    Attributes:
        factor: the varied quantity.
        levels: its values, at least three.
        crossed: other quantities that are varied, with their values; every one goes with every level.
        search: the quantity whose threshold is sought, with its values that may be tried; None where a trial
            measures a value directly.
        replicates: trials at each design point. A scaling law of one threshold has as many in each cell
            (level, N) under the full profile only; other profiles place its trials where success turns.
        budget: most trials of a group that are placed so, where a trial is expensive; by default the
            profile alone says how many.
        held: the other parameters of the response: numbers, texts, True, False or None; a SymPy expression is
            evaluated at every level. What is varied or searched overrides its value here.
        outside_regime: whether points at which conditions of the theorem fail are tried as well; the verdict
            then is on this design and not on the theorem.
        note: what a reader must know of it.
        published: a table of counts that others published for it, to be shown beside.
    """

    factor: Name
    levels: Annotated[tuple[float, ...], BeforeValidator(numbers)]
    crossed: Crossed = Field(default_factory=dict)
    search: Search | None = None
    replicates: int = Field(ge=1, le=MOST_TRIALS)
    budget: int | None = Field(None, ge=1, le=MOST_TRIALS)
    held: Held
    outside_regime: bool = False
    note: Note = ""
    published: Path | None = None

    @field_validator("levels")
    @classmethod
    def _enough_levels(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if len(levels) < 3:
            raise ValueError(f"a design needs at least 3 different levels, got {len(levels)}; add levels")
        if min(levels) < 0:
            raise ValueError(f"levels must be finite and not negative, got {min(levels):g}")
        return tuple(sorted(levels))

    @field_validator("search", mode="before")
    @classmethod
    def _a_search(cls, search: Any) -> Any:
        if search is not None and not isinstance(search, Search):
            raise ValueError(
                f"a search is Search(letter, values), as in Search(N, (4, 8, 16)), got {search!r:.100}"
            )
        return search

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [*self.varied, *([self.search.letter] if self.search else [])]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Misfit("crossed", f"the design varies or searches {', '.join(twice)} twice; name it once")
        if clash := sorted(RESERVED & set(names)):
            in_crossed = "crossed" if self.crossed.keys() & clash else "search"
            raise Misfit(
                "factor" if self.factor in clash else in_crossed,
                f"the design varies or searches {', '.join(clash)}, a name that the table of trials needs;"
                f" rename it (it needs {', '.join(sorted(RESERVED))})",
            )
        return self

    @model_validator(mode="after")
    def _can_be_carried_out(self) -> Self:
        trials = self.replicates * math.prod(map(len, self.changing.values()))
        if trials > MOST_TRIALS:
            raise Misfit(
                "replicates",
                f"the design has {trials} trials, at most {MOST_TRIALS} are carried out; name fewer",
            )
        return self

    @model_validator(mode="after")
    def _held_expressions_have_values(self) -> Self:
        changing = self.changing
        for name in [
            name for name, value in self.held.items() if isinstance(value, Expr) and name not in changing
        ]:
            try:
                letters = self._letters(name) & set(changing)
                for values in product(*(changing[letter] for letter in letters)):
                    _value(name, {**self.held, **dict(zip(letters, values, strict=True))})
            except ClaimError as error:
                raise Misfit("held", f"{name}: {error}") from error
        return self

    @model_validator(mode="after")
    def _published_counts_can_be_read(self) -> Self:
        if self.published is not None:
            try:
                with self.published.open(newline="", encoding="utf-8") as file:
                    _check_counts(csv.DictReader(file), self.factor)
            except OSError as error:
                raise Misfit(
                    "published", f"{str(self.published)!r} cannot be read: {error.strerror}"
                ) from error
            except (ValueError, csv.Error) as error:
                raise Misfit(
                    "published", f"{str(self.published)!r} is no table of counts: {error}"
                ) from error
        return self

    @property
    def varied(self) -> tuple[str, ...]:
        """The names of the factor and of what is crossed with it."""
        return (self.factor, *self.crossed)

    @property
    def changing(self) -> dict[str, tuple[Any, ...]]:
        """The values of all that is varied or searched."""
        return {
            self.factor: self.levels,
            **self.crossed,
            **({self.search.letter: self.search.values} if self.search else {}),
        }

    @property
    def letters(self) -> frozenset[str]:
        """The names of all that has a value at a design point."""
        return frozenset((*self.changing, *self.held))

    def _letters(self, name: str, above: tuple[str, ...] = ()) -> set[str]:
        """The names that a value depends on, itself among them.

        Raises:
            ClaimError: it depends on itself.
        """
        if name in above:
            raise ClaimError(
                f"needs its own value ({' -> '.join((*above, name))}); hold one of these as a number"
            )
        value = None if name in self.changing else self.held.get(name)
        if not isinstance(value, Expr):
            return {name}
        return {name}.union(*(self._letters(s.name, (*above, name)) for s in value.free_symbols))

    def groups(self) -> Iterator[dict[str, Any]]:
        """All combinations of the crossed quantities; one empty one where there are none."""
        return (dict(zip(self.crossed, values, strict=True)) for values in product(*self.crossed.values()))

    def another(self, note: str, held: Mapping[Any, Any] | None = None, **changed: Any) -> Design:
        """Another experiment: this one, but for a note, some of what is held, and other fields by name.

        Example:
            >>> design = Design(factor="x", levels=(1, 2, 4), replicates=4, held={"depth": 2})
            >>> other = design.another("With 4 blocks.", {"depth": 4}, replicates=8)
            >>> other.levels, dict(other.held), other.replicates
            ((1.0, 2.0, 4.0), {'depth': 4}, 8)
        """
        own = {name: getattr(self, name) for name in Design.model_fields}
        others = {name_of(name): value for name, value in (held or {}).items()}
        return Design(**{**own, "note": note, "held": {**self.held, **others}, **changed})

    def point(
        self, level: float, searched: float | None = None, group: Point = MappingProxyType({})
    ) -> dict[str, Any]:
        """All parameters of the response at a level, a value of what is searched, and a combination of the
        crossed.

        Raises:
            ClaimError: an expression among the held values has no finite number there.
        """
        values = {**self.held, self.factor: level, **group}
        if self.search and searched is not None:
            values[self.search.letter] = searched
        return {name: _value(name, values) for name in values}


def evaluate(expression: sympy.Basic, values: Point) -> sympy.Basic:
    """Put values in for the letters of an expression or relation.

    Raises:
        ClaimError: a letter has no value, or one that the expression cannot take.
    """
    missing = sorted(s.name for s in expression.free_symbols if s.name not in values)
    if missing:
        raise ClaimError(f"{expression} needs a value for {', '.join(missing)}; hold it in the design")
    put = {s: values[s.name] for s in expression.free_symbols}
    if odd := [
        f"{s.name} = {value!r}" for s, value in put.items() if value is None or isinstance(value, str)
    ]:
        raise ClaimError(f"{expression} needs numbers for its letters, found {', '.join(odd)}")
    try:
        return expression.subs(put)
    except (TypeError, ValueError, RecursionError) as error:
        raise ClaimError(f"{expression} has no value {_at(put)}: {error}") from error


def _value(name: str, values: Point) -> Any:
    """A value by its name; a number where it is an expression, as are those that this needs."""
    value = values[name]
    if not isinstance(value, Expr):
        return value
    letters = sorted(s.name for s in value.free_symbols if s.name in values)
    needed = {letter: _value(letter, values) for letter in letters}
    try:
        return finite(evaluate(value, needed))
    except ValueError as error:
        shown = cut(str(value), MOST_SHOWN)
        raise ClaimError(f"{shown} {error}{' ' * bool(needed)}{_at(needed)}") from error


def _at(values: Mapping[Any, Any]) -> str:
    return f"at {', '.join(f'{letter} = {value}' for letter, value in values.items())}" if values else ""


def _check_counts(rows: csv.DictReader[str], factor: str) -> None:
    """ValueError where a table lacks a column of counts, or has other values than numbers in it."""
    needed = (factor, *_COUNTS)
    if factor in _COUNTS:
        raise ValueError(
            f"its column {factor} is that of what is searched, not of the factor {factor}; rename this"
        )
    missing = [name for name in needed if name not in (rows.fieldnames or ())]
    if missing:
        raise ValueError(f"it lacks the column {', '.join(missing)}")
    lines = 0
    for lines, row in enumerate(rows, 1):
        try:
            level, n, successes, trials = (float(row[name]) for name in needed)
        except (TypeError, ValueError):
            level = n = successes = trials = math.nan
        if not (0 <= level < math.inf and 0 < n < math.inf and 0 <= successes <= trials < math.inf):
            raise ValueError(f"row {lines} has {', '.join(f'{name} = {row[name]}' for name in needed)}")
    if not lines:
        raise ValueError("it has no rows")
