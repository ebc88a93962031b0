"""The compiled training step does what PyTorch's operations do, and PyTorch does without it."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import mostly_slow
from oracle import streams

from theorycheck.empirical.shallow_vit import native
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import draw_samples
from theorycheck.empirical.shallow_vit.training import draw_order, draw_subsets, train
from theorycheck.empirical.shallow_vit.vit import Weights, Workspace, forward, initial_weights, loss_and_step

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")


def by_pytorch(W, a, X, y, order, queries, eta):
    """The same steps in double precision by vit.py, which has its own oracle: torch.func."""
    W, losses = Weights(*(w.clone() for w in W)), 0.0
    X, y = torch.from_numpy(X).double(), torch.from_numpy(y).double()
    for samples, tokens in zip(order, queries, strict=True):
        batch = X[samples][None]
        asked = torch.stack([x[t] for x, t in zip(batch[0], tokens, strict=True)])[None]
        rate = torch.tensor([[eta]], dtype=torch.float64)
        loss, step = loss_and_step(W, a.double(), batch, y[samples][None], asked, rate, Workspace())
        for w, dw in zip(W, step, strict=True):
            w.sub_(dw)
        losses += float(loss)
    return W, losses


def drawn(setting, seed):
    """Streams, and samples and a model drawn from them."""
    stream = streams(seed)
    return stream, draw_samples(stream.samples, setting, setting.N), *initial_weights(stream.model, setting)


# Sizes that are and are not multiples of the width and the tiles of the C code.
SHAPES = [
    {"L": 20, "S": 5, "d": 8, "m": 40, "N": 16, "B": 16},
    {"L": 20, "S": 20, "d": 16, "m": 32, "N": 30, "B": 8},
    {"L": 13, "S": 3, "d": 7, "m": 9, "N": 5, "B": 4},
    {"L": 20, "S": 1, "d": 5, "m": 6, "N": 3, "B": 64},
    {"L": 100, "S": 10, "d": 40, "m": 240, "N": 40, "B": 32},
    {"L": 41, "S": 7, "d": 33, "m": 50, "N": 9, "B": 9},
    {"L": 20, "S": 5, "d": 8, "m": 40, "N": 16, "B": 16, "output_scale": 0.1, "query_key_scale": 0.7},
]


@needs_compiler
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
@pytest.mark.parametrize("eta", [0.05, 2.0])
def test_steps_are_those_of_pytorch_in_double_precision(small, shape, eta):
    setting = Setting(**{**small.model_dump(), **shape, "eta": eta})
    stream, samples, W, a = drawn(setting, seed=0)
    order = draw_order(stream.steps, setting, 4)
    queries = draw_subsets(stream.steps, setting.L, setting.S, order.shape)
    expected, expected_loss = by_pytorch(W, a, samples.X, samples.y, order, queries, eta)
    trained = Weights(*(w.float().contiguous() for w in W))
    ready = native.Samples(samples.X, samples.y)
    taken, loss = native.take_steps(trained, a.float(), ready, order, queries, eta, epoch=len(order))
    assert taken == len(order)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    for got, wanted, start in zip(trained, expected, W, strict=True):
        assert (wanted - start).abs().max() > 1e-6  # training moved the weights by more than the tolerance
        torch.testing.assert_close(got.double(), wanted, rtol=1e-4, atol=2e-6 * max(1.0, eta))


@needs_compiler
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "-".join(map(str, shape.values())))
def test_outputs_are_those_of_pytorch_in_double_precision(small, shape):
    setting = Setting(**{**small.model_dump(), **shape})
    stream, samples, W, a = drawn(setting, seed=0)
    W = Weights(50 * W.W_O, *W[1:])  # outputs near 1
    queries = draw_subsets(stream.steps, setting.L, setting.S, (setting.N,))
    X = torch.from_numpy(samples.X).double()[None]
    asked = torch.stack([x[t] for x, t in zip(X[0], queries, strict=True)])[None]
    got = native.outputs([w.float().contiguous() for w in W], a.float(), samples.X, queries)
    torch.testing.assert_close(got.double(), forward(W, a, X, asked, Workspace()).F, rtol=1e-4, atol=1e-5)


@needs_compiler
def test_steps_end_with_the_first_epoch_without_loss(small):
    setting = small.model_copy(update={"N": 12, "B": 4})
    stream, samples, W, a = drawn(setting, seed=2)
    order, ready = draw_order(stream.steps, setting, 400), native.Samples(samples.X, samples.y)
    queries = draw_subsets(stream.steps, setting.L, setting.S, order.shape)
    at_once, by_epoch = (Weights(*(w.float().contiguous() for w in W)) for _ in range(2))
    taken, loss = native.take_steps(at_once, a.float(), ready, order, queries, setting.eta, epoch=3)
    assert loss == 0
    assert 3 < taken < len(order)
    assert taken % 3 == 0
    losses = [
        native.take_steps(
            by_epoch, a.float(), ready, order[i : i + 3], queries[i : i + 3], setting.eta, epoch=3
        )[1]
        for i in range(0, taken, 3)
    ]
    assert losses[-1] == 0
    assert min(losses[:-1]) > 0
    assert all(torch.equal(*pair) for pair in zip(at_once, by_epoch, strict=True))


@needs_compiler
def test_a_sample_without_loss_changes_nothing_and_one_that_is_not_a_number_is_seen(small):
    stream, samples, W, a = drawn(small.model_copy(update={"N": 4}), seed=1)
    order, queries = np.arange(4)[None], draw_subsets(stream.steps, small.L, small.S, (1, 4))
    hopeless = Weights(*(torch.full_like(w, torch.nan, dtype=torch.float32) for w in W))
    ready = native.Samples(samples.X, samples.y)
    assert np.isnan(native.take_steps(hopeless, a.float(), ready, order, queries, 0.1, epoch=1)[1])
    certain = Weights(*(w.float() for w in W))
    sure = native.Samples(samples.X, np.zeros(4, np.float32))  # a label of 0 has loss 1 and no gradient
    before = [w.clone() for w in certain]
    assert native.take_steps(certain, a.float(), sure, order, queries, 0.1, epoch=1) == (
        1,
        pytest.approx(1.0),
    )
    assert all(torch.equal(w, old) for w, old in zip(certain, before, strict=True))


@needs_compiler
def test_training_is_the_same_up_to_rounding_without_the_compiled_step(small, monkeypatch):
    slow = small.model_copy(update={"eta": 0.05, "T": 40})  # rounding has no time to grow

    def trained():
        samples = [draw_samples(streams(i).samples, slow, slow.N) for i in range(6)]
        results = train([slow] * 6, [streams(i) for i in range(6)], samples, torch.float32)
        return {result.position: result for result in results}

    compiled = trained()
    monkeypatch.setattr(native, "library", lambda: None)
    without = trained()
    for position, result in compiled.items():
        assert result.iterations == without[position].iterations
        for got, wanted in zip(result.W, without[position].W, strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-4)
    assert any(not torch.equal(compiled[i].W.W_O, without[i].W.W_O) for i in compiled)  # two ways indeed


@pytest.fixture
def found(monkeypatch):
    """Whether there is a library, in an environment; looked for anew each time, and compiled in haste."""
    monkeypatch.setattr(native, "FLAGS", ("-march=native", "-shared", "-fPIC"))

    def look(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(tempfile, "tempdir", None)  # which remembers TMPDIR
        return native.library.__wrapped__() is not None

    return look


@pytest.fixture
def kept(found):
    """The one library in a cache, after one was found."""

    def look(cache):
        assert found(XDG_CACHE_HOME=cache)
        (made,) = (cache / "theorycheck").iterdir()
        return made

    return look


@needs_compiler
def test_the_library_is_compiled_once(tmp_path, kept):
    made = kept(tmp_path)
    first = made.stat()
    assert kept(tmp_path) == made
    assert (made.stat().st_ino, made.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    assert made.stat().st_mode & 0o077 == 0
    assert made.parent.stat().st_mode & 0o077 == 0


def compiled_from(source, path):
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path], input=source, text=True, check=True
    )
    path.chmod(0o700)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    return path.rename(path.with_name(f"{path.name.rsplit('-', 1)[0]}-{digest}.so"))


TRAP = 'extern int system(const char *); __attribute__((constructor)) void run(void) { system("touch %s"); }'


@needs_compiler
def test_a_library_that_lacks_its_functions_is_compiled_anew(tmp_path, kept):
    cache, mark = tmp_path / "cache", tmp_path / "mark"
    sound = kept(cache)
    sound.unlink()
    compiled_from(TRAP % mark, sound)
    assert kept(cache) == sound
    assert mark.exists()  # as it was this user's own: the tests below mean something


@needs_compiler
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:100],
        lambda content: b"",
        lambda c: c[::-1],
    ],
    ids=["half", "header", "empty", "garbage"],
)
def test_a_library_that_was_cut_short_is_compiled_anew(tmp_path, kept, spoil):
    sound = kept(tmp_path)
    content = sound.read_bytes()
    sound.write_bytes(spoil(content))
    assert kept(tmp_path) == sound
    assert sound.read_bytes() == content


@needs_compiler
def test_a_library_for_another_machine_is_compiled_anew(tmp_path, kept):
    sound = kept(tmp_path)
    foreign = bytearray(sound.read_bytes())
    foreign[18:20] = b"\xf3\x00"  # e_machine of the ELF header: RISC-V
    sound.unlink()
    digest = hashlib.sha256(foreign).hexdigest()[:32]
    other = sound.with_name(f"{sound.name.rsplit('-', 1)[0]}-{digest}.so")
    other.write_bytes(foreign)
    other.chmod(0o700)
    assert kept(tmp_path) == sound
    assert not other.exists()


@needs_compiler
@pytest.mark.parametrize("open_to_others", mostly_slow(["file"], ["parent", "grandparent", "file"]))
def test_code_that_others_can_have_planted_is_not_run(tmp_path, kept, found, open_to_others):
    cache, mark = tmp_path / "a" / "cache", tmp_path / "mark"
    sound = kept(cache)
    sound.unlink()
    planted = compiled_from(TRAP % mark, sound)
    {"parent": cache, "grandparent": cache.parent, "file": planted}[open_to_others].chmod(0o777)
    assert found(XDG_CACHE_HOME=cache)  # compiled in a private folder
    assert not mark.exists()
    if open_to_others == "file":
        assert not planted.exists()


@needs_compiler
@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("given", mostly_slow(["file"], ["folder", "file", "parent"]))
def test_code_of_another_user_is_not_run(tmp_path, kept, found, given):
    cache, mark = tmp_path / "cache", tmp_path / "mark"
    sound = kept(cache)
    sound.unlink()
    planted = compiled_from(TRAP % mark, sound)
    os.chown({"folder": planted.parent, "file": planted, "parent": cache}[given], 65534, 65534)
    assert found(XDG_CACHE_HOME=cache)
    assert not mark.exists()


@needs_compiler
def test_a_link_to_code_in_the_cache_is_not_followed(tmp_path, kept):
    cache, mark = tmp_path / "cache", tmp_path / "mark"
    sound = kept(cache)
    sound.unlink()
    planted = compiled_from(TRAP % mark, sound)
    planted.rename(tmp_path / planted.name)
    planted.symlink_to(tmp_path / planted.name)
    assert kept(cache) == sound
    assert not mark.exists()


@needs_compiler
def test_a_cache_that_was_made_for_a_group_is_closed_to_it(tmp_path, kept):
    folder = tmp_path / "theorycheck"
    folder.mkdir(mode=0o777)
    folder.chmod(0o775)
    assert kept(tmp_path).parent == folder
    assert folder.stat().st_mode & 0o022 == 0


@needs_compiler
def test_without_a_cache_the_library_is_compiled_in_a_private_folder(tmp_path, found, monkeypatch):
    (tmp_path / "file").write_text("")
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    for environment in (
        {"XDG_CACHE_HOME": tmp_path / "file"},
        {"XDG_CACHE_HOME": tmp_path / ("x" * 300)},
        {"XDG_CACHE_HOME": "", "HOME": ""},
        {"XDG_CACHE_HOME": "", "HOME": "relative"},
    ):
        assert found(TMPDIR=tmp_path, **environment)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "home"}
    assert not any((tmp_path / "home").iterdir())
    assert found(XDG_CACHE_HOME="relative", HOME=tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").iterdir()] == [
        ".cache"
    ]  # a relative one is to be ignored


@needs_compiler
def test_without_a_home_the_library_is_compiled_in_a_private_folder(tmp_path, found, monkeypatch):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert found(XDG_CACHE_HOME="")


@needs_compiler
def test_without_any_private_folder_there_is_none(tmp_path, found):
    tmp_path.chmod(0o777)
    assert not found(XDG_CACHE_HOME=tmp_path, TMPDIR=tmp_path)


HANGING = ("sleep 300 & wait", "sleep 300", '[ "$1" = --version ] || sleep 300')


def compiler(folder, script):
    folder.mkdir()
    (folder / "cc").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "cc").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def test_without_a_compiler_there_is_none(tmp_path, found, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not found(PATH=tmp_path, XDG_CACHE_HOME=tmp_path)
    assert not found(PATH=compiler(tmp_path / "bin", "exit 1"), XDG_CACHE_HOME=tmp_path)
    assert not found(PATH="bin", XDG_CACHE_HOME=tmp_path)


@pytest.mark.parametrize("script", mostly_slow(HANGING[:1], HANGING))
def test_a_compiler_that_hangs_is_ended(tmp_path, found, monkeypatch, caplog, script):
    assert native.PATIENCE == 60
    monkeypatch.setattr(native, "PATIENCE", 0.5)
    started = time.monotonic()
    assert not found(PATH=compiler(tmp_path / "bin", script), XDG_CACHE_HOME=tmp_path)
    assert time.monotonic() - started < 60
    assert "did not end within 0.5 s; PyTorch's operations train" in caplog.text
