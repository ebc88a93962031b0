"""Random numbers, samples and models of a card, on the CPU."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
import torch
from conftest import SMALL
from scipy.stats import chisquare, ks_2samp, kstest

from theorycheck.empirical.shallow_vit import tokens
from theorycheck.empirical.shallow_vit.card.counter import (
    For,
    below,
    keys_of,
    normals,
    permuted,
    philox,
    subsets,
    uniform,
    words,
)
from theorycheck.empirical.shallow_vit.card.models import draw_models
from theorycheck.empirical.shallow_vit.card.samples import Drawing, draw_samples
from theorycheck.empirical.shallow_vit.setting import Setting

KEYS = keys_of([f"{i:024x}" for i in (7, 2**90 - 1, 3 * 2**64)])
ONCE = torch.zeros((3, 1), dtype=torch.int64)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_its_authors_known_answers(counter, key, expected):
    """Random123, kat_vectors."""
    given = [[torch.tensor(int(word, 16)) for word in text.split()] for text in (counter, key)]
    assert " ".join(f"{int(word):08x}" for word in philox(*map(tuple, given))) == expected


def test_words_depend_on_key_purpose_stage_and_place_alone():
    stage = torch.tensor([[0, 1, 5]] * 3)
    drawn = words(KEYS, For.NOISE, stage, 11)
    assert drawn.shape == (3, 3, 11)
    assert len(set(drawn.flatten().tolist())) == drawn.numel()
    assert words(KEYS[1:2], For.NOISE, torch.tensor([[5]]), 6).equal(drawn[1:2, 2:, :6])
    assert not (words(KEYS, For.LABELS, stage, 11) == drawn).any()


def test_words_make_uniform_numbers_and_standard_normal_ones():
    drawn = words(KEYS, For.NOISE, ONCE, 30000)
    assert kstest(uniform(drawn).flatten(), "uniform").pvalue > 0.01
    counts = np.bincount(below(drawn, 7).flatten(), minlength=7)
    assert len(counts) == 7
    assert chisquare(counts).pvalue > 0.01
    z = normals(KEYS, For.NOISE, ONCE, 29999)
    assert z.shape == (3, 1, 29999)
    assert kstest(z.flatten(), "norm").pvalue > 0.01
    assert kstest(z.flatten() * 1.05, "norm").pvalue < 0.01  # the same test of a wrong truth
    neighbours = np.corrcoef(z[0, 0, 0:-1:2], z[0, 0, 1::2])[0, 1]
    assert abs(neighbours) < 0.03


def test_permutations_and_subsets_are_uniform():
    drawn = words(KEYS, For.ORDER, ONCE, 5 * 8000).view(-1, 5)
    order = permuted(drawn, torch.full((len(drawn), 1), 3))
    assert (order[:, 3:] == torch.tensor([3, 4])).all()
    assert chisquare(list(Counter(map(tuple, order[:, :3].tolist())).values())).pvalue > 0.01
    chosen = subsets(drawn[:, :3], 6).sort(-1).values.tolist()
    counts = Counter(map(tuple, chosen))
    assert set(counts) == set(combinations(range(6), 3))
    assert chisquare(list(counts.values())).pvalue > 0.01


def sampled(n: int = 300, training: bool = True, **values: object):
    """Samples of the card and of the CPU, with their setting."""
    setting = Setting(**{**SMALL, "N": n, **values})
    asked = Drawing(KEYS, [setting] * 3, torch.full((3, 1), n), n, 0 if training else 1)
    drawn = draw_samples(asked)
    flat = tokens.Samples(*(x.flatten(0, 1).numpy() for x in drawn))
    return setting, flat, tokens.draw_samples(np.random.default_rng(1), setting, 3 * n, training)


VARIATIONS = {
    "sphere": {},
    "Gaussian": {"noise": "gaussian"},
    "exact": {"fractions": "exact", "alpha_confusion": 0.05},
    "noisy": {"noisy": 0.3, "tau_noisy": 0.6},
    "spurious": {"M": 6, "alpha_spurious": 0.22, "removal": "spurious", "removed": 2},
    "irrelevant removed": {"removal": "irrelevant", "removed": 9},
    "noisy removed": {"noisy": 0.3, "tau_noisy": 0.6, "removal": "noisy", "removed": 4},
    "random removed": {"removal": "random", "removed": 9},
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "tests"])
@pytest.mark.parametrize("values", VARIATIONS.values(), ids=VARIATIONS.keys())
def test_samples_are_distributed_as_those_of_the_cpu(values, training):
    setting, card, cpu = sampled(training=training, **values)
    assert card.X.shape == cpu.X.shape
    for n in range(3):
        assert card.y[n * 300 : (n + 1) * 300].sum() == 0  # balanced, by trial
    relevance = []
    for one in (card, cpu):
        own = np.where(one.y > 0, 0, 1)[:, None]
        kinds = (one.pattern == own, one.pattern == 1 - own, one.pattern == 2 + own, one.pattern == 3 - own)
        relevance.append([kind.sum(1) for kind in kinds])
    for found, expected in zip(*relevance, strict=True):
        assert found.mean() == pytest.approx(expected.mean(), abs=4 * (expected.std() + 1e-9) / 20)
        assert found.std() == pytest.approx(expected.std(), rel=0.2, abs=0.01)
    noise = [one.X - np.eye(setting.d)[one.pattern] for one in (card, cpu)]
    levels = [np.linalg.norm(one, axis=-1).ravel() for one in noise]
    assert levels[0].mean() == pytest.approx(levels[1].mean(), rel=0.02)
    directions = [(one[..., 0].ravel() / level)[::7] for one, level in zip(noise, levels, strict=True)]
    assert ks_2samp(*directions).pvalue > 0.01
    if setting.noise == "gaussian" or setting.noisy:
        assert levels[0].std() == pytest.approx(levels[1].std(), rel=0.05)
    else:
        assert levels[0] == pytest.approx(setting.tau, rel=1e-5)


def test_shuffled_labels_tell_nothing():
    for labels, share in (("own", 1.0), ("shuffled", 0.5)):
        _, card, _ = sampled(labels=labels)
        vote = (card.pattern == 0).sum(1) > (card.pattern == 1).sum(1)
        assert (vote == (card.y > 0)).mean() == pytest.approx(share, abs=0.06)


def test_initial_models_have_the_asked_errors(small):
    W, a = draw_models(KEYS, [small, Setting(**{**SMALL, "sigma": 0.3}), small])
    for weights, errors in ((W.W_V, (0.1, 0.3, 0.1)), (W.W_K, (0.2,) * 3), (W.W_Q, (0.2,) * 3)):
        norms = (weights - torch.eye(small.d)).norm(dim=1)
        assert norms[:, : small.M] == pytest.approx(
            torch.tensor(errors)[:, None].expand(3, small.M), rel=1e-5
        )
        assert (norms[:, small.M :] == 0).all()
    assert W.W_O.std() == pytest.approx(0.01, rel=0.1)
    assert set((a * small.m**0.5).round(decimals=5).flatten().tolist()) == {-1.0, 1.0}
    scales = {"output_scale": 0.1, "query_key_scale": 0.7}
    V, b = draw_models(KEYS, [small, Setting(**{**SMALL, **scales}), small])
    torch.testing.assert_close(b, a * torch.tensor([[1.0], [0.1], [1.0]]))
    torch.testing.assert_close(V.W_K[1], 0.7 * W.W_K[1])
    torch.testing.assert_close(V.W_V[0], W.W_V[0])
