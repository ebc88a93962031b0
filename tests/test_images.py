"""Real images among background tokens: where they come from, how samples are made, and the model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from theorycheck import bounds
from theorycheck.bounds.images import SETTING
from theorycheck.empirical.images import REVISION, sources
from theorycheck.empirical.images.setting import Setting
from theorycheck.empirical.images.sources.image_set import ImageSet
from theorycheck.empirical.images.tokens import draw, patches
from theorycheck.empirical.images.vit import ViT, rollout
from theorycheck.empirical.response import response
from theorycheck.empirical.trial import Trial
from theorycheck.errors import DesignError

POINT = {getattr(name, "name", name): value for name, value in SETTING.items()}
POINT |= {"alpha_relevant": 0.25, "N": 40, "test_size": 60, "T": 20}
DIGITS = sources.opened(SETTING["data"])


def setting(**changed):
    return Setting(**{**POINT, **changed})


def drawn(seed=1, **changed):
    return draw(setting(**changed), torch.Generator().manual_seed(seed))


def object_of(tokens):
    """Images of 8 bits from their four patches."""
    eight = tokens[:, :4].numpy()
    return eight.reshape(-1, 2, 2, 4, 4, 1).swapaxes(2, 3).reshape(-1, 8, 8, 1)


def rows_within(images, among):
    known = {image.tobytes() for image in among}
    return np.array([image.tobytes() in known for image in images])


def test_the_digits_are_those_of_scikit_learn_and_the_claims_hold_them():
    assert sources.held("digits") == {name: POINT[name] for name in sources.LETTERS}
    counts = [sum(len(split[name]) for split in DIGITS.images.values()) for name in DIGITS.classes]
    assert counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as load_digits documents them
    sklearn = pytest.importorskip("sklearn.datasets").load_digits()
    images = np.concatenate([of for split in DIGITS.images.values() for of in split.values()])
    expected = (sklearn.images * 15).astype(np.uint8)[..., None]
    assert sorted(image.tobytes() for image in images) == sorted(image.tobytes() for image in expected)


def test_no_image_is_in_both_splits():
    for name in DIGITS.classes:
        assert not rows_within(DIGITS.images["train"][name], DIGITS.images["test"][name]).any()


def test_images_are_cut_into_patches():
    image = np.arange(64, dtype=np.uint8).reshape(1, 8, 8, 1)
    cut = patches(image, 2)
    assert cut.shape == (1, 4, 16)
    assert np.array_equal(cut[0, 1].reshape(4, 4), image[0, :4, 4:, 0])


def test_an_object_is_a_distinct_image_of_its_class_and_split_and_the_rest_is_of_others():
    training, test = drawn()
    for split, (x, y) in zip(("train", "test"), (training, test), strict=True):
        of = DIGITS.images[split]
        assert x.shape[1] == 16
        images = object_of(x)
        for sign, name in ((-1, "0"), (1, "3")):
            mine = images[(y == sign).numpy()]
            assert len(mine) == len(y) / 2
            assert len({image.tobytes() for image in mine}) == len(mine)
            assert rows_within(mine, of[name]).all()
        others = np.concatenate([patches(of[name], 2) for name in DIGITS.classes if name not in "03"])
        background = x[:, 4:].numpy().reshape(-1, 16)
        assert rows_within(background, others.reshape(-1, 16)).all()


def test_more_test_samples_than_images_show_each_equally_often():
    _, (x, y) = drawn(test_size=240)
    images = object_of(x)[(y > 0).numpy()]
    times = {image.tobytes(): 0 for image in images}
    for image in images:
        times[image.tobytes()] += 1
    assert set(times.values()) <= {1, 2}
    assert len(times) == len(DIGITS.images["test"]["3"])


def test_removed_background_leaves_the_object_and_random_removal_does_not():
    whole, _ = drawn()
    kept, _ = drawn(removal="background", removed=5)
    torch.testing.assert_close(kept[0][:, :4], whole[0][:, :4])
    assert kept[0].shape[1] == 11
    random, _ = drawn(removal="random", removed=5)
    lost = (random[0][:, :4] != whole[0][:, :4]).flatten(1).any(1).double().mean()
    assert 0.5 < lost < 1  # 1 - (11 choose 4) / (16 choose 4) = 0.82


def test_shuffled_labels_leave_the_samples_and_the_test_alone():
    (x, y), test = drawn()
    (same, shuffled), other = drawn(labels="shuffled")
    assert torch.equal(x, same)
    assert y.sort().values.equal(shuffled.sort().values)
    assert not torch.equal(y, shuffled)
    assert torch.equal(test[1], other[1])


def test_spurious_background_goes_with_the_label_in_training_alone():
    found = {}
    for split, (x, y) in zip(("train", "test"), drawn(N=200, test_size=400, spurious=0.9), strict=True):
        pool = patches(DIGITS.images[split]["1"], 2).reshape(-1, 16)  # the background of the label -1
        background = x[:, 4:].numpy()
        own = np.array([rows_within(tokens, pool).all() for tokens in background])
        found[split] = (own == (y < 0).numpy()).mean()
    assert found["train"] == pytest.approx(0.9, abs=0.07)
    assert found["test"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("attention", [True, False])
def test_the_model_knows_no_order_of_the_tokens(attention):
    torch.manual_seed(0)
    model = ViT(16, 8, 2, 3, attention).double()
    x = torch.randn(2, 9, 16, dtype=torch.float64)
    torch.testing.assert_close(model(x), model(x[:, torch.randperm(9)]))
    assert not torch.allclose(model(x), model(x + 0.1))


def test_uniform_averaging_is_attention_with_equal_weights_at_equal_size():
    torch.manual_seed(0)
    attentive, uniform = (ViT(16, 8, 2, 2, attention).double() for attention in (True, False))
    assert [p.shape for p in attentive.parameters()] == [p.shape for p in uniform.parameters()]
    for block in attentive.blocks:
        block.qkv.weight.data[:16] = 0  # of queries and keys: all scores are 0
        block.qkv.bias.data[:16] = 0
    uniform.load_state_dict(attentive.state_dict())
    x = torch.randn(3, 7, 16, dtype=torch.float64)
    torch.testing.assert_close(attentive(x), uniform(x))


def test_a_rollout_is_a_distribution_and_follows_the_attention():
    torch.manual_seed(0)
    model, x = ViT(16, 8, 1, 2, True).double(), torch.randn(3, 7, 16, dtype=torch.float64)
    flow = rollout(model, x)
    torch.testing.assert_close(flow.sum(1), torch.ones(3).double())
    torch.testing.assert_close(rollout(ViT(16, 8, 1, 2, False).double(), x), torch.full_like(flow, 1 / 7))
    first = model.blocks[0].weights(model.embedded(x))[0][:, 0]
    one = ViT(16, 8, 1, 1, True).double()
    one.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("blocks.1")})
    torch.testing.assert_close(rollout(one, x), (first.mean(1) + 1 / 7) / 2)


def test_a_trial_depends_on_its_seed_and_on_no_company():
    point = {**POINT, "T": 3, "D": 4, "heads": 1, "N": 8}
    trials = [Trial("image_test_error", point, 5, i, REVISION) for i in range(5)]
    together = dict(response("image_test_error").run(trials))
    alone = [dict(response("image_test_error").run([trial]))[0] for trial in trials]
    assert [together[i] for i in range(5)] == alone
    assert len({found["test_error"] for found in alone}) > 1
    assert all(0 <= found["train_accuracy"] <= 1 for found in alone)


def test_what_is_learned_by_heart_is_right_in_training_alone():
    point = {**POINT, "N": 16, "T": 150, "labels": "shuffled"}
    (found,) = dict(
        response("image_test_error").run([Trial("image_test_error", point, 5, 0, REVISION)])
    ).values()
    assert found["train_accuracy"] == 1
    assert 0.2 < found["test_error"] < 0.8


IMPOSSIBLE = {
    "N": ({"N": 240}, r"N = 240 .* 120 images of each class, but digits has 119 of the class '0'"),
    "odd": ({"N": 7}, r"half of the samples are of each class, got N = 7"),
    "class": ({"first": "cat"}, r"digits has no class 'cat'; it has 0, 1, 2"),
    "same": ({"first": "3"}, "both classes are '3'"),
    "grid": ({"grid": 3, "alpha_relevant": 1}, "8 pixels cannot be cut into 3 x 3"),
    "L": ({"alpha_relevant": 0.3}, r"needs L = 13\.3333 tokens, no whole number"),
    "heads": ({"heads": 3}, "3 heads cannot share D = 16"),
    "removed": ({"removal": "background", "removed": 13}, "asked to remove 13 .* has 12"),
    "data": (
        {"data": "digits:0123456789abcdef"},
        r"digits:0123456789abcdef, which are not in .*--data digits",
    ),
    "path": ({"data": "../secret:0123456789abcdef"}, "String should match pattern"),
}


@pytest.mark.parametrize(("changed", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_setting_is_answered_by_what_to_change(changed, message):
    with pytest.raises(DesignError, match=message):
        response("image_test_error").check({**POINT, **changed}, "a point")


def test_a_set_of_images_needs_every_class_in_both_splits_and_one_square_size():
    one = np.zeros((2, 4, 4, 3), np.uint8)
    whole = dict.fromkeys("abc", one)
    ImageSet("x", {"train": whole, "test": whole})
    for train, message in (
        (dict.fromkeys("ab", one), "the split train has no images of the class c"),
        ({**whole, "b": one[:, :2]}, "must have one size"),
        (dict.fromkeys("abc", one[:, :2]), "must be square"),
    ):
        with pytest.raises(DesignError, match=message):
            ImageSet("x", {"train": train, "test": train if "square" in message else whole})
    with pytest.raises(DesignError, match="add a class"):
        ImageSet("x", {"train": dict.fromkeys("ab", one), "test": dict.fromkeys("ab", one)})


def test_what_was_kept_is_found_whole_or_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = replace(DIGITS, name="mine")
    images.keep()
    found = ImageSet.kept(images.identity)
    assert found.identity == images.identity
    assert ImageSet.kept("mine:0123456789abcdef") is None
    (file,) = (tmp_path / ".theorycheck/data").iterdir()
    file.rename(file.with_name("mine-0123456789abcdef.npz"))
    with pytest.raises(DesignError, match=f"holds {images.identity}; remove it"):
        ImageSet.kept("mine:0123456789abcdef")
    (file.parent / "mine-0000000000000000.npz").write_bytes(b"no archive")
    with pytest.raises(DesignError, match="is damaged"):
        ImageSet.kept("mine:0000000000000000")


def test_every_claim_about_images_names_the_embedded_digits():
    claims = [claim for claim in bounds.claims().values() if claim.name.startswith("image_")]
    assert len(claims) >= 5
    assert {claim.design.held["data"] for claim in claims} == {DIGITS.identity}
