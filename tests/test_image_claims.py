"""Claims about images: real training as small as it goes, other sources of images, and a negative control."""

import json
import shutil
import sys
import types

import numpy as np
import pytest
from PIL import Image
from test_cli import run
from verified import verify

from theorycheck import bounds
from theorycheck.empirical.images import sources
from theorycheck.errors import DesignError
from theorycheck.executors.local import ThisProcess
from theorycheck.session import Session, on_data

CLAIMS = {name: claim for name, claim in bounds.claims().items() if name.startswith("image_")}
TOLD = ("--profile", "smoke", "--report", "md", "--jobs", 1, "--quiet")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A folder of coloured images of 16 x 16 pixels: of bright, dark and grey ones."""
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(3)
    for split, count in (("train", 20), ("test", 10)):
        for name, mean in (("bright", 200), ("dark", 60), ("grey", 128)):
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = np.clip(rng.normal(mean, 20, (16, 16, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{i:02}.png")
    return folder


@pytest.fixture
def small_file(tmp_path):
    """A claim file about images that 20 of a class suffice for."""
    path = tmp_path / "few.py"
    path.write_text(
        '''"""A small claim about images."""

from theorycheck.bounds.images.image_sample_complexity import claim as stated
from theorycheck.claim import Search

held = {**stated.design.held, "T": 10, "test_size": 20, "D": 4, "heads": 1, "depth": 1}
changed = {"held": held, "search": Search("N", (2, 4, 8, 16)), "replicates": 2}
design = stated.design.model_copy(update=changed)
claim = stated.model_copy(update={"name": "few", "design": design, "designs": {}})
'''
    )
    return path


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_gets_a_verdict_from_real_training(name, tmp_path):
    """Of short trainings, as the store and the report of long ones are no different."""
    claim = CLAIMS[name]
    changed = {} if claim.design.factor == "T" else {"T": 3}
    held = {**claim.design.held, "test_size": 40, **changed}
    levels = (1, 5, 10) if claim.design.factor == "T" else claim.design.levels
    update = {"held": held, "levels": levels, "budget": 16}
    small = claim.model_copy(update={"design": claim.design.model_copy(update=update)})
    verdict = verify(small, "smoke", seed=7, store=tmp_path / "s.sqlite", out=tmp_path / "out")
    assert verdict.trials["total"] > 0
    assert verdict.judgement.reason
    assert claim.statement_latex in (tmp_path / "out" / name / "report.md").read_text()


@pytest.mark.slow
def test_shuffled_labels_support_nothing(tmp_path):
    """No number of images generalizes, so that no threshold is there to follow a law, nor an order."""
    session = Session(tmp_path / "s.sqlite", ThisProcess())
    for name, claim in CLAIMS.items():
        if name == "image_attention_concentration":  # attention may well rise on what is learned by heart
            continue
        short = {"T": 60, "test_size": 240, "labels": "shuffled"}
        held = {**claim.design.held, **short}
        control = claim.model_copy(update={"design": claim.design.model_copy(update={"held": held})})
        assert session.examine(control, "smoke", seed=8).decision != "SUPPORTED", name


def test_the_content_of_a_folder_is_part_of_a_trial_and_its_place_is_not(photographs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = sources.held(f"folder:{photographs}")
    assert [first[name] for name in ("first", "second", "grid")] == ["bright", "dark", 4]
    elsewhere = shutil.copytree(photographs, tmp_path / "elsewhere")
    assert sources.held("folder:elsewhere") == first
    Image.new("RGB", (16, 16)).save(elsewhere / "train/grey/00.png")
    assert sources.held("folder:elsewhere")["data"] != first["data"]
    assert sources.opened(first["data"]).classes == ("bright", "dark", "grey")


def test_a_claim_is_verified_on_a_folder_and_reported_again(photographs, small_file, tmp_path):
    told = ("verify", "--claim", small_file, "--data", f"folder:{photographs}", *TOLD)
    result = run(*told, cwd=tmp_path)
    assert result.exit_code in (0, 1, 3), result.stderr
    (found,) = json.loads((tmp_path / "theorycheck-out/few/result.json").read_text())["claims"]
    assert found["design"]["held"]["data"].startswith("folder:")
    assert found["design"]["held"]["second"] == "dark"
    again = run("report", 1, "--claim", small_file, "--report", "md", cwd=tmp_path)
    assert again.exit_code == result.exit_code, again.stderr
    reused = run(*told, "--json", cwd=tmp_path)
    assert json.loads(reused.stdout)["claims"][0]["trials"]["trained"] == 0


BAD = {
    "nothing": (lambda folder: shutil.rmtree(folder), "which is no folder; name one that is there"),
    "no test": (lambda folder: shutil.rmtree(folder / "test"), r"test, which is no folder; make it"),
    "class": (
        lambda folder: shutil.rmtree(folder / "test/grey"),
        "the split test has no images of the class grey",
    ),
    "empty": (
        lambda folder: [path.unlink() for path in (folder / "train/dark").iterdir()],
        "the class .*dark has no images",
    ),
    "unreadable": (
        lambda folder: (folder / "train/dark/03.png").write_text("text"),
        r"03\.png cannot be read as an image",
    ),
    "size": (
        lambda folder: Image.new("RGB", (16, 12)).save(folder / "train/dark/03.png"),
        r"03\.png has 16 x 12 pixels, 00\.png beside it 16 x 16; resize one",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_bad_folders_are_answered_by_name(spoil, message, photographs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(photographs, tmp_path / "bad")
    spoil(folder)
    with pytest.raises(DesignError, match=message):
        sources.held(f"folder:{folder}")


def test_too_few_images_for_the_largest_n_are_answered_by_name(photographs, tmp_path):
    told = ("verify", "--claim", "image_sample_complexity", "--data", f"folder:{photographs}", *TOLD)
    result = run(*told, cwd=tmp_path)
    assert result.exit_code == 2
    assert "N = 48 training samples need 24 images of each class, but folder has 20" in result.stderr


def test_an_unknown_source_and_a_claim_without_images_are_answered(tmp_path):
    unknown = run("verify", "--claim", "image_sample_complexity", "--data", "digit", *TOLD, cwd=tmp_path)
    assert unknown.exit_code == 2
    assert "asked for the data 'digit', which there are not; there is digits" in unknown.stderr
    none = run("verify", "--claim", "token_noise", "--data", "digits", *TOLD, cwd=tmp_path)
    assert none.exit_code == 2
    assert "token_noise draws its own; leave --data out" in none.stderr
    assert on_data(bounds.find("token_noise"), "digits", if_taken=True).name == "token_noise"


def test_without_torchvision_or_network_a_source_says_what_to_put_where(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(DesignError, match=r"cifar10 needs torchvision.*--data folder:PATH"):
        sources.held("cifar10")

    def download(root, train, download):
        raise RuntimeError("no route to host")

    found = types.SimpleNamespace(datasets=types.SimpleNamespace(CIFAR10=download))
    monkeypatch.setitem(sys.modules, "torchvision", found)
    with pytest.raises(DesignError, match=rf"no route to host.*cifar-10-python\.tar\.gz .* into {tmp_path}"):
        sources.held(f"cifar10:{tmp_path}")


def test_a_named_design_keeps_its_name_on_other_data(photographs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    claim = CLAIMS["image_sample_complexity"].of_design("photographs")
    other = on_data(claim, f"folder:{photographs}")
    assert other.design_name == "photographs"
    assert other.design.held["grid"] == 4
    assert f"--design photographs --data folder:{photographs}" in other.command("verify")
