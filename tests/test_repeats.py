"""What is not determined by its seed is found out; what fails is told; what is edited is made anew."""

import random

import numpy as np
import pytest
import torch
from sympy import oo, symbols
from torch import nn

from theorycheck import Claim, Design, Paper, Search, Source, Theta, Training, batched, command, depends_on
from theorycheck.errors import ClaimError
from theorycheck.fingerprint import fingerprint
from theorycheck.plan import make_plan
from theorycheck.repeats import chosen
from theorycheck.session import Session
from theorycheck.statements import Limit

x, y, N = symbols("x y N", positive=True)
X = Paper(key="x", short="X", reference="X")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def claim(response, **changed):
    told = {
        "name": "power",
        "title": "A power",
        "source": Source(paper=X, place="1"),
        "provenance": "recalled",
        "quantity": y,
        "law": Theta(x**2, (x, oo)),
        "response": response,
        "design": Design(factor=x, levels=(1, 2, 4, 8, 16, 32), replicates=40, held={}),
        "refuted_by": "another exponent",
    }
    return Claim(**{**told, **changed})


def finding(response, **changed):
    found = Session(executor=1).examine(claim(response, **changed))
    return found, {check.name: check for check in found.verdict.judgement.checks}


def noisy(point, seed):
    return point["x"] ** 2 * np.exp(0.1 * np.random.default_rng(seed).standard_normal())


def undetermined(point, seed):
    return point["x"] ** 2 * random.SystemRandom().uniform(0.9, 1.1)


def barely(point, seed):
    return noisy(point, seed) * (1 + 1e-9 * random.SystemRandom().random())


@batched(16)
def correlated(points, seeds):
    common = min(seeds) % 7
    return [noisy(point, seed) + common for point, seed in zip(points, seeds, strict=True)]


@batched(16)
def each_alone(points, seeds):
    return [noisy(point, seed) for point, seed in zip(points, seeds, strict=True)]


@pytest.mark.parametrize("response", [noisy, each_alone])
def test_what_its_seed_determines_is_supported(response):
    found, checks = finding(response)
    assert found.decision == "SUPPORTED"
    assert checks["repeated trials"].status == "ok"
    assert checks["repeated trials"].detail == "3 trials were made twice, with equal results"
    assert found.verdict.trials["total"] == found.verdict.trials["trained"] == 240


@pytest.mark.parametrize("response", [undetermined, barely, correlated])
def test_what_its_seed_does_not_determine_decides_nothing(response):
    found, checks = finding(response)
    check = checks["repeated trials"]
    assert (found.decision, check.status) == ("INCONCLUSIVE", "failed")
    told = chosen(make_plan(claim(response)), found.trials)
    assert any(f"at x = {row['x']}, seed {trial.own_seed}: value" in check.detail for trial, row in told)
    assert check.detail.endswith(
        f"the result of {response.__name__} must be determined by its point and seed"
    )
    assert check.detail in found.verdict.judgement.reason


def test_repetitions_are_stored_and_replayed():
    calls = finding(undetermined)[0]
    again, checks = finding(undetermined)
    assert again.verdict.trials["trained"] == 0
    assert checks["repeated trials"] in calls.verdict.judgement.checks
    replayed = Session().replay(1, claim(undetermined))
    assert replayed.verdict.judgement == calls.verdict.judgement


@pytest.mark.slow
def test_a_tolerance_is_that_of_a_command():
    noise = "import random, sys; print('value =', 2 + random.SystemRandom().uniform(0, 1e-7))"
    for tolerance, status in ((0.0, "failed"), (1e-6, "ok")):
        response = command(["python", "-c", noise, "{x}"], r"output:value = (\S+)", tolerance=tolerance)
        small = Design(factor=x, levels=(1, 2, 4), replicates=2, held={})
        _, checks = finding(response, design=small)
        assert checks["repeated trials"].status == status
    assert checks["repeated trials"].detail.endswith("with equal results within 1e-06")


FAILS = "import sys; n, seed = float(sys.argv[1]), int(sys.argv[2]); 1 / (seed % {}); print('value =', n**2)"


def test_trials_that_fail_are_left_out_and_told():
    response = command(["python", "-c", FAILS.format(5), "{x}", "{seed}"], r"output:value = (\S+)")
    small = Design(factor=x, levels=(1, 2, 4, 8, 16, 32), replicates=5, held={})
    found, checks = finding(response, design=small)
    failed = int(found.trials["failed"].notna().sum())
    assert 0 < failed < 15
    check = checks["failed trials"]
    assert check.status == "warning"
    assert check.detail.startswith(
        f"{failed} of 30 trials failed and count as no evidence; the first: it ended with"
    )
    assert "ZeroDivisionError" in check.detail
    assert checks["no evidence"].detail.startswith(f"{failed} of 30 trials")


