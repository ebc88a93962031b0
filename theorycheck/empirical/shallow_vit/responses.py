"""What trials of shallow ViTs measure. Loads no torch: what trains is imported by the first batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from theorycheck.empirical.devices import cpu_or_cuda
from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.response import Experiment
from theorycheck.empirical.shallow_vit import REVISION
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.trial import Trial

Measurements = Iterable[tuple[int, Measurement]]
vit = Experiment(
    setting=Setting,
    revision=REVISION,
    counts=("iterations",),
    words={"N": "training samples", "untested": "real images and deeper models"},
    check_device=cpu_or_cuda,
)


@vit.response(
    "success is a mean hinge loss on test_size fresh samples of at most the tolerance, after the training"
    " loss has reached zero; a trial whose training loss did not is no evidence about N"
)
def zero_generalization_error(trials: Sequence[Trial]) -> Measurements:
    """As `losses`, with a test that ends early."""
    from theorycheck.empirical.shallow_vit.generalization import losses

    return losses(trials)


@vit.response(
    "success is a training loss that has reached zero, and then a mean hinge loss on test_size fresh samples"
    " of at most the tolerance; everything else is failure"
)
def trained_to_zero_generalization_error(trials: Sequence[Trial]) -> Measurements:
    """As `zero_generalization_error`, but a training loss that does not reach zero is a failure."""
    from theorycheck.empirical.shallow_vit.generalization import losses

    for i, measured in losses(trials):
        yield i, {**measured, "outcome": "success" if measured["outcome"] == "success" else "failure"}


@vit.response(
    "mean hinge loss on test_size fresh samples, after the training loss has reached zero", value="test_loss"
)
def test_loss(trials: Sequence[Trial]) -> Measurements:
    """As `losses`, on all fresh samples."""
    from theorycheck.empirical.shallow_vit.generalization import losses

    return losses(trials, to_the_end=True)


@vit.response(
    "share of test_size fresh samples that are misclassified, after the training loss has reached zero",
    value="test_error",
)
def test_error(trials: Sequence[Trial]) -> Measurements:
    """As `test_loss`."""
    return test_loss.run(trials)


@vit.response(
    "SGD iterations until the training loss is zero; at least T where it is not within T iterations",
    value="iterations",
)
def training_iterations(trials: Sequence[Trial]) -> Measurements:
    """As `trained`."""
    from theorycheck.empirical.shallow_vit.generalization import iterations

    return iterations(trials)


@vit.response(
    "mean attention on label-relevant tokens of fresh samples, looked at while the training loss"
    " goes to zero",
    value="relevant",
    measured="attention on label-relevant tokens",
)
def attention_concentration(trials: Sequence[Trial]) -> Measurements:
    """As `watched`."""
    from theorycheck.empirical.shallow_vit.attention import watched

    return watched(trials)


@vit.response(
    "1 less the mean attention on label-relevant tokens of fresh samples, when the training loss has reached"
    " zero",
    value="gap",
    measured="what attention on label-relevant tokens lacks to 1",
)
def attention_gap(trials: Sequence[Trial]) -> Measurements:
    """As `watched`, of which the last look counts."""
    from theorycheck.empirical.shallow_vit.attention import watched

    for i, found in watched(trials):
        last = {name: found[name][-1] for name in ("relevant", "confusion", "own_query", "attended")}
        yield (
            i,
            {
                "outcome": found["outcome"],
                "iterations": found["iterations"],
                "gap": 1 - last["relevant"],
                **last,
            },
        )
