import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_noise, draw_samples, pick_noise


def changed(setting: Setting, **values: object) -> Setting:
    return Setting(**(setting.model_dump() | values))


def noise_of(samples, setting):
    return samples.X - np.eye(setting.d)[samples.pattern]


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_labels_are_balanced(small, n):
    y = draw_samples(np.random.default_rng(n), small, n).y
    assert abs(y.sum()) == n % 2
    assert set(y) <= {-1.0, 1.0}


def test_every_label_is_the_majority_vote(small):
    setting = changed(small, alpha_relevant=0.15, alpha_confusion=0.06)  # 3 tokens against 1 or 2
    samples = draw_samples(np.random.default_rng(0), setting, 500)
    vote = (samples.pattern == 0).sum(1) - (samples.pattern == 1).sum(1)
    assert (np.sign(vote) == samples.y).all()


def test_random_fractions_have_the_asked_mean(small):
    setting = changed(small, L=21, alpha_relevant=0.25, alpha_confusion=0.07)
    samples = draw_samples(np.random.default_rng(1), setting, 4000)
    own = np.where(samples.y > 0, 0, 1)[:, None]
    counts = (samples.pattern == own).sum(1)
    assert set(counts) == {5, 6}
    assert counts.mean() / 21 == pytest.approx(0.25, abs=0.002)  # standard error 0.0003
    assert (samples.pattern == 1 - own).mean() == pytest.approx(0.07, abs=0.002)


def test_exact_fractions_are_exact_in_every_sample(small):
    setting = changed(small, fractions="exact", alpha_relevant=0.3, alpha_confusion=0.1)
    samples = draw_samples(np.random.default_rng(2), setting, 50)
    own = np.where(samples.y > 0, 0, 1)[:, None]
    assert ((samples.pattern == own).sum(1) == 6).all()
    assert ((samples.pattern == 1 - own).sum(1) == 2).all()


def test_independent_fractions_are_those_of_tokens_drawn_one_by_one(small):
    """The label is the majority of tokens each of which is drawn by itself; beside, such draws one by one."""
    setting = changed(small, fractions="independent", alpha_relevant=0.25, alpha_confusion=0.15)
    own, others = kinds_of(draw_samples(np.random.default_rng(7), setting, 4000))
    relevant, confusion = own.sum(1), (~own & ~others).sum(1)
    assert (relevant > confusion).all()
    rng = np.random.default_rng(8)
    kind = rng.choice(3, p=[0.25, 0.15, 0.6], size=(8000, setting.L))
    first, second = ((kind == k).sum(1) for k in (0, 1))
    kept = first != second
    more, fewer = np.maximum(first, second)[kept], np.minimum(first, second)[kept]
    assert relevant.mean() == pytest.approx(more.mean(), abs=0.15)  # standard error 0.03
    assert confusion.mean() == pytest.approx(fewer.mean(), abs=0.15)
    assert relevant.std() == pytest.approx(more.std(), rel=0.06)


def test_other_tokens_are_uniform_over_the_other_patterns(small):
    setting = changed(small, M=6)
    pattern = draw_samples(np.random.default_rng(3), setting, 2000).pattern
    counts = np.bincount(pattern[pattern >= 2], minlength=6)[2:]
    assert counts / counts.sum() == pytest.approx(np.full(4, 0.25), abs=0.01)


@pytest.mark.parametrize("training", [True, False])
def test_spherical_noise_has_norm_tau(small, training):
    norms = np.linalg.norm(
        noise_of(draw_samples(np.random.default_rng(4), small, 20, training), small), axis=-1
    )
    assert norms == pytest.approx(np.full_like(norms, small.tau), rel=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_gaussian_noise_has_root_mean_square_norm_tau(small, training):
    setting = changed(small, noise="gaussian")
    noise = noise_of(draw_samples(np.random.default_rng(5), setting, 500, training), setting)
    assert np.sqrt((noise**2).sum(-1).mean()) == pytest.approx(setting.tau, rel=0.02)
    assert np.linalg.norm(noise, axis=-1).std() > 0.1 * setting.tau  # and not all on the sphere


@pytest.mark.parametrize("kind", ["sphere", "gaussian"])
def test_noise_picked_for_tests_is_as_random_as_noise_drawn_for_training(small, kind):
    setting = changed(small, noise=kind)
    n = 2000
    for draw in (draw_noise, pick_noise):
        noise = draw(np.random.default_rng(8), setting, n).reshape(-1, setting.d) / setting.tau
        count = len(noise)
        assert len(np.unique(noise, axis=0)) > count / 2
        scaled = noise * np.sqrt(setting.d)
        assert np.abs(scaled.mean(0)).max() < 5 * (
            count**-0.5 + 2**-8
        )  # the table's own mean is as far from 0 as 2^-8
        covariance = scaled.T @ scaled / count - np.eye(setting.d)
        assert np.abs(covariance).max() < 8 * (count**-0.5 + 2**-8)


def test_training_and_test_share_no_noise_and_no_two_tests_are_the_same(small):
    rng = np.random.default_rng(9)
    training, test, another = (
        noise_of(draw_samples(rng, small, 20, kind), small) for kind in (True, False, False)
    )
    rows = [set(map(tuple, noise.reshape(-1, small.d).round(5))) for noise in (training, test, another)]
    assert not rows[0] & rows[1]
    assert len(rows[1] & rows[2]) < 20  # of 400 in 65536, by chance two or three


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"alpha_relevant": 1.5}, "less than or equal to 1"),
        ({"alpha_relevant": 0.0}, "greater than 0"),
        ({"alpha_relevant": 0.9, "alpha_confusion": 0.2}, r"alpha_\* \+ alpha_# must not exceed 1"),
        ({"d": 3, "M": 5}, "M orthonormal patterns need d >= M"),
        ({"S": 50}, r"query tokens are drawn from L"),
        ({"fractions": "exact"}, "exact fractions need a whole number of tokens"),
        ({"alpha_relevant": 0.05, "alpha_confusion": 0.04}, "majority vote needs more label-relevant"),
        ({"fractions": "independent", "alpha_confusion": 0.7}, "the majority of tokens drawn by themselves"),
        ({"output_scale": 0}, "greater than 0"),
        ({"L": 8}, "majority vote needs more label-relevant"),
        ({"eta": -1}, "greater than 0"),
        ({"temperature": 1}, "Extra inputs"),
    ],
)
def test_impossible_settings_are_refused(small, values, message):
    with pytest.raises(ValueError, match=message):
        changed(small, **values)


