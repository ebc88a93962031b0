"""What trials with images measure. Loads no torch: what trains is imported by the first batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from theorycheck.empirical.devices import cpu_or_cuda
from theorycheck.empirical.function_response import Measurement
from theorycheck.empirical.images import REVISION, sources
from theorycheck.empirical.images.setting import Setting
from theorycheck.empirical.response import Experiment, Sources
from theorycheck.empirical.trial import Trial

Measurements = Iterable[tuple[int, Measurement]]
images = Experiment(
    setting=Setting,
    revision=REVISION,
    counts=("steps_taken",),
    words={"N": "training images", "untested": "images of other kinds, and larger models"},
    check_device=cpu_or_cuda,
    sources=Sources(sources.LETTERS, sources.held),
)


@images.response(
    "success is a share of right labels of at least `accuracy` among test_size test samples, after T steps"
)
def image_generalization(trials: Sequence[Trial]) -> Measurements:
    """As `accuracies`, against the accuracy that a trial asks for."""
    from theorycheck.empirical.images.training import accuracies

    for i, found in accuracies(trials):
        reached = found.get("test_accuracy", 0) >= trials[i].parameters["accuracy"]
        fitted = found["outcome"] == "success"
        yield (
            i,
            {**found, "outcome": "success" if fitted and reached else "failure" if fitted else "unfitted"},
        )


@images.response("share of test_size test samples whose label is wrong, after T steps", value="test_error")
def image_test_error(trials: Sequence[Trial]) -> Measurements:
    """As `accuracies`."""
    from theorycheck.empirical.images.training import accuracies

    return accuracies(trials)


@images.response(
    "attention rollout on the object's tokens of test samples, after T steps",
    value="on_object",
    measured="attention on the object's tokens",
)
def image_attention(trials: Sequence[Trial]) -> Measurements:
    """As `attention_on_object`."""
    from theorycheck.empirical.images.training import attention_on_object

    return attention_on_object(trials)
