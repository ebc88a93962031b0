"""A chain of votes among context examples, by counts of them at each pattern."""

from __future__ import annotations

import numpy as np

from theorycheck.empirical.li2024cot.responses import Setting


def succeeds(s: Setting, seed: int) -> bool:
    """Whether a model that attends to all examples with the query's pattern gets each step right.

    The trained model of the paper concentrates its attention so, and answers with the most frequent next
    pattern among these examples. Every step has the same transition matrix, and an order of its own of the
    patterns that follow, which changes no count: patterns are named so that the right step is to stay.
    """
    rng = np.random.default_rng(seed)
    A = transitions(s)
    others = (1 - s.alpha) / (s.patterns - 1)
    examples = rng.multinomial(int(s.l_ts), [s.alpha] + [others] * (s.patterns - 1))
    for _ in range(s.K):
        moves = rng.multinomial(examples, A)  # from pattern, to pattern
        most = moves[0].max()
        tied = int((moves[0] == most).sum())
        if moves[0, 0] < most or rng.random() * tied >= 1:  # ties are broken by chance
            return False
        examples = moves.sum(0)
    return True


def transitions(s: Setting) -> np.ndarray:
    """Probabilities of a step, from pattern x to pattern.

    rho^(1/K) for the right pattern, tau less for the next one in a circle, the rest alike for all others.
    """
    A = np.full((s.patterns, s.patterns), max(0.0, 1 - 2 * s.right + s.tau) / (s.patterns - 2))
    rows = np.arange(s.patterns)
    A[rows, rows] = s.right
    A[rows, (rows + 1) % s.patterns] = s.right - s.tau
    return np.asarray(A / A.sum(1, keepdims=True))
