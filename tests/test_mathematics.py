"""Formulas in sentences are found, and nothing else is taken for one."""

import pytest

from theorycheck import bounds
from theorycheck.reports.blocks import Card, Code, Definitions, Math, Paragraph
from theorycheck.reports.mathematics import letters, pieces, typeset

KNOWN = letters(bounds.find("sample_complexity"))


def shown(text):
    """A sentence with its formulas in dollar signs."""
    return "".join(f"${piece}$" if isinstance(piece, Math) else piece for piece in pieces(text, KNOWN))


@pytest.mark.parametrize(
    ("text", "typeset"),
    [
        ("N* grows faster than alpha_*^-2.25.", r"$N^*$ grows faster than $\alpha_*^{-2.25}$."),
        ("over 0.03 <= alpha_* <= 0.3", r"over $0.03 \leq \alpha_* \leq 0.3$"),
        ("as alpha_* -> 0, with", r"as $\alpha_* \to 0$, with"),
        ("3.1 (alpha_* - 0.02)^-0.5 (AICc +1)", r"$3.1 \left(\alpha_* - 0.02\right)^{-0.5}$ (AICc +1)"),
        ("m >= M^2 log(N)/3", r"$m \geq M^{2} \log\left(N\right) / 3$"),
        ("alpha_* > 2 e alpha_#", r"$\alpha_* > 2 e \alpha_\#$"),
        ("[-inf, 0.5]", r"[$-\infty$, 0.5]"),
        ("O(t^-1) from t = 20 on", r"$O\left(t^{-1}\right)$ from $t = 20$ on"),
        ("tested (p = 1e-05)", r"tested ($p = 1 \cdot 10^{-5}$)"),
        ("ceiling(40/(alpha_* eta))", r"$\left\lceil 40 / \left(\alpha_* \eta\right)\right\rceil$"),
        ("N*^2 and the N range", r"${N^*}^{2}$ and the $N$ range"),
        ("turns to failure >= 1/2", r"turns to failure $\geq$ 1/2"),
        ("a rate of tau_max", r"a rate of $\tau_{\mathrm{max}}$"),
    ],
)  # fmt: skip
def test_formulas_are_found(text, typeset):
    assert shown(text) == typeset


@pytest.mark.parametrize(
    "text",
    [
        "a test of 7 of 7 levels (a and A, I or e)", "raw data -0.85 [-1.05, -0.54], log-log -0.87",
        "info, 1/2, 240 trials, 95 % interval", "docs/calibration.md and x-N/y.py", "",
        "(((((((((", "-", "^", "e e",
        "alphabet and betas", "<b>$5 and \\x</b> {",
    ],
)  # fmt: skip
def test_words_and_numbers_are_left_as_they_are(text):
    assert list(pieces(text, KNOWN)) == [text] * bool(text)


def test_no_character_is_lost_or_takes_forever():
    for text in ("(" * 5000, "N " * 2500, "N + " * 1200, "1 (N " * 1000, "N^" * 2500):
        kept = list(pieces(text, KNOWN))
        assert sum(map(len, kept)) >= len(text)


def test_code_is_no_mathematics_and_boxes_are_reached():
    inner = Definitions((("exponent in eta", ("eta = 1", Code("eta = 1"))),))
    (block,) = typeset(Card("SUPPORTED", (inner, Paragraph("N"))), KNOWN).blocks[:1]
    ((term, line),) = block.items
    assert term == ("exponent in ", r"\eta")
    assert line == (r"\eta = 1", "eta = 1")
    assert [type(piece) for piece in line] == [Math, Code]


def test_a_word_is_no_letter():
    assert "loss" not in letters(bounds.find("token_sparsification"))
