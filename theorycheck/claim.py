"""A claim: one statement of a theorem as frozen data, with the experiment that tests it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

import sympy
from pydantic import (
    BeforeValidator,
    Field,
    InstanceOf,
    PrivateAttr,
    SkipValidation,
    ValidationError,
    model_validator,
)
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from theorycheck.design import SAMPLES, Design, Point, evaluate
from theorycheck.errors import ClaimError
from theorycheck.fields import Frozen, Held, Misfit, Text, numbers, printable
from theorycheck.fingerprint import Function
from theorycheck.notation import latex, plain_text
from theorycheck.response_check import check_response
from theorycheck.search import Search
from theorycheck.source import Paper, Provenance, Source
from theorycheck.statements.base import MARGIN, Statement, Topic
from theorycheck.text import shell_word

__all__ = ["SAMPLES", "Claim", "Condition", "Design", "Paper", "Search", "Source"]

DesignName = Annotated[
    Text, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_ .-]*$", max_length=100)
]  # part of a folder's name


class Condition(Frozen):
    """An assumption of the theorem, as a relation between letters of the design."""

    relation: Relational
    provenance: Provenance = "stated"

    def holds(self, point: Point) -> bool:
        """Whether the assumption holds at a design point.

        Raises:
            ClaimError: it cannot be told, as a letter has no value or one that cannot be compared.
        """
        found = evaluate(self.relation, point)
        try:
            return bool(found)
        except TypeError as error:
            where = ", ".join(f"{s.name} = {point[s.name]}" for s in self.relation.free_symbols)
            raise ClaimError(f"the condition {self.relation} is neither true nor false at {where}") from error


def _stated(law: Any) -> Any:
    if not isinstance(law, Statement):
        others = (kind.__name__ for kind in Statement.__subclasses__() if not kind.__subclasses__())
        raise ValueError(
            f"a claim states BigO, Omega or Theta of an expression, or a {', '.join(sorted(others))}; got"
            f" {law!r:.100}"
        )
    return law


def _measuring(response: Any) -> Any:
    """A response, which is a name or is called as f(point, seed)."""
    if isinstance(response, str):
        return printable(response)
    if not callable(response):
        raise ValueError(f"a response is a name or a callable f(point, seed), got {response!r:.100}")
    printable((response.__doc__ or "").strip().partition("\n")[0])
    try:
        check_response(response)
    except ClaimError as error:
        raise ValueError(str(error)) from error
    return response


class Claim(Frozen):
    """A theorem's statement, and what would support or refute it.

    Attributes:
        name: what users type; the name of its file.
        title: one line for lists.
        source: paper and place.
        provenance: "stated" (seen in the source) or "recalled" (from memory, never decides a headline
            verdict).
        quantity: what the law is about, such as N*.
        law: the bound, or a statement of another kind (theorycheck.statements); the design varies its
            letters.
        conditions: assumptions of the theorem; a design point outside of them does not enter the verdict.
        response: name of the response in theorycheck.empirical that a trial measures; or a function of the
            claim file, f(point, seed), which returns whether a trial succeeds, or the measured value where
            nothing is searched.
        design: the default experiment.
        margin: a law may be exactly as steep as claimed, so exponents up to this much worse are allowed; of a
            law's own exponent (0.25 by default, or half of the exponent where that is less), and of the rate
            of a limit. Other statements have none.
        guess_rate: share of trials that succeed whatever is searched, such as 1/2 where one of two classes is
            guessed; where it is None it is estimated, and 0 unless the trials say otherwise.
        rivals: other exponents that the experiment should distinguish from the claimed one; of a law only.
        refuted_by: what outcome refutes the claim, in words.
        notation: LaTeX of letters whose names are not how the paper writes them.
        designs: other experiments, by name.
        variations: other reasonable choices of held values, by name, under which the verdict should be the
            same.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)
    title: Text
    source: Source
    provenance: Provenance
    quantity: InstanceOf[Symbol]
    law: Annotated[Statement, SkipValidation, BeforeValidator(_stated)]
    conditions: tuple[Condition, ...] = ()
    response: Annotated[str | Function, SkipValidation, BeforeValidator(_measuring)]
    design: Design
    margin: float = Field(MARGIN, gt=0, allow_inf_nan=False)
    guess_rate: float | None = Field(None, ge=0, lt=1, allow_inf_nan=False)
    rivals: Annotated[tuple[float, ...], BeforeValidator(numbers)] = ()
    refuted_by: Text
    notation: Mapping[InstanceOf[Symbol], Text] = {}
    designs: Mapping[DesignName, Design] = {}
    variations: Mapping[Text, Held] = {}
    _found_as: str | None = PrivateAttr(None)
    _variation: str | None = PrivateAttr(None)
    _data: str | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _says_only_what_is_tested(self) -> Self:
        given = self.model_fields_set & {"margin", "rivals"}
        for field in sorted(given - self.law.fields):
            raise Misfit(field, f"the test of {self.law.name} has no {field}; leave it out")
        if "margin" not in given:
            self.__dict__["margin"] = self.law.standard_margin
        if self.guess_rate is not None and not ("guess_rate" in self.law.fields and self.design.search):
            raise Misfit("guess_rate", "only a scaling law of a threshold is judged with it; leave it out")
        return self

    @model_validator(mode="after")
    def _letters_can_be_printed(self) -> Self:
        try:
            printable(self.statement)
        except ValueError as error:
            raise Misfit("quantity", f"the statement {error}; rename the letter that has it") from error
        return self

    @model_validator(mode="after")
    def _designs_test_the_statement(self) -> Self:
        others = (("designs", design) for design in self.designs.values())
        for field, design in (("design", self.design), *others):
            try:
                self.law.check(design)
            except ClaimError as error:
                raise Misfit(field, str(error)) from error
            for condition in self.conditions:
                if missing := sorted({s.name for s in condition.relation.free_symbols} - design.letters):
                    reason = (
                        f"{condition.relation} needs a value for {', '.join(missing)}; hold it in the design"
                    )
                    raise Misfit("conditions", reason)
        return self

    @model_validator(mode="after")
    def _variations_can_be_carried_out(self) -> Self:
        for name, held in self.variations.items():
            if idle := sorted(self.design.changing.keys() & held.keys()):
                raise Misfit(
                    "variations",
                    f"{name!r} holds {', '.join(idle)}, which the design changes anyway; leave it out",
                )
            try:
                Design(**{**dict(self.design), "published": None, "held": {**self.design.held, **held}})
            except ValidationError as error:
                raise Misfit(
                    "variations", f"{name!r}: {error.errors()[0]['msg'].removeprefix('Value error, ')}"
                ) from error
        return self

    @property
    def found_as(self) -> str | None:
        """The name or the path that the option --claim takes for it; None of a claim built or changed in
        Python.
        """
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
        chosen = {"--claim": self._found_as, "--design": self.design_name, "--data": self._data}
        told = "".join(f" {option} {shell_word(value)}" for option, value in chosen.items() if value)
        return f"theorycheck {name}{told}{options}"

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, maybe with other values; it is not the one that was found."""
        copy = super().model_copy(update=update, deep=deep)
        copy._found_as = copy._variation = None
        return copy

    def of_design(self, name: str | None) -> Claim:
        """The same claim with another of its experiments, or as it is where none is named.

        Raises:
            ClaimError: it has none of this name.
        """
        if not name:
            return self
        if name not in self.designs:
            known = ", ".join(self.designs) or "no other design"
            raise ClaimError(
                f"{self.name} has no design {name!r}; it has {known}, beside the default without --design"
            )
        return self.model_copy(update={"design": self.designs[name]}).as_found(self.found_as)

    @property
    def design_name(self) -> str | None:
        """The name of the design, among those the claim names; None for the default."""
        return next((name for name, design in self.designs.items() if design is self.design), None)

    def varied(self, name: str) -> Claim:
        """The same claim with other held values, by the name of a variation."""
        (varied := self.holding(self.variations[name]))._variation = name
        return varied

    def holding(self, values: Mapping[str, Any], data: str | None = None) -> Claim:
        """The same claim with other held values; `data` names the source that they tell of."""
        design = self.design.model_copy(update={"held": {**self.design.held, **values}})
        others = {name: design if one is self.design else one for name, one in self.designs.items()}
        held = self.model_copy(update={"design": design, "designs": others}).as_found(self._found_as)
        held._data = data or self._data
        return held

    @property
    def topic(self) -> Topic:
        """What the statement is about, in the claim's words."""
        factor = self.design.factor
        return Topic(
            factor,
            self.text(factor),
            self.text(self.quantity),
            self.margin,
            {name: self.text(name) for name in self.design.varied},
            self.searched,
            self.rivals,
            self.guess_rate,
            self.design.search.letter if self.design.search else "n",
        )

    @property
    def searched(self) -> str:
        """The letter that is searched, for readers; N where none is."""
        return self.text(self.design.search.letter if self.design.search else SAMPLES.name)

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
        return {
            name: self.text(value) if isinstance(value, Expr) else value
            for name, value in self.design.held.items()
            if name not in self.design.changing
        }

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
