"""The setting of one trial with images: everything that, with a seed, determines its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from theorycheck.empirical.images.sources import opened
from theorycheck.empirical.images.sources.image_set import ImageSet
from theorycheck.empirical.parameters import Data, Parameters
from theorycheck.errors import DesignError

NUMBERS_AT_ONCE = 2**19  # of the tokens of all blocks in a step, from which on more trials save little


class Setting(Parameters):
    """Data, model, training and test of one trial."""

    data: Data[str] = Field(
        pattern=r"^[a-z0-9_]+:[0-9a-f]{16}$", description="source of the images, and a digest of its content"
    )
    first: Data[str] = Field(description="class of label -1")
    second: Data[str] = Field(description="class of label +1")
    grid: Data[int] = Field(ge=1, description="an image is cut into K = grid x grid patches")
    alpha_relevant: Data[float] = Field(gt=0, le=1, description="share of the object's tokens, K / L")
    N: Data[int] = Field(ge=2, description="training samples, half of each class")
    depth: int = Field(ge=1, le=12, description="blocks")
    heads: int = Field(ge=1, description="of the attention of a block")
    D: int = Field(ge=1, description="dimension of a token in the model")
    attention: bool = Field(description="self-attention, or uniform averaging over the tokens")
    eta: float = Field(gt=0, description="largest step size of AdamW; it falls to 0 as a cosine")
    T: int = Field(ge=1, description="steps")
    B: int = Field(ge=1, description="samples of a mini-batch")
    test_size: Data[int] = Field(ge=2, description="test samples, half of each class")
    accuracy: float = Field(gt=0, le=1, description="test accuracy from which on a trial succeeds")
    spurious: float = Field(
        0,
        ge=0,
        le=1,
        description="where positive, how often the background of a training sample is the one that goes with"
        " its label; in tests half of the time",
    )
    removal: Literal["none", "background", "random"] = Field(
        "none", description="tokens that are removed from training and test samples"
    )
    removed: int = Field(0, ge=0, description="how many")
    pretrained: int = Field(
        0, ge=0, description="steps of a training beforehand that tells the other classes apart; 0: none"
    )
    labels: Literal["own", "shuffled"] = Field(
        "own", description="of the training samples: their own, or shuffled, so that nothing can be learned"
    )

    @model_validator(mode="after")
    def _possible(self) -> Setting:
        try:
            images = opened(self.data)
        except DesignError as error:
            raise ValueError(str(error)) from error
        self._check_counts(images)
        if images.side % self.grid:
            raise ValueError(
                f"images of {images.side} pixels cannot be cut into {self.grid} x {self.grid} patches; choose"
                " a grid that divides them"
            )
        if abs(self.K / self.alpha_relevant - self.L) > 1e-6:
            raise ValueError(
                f"alpha_* = {self.alpha_relevant:g} needs L = {self.K / self.alpha_relevant:g} tokens, no"
                " whole number; choose alpha_* = K/L"
            )
        if self.pretrained and len(images.classes) < 4:
            raise ValueError(
                f"pre-training tells the classes apart that are background, and {images.name} has"
                f" {len(images.classes) - 2} of them; add a class, or leave pretrained at 0"
            )
        if self.D % self.heads:
            raise ValueError(f"{self.heads} heads cannot share D = {self.D}; choose a D that they divide")
        there = {"none": 0, "background": self.L - self.K, "random": self.L - 1}[self.removal]
        if self.removed > there:
            raise ValueError(
                f"asked to remove {self.removed} tokens of the kind {self.removal!r}, but a sample has"
                f" {there} of them; lower removed"
            )
        return self

    def _check_counts(self, images: ImageSet) -> None:
        for name in (self.first, self.second):
            if name not in images.classes:
                raise ValueError(
                    f"{images.name} has no class {name!r}; it has {', '.join(images.classes)}; choose one"
                )
        if self.first == self.second:
            raise ValueError(f"both classes are {self.first!r}; choose two")
        if self.N % 2 or self.test_size % 2:
            raise ValueError(
                f"half of the samples are of each class, got N = {self.N}, test_size = {self.test_size};"
                " choose even numbers"
            )
        have = {name: len(images.images["train"][name]) for name in (self.first, self.second)}
        fewest = min(have, key=lambda name: have[name])
        if 2 * have[fewest] < self.N:
            raise ValueError(
                f"N = {self.N} training samples need {self.N // 2} images of each class, but {images.name}"
                f" has {have[fewest]} of the class {fewest!r}; lower N, add images, or name others by --data"
            )

    @property
    def K(self) -> int:
        """Tokens of the object."""
        return self.grid**2

    @property
    def L(self) -> int:
        """Tokens of a sample, before any is removed."""
        return round(self.K / self.alpha_relevant)

    @property
    def shape(self) -> tuple[Any, ...]:
        """Trials train together that agree in everything, but in N where mini-batches divide it."""
        alike = self.N if self.N <= self.B or self.N % self.B else None
        return tuple({**self.model_dump(), "N": alike}.values())

    @property
    def trials_at_once(self) -> int:
        """As many as make a step cost its products, and not its calls.

        With 8 tokens and 2 blocks a step of 32 trials takes 1.6 times as long as one of 8.
        """
        return max(8, min(32, NUMBERS_AT_ONCE // (self.B * self.L * self.D * self.depth)))

    def work(self, measurement: Mapping[str, Any]) -> float:
        """Tokens that went through a block."""
        trained = self.T * min(self.B, self.N)
        return float((3 * trained + self.test_size) * (self.L - self.removed) * self.depth)
