"""The errors theorycheck raises; each message says what was asked, what was found, and how to repair it."""

from theorycheck.text import neutral


class TheoryCheckError(Exception):
    """Base of all errors a user can meet. A refuted claim is a Verdict, not an error.

    Attributes:
        status: the exit status of a command that it ends.
    """

    status = 2

    def __str__(self) -> str:
        """The message; it may quote what others wrote, so that no character of it is obeyed by a terminal."""
        return neutral(super().__str__())


class LawError(TheoryCheckError):
    """A scaling law has no single exponent, or is not written over the symbol it speaks about."""


class ClaimError(TheoryCheckError):
    """A claim is unknown, or its file is malformed."""


class DesignError(TheoryCheckError):
    """An experimental design cannot be carried out, or cannot bear a fit."""


class TableError(TheoryCheckError):
    """A table cannot be read, or does not bear a fit."""


class StoreError(TheoryCheckError):
    """The trial store or the output folder cannot be read or written."""


class ReportError(TheoryCheckError):
    """A report cannot be made in a format that was asked for."""


class Interrupted(TheoryCheckError):
    """Training stopped before its end; every finished trial is stored. The exit status is 128 and the number
    of the signal.
    """

    def __init__(self, message: str, status: int = 130) -> None:
        super().__init__(message)
        self.status = status
