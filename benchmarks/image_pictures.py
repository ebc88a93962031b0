"""What the claims about images see and learn, as pictures in docs/claims.

    python benchmarks/image_pictures.py [--store PATH] [--seed N]

Three figures: samples with their tokens; attention rollout over the tokens before and after training, at two
fractions of label-relevant tokens; and N* against alpha_* for images and for synthetic tokens, which verifies
both claims (standard profile) by the trials in the store, or trains them.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from scipy import stats

import theorycheck as tc
from theorycheck.bounds import find
from theorycheck.empirical.images.setting import Setting
from theorycheck.empirical.images.tokens import draw
from theorycheck.empirical.images.training import trained
from theorycheck.empirical.images.vit import rollout
from theorycheck.empirical.trial import Trial

FOLDER = Path(__file__).parents[1] / "docs/claims"
CLAIM = find("image_sample_complexity")
ALPHAS = (CLAIM.design.levels[-1], CLAIM.design.levels[0])
N = 128
MOST = 3  # even shares that a colour tells
OBJECT, SYNTHETIC = "#c1440e", "#0b3c5d"


def setting(alpha: float, **held: object) -> Setting:
    return Setting(**{**CLAIM.design.point(alpha, N), **held})


def mosaic(axes: Axes, tokens: np.ndarray, s: Setting, shares: np.ndarray | None = None) -> None:
    """The tokens of a sample in rows, the object's first and framed; coloured by their shares, if given."""
    side, across = round(tokens.shape[1] ** 0.5), int(np.ceil(len(tokens) ** 0.5))
    for i, token in enumerate(tokens):
        row, column = divmod(i, across)
        at = (column, column + 0.92, row + 0.92, row)
        axes.imshow(token.reshape(side, side), cmap="gray", vmin=0, vmax=255, extent=at, zorder=1)
        if shares is not None:
            colour = plt.get_cmap("inferno")(min(1.0, shares[i] * len(tokens) / MOST))
            axes.fill_between([at[0], at[1]], at[3], at[2], color=colour, alpha=0.6, linewidth=0, zorder=2)
        if i < s.K:
            box = [at[0], at[1], at[1], at[0], at[0]], [at[3], at[3], at[2], at[2], at[3]]
            axes.plot(*box, color=OBJECT, linewidth=2, zorder=3)
    axes.set(xlim=(-0.1, across), ylim=(across, -0.1), aspect="equal")
    axes.axis("off")


def samples(seed: int) -> None:
    """Two training samples of each class, with little and with much background."""
    figure, panels = plt.subplots(2, 4, figsize=(9, 4.9), layout="constrained")
    for row, alpha in zip(panels, ALPHAS, strict=True):
        s = setting(alpha)
        (tokens, labels), _ = draw(s, torch.Generator().manual_seed(seed))
        for axes, i in zip(row, range(4), strict=True):
            mosaic(axes, tokens[i].numpy(), s)
            name = s.first if labels[i] < 0 else s.second
            axes.set_title(f"class {name}, {s.K} of {s.L} tokens", fontsize=9)
    figure.savefig(FOLDER / "image-samples.png", dpi=110, metadata={"Software": None})


def attention(seed: int) -> None:
    """The rollout over the tokens of two test samples, after one step of training and after all."""
    figure, panels = plt.subplots(2, 4, figsize=(9, 4.9), layout="constrained")
    for row, alpha in zip(panels, ALPHAS, strict=True):
        for column, steps in enumerate((1, setting(alpha).T)):
            s = setting(alpha, T=steps)
            seen: list[tuple[np.ndarray, np.ndarray, float]] = []

            def look(model, tokens, y, s=s, seen=seen):
                shares = rollout(model, tokens).numpy()
                right = float((model(tokens[s.N :]) * y[s.N :] > 0).double().mean())
                seen.append((tokens.numpy()[s.N :], shares[s.N :], right))
                return 0.0

            list(trained([Trial("image_attention", s.model_dump(), seed, 0, 1)], look))
            tokens, shares, right = seen[0]
            for i in range(2):
                axes = row[2 * i + column]
                mosaic(axes, tokens[i], s, shares[i])
                on_object = shares[:, : s.K].sum(1).mean()
                when = "1 step" if steps == 1 else f"{steps} steps"
                axes.set_title(f"{when}: {on_object:.2f} on the object\naccuracy {right:.2f}", fontsize=9)
    scale = ScalarMappable(Normalize(0, MOST), "inferno")
    figure.colorbar(scale, ax=panels, label="attention on a token, in even shares (1/L)", shrink=0.7)
    figure.savefig(FOLDER / "image-rollout.png", dpi=110, metadata={"Software": None})


def slopes(store: Path, seed: int) -> None:
    """Thresholds of images and of synthetic tokens, each with its log-log line, beside the claimed slope."""
    figure, axes = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    named = {"sample_complexity": ("synthetic tokens", SYNTHETIC, "o"), CLAIM.name: ("digits", OBJECT, "s")}
    for name, (what, colour, marker) in named.items():
        judgement = tc.verify(name, seed=seed, store=store, jobs=2).verdict.judgement
        inside = [level for level in judgement.levels if level.measured]
        x, y = np.array([(level.point[0], level.value) for level in inside]).T
        ends = np.abs([(level.low, min(level.high, 1e4)) for level in inside] - y[:, None]).T
        slope = judgement.regression.estimates[0] if judgement.regression else None
        label = f"{what}: log-log slope {slope.text}" if slope else what
        axes.errorbar(x, y, ends, fmt=marker, color=colour, capsize=3, label=label)
        if slope:
            axes.plot(x, stats.gmean(y) * (x / stats.gmean(x)) ** slope.value, color=colour)
        axes.plot(x, y[-1] * (x / x[-1]) ** -2.0, ":", color=colour)
    axes.plot([], [], ":", color="0.3", label="claimed slope -2, through the largest level of each")
    axes.set(xscale="log", yscale="log", xlabel=r"$\alpha_*$", ylabel=r"$N^*$")
    axes.set_xticks((0.03, 0.05, 0.1, 0.2, 0.3, 0.5), labels=("0.03", "0.05", "0.1", "0.2", "0.3", "0.5"))
    axes.set_xticks((), minor=True)
    axes.legend()
    figure.savefig(FOLDER / "image-slopes.png", dpi=110, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, default=Path(".theorycheck/store.sqlite"), help="of the trials")
    parser.add_argument("--seed", type=int, default=0, help="of the trials")
    options = parser.parse_args()
    samples(options.seed)
    attention(options.seed)
    slopes(options.store, options.seed)


if __name__ == "__main__":
    main()
