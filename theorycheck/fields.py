"""The types of a claim's fields: texts that can be printed, names, and values that a trial's specification
can hold.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Self

import sympy
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from sympy import Expr, Symbol

from theorycheck.errors import ClaimError

# Control characters, surrogates, separators of lines and paragraphs, and marks that reorder a text.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
MOST_VALUES = (
    100_000  # of one quantity; beyond it a design is taken for a mistake, such as an endless iterator
)
_SCALARS = "a number, a text, True, False or None"


class Frozen(BaseModel):
    """Data that cannot be changed and has no other fields than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, maybe with other values of some fields, which are not checked again.

        Raises:
            ClaimError: it has no such fields.
        """
        kind = type(self)
        if unknown := ", ".join(map(str, (update or {}).keys() - kind.model_fields.keys())):
            raise ClaimError(
                f"asked for a copy of a {kind.__name__} with another {unknown}; its fields are"
                f" {', '.join(kind.model_fields)}"
            )
        return super().model_copy(update=update, deep=deep)


class Misfit(ValueError):
    """A field that does not fit the others, by its name."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def printable(text: str) -> str:
    """The text, which must be one line without control characters.

    Raises:
        ValueError: it has some.
    """
    if found := _UNPRINTABLE.search(text):
        raise ValueError(
            f"contains the control character {found[0]!a} at position {found.start()}; write one line of "
            "printable characters"
        )
    return text


def _some(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write at least one character")
    return text


def name_of(letter: Any) -> Any:
    """The name of a letter; anything else as it is."""
    return letter.name if isinstance(letter, Symbol) else letter


def scalar(value: Any) -> Any:
    """A value as JSON can hold it, NumPy's and SymPy's numbers as Python's.

    Raises:
        ValueError: it is no finite number, text, truth value or None.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # of NumPy, and of what behaves like it
        value = value.item()
    if isinstance(value, sympy.Basic) and not value.free_symbols:
        value = bool(value) if value in (sympy.true, sympy.false) else finite(value)
    if isinstance(value, str):
        return printable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return finite(value)
    raise ValueError(f"is of the type {type(value).__name__}, which no trial can record; give {_SCALARS}")


def scalar_or_expression(value: Any) -> Any:
    """As `scalar`; SymPy expressions are left as they are."""
    if isinstance(value, Expr) and (value.free_symbols or finite(value) is not None):
        return value
    try:
        return scalar(value)
    except ValueError as error:
        raise ValueError(str(error).replace(_SCALARS, f"{_SCALARS}, or a SymPy expression")) from error


def finite(value: Any) -> int | float:
    """A number as Python's int or float.

    Raises:
        ValueError: it is complex, infinite, not a number, or too large for a float.
    """
    try:
        whole = isinstance(value, int) or getattr(value, "is_Integer", False)
        number = int(value) if whole else float(value)
        if math.isfinite(number):
            return number
        found = str(value)
    except (TypeError, ValueError):
        found = str(value)
    except OverflowError:
        found = "a number beyond 1e308"
    raise ValueError(f"is {found}, but must be a finite number")


def _by_name(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let values be keyed by the theorem's letters, and check each."""

    def named(values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        found: dict[Any, Any] = {}
        for key, value in values.items():
            name = name_of(key)
            if not isinstance(name, str):
                raise ValueError(f"has the name {name!r}; a name is a text or a letter")
            if name in found:
                raise ValueError(f"names {name} twice, as a letter and as a text; keep one")
            try:
                _some(printable(name))
                found[name] = check(value)
            except ValueError as error:
                raise ValueError(f"{name!a} {error}") from error
        return found

    return named


def listed(values: Any) -> Any:
    """A sequence of scalars as a tuple; NumPy's arrays of one axis and ranges as well.

    Raises:
        ValueError: it is none, or some of its values are no scalars or occur twice.
    """
    if getattr(values, "ndim", None) == 1:
        values = values.tolist()
    if isinstance(values, str | bytes | set | frozenset | Mapping) or not isinstance(values, Iterable):
        raise ValueError(
            f"is of the type {type(values).__name__}; list the values in an order, as in (1, 2, 4)"
        )
    found: dict[Any, None] = {}
    for value in values:
        try:
            one = scalar(value)
        except ValueError as error:
            raise ValueError(f"has a value that {error}") from error
        if one in found:
            raise ValueError(f"has {one!r} twice; name each value once")
        if len(found) == MOST_VALUES:
            raise ValueError(f"has more than {MOST_VALUES} values; name fewer")
        found[one] = None
    return tuple(found)


def numbers(values: Any) -> Any:
    """As `listed`, of numbers alone."""
    found = listed(values)
    if odd := [value for value in found if isinstance(value, bool) or not isinstance(value, int | float)]:
        raise ValueError(f"has the value {odd[0]!r}; all must be numbers")
    return found


def _crossed(values: Any) -> Any:
    found = listed(values)
    if not found:
        raise ValueError("has no values; name at least one")
    return found


Note = Annotated[str, AfterValidator(printable)]
Text = Annotated[Note, AfterValidator(_some)]
Name = Annotated[Text, BeforeValidator(name_of)]
Held = Annotated[Mapping[str, Any], BeforeValidator(_by_name(scalar_or_expression))]
Crossed = Annotated[Mapping[str, tuple[Any, ...]], BeforeValidator(_by_name(_crossed))]
