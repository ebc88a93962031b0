"""A claim: one statement of a theorem as frozen data, with the experiment that tests it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

import sympy
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, field_validator, model_validator
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from theorycheck.errors import ClaimError
from theorycheck.law import Law, latex, plain_text
from theorycheck.statements import Contrast, Direction, Limit, Ordering, Transition
from theorycheck.text import shell_word

Provenance = Literal["stated", "recalled"]
Point = dict[str, Any]  # values of all parameters of a response, by name
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


Name = Annotated[str, BeforeValidator(lambda s: s.name if isinstance(s, Symbol) else s)]
ByName = Annotated[Mapping[str, Any], BeforeValidator(_by_name)]


class Design(_Frozen):
    """The experiment: levels of what is varied, values among which a threshold is sought, replicates, and what is held.

    Names and letters of the theorem are both accepted.

    Attributes:
        factor: the varied quantity.
        levels: its values, at least three.
        crossed: other quantities that are varied, with their values; every one goes with every level.
        searched: the quantity whose threshold is sought.
        samples: its values that may be tried, at least three: training-set sizes N, unless something else is searched;
            none where a trial measures a value directly.
        replicates: trials at each design point. A scaling law of one threshold has as many in each cell (level, N)
            under the full profile only; other profiles place its trials where success turns.
        held: the other parameters of the response; a SymPy expression is evaluated at every level. What is varied or
            searched overrides its value here.
        outside_regime: whether points at which conditions of the theorem fail are tried as well; the verdict then is on
            this design and not on the theorem.
        note: what a reader must know of it.
        published: a table of counts that others published for it, to be shown beside.
    """

    factor: Name
    levels: tuple[float, ...]
    crossed: ByName = {}
    searched: Name = SAMPLES.name
    samples: tuple[int | float, ...] = ()
    replicates: int = Field(ge=1)
    held: ByName
    outside_regime: bool = False
    note: str = ""
    published: Path | None = None

    @field_validator("levels")
    @classmethod
    def _enough_levels(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(levels)) < 3:
            raise ValueError(f"a design needs at least 3 different levels, got {len(set(levels))}; add levels")
        if min(levels) < 0 or not all(map(math.isfinite, levels)):
            raise ValueError(f"levels must be finite and not negative, got {min(levels):g}")
        return tuple(sorted(levels))

    @field_validator("samples")
    @classmethod
    def _enough_samples(cls, samples: tuple[int | float, ...]) -> tuple[int | float, ...]:
        if samples and (len(set(samples)) < 3 or min(samples) <= 0):
            raise ValueError(f"a threshold needs at least 3 different samples, all positive, got {samples}")
        return tuple(sorted(samples))

    @property
    def varied(self) -> tuple[str, ...]:
        """The names of the factor and of what is crossed with it."""
        return (self.factor, *self.crossed)

    def groups(self) -> Iterator[dict[str, Any]]:
        """All combinations of the crossed quantities; one empty one where there are none."""
        return (dict(zip(self.crossed, values, strict=True)) for values in product(*self.crossed.values()))

    def point(self, level: float, n: float | None = None, group: Mapping[str, Any] = MappingProxyType({})) -> Point:
        """All parameters of the response at a level, a value of what is searched, and a combination of the crossed.

        Raises:
            ClaimError: an expression among the held values contains a letter that has no value.
        """
        values = {**self.held, self.factor: level, **group}
        if n is not None:
            values[self.searched] = n
        for name, value in values.items():
            if isinstance(value, Expr):
                values[name] = _number(evaluate(value, values))
        return values


class Claim(_Frozen):
    """A theorem's statement, and what would support or refute it.

    Attributes:
        name: what users type; the name of its file.
        title: one line for lists.
        source: paper and place.
        provenance: "stated" (seen in the source) or "recalled" (from memory, never decides a headline verdict).
        quantity: what the law is about, such as N*.
        law: the bound, or a statement of another kind (theorycheck.statements); the design varies its letters.
        conditions: assumptions of the theorem; a design point outside of them does not enter the verdict.
        response: name of the response in theorycheck.empirical that a trial measures; or a function of the claim file,
            f(point, seed), which returns whether a trial succeeds, or the measured value where nothing is searched.
        design: the default experiment.
        margin: a law may be exactly as steep as claimed, so exponents up to this much worse are allowed.
            (Margin and rivals are a scaling law's.)
        rivals: other exponents that the experiment should tell apart from the claimed one.
        refuted_by: what outcome refutes the claim, in words.
        notation: LaTeX of letters whose names are not how the paper writes them.
        designs: other experiments, by name.
        variations: other reasonable choices of held values, by name, under which the verdict should be the same.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    source: Source
    provenance: Provenance
    quantity: Symbol
    law: Law | Direction | Contrast | Limit | Transition | Ordering
    conditions: tuple[Condition, ...] = ()
    response: str | Callable[[Mapping[str, Any], int], Any]
    design: Design
    margin: float = Field(0.25, gt=0)
    rivals: tuple[float, ...] = ()
    refuted_by: str
    notation: Mapping[Symbol, str] = {}
    designs: Mapping[str, Design] = {}
    variations: Mapping[str, ByName] = {}
    _found_as: str | None = PrivateAttr(None)
    _variation: str | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _design_varies_what_the_law_speaks_of(self) -> Self:
        missing = [name for name in self.law.letters if name not in self.design.varied]
        if missing:
            raise ValueError(
                f"the design must vary the law's variable {', '.join(missing)}, but varies "
                f"{', '.join(self.design.varied)}"
            )
        if isinstance(self.law, Law):
            more = [name for name in self.design.varied if name not in self.law.letters]
            if more:
                raise ValueError(
                    f"the design varies {', '.join(more)}, of which the law does not speak; hold it instead"
                )
            lowest = min([*self.design.levels, *(value for values in self.design.crossed.values() for value in values)])
            if lowest <= 0:
                raise ValueError(f"levels must be positive numbers, got {lowest:g}; a power law has no value there")
        return self

    @property
    def found_as(self) -> str | None:
        """The name or the path that the option --claim takes for it; None of a claim built or changed in Python."""
        return self._found_as

    @property
    def variation(self) -> str | None:
        """The name of the variation that it is; None of the claim itself."""
        return self._variation

    def as_found(self, argument: str | None) -> Claim:
        """The same claim, found by a name or a path."""
        found = self.model_copy()
        found._found_as = argument
        return found

    def command(self, name: str, options: str = "") -> str:
        """A command on this claim, for messages; the call that verifies it where it was built in Python."""
        if self._found_as is None:
            return "theorycheck.verify(claim)"
        design = f" --design {shell_word(self.design_name)}" if self.design_name else ""
        return f"theorycheck {name} --claim {shell_word(self._found_as)}{design}{options}"

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, maybe with other values; it is not the one that was found."""
        copy = super().model_copy(update=update, deep=deep)
        copy._found_as = copy._variation = None
        return copy

    def with_design(self, name: str) -> Claim:
        """The same claim with another of its experiments.

        Raises:
            ClaimError: it has none of this name.
        """
        if name not in self.designs:
            known = ", ".join(self.designs) or "no other design"
            raise ClaimError(f"{self.name} has no design {name!r}; it has {known}, beside the default without --design")
        return self.model_copy(update={"design": self.designs[name]}).as_found(self.found_as)

    @property
    def design_name(self) -> str | None:
        """The name of the design, among those the claim names; None for the default."""
        return next((name for name, design in self.designs.items() if design is self.design), None)

    def varied(self, name: str) -> Claim:
        """The same claim with other held values, by the name of a variation."""
        held = {**self.design.held, **self.variations[name]}
        varied = self.model_copy(update={"design": self.design.model_copy(update={"held": held})})
        varied._found_as, varied._variation = self._found_as, name
        return varied

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
        """The values held in the design, expressions as plain text; without what is varied or searched."""
        changing = (*self.design.varied, self.design.searched if self.design.samples else None)
        held = {name: value for name, value in self.design.held.items() if name not in changing}
        return {name: self.text(value) if isinstance(value, Expr) else value for name, value in held.items()}

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