@pytest.mark.slow
def test_trials_that_fail_may_count_as_failures_of_a_threshold():
    text = (
        "import sys; n, seed = float(sys.argv[1]), int(sys.argv[2]); 1 / (n > seed % 40); print('value = 0')"
    )
    found = {}
    for failed in ("no evidence", "failure"):
        response = command(
            ["python", "-c", text, "{N}", "{seed}"], r"output:value = (\S+)", success="<= 1", failed=failed
        )
        search = Design(factor=x, levels=(1, 2, 4), search=Search(N, (10, 20, 40)), replicates=4, held={})
        made = claim(response, law=Theta(x, (x, oo)), design=search)
        found[failed] = Session(executor=2).examine(made, "smoke").trials
    outcomes = [table["outcome"].replace("unfitted", "failure") for table in found.values()]
    assert set(found["no evidence"]["outcome"]) == {"success", "unfitted"}
    assert set(found["failure"]["outcome"]) == {"success", "failure"}
    assert outcomes[0].value_counts().index.tolist() == outcomes[1].value_counts().index.tolist()


def test_where_all_fail_the_run_ends_soon_and_says_why():
    response = command(["python", "-c", FAILS.format(1), "{x}", "{seed}"], r"output:value = (\S+)")
    with pytest.raises(
        ClaimError, match=r"the first that failed: it ended with exit status 1; it said: .*ZeroDivision"
    ):
        finding(response, design=Design(factor=x, levels=(1, 2, 4), replicates=8, held={}))


def trained(**changed):
    """One neuron that learns to be x; the loss falls as exp(-t / 10)."""
    told = {
        "model": lambda point: nn.Linear(1, 1, bias=False),
        "data": lambda point, g: (torch.ones(2, 1), torch.full((2, 1), point["x"])),
        "loss": nn.functional.mse_loss,
        "optimizer": lambda parameters, point: torch.optim.SGD(parameters, lr=0.025),
        "steps": 100,
    }
    return Training(**{**told, **changed})


@pytest.mark.slow
def test_a_limit_is_about_what_a_training_watches():
    def nearness(model, inputs, targets):
        """Output over target"""
        return model(inputs).mean() / targets.mean()

    response = trained(
        watch={"value": nearness, "loss": lambda model, x, y: nn.functional.mse_loss(model(x), y)}
    )
    few = Design(factor=x, levels=(1, 2, 4), replicates=4, held={})
    for law, decision in (
        (Limit(1, tolerance=0.1, rate=1, start=20, falls=("loss",)), "SUPPORTED"),
        (Limit(2, tolerance=0.1, rate=1, start=20), "REFUTED"),
    ):
        found, checks = finding(response, law=law, design=few)
        assert found.decision == decision, found.verdict.judgement.reason
    assert checks["repeated trials"].status == "ok"


@pytest.mark.slow
def test_the_verdict_says_why_trainings_ran_one_at_a_time():
    response = trained(
        model=lambda point: nn.Sequential(nn.Linear(1, 1, bias=False), nn.Dropout(0.1)),
        value=lambda model, inputs, targets: model(inputs).mean().abs(),
        steps=3,
    )
    few = Design(factor=x, levels=(1, 2, 4), replicates=4, held={})
    _, checks = finding(response, design=few)
    told = "12 of 12 trials: one at a time: its forward pass draws random numbers"
    assert (checks["how trials ran"].status, checks["how trials ran"].detail) == ("ok", told)
    assert checks["repeated trials"].status == "ok"


def test_a_batched_function_gets_trials_that_are_alike():
    @batched(4, alike=["x"])
    def sized(points, seeds):
        assert len({point["x"] for point in points}) == 1
        assert len(points) == len(seeds) <= 4
        return [point["x"] ** 2 for point in points]

    small = Design(factor=x, levels=(1, 2, 4, 8, 16, 32), replicates=6, held={})
    assert finding(sized, design=small)[0].decision == "SUPPORTED"


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([1.0], "returned [1.0] for 8 trials; a batched function returns a list with one entry for each"),
        (1.0, "returned 1.0 for 8 trials"),
        ("12345678", "returned '12345678' for 8 trials"),
        ([1.0] * 7 + ["x"], "returned 'x'; it must return"),
    ],
)
def test_what_a_batched_function_may_not_return(returned, message):
    @batched(8)
    def wrong(points, seeds):
        """Returns the wrong thing."""
        return returned

    with pytest.raises(ClaimError) as error:
        finding(wrong)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"), [((0,), "wants no number"), ((8, "n"), "write alike=['n']")]
)
def test_a_wrong_mark_is_refused(arguments, message):
    with pytest.raises(ClaimError) as error:
        batched(*arguments)
    assert message in str(error.value)


def test_a_file_that_a_function_names_is_part_of_its_key(folder):
    table = folder / "table.csv"
    table.write_text("1")
    seen = []
    for text in ("1", "2", "1"):
        table.write_text(text)
        seen.append(fingerprint(depends_on(table)(lambda point, seed: float(table.read_text()))).digest)
    assert seen[0] == seen[2] != seen[1]
    with pytest.raises(ClaimError, match=r"the input .*none\.csv is missing"):
        depends_on(folder / "none.csv")


def test_the_versions_of_imported_packages_are_part_of_the_key(folder, monkeypatch):
    path = folder / "imports.py"
    path.write_text("import numpy\ndef f(point, seed):\n    return 1.0\n")
    monkeypatch.syspath_prepend(str(folder))
    import imports

    first = fingerprint(imports.f).digest
    from theorycheck import local_modules

    local_modules.version_of.cache_clear()
    monkeypatch.setattr(local_modules.metadata, "version", lambda name: "0.0")
    assert fingerprint(imports.f).digest != first
    local_modules.version_of.cache_clear()
