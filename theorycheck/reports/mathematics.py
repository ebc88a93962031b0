r"""Finds formulas in sentences, and gives them as LaTeX: `alpha_*^-2.25` becomes `\alpha_*^{-2.25}`.

Judges and claims write plain text, which a terminal shows as it is. Every other reader gets mathematics.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from sympy import Basic
from sympy.printing.latex import greek_letters_set as GREEK

from theorycheck.claim import Claim
from theorycheck.reports.blocks import Block, Math, each_line

Letters = Mapping[str, str]  # LaTeX of a letter, by how it is printed as plain text
WORDS = {"a", "A", "I", "e"}  # letters that are words where they stand alone; e is no letter without others
FUNCTIONS = {  # LaTeX of their value, from that of the argument with and without its brackets
    "log": r"\log{0}",
    "exp": r"\exp{0}",
    "sqrt": r"\sqrt{{{1}}}",
    "ceiling": r"\left\lceil {1}\right\rceil",
    "floor": r"\left\lfloor {1}\right\rfloor",
    "O": "O{0}",
    "Omega": r"\Omega{0}",
    "Theta": r"\Theta{0}",
}
RELATIONS = {"<=": r"\leq", ">=": r"\geq", "->": r"\to", "<": "<", ">": ">", "=": "="}
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w%]|\.\d)")
GREEK_LETTER = re.compile(
    rf"({'|'.join(sorted(GREEK, key=len, reverse=True))})(?:_([a-zA-Z0-9]+|[*#]))?(?!\w)"
)
OTHER_LETTER = re.compile(r"[A-Za-z](?=\^| (?:[<>]=?|=) -?\d)")  # p = 0.03, t^-1
WORD = re.compile(r"\w")
BEGINS = re.compile(r"(?<![\w.-])(?:\w+|[-(|])")
LONGEST, DEEPEST = 300, 8  # characters of a formula, and brackets in brackets


def letters(claim: Claim) -> Letters:
    """The letters of a claim: those of its notation and its law, and what has a letter for a name."""
    stated = [value for value in vars(claim.law).values() if isinstance(value, Basic)]
    free = {claim.quantity, *(symbol for value in stated for symbol in value.free_symbols)}
    short = [name for name in (*claim.design.varied, *claim.held) if len(name) == 1]
    named = (*free, *short, claim.searched, *claim.notation)  # the notation last, which knows best
    known = {claim.text(letter): claim.latex(letter) for letter in named}
    words = [text for text, latex in known.items() if text == latex and len(text) > 1]  # such as a loss
    return {text: latex for text, latex in known.items() if text not in words} | {"e": "e"}


def typeset(block: Block, known: Letters) -> Block:
    """A block with the formulas in its sentences as such."""
    return each_line(block, lambda piece: list(pieces(piece, known)) if type(piece) is str else [piece])


def pieces(text: str, known: Letters) -> Iterator[str]:
    r"""A sentence in pieces: text, and formulas.

    Example:
        >>> list(pieces("N* grows as alpha^-2.", {"N*": "N^*"}))
        ['N^*', ' grows as ', '\\alpha^{-2}', '.']
    """
    done = at = 0
    while begins := BEGINS.search(text, at):
        begin = at = begins.start()
        found = _Reader(text[begin : begin + LONGEST], known).relation(0)
        if found is None or not found.has_letter or text[begin : begin + found.end] in WORDS:
            at += begins.end() - begin
            continue
        yield from _signs(text[done:begin])
        yield Math(found.latex)
        done = at = begin + found.end
    yield from _signs(text[done:])


def _signs(text: str) -> Iterator[str]:
    """A text without formulas, whose signs between words are such."""
    for part in re.split(r"((?<= )(?:<=|>=|->)(?= ))", text):
        if part:
            yield Math(RELATIONS[part]) if part in RELATIONS else part


@dataclass(frozen=True)
class _Found:
    """LaTeX, where it ends in the text, whether it has a letter, and whether it begins as a number."""

    latex: str
    end: int
    has_letter: bool = False
    is_number: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class _Reader:
    """Reads the longest formula that begins at a place; None where none does."""

    text: str
    known: Letters

    def relation(self, at: int) -> _Found | None:
        return self._chain(at, self._sum, re.compile(r" (<=|>=|->|<|>|=) "), RELATIONS)

    def _sum(self, at: int) -> _Found | None:
        if self.text.startswith("-", at):
            found = self._product(at + 1)
            return found and _Found(f"-{found.latex}", found.end, found.has_letter)
        return self._chain(at, self._product, re.compile(r" ([+-]) "), {"+": "+", "-": "-"})

    def _chain(
        self, at: int, part: Callable[[int], _Found | None], sign: re.Pattern[str], signs: Mapping[str, str]
    ) -> _Found | None:
        """Parts with signs between them."""
        found = part(at)
        while found and (between := sign.match(self.text, found.end)) and (more := part(between.end())):
            joined = f"{found.latex} {signs[between[1]]} {more.latex}"
            found = _Found(joined, more.end, found.has_letter or more.has_letter)
        return found

    def _product(self, at: int) -> _Found | None:
        found = self._power(at)
        while found:
            over = re.compile(r" ?/ ?").match(self.text, found.end)
            if over and (more := self._power(over.end())):
                found = _Found(f"{found.latex} / {more.latex}", more.end, found.has_letter or more.has_letter)
            elif self.text.startswith(" ", found.end) and (more := self._factor(found.end + 1)):
                found = _Found(f"{found.latex} {more.latex}", more.end, True)
            else:
                return found
        return found

    def _factor(self, at: int) -> _Found | None:
        """What may follow on a factor: one with a letter that is no word, and that is no number."""
        found = self._power(at)
        if found and found.latex == "e":
            return found
        if not found or found.is_number or not found.has_letter or self.text[at : found.end] in WORDS:
            return None
        return found

    def _power(self, at: int) -> _Found | None:
        base = self._atom(at)
        if not base or not self.text.startswith("^", base.end):
            return base
        sign = "-" * self.text.startswith("-", base.end + 1)
        power = self._atom(base.end + 1 + len(sign))
        if not power:
            return base
        shown = f"{{{base.latex}}}" if "^" in base.latex else base.latex
        bare = power.latex.removeprefix(r"\left(").removesuffix(r"\right)")
        inner = bare if power.latex.startswith(r"\left(") and "(" not in bare else power.latex
        return _Found(f"{shown}^{{{sign}{inner}}}", power.end, base.has_letter or power.has_letter)

    def _atom(self, at: int) -> _Found | None:
        for name, latex in FUNCTIONS.items():
            if self.text.startswith(f"{name}(", at) and (inner := self._bracket(at + len(name))):
                return _Found(latex.format(inner.latex, inner.latex[6:-7]), inner.end, inner.has_letter)
        return self._bracket(at) or self._number(at) or self._letter(at)

    def _bracket(self, at: int) -> _Found | None:
        deep = self.text.count("(", 0, at) - self.text.count(")", 0, at)
        if not self.text.startswith("(", at) or deep >= DEEPEST:
            return None
        inner = self._sum(at + 1)
        if not inner or not self.text.startswith(")", inner.end):
            return None
        return _Found(rf"\left({inner.latex}\right)", inner.end + 1, inner.has_letter)

    def _number(self, at: int) -> _Found | None:
        if self.text.startswith("inf", at) and not self.text[at + 3 : at + 4].isalnum():
            return _Found(r"\infty", at + 3, True, is_number=True)
        if not (number := NUMBER.match(self.text, at)):
            return None
        digits, _, power = number[0].partition("e")
        return _Found(
            rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits, number.end(), is_number=True
        )

    def _letter(self, at: int) -> _Found | None:
        for name in sorted(self.known, key=len, reverse=True):
            end = at + len(name)
            if self.text.startswith(name, at) and not (name[-1].isalnum() and WORD.match(self.text, end)):
                return _Found(self.known[name], end, name != "e")
        if other := OTHER_LETTER.match(self.text, at):
            return _Found(other[0], other.end(), True)
        if not (greek := GREEK_LETTER.match(self.text, at)):
            return None
        below = f"_{greek[2]}".replace("#", r"\#") if greek[2] in ("*", "#") else ""
        below = below or (rf"_{{\mathrm{{{greek[2]}}}}}" if greek[2] else "")
        return _Found(rf"\{greek[1]}{below}", greek.end(), True)
