"""A claim: one statement of a theorem as frozen data, with the experiment that tests it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, Any, Literal, Self

import sympy
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from theorycheck.errors import ClaimError
from theorycheck.law import Law, latex, plain_text

Provenance = Literal["stated", "recalled"]
SAMPLES = Symbol("N", positive=True)  # the number of training samples, the letter every sample-complexity bound uses


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Paper(_Frozen):
    """A publication: BibTeX key, short name for terminals, full reference for reports."""

    key: str
    short: str
    reference: str


class Source(_Frozen):
    """Where a statement stands: paper and place, such as "Theorem 1"."""

    paper: Paper
    place: str

    def __str__(self) -> str:
        return f"{self.paper.short}, {self.place}"


class Condition(_Frozen):
    """An assumption of the theorem, as a relation between letters of the design."""

    relation: Relational
    provenance: Provenance = "stated"

    def holds(self, point: Mapping[str, Any]) -> bool:
        """Whether the assumption holds at a design point."""
        return bool(evaluate(self.relation, point))


def _by_name(values: Any) -> Any:
    """Let a design be keyed by the theorem's letters."""
    if not isinstance(values, Mapping):
        return values
    return {key.name if isinstance(key, Symbol) else key: value for key, value in values.items()}


class Design(_Frozen):
    """The experiment: levels of the varied factor, sample sizes, replicates, and the values that are held.

    Attributes:
        factor: name of the varied quantity; letters of the theorem are accepted.
        levels: its values, at least three.
        samples: training-set sizes N that may be tried, at least three.
        replicates: trials in each cell (level, N) under the full profile; others place trials where success turns.
        held: the other parameters of the response, by letter; a SymPy expression is evaluated at every level.
    """

    factor: Annotated[str, BeforeValidator(lambda s: s.name if isinstance(s, Symbol) else s)]
    levels: tuple[float, ...]
    samples: tuple[int, ...]
    replicates: int = Field(ge=1)
    held: Annotated[Mapping[str, Any], BeforeValidator(_by_name)]

    @field_validator("levels")
    @classmethod
    def _enough_levels(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(levels)) < 3:
            raise ValueError(f"a scaling needs at least 3 different levels, got {len(set(levels))}; add levels")
        if min(levels) <= 0 or not all(map(math.isfinite, levels)):
            raise ValueError(f"levels must be positive numbers, got {min(levels):g}; a power law has no value there")
        return tuple(sorted(levels))

    @field_validator("samples")
    @classmethod
    def _enough_samples(cls, samples: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(samples)) < 3 or min(samples) < 1:
            raise ValueError(f"a threshold needs at least 3 different sample sizes N >= 1, got {samples}")
        return tuple(sorted(samples))

    def point(self, level: float, n: int) -> dict[str, Any]:
        """All parameters of the response at one level and sample size, as plain Python values.

        Raises:
            ClaimError: an expression among the held values contains a letter that has no value.
        """
        values = {**self.held, self.factor: level, SAMPLES.name: n}
        for name, value in values.items():
            if isinstance(value, Expr):
                values[name] = _number(evaluate(value, values))
        return values

    def cells(self) -> Iterator[tuple[float, int]]:
        """All pairs (level, N), level by level."""
        return product(self.levels, self.samples)


class Claim(_Frozen):
    """A theorem's scaling statement, and what would support or refute it.

    Attributes:
        name: what users type; the name of its file.
        title: one line for lists.
        source: paper and place.
        provenance: "stated" (seen in the source) or "recalled" (from memory, never decides a headline verdict).
        quantity: what the law bounds, such as N*.
        law: the bound; its one variable is the factor that the design varies.
        conditions: assumptions of the theorem; a design point outside of them does not enter the verdict.
        response: name of the response in theorycheck.empirical that a trial measures.
        design: the default experiment.
        margin: a law may be exactly as steep as claimed, so exponents up to this much worse are allowed.
        rivals: other exponents that the experiment should tell apart from the claimed one.
        refuted_by: what outcome refutes the claim, in words.
        notation: LaTeX of letters whose names are not how the paper writes them.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    source: Source
    provenance: Provenance
    quantity: Symbol
    law: Law
    conditions: tuple[Condition, ...]
    response: str
    design: Design
    margin: float = Field(0.25, gt=0)
    rivals: tuple[float, ...] = ()
    refuted_by: str
    notation: Mapping[Symbol, str] = {}

    @model_validator(mode="after")
    def _law_speaks_of_the_factor(self) -> Self:
        variables = [symbol.name for symbol in self.law.exponents]
        if variables != [self.design.factor]:
            raise ValueError(
                f"the design must vary the law's variable {', '.join(variables)}, but varies {self.design.factor}"
            )
        return self

    @property
    def exponent(self) -> float:
        """The exponent of the law in its one variable."""
        (value,) = self.law.exponents.values()
        return float(value)

    @property
    def statement(self) -> str:
        """Plain text of the law, as in `N* = O(alpha_*^-2) as alpha_* -> 0`."""
        return self.law.statement(self.quantity, self.notation)

    @property
    def statement_latex(self) -> str:
        """LaTeX of the law, without dollar signs."""
        return self.law.latex(self.quantity, self.notation)

    @property
    def held(self) -> dict[str, Any]:
        """The values held in the design, expressions as plain text."""
        return {name: self.text(v) if isinstance(v, Expr) else v for name, v in self.design.held.items()}

    def text(self, expression: sympy.Basic | str) -> str:
        """Plain text of a letter (or its name), expression or relation in the paper's notation."""
        return plain_text(self._letter(expression), self.notation)

    def latex(self, expression: sympy.Basic | str) -> str:
        """LaTeX of a letter (or its name), expression or relation in the paper's notation."""
        return latex(self._letter(expression), self.notation)

    def _letter(self, expression: sympy.Basic | str) -> sympy.Basic:
        if not isinstance(expression, str):
            return expression
        return next((s for s in self.notation if s.name == expression), Symbol(expression))


def evaluate(expression: sympy.Basic, values: Mapping[str, Any]) -> sympy.Basic:
    """Put values in for the letters of an expression or relation.

    Raises:
        ClaimError: a letter has no value.
    """
    missing = sorted(s.name for s in expression.free_symbols if s.name not in values)
    if missing:
        raise ClaimError(f"{expression} needs a value for {', '.join(missing)}; hold it in the design")
    return expression.subs({s: values[s.name] for s in expression.free_symbols})


def _number(value: sympy.Basic) -> int | float:
    return int(value) if value.is_Integer else float(value)
