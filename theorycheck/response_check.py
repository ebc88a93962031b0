"""What can be called, and still is no response of a claim."""

import inspect
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from theorycheck.code import name_of
from theorycheck.errors import ClaimError
from theorycheck.fingerprint import Function, fingerprint


def check_response(function: Function) -> None:
    """Refuse what cannot be the response of a claim.

    Raises:
        ClaimError: it cannot be called with a point and a seed, or no honest key can be made of what it is.
    """
    if kind := _refused(function):
        raise ClaimError(
            f"the response {name_of(function)} is {kind}; write `def response(point, seed): ...` around it"
        )
    try:
        inspect.signature(function).bind({}, 0)
    except (TypeError, ValueError) as error:
        raise ClaimError(
            f"the response {name_of(function)} is called as f(point, seed), which it does not take: {error}"
        ) from error
    fingerprint(function)


def _refused(function: Any) -> str | None:
    """Why something callable is no response."""
    inner = function.func if isinstance(function, partial) else function
    called = (
        inner
        if isinstance(inner, FunctionType | MethodType)
        else inspect.getattr_static(type(inner), "__call__")
    )
    if isinstance(inner, type):
        return "a class, which returns an object and no number"
    if isinstance(inner, np.ufunc):
        return "a ufunc of NumPy, which takes numbers and no point"
    if hasattr(inner, "cache_info"):
        return "cached by functools, which takes no point, as that is a dictionary"
    if inspect.iscoroutinefunction(called) or inspect.isgeneratorfunction(called):
        return "a coroutine or generator, which returns no number"
    if not isinstance(called, FunctionType | MethodType):
        return "not written in Python, so that no key of its trials can be made of its code"
    return None
