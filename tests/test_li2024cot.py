"""Chain of thought as votes: counts against single examples, a closed form, and bounds that are wrong."""

import numpy as np
import pytest
from scipy import stats

from theorycheck import bounds
from theorycheck.claim import Search
from theorycheck.empirical.li2024cot.responses import Setting
from theorycheck.empirical.li2024cot.vote import succeeds, transitions
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session
from theorycheck.statements import BigO

SMALL = Setting(alpha=0.5, tau=0.3, rho=0.36, K=2, patterns=6, l_ts=9)


def share(s, trials=4000):
    return np.mean([succeeds(s, seed) for seed in range(trials)])


def one_by_one(s, rng):
    """The same vote, example by example, with an order of its own of the patterns of every step."""
    A, at = transitions(s), np.zeros(int(s.l_ts), int)
    elsewhere = rng.random(len(at)) >= s.alpha
    at[elsewhere] = rng.integers(1, s.patterns, elsewhere.sum())
    query = 0
    for _ in range(s.K):
        order = rng.permutation(s.patterns)
        to = np.array([order[rng.choice(s.patterns, p=A[pattern])] for pattern in at], int)
        seen = np.bincount(to[at == query], minlength=s.patterns)
        best = np.flatnonzero(seen == seen.max())
        if rng.choice(best) != order[query]:
            return False
        query, at = order[query], to
        A = A[np.argsort(order)][:, np.argsort(order)]  # in the names of the patterns of the next step
    return True


def test_transitions_are_those_of_the_letters():
    A = transitions(SMALL)
    np.testing.assert_allclose(A.sum(1), 1)
    first, second = np.sort(A[3])[::-1][:2]
    assert A[3].argmax() == 3
    assert first - second == pytest.approx(SMALL.tau)
    assert first**SMALL.K == pytest.approx(SMALL.rho)


def test_counts_give_what_single_examples_give():
    rng = np.random.default_rng(1)
    wanted = np.mean([one_by_one(SMALL, rng) for _ in range(2000)])
    assert share(SMALL, 2000) == pytest.approx(wanted, abs=4 * (2 * wanted * (1 - wanted) / 2000) ** 0.5)


def test_one_step_of_all_examples_is_a_majority_of_binomial_votes():
    """With all examples on the query and two likely patterns the vote is a binomial tail, ties at half."""
    s = Setting(alpha=1, tau=0.2, rho=0.6, K=1, patterns=3, l_ts=10)
    wanted = stats.binom.sf(5, 10, 0.6) + stats.binom.pmf(5, 10, 0.6) / 2
    assert share(s) == pytest.approx(wanted, abs=4 * (wanted * (1 - wanted) / 4000) ** 0.5)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tau": 0.7}, "the next best 0.7 less; both must be at least 0"),
        ({"rho": 0.64, "tau": 0.1}, "at most 1 together"),
        ({"rho": 0.09, "tau": 0.29}, "4 other patterns would be likelier"),
    ],
)
def test_letters_that_fit_no_distribution_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        Setting(**{**SMALL.model_dump(), **changed})


def test_a_smaller_power_of_the_primacy_is_refuted(tmp_path):
    claim = bounds.find("chain_of_thought_examples")
    fewer = Search("l_ts", claim.design.search.values[::2])
    changed = {"crossed": {"alpha": (0.04, 0.13, 0.4)}, "replicates": 25, "search": fewer}
    held = {**claim.design.held, "rho": 0.16}
    design = claim.design.model_copy(update={**changed, "held": held})
    (tau, goes), (alpha, _), _ = claim.law.regime

    def decided(power, of_alpha=2):
        law = BigO(tau**-power * alpha**-of_alpha, (tau, goes), (alpha, 0))
        asked = claim.model_copy(update={"law": law, "design": design, "rivals": (), "variations": {}})
        return Session(tmp_path / "s.sqlite", ThisProcess()).examine(asked, "quick", seed=9664).decision

    assert decided(2) == "SUPPORTED"
    assert decided(0.5) == "REFUTED"
    assert decided(2, of_alpha=0.25) == "REFUTED"
