"""The setting of one shallow-ViT trial: everything that, with a seed, determines its result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from theorycheck.empirical.parameters import Data, Parameters, Shape
from theorycheck.empirical.shallow_vit.card import shapes

CACHED_NUMBERS = 1_200_000  # 5 MB in float32, a core's own caches and somewhat more: docs/performance.md
MOST_TRIALS_AT_ONCE = 32
WORK_OF_A_NUMBER = 90  # multiply-adds in the time in which a number of a sample is drawn, and tested with


class Setting(Parameters):
    """Data, model, training and test of one trial, in the letters of the paper (section 1 of its setting).

    Lengths are in units of the pattern norm, which is 1.
    """

    L: Data[Shape[int]] = Field(ge=1, description="tokens a sample")
    d: Data[Shape[int]] = Field(ge=3, description="token dimension; W_V, W_K and W_Q are d x d")
    M: Data[Shape[int]] = Field(ge=3, description="patterns, the first two discriminative")
    alpha_relevant: Data[float] = Field(
        gt=0, le=1, description="mean fraction of label-relevant tokens, alpha_*"
    )
    alpha_confusion: Data[float] = Field(ge=0, lt=1, description="mean fraction of confusion tokens, alpha_#")
    tau: Data[float] = Field(ge=0, description="token noise level")
    noise: Data[Literal["sphere", "gaussian"]] = Field(
        description="noise of norm tau, or Gaussian of that rms norm"
    )
    fractions: Data[Literal["random", "exact", "independent"]] = Field(
        description="token counts random with exact mean; exact; or the kind of every token drawn by itself,"
        " and the label by majority"
    )
    sigma: float = Field(ge=0, description="initial error of W_V per pattern")
    delta: float = Field(ge=0, description="initial error of W_K and of W_Q per pattern")
    m: Shape[int] = Field(ge=1, description="neurons, rows of W_O")
    output_scale: float = Field(
        1, gt=0, description="of the output weights a = +-scale/sqrt(m): far below 1, features are learned"
    )
    xi: float = Field(0.01, gt=0, description="standard deviation of the entries of W_O at the start")
    query_key_scale: float = Field(1, gt=0, description="of W_K and W_Q at the start")
    attention: Shape[bool] = Field(description="self-attention, or uniform averaging over all tokens")
    S: Shape[int] = Field(ge=1, description="query tokens sampled a sample and iteration, |S^n|")
    N: Data[Shape[int]] = Field(ge=1, description="training samples")
    B: Shape[int] = Field(ge=1, description="largest mini-batch, in samples")
    eta: float = Field(gt=0, description="step size")
    T: int = Field(ge=1, description="iterations after which a trial is given up as unfitted")
    alpha_spurious: float = Field(
        0,
        ge=0,
        lt=1,
        description="fraction of tokens whose pattern tells the label in training, and nothing in tests",
    )
    noisy: float = Field(
        0, ge=0, le=1, description="share of tokens with another noise level, whatever their pattern"
    )
    tau_noisy: float = Field(0, ge=0, description="noise level of those")
    removal: Literal["none", "irrelevant", "noisy", "random", "spurious"] = Field(
        "none", description="tokens that are removed: of which kind; spurious ones in training only"
    )
    removed: Shape[int] = Field(0, ge=0, description="how many of these are removed from every sample")
    labels: Literal["own", "shuffled"] = Field(
        "own", description="of the training samples: their own, or shuffled, so that nothing can be learned"
    )
    test_size: Data[int] = Field(
        ge=1, description="fresh samples on which the generalization error is measured"
    )
    tolerance: float = Field(
        gt=0, description="largest mean test loss that counts as zero generalization error"
    )
    criterion: Literal["hinge", "error"] = Field(
        "hinge", description="that loss: hinge loss, or misclassified share"
    )

    @model_validator(mode="after")
    def _possible(self) -> Setting:
        total = self.alpha_relevant + self.alpha_confusion
        if total > 1 + 1e-12:
            raise ValueError(
                f"alpha_* + alpha_# must not exceed 1, got {self.alpha_relevant:g} + {self.alpha_confusion:g}"
                f" = {total:g}; lower one of them"
            )
        if self.d < self.M:
            raise ValueError(f"M orthonormal patterns need d >= M, got d = {self.d}, M = {self.M}; raise d")
        if self.kept < self.S:
            raise ValueError(
                f"|S^n| query tokens are drawn from L, got |S^n| = {self.S} > L = {self.kept}; lower S"
            )
        self._check_counts()
        self._check_removal()
        return self

    def _check_counts(self) -> None:
        relevant, confusion = self.alpha_relevant * self.L, self.alpha_confusion * self.L
        if self.fractions == "independent":
            if self.alpha_relevant <= self.alpha_confusion or self.alpha_spurious:
                raise ValueError(
                    "the majority of tokens drawn by themselves tells the label where alpha_* > alpha_# and"
                    f" none are spurious, got alpha_* = {self.alpha_relevant:g}, alpha_# ="
                    f" {self.alpha_confusion:g}, {self.alpha_spurious:g} of them spurious; raise alpha_*, or"
                    " use random fractions"
                )
            return
        if self.fractions == "exact":
            for name, mean in (("alpha_*", relevant), ("alpha_#", confusion)):
                if abs(mean - round(mean)) > 1e-6:
                    raise ValueError(
                        f"exact fractions need a whole number of tokens, got {name} L = {mean:g}; change L or"
                        " the level, or use random fractions"
                    )
        if math.floor(relevant + 1e-9) <= math.ceil(confusion - 1e-9):
            raise ValueError(
                "the majority vote needs more label-relevant than confusion tokens in every sample, got"
                f" about {relevant:g} against {confusion:g} of L = {self.L}; raise L or alpha_*, or lower"
                " alpha_#"
            )

    def _check_removal(self) -> None:
        if self.alpha_spurious and self.M < 5:
            raise ValueError(
                f"two spurious patterns leave M - 4 others, got M = {self.M}; raise M to 5 or more"
            )
        background = self.L - sum(
            math.ceil(fraction * self.L - 1e-9)
            for fraction in (self.alpha_relevant, self.alpha_confusion, self.alpha_spurious)
        )
        there = {
            "none": 0,
            "irrelevant": background,
            "noisy": round(self.noisy * self.L),
            "random": self.L - 1,
            "spurious": math.floor(self.alpha_spurious * self.L + 1e-9),
        }[self.removal]
        if background < 0 or self.removed > there:
            raise ValueError(
                f"asked to remove {self.removed} tokens of the kind {self.removal!r}, but a sample may have"
                f" only {there} of them; lower removed"
            )

    @property
    def kept(self) -> int:
        """Tokens of a training sample after the removal."""
        return self.L - self.removed

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches that cover the training set once."""
        return -(-self.N // self.B)

    @property
    def batch_size(self) -> int:
        """Samples in a mini-batch: as equal as possible over an epoch, at most B."""
        return -(-self.N // self.steps_per_epoch)

    def shape_on(self, device: str) -> tuple[Any, ...]:
        """On a card, trials with different N and B share a batch: see `card.shapes`."""
        return self.shape if device == "cpu" else shapes.shape(self)

    def trials_at_once_on(self, device: str) -> int:
        """On a card, as many as it is worth to store together: how many have room there, it tells itself."""
        return self.trials_at_once if device == "cpu" else shapes.TRIALS_OF_A_BATCH

    def work(self, measurement: Mapping[str, Any]) -> float:
        """Multiply-adds that a trial took, roughly; the time of drawing samples and testing is counted in
        them.
        """
        neurons = 3 * self.m * self.d
        trained = self.S * (4 * self.L * self.d + neurons) if self.attention else neurons
        drawn = (self.N + self.test_size) * self.L * self.d
        return float(measurement["iterations"] * self.batch_size * trained + WORK_OF_A_NUMBER * drawn)

    @property
    def trials_at_once(self) -> int:
        """How many trials a batch should have: as many as keep the values of one step in cache."""
        queries = self.batch_size * self.S if self.attention else self.batch_size
        tokens = self.batch_size * self.L * self.d if self.attention else self.batch_size * self.d
        scores = 2 * queries * self.L if self.attention else 0
        numbers = tokens + scores + queries * (self.m + 4 * self.d) + 2 * self.m * self.d
        return max(1, min(MOST_TRIALS_AT_ONCE, CACHED_NUMBERS // numbers))
