"""Memorisation by attention: the model against plain loops, and claims that are wrong."""

import numpy as np
import pytest
import torch

from theorycheck import bounds
from theorycheck.empirical.mahdavi2024memorization import frozen, training
from theorycheck.empirical.mahdavi2024memorization.responses import TrainedSetting
from theorycheck.executors.local import ThisProcess
from theorycheck.plan import make_plan
from theorycheck.session import Session
from theorycheck.statements import Omega, Predicts

H, n = (
    next(s for s in bounds.find("frozen_memorisation").law.value.free_symbols if s.name == x) for x in "Hn"
)
SMALL = {"levels": (1, 2, 4), "crossed": {"n": (2, 4)}, "replicates": 10}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    return Session(tmp_path_factory.mktemp("memorisation") / "s.sqlite", ThisProcess())


def small(law):
    claim = bounds.find("frozen_memorisation")
    return claim.model_copy(update={"law": law, "design": claim.design.model_copy(update=SMALL)})


@pytest.mark.parametrize(("d", "expected"), [(16, 4 * (6 - 1) + 1), (3, 4 * 3)])
def test_the_capacity_is_the_rank_of_the_features(d, expected):
    """With fewer dimensions than tokens a head gives d numbers, and the count of the claim is none."""
    found = frozen.capacity(np.random.default_rng(9630), H=4, n=6, d=d, d_h=3)
    inputs = frozen.features(np.random.default_rng(9631), 4, 6, d, 3, examples=60)
    assert found == np.linalg.matrix_rank(inputs) == expected


def test_the_layer_is_attention_as_a_loop_computes_it():
    generator = torch.Generator().manual_seed(9632)
    queries, context, query, key, value = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((1, 5, 4), (1, 3, 4), (1, 2, 4, 2), (1, 2, 4, 2), (1, 2, 4, 1))
    )
    E, found = context[0], training.outputs(queries, context, query, key, value)[0]
    for x, output in zip(queries[0], found, strict=True):
        expected = 0.0
        for h in range(2):
            scores = torch.stack([(x @ query[0, h]) @ (e @ key[0, h]) for e in E]) / 2**0.5
            weights = scores.exp() / scores.exp().sum()
            expected += sum(a * (e @ value[0, h, :, 0]) for a, e in zip(weights, E, strict=True))
        assert output == pytest.approx(float(expected))


def test_fits_are_exact_at_the_count_of_the_claim_and_far_off_beyond_it():
    """So that what counts as exact decides nothing."""
    plan = make_plan(bounds.find("frozen_memorisation"))
    for trial in (plan.trial(cell, 0) for cell in plan.cells):
        heads, tokens, *sizes = (int(trial.parameters[name]) for name in ("H", "n", "d", "d_h"))
        rng, count = np.random.default_rng(trial.own_seed), heads * (tokens - 1) + 1
        inputs = frozen.features(rng, heads, tokens, *sizes, heads * tokens + 1)
        labels = rng.standard_normal(heads * tokens + 1)
        at, beyond = (frozen.error_of_fit(inputs[:t], labels[:t]) for t in (count, count + 1))
        assert at < 1e-3 * frozen.EXACT
        assert beyond > 1e3 * frozen.EXACT


def test_another_count_is_refuted(session):
    """One example fewer, at each point; and that of heads that share nothing."""
    right = bounds.find("frozen_memorisation").law
    assert session.examine(small(right), profile="quick").decision == "SUPPORTED"
    for wrong in (H * (n - 1), H * n):
        law = Predicts(wrong, tolerance=0.5, absolute=True)
        assert session.examine(small(law), profile="quick").decision == "REFUTED"


def test_that_examples_grow_as_the_square_of_heads_is_refuted(session):
    claim = bounds.find("trained_memorisation")
    held = {**claim.design.held, "steps": 200}
    design = claim.design.model_copy(update={"levels": (1, 2, 4, 8), "replicates": 8, "held": held})
    changed = claim.model_copy(update={"law": Omega(H**2, *claim.law.regime), "design": design})
    assert session.examine(changed, profile="standard").decision == "REFUTED"


def test_training_memorises_the_first_examples_to_the_error_asked():
    """The count found is one at which training from the same start succeeds, and at 1.05 times it fails."""
    s = TrainedSetting(H=2, n=4, d=4, d_h=2, examples_a_head=16, eta=0.1, steps=200, error=0.01)
    (found,) = training.memorised(s, [9633])
    drawn = [each[None] for each in training.draw(s, 32, 9633)]

    def error(count):
        return training.errors(s, 32, [count], *drawn)[0]

    assert 0 < found < 32
    assert error(found) <= 0.01 < error(found + max(1, round(0.05 * found)))
    assert training.memorised(s, [9632, 9633])[1] == found


def test_no_trial_depends_on_those_that_train_with_it():
    """Bit by bit: what is memorised hangs on the last one."""
    s = TrainedSetting(H=5, n=4, d=4, d_h=2, examples_a_head=24, eta=0.1, steps=60, error=0.01)
    drawn = [
        torch.stack(each) for each in zip(*(training.draw(s, 120, 9640 + i) for i in range(5)), strict=True)
    ]
    together = training.errors(s, 90, [61, 70, 77, 84, 90], *drawn)
    for i, count in enumerate((61, 70, 77, 84, 90)):
        assert training.errors(s, 90, [count], *(each[i : i + 1] for each in drawn)) == [together[i]]
    loose = s.model_copy(update={"error": 0.3})
    counts = training.memorised(loose, range(9640, 9645))
    assert len({*counts}) > 1
    assert [training.memorised(loose, [seed])[0] for seed in range(9640, 9645)] == counts


def test_the_error_is_that_of_the_first_examples_alone():
    s = TrainedSetting(H=2, n=4, d=4, d_h=2, examples_a_head=16, eta=0.1, steps=20, error=0.01)
    drawn = [each[None] for each in training.draw(s, 9, 9634)]
    queries, context, labels, *start = drawn
    few = training.errors(s, 6, [6], queries, context, labels, *start)
    labels[:, 6:] = 100
    twice = [torch.cat([each, each]) for each in (queries, context, labels, *start)]
    assert training.errors(s, 9, [6, 9], *twice)[0] == pytest.approx(few[0], rel=1e-4)
