"""What figures show, against another function of the factor: a power of log t is straight against log t."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theorycheck.drawing import Shown

if TYPE_CHECKING:
    from theorycheck.statements.scaling import Scaling


def by(law: Scaling, shown: Shown) -> Shown:
    """The same with levels of `law.in_terms_of`, whose letter stands on the axis."""
    claim, (symbol, _) = shown.claim, law.regime[0]
    design, factor = claim.design, claim.design.factor
    powers = {x: law.scale(factor, x) for x in design.levels}
    levels = tuple(sorted(powers.values()))
    axis = claim.latex(law.in_terms_of) if law.in_terms_of is not None else claim.latex(symbol)
    return Shown(
        shown.judgement.at(powers),
        claim.model_copy(
            update={
                "design": design.model_copy(update={"levels": levels}),
                "notation": {**claim.notation, symbol: axis},
            }
        ),
        shown.evidence.assign(**{factor: shown.evidence[factor].map(powers)}),
        shown.words,
    )
