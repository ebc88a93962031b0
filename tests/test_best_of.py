"""The best over a grid as a response: what is chosen, what it costs, and what is refused."""

import numpy as np
import pytest
from sympy import oo, symbols

from theorycheck import Claim, Design, Paper, Source, Theta, batched, best_of
from theorycheck.empirical.response import response
from theorycheck.errors import ClaimError
from theorycheck.executors.local import ThisProcess
from theorycheck.fingerprint import fingerprint
from theorycheck.session import Session

n, eta, y = symbols("n eta y", positive=True)


def loss(point, seed):
    """1/n at the best step size, and as much more as another one is off"""
    noise = np.exp(0.1 * np.random.default_rng(seed).normal())
    return (1 / point["n"] + abs(np.log(point["eta"]))) * noise


def counted(point, seed):
    return {"value": point["eta"], "steps_taken": 10 * point["eta"]}


def claim(response):
    return Claim(
        name="tuned",
        title="A tuned loss",
        source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
        provenance="stated",
        quantity=y,
        law=Theta(1 / n, (n, oo)),
        response=response,
        design=Design(factor=n, levels=(2, 4, 8, 16), replicates=8, held={eta: 3}),
        refuted_by="it does not fall as 1/n",
    )


@pytest.mark.parametrize(("grid", "decision"), [((0.3, 1, 3), "SUPPORTED"), ((0.3, 3), "REFUTED")])
def test_the_verdict_is_on_the_best(grid, decision, tmp_path):
    """With the best step size in the grid the law holds; without it another term hides it."""
    finding = Session(tmp_path / "s.sqlite", ThisProcess()).examine(claim(best_of(loss, over={eta: grid})))
    assert finding.decision == decision
    if decision == "SUPPORTED":
        assert set(finding.trials["best_eta"]) == {1}
    assert f"the lowest over eta = {', '.join(map(str, grid))}" in finding.verdict.tried.response


def test_all_choices_cost():
    found = best_of(counted, over={"eta": (2, 1, 4)})({}, 0)
    assert (found.more["value"], found.more["best_eta"], found.more["steps_taken"]) == (1, 1, 70)
    measured = response(best_of(loss, over={"eta": (1, 2)}), measures=True)
    found = measured.function({"n": 2}, 0)
    assert measured.work({}, found.more) == 2


def test_the_highest_a_success_and_no_evidence():
    assert best_of(counted, over={"eta": (2, 1, 4)}, lowest=False)({}, 0).more["best_eta"] == 4
    threshold = best_of(lambda point, seed: point["eta"] > point["n"], over={"eta": (1, 3)})
    assert [threshold({"n": n}, 0).outcome for n in (2, 5)] == ["success", "failure"]
    some = best_of(lambda point, seed: None if point["eta"] < 2 else 5.0, over={"eta": (1, 3)})
    assert some({}, 0).more["value"] == 5
    assert best_of(lambda point, seed: None, over={"eta": (1, 3)})({}, 0).outcome == "unfitted"


def test_grid_and_response_belong_to_the_key():
    ways = [
        best_of(loss, over={"eta": (1, 2)}),
        best_of(loss, over={"eta": (1, 3)}),
        best_of(counted, over={"eta": (1, 2)}),
        best_of(loss, over={"eta": (1, 2)}, lowest=False),
    ]
    assert len({fingerprint(way).digest for way in ways}) == len(ways)
    assert fingerprint(ways[0]).digest == fingerprint(best_of(loss, over={eta: [1, 2]})).digest


@pytest.mark.parametrize("grid", [{}, {"eta": ()}, {"eta": 3}, {"eta": "abc"}, {"eta": (1,) * 2000}])
def test_what_is_no_grid_is_refused(grid):
    with pytest.raises(ClaimError, match="best_of"):
        best_of(loss, over=grid)


def test_a_batched_function_is_refused():
    with pytest.raises(ClaimError, match="write one that calls it"):
        best_of(batched(2)(lambda points, seeds: [1.0] * len(points)), over={"eta": (1, 2)})


def test_a_list_over_time_has_no_best():
    along = best_of(lambda point, seed: {"t": [0, 1], "value": [1.0, 2.0]}, over={"eta": (1, 2)})
    with pytest.raises(ClaimError, match="of which none is the best"):
        along({}, 0)
