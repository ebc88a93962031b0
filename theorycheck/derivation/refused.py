"""Why a bound has no exponent."""


class Refused(Exception):
    """A bound has no single exponent in a variable; says why."""


class Undecided(Exception):
    """SymPy does not say whether there is an exponent; says what it could not do."""
