"""Attention of one sample before and after training, with and without confusion tokens:
docs/attention-maps.png.

    python benchmarks/attention_maps.py [--write]

The setting is that of the claim attention_concentration at alpha_* = 0.2, with alpha_# = 0 or 0.1; training
seed 0.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from matplotlib.figure import Figure

from theorycheck import bounds
from theorycheck.empirical.shallow_vit import REVISION
from theorycheck.empirical.shallow_vit.attention import attention_map
from theorycheck.empirical.shallow_vit.generalization import draw_streams
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import Samples, draw_samples
from theorycheck.empirical.shallow_vit.training import train
from theorycheck.empirical.shallow_vit.vit import Weights
from theorycheck.empirical.trial import Trial

PICTURE = Path(__file__).parents[1] / "docs/attention-maps.png"
KINDS = ("relevant", "confusion", "other")


def trained(confusion: float) -> tuple[Setting, Samples, list[tuple[int, Weights]]]:
    """A setting, one fresh sample, and the weights before and after training with their iterations."""
    design = bounds.find("attention_concentration").design
    parameters = {**design.point(0.2), "alpha_confusion": confusion}
    trial = Trial("attention_concentration", parameters, 0, 0, REVISION)
    setting, streams = Setting(**parameters), draw_streams(trial)
    samples = draw_samples(streams.samples, setting, setting.N)
    probe = draw_samples(streams.test, setting, 1, training=False)
    models = []

    def watch(iterations: int, members: object, W: Weights) -> None:
        if iterations == 0:
            models.append((0, Weights(*(w.clone() for w in W))))

    for one in train([setting], [streams], [samples], torch.float32, watch):
        models.append((one.iterations, one.W))
    return setting, probe, models


def draw() -> Figure:
    figure = Figure(figsize=(8.4, 7.6), layout="constrained")
    axes = figure.subplots(2, 2)
    for row, confusion in zip(axes, (0.0, 0.1), strict=True):
        setting, probe, models = trained(confusion)
        own = 0 if probe.y[0] > 0 else 1
        kind = np.where(probe.pattern[0] == own, 0, np.where(probe.pattern[0] == 1 - own, 1, 2))
        order = np.lexsort((probe.pattern[0], kind))
        borders = np.cumsum(np.bincount(kind, minlength=3))
        for panel, (iterations, W) in zip(row, models, strict=True):
            shown = attention_map(W, probe.X)[0].numpy()[np.ix_(order, order)]
            mesh = panel.imshow(shown * setting.L, cmap="cividis", vmin=0, vmax=5)
            panel.set_title(f"{iterations} iterations, $\\alpha_\\# = {confusion:g}$", fontsize=10)
            for border in borders[:-1]:
                panel.axhline(border - 0.5, color="white", linewidth=0.8)
                panel.axvline(border - 0.5, color="white", linewidth=0.8)
            middles = np.concatenate([[0], borders[:-1]]) + np.bincount(kind, minlength=3) / 2
            there = np.bincount(kind, minlength=3) > 0
            panel.set_xticks(middles[there], np.array(KINDS)[there], fontsize=8, rotation=25)
            panel.set_yticks(middles[there], np.array(KINDS)[there], fontsize=8)
            panel.set(xlabel="attended token", ylabel="query token")
    figure.colorbar(mesh, ax=axes, label="attention, times the number of tokens (1: uniform)", extend="max")
    return figure


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {PICTURE.name} to docs/")
    options = parser.parse_args()
    torch.set_num_threads(1)
    drawn = draw()
    if options.write:
        drawn.savefig(PICTURE, dpi=130, metadata={"Software": None})