@given(n=st.integers(1, 500), B=st.integers(1, 100))
def test_an_epoch_covers_the_training_set_with_equal_batches(n, B):
    from conftest import SMALL

    setting = Setting(**(SMALL | {"N": n, "B": B}))
    assert setting.batch_size <= B
    assert 0 <= setting.steps_per_epoch * setting.batch_size - n < setting.steps_per_epoch


def kinds_of(samples):
    own = np.where(samples.y > 0, 0, 1)[:, None]
    return samples.pattern == own, samples.pattern >= 2


def test_noisy_tokens_are_equally_many_in_every_sample_and_of_every_pattern(small):
    setting = changed(small, noisy=0.25, tau_noisy=1.0)
    samples = draw_samples(np.random.default_rng(5), setting, 400)
    noisy = np.isclose(np.linalg.norm(noise_of(samples, setting), axis=-1), 1.0, atol=1e-3)
    assert (noisy.sum(1) == 5).all()
    assert noisy[samples.pattern < 2].mean() == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("removal", ["irrelevant", "noisy", "random"])
def test_removal_takes_that_many_tokens_of_that_kind_and_leaves_the_others_as_they_were(small, removal):
    options = {"noisy": 0.25, "tau_noisy": 1.0}
    whole = draw_samples(np.random.default_rng(6), changed(small, **options), 100)
    setting = changed(small, removal=removal, removed=4, **options)
    kept = draw_samples(np.random.default_rng(6), setting, 100)
    assert kept.X.shape == (100, 16, small.d)
    assert (kept.y == whole.y).all()
    relevant, irrelevant = (
        new.sum(1) - old.sum(1) for new, old in zip(kinds_of(kept), kinds_of(whole), strict=True)
    )
    noise = [np.linalg.norm(noise_of(samples, setting), axis=-1) > 0.9 for samples in (kept, whole)]
    fewer_noisy = noise[0].sum(1) - noise[1].sum(1)
    expected = {"irrelevant": (0, -4, -1.0), "noisy": (-0.8, -3.12, -4), "random": (-0.8, -3.12, -1.0)}[
        removal
    ]
    found = relevant.mean(), irrelevant.mean(), fewer_noisy.mean()
    assert found == pytest.approx(expected, abs=0.3)
    if removal == "irrelevant":
        assert (relevant == 0).all()
    rows = {row.tobytes() for row in whole.X[0]}
    assert all(row.tobytes() in rows for row in kept.X[0])


def test_spurious_tokens_tell_the_label_in_training_only_and_are_removed_there_only(small):
    setting = changed(small, M=6, alpha_spurious=0.3, removal="spurious", removed=2)
    training = draw_samples(np.random.default_rng(7), setting, 300)
    test = draw_samples(np.random.default_rng(7), setting, 300, training=False)
    assert training.X.shape[1], test.X.shape[1] == (18, 20)
    for samples, count in ((training, 4), (test, 6)):
        with_positive, with_negative = ((samples.pattern == p).sum(1) for p in (2, 3))
        assert set(with_positive + with_negative) == {count}
        agree = np.where(samples.y > 0, with_positive, with_negative) == count
        assert agree.mean() == pytest.approx(1.0 if samples is training else 0.5, abs=0.1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"removal": "irrelevant", "removed": 16, "S": 4}, "may have only 15 of them"),
        ({"removal": "noisy", "removed": 1}, "may have only 0 of them"),
        ({"removal": "random", "removed": 18}, "query tokens are drawn from L"),
        ({"removed": 1}, "may have only 0 of them"),
        ({"M": 4, "alpha_spurious": 0.1}, "raise M to 5"),
    ],
)
def test_an_impossible_removal_is_refused(small, values, message):
    with pytest.raises(ValueError, match=message):
        changed(small, **values)


def test_shuffled_labels_change_nothing_else_and_no_test_sample(small):
    """As many of each label, and about half of the samples keep theirs."""
    shuffled = changed(small, labels="shuffled")
    samples, control = (draw_samples(np.random.default_rng(9), s, 400) for s in (small, shuffled))
    assert (control.X == samples.X).all()
    assert (control.pattern == samples.pattern).all()
    assert control.y.sum() == samples.y.sum() == 0
    assert (control.y == samples.y).mean() == pytest.approx(0.5, abs=0.1)
    fresh, tested = (draw_samples(np.random.default_rng(9), s, 9, False) for s in (small, shuffled))
    assert (fresh.y == tested.y).all()
