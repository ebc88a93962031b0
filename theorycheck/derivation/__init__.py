"""The exponents of a law, derived from its bound."""

from theorycheck.derivation.exponents import Derived, derive
from theorycheck.derivation.rationals import decimals, exact
from theorycheck.derivation.refused import Refused
from theorycheck.derivation.substitution import substituted

__all__ = ["Derived", "Refused", "decimals", "derive", "exact", "substituted"]
