"""Multiply-adds of training steps and tests, and how many a second this machine does at most."""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch
from torch import Tensor

from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.tokens import Samples
from theorycheck.empirical.shallow_vit.training import draw_subsets, take_tokens
from theorycheck.empirical.shallow_vit.vit import Weights, Workspace, forward, hinge_loss


def multiply_adds(setting: Setting, active: float, mixed: float) -> float:
    """That a step really needs: products of queries, scores and attended tokens, forward and by both
    arguments.

    Args:
        setting: of the model, with attention.
        active: share of the samples whose loss is not zero; the others have no gradient.
        mixed: share of the neurons that are active for some queries of a sample and not for others; the
            gradient by the others takes sums instead of products.
    """
    s = setting
    gradient = active * (s.d**2 + 2 * s.L * s.d + s.m + 2 * mixed * s.m * s.d)
    weights = 4 * s.d**3 + 3 * s.m * s.d**2
    return s.batch_size * s.S * (multiply_adds_of_a_query(s) + gradient) + weights


def multiply_adds_of_a_query(setting: Setting) -> int:
    """That the output of one query token needs: its map, scores, attended token, hidden layer and output."""
    s = setting
    return s.d**2 + 2 * s.L * s.d + s.m * s.d + s.m


def shares(
    rng: np.random.Generator, setting: Setting, samples: Samples, W: Weights, a: Tensor, workspace: Workspace
) -> tuple[float, float]:
    """The shares of active samples and mixed neurons of one model (t = 1), with query tokens drawn anew."""
    X, y = torch.from_numpy(samples.X)[None], torch.from_numpy(samples.y)[None]
    tokens = torch.from_numpy(draw_subsets(rng, setting.kept, setting.S, tuple(y.shape)))
    found = forward(W, a, X, take_tokens(X, tokens, workspace), workspace)
    active = hinge_loss(found.F, y) > 0
    firing = (found.hidden.view(*y.shape, setting.S, -1) > 0).float().mean(2)[active]  # (active sample, m)
    mixed = float(((firing > 0) & (firing < 1)).float().mean()) if len(firing) else 0.0
    return float(active.float().mean()), mixed


def peak() -> float:
    """Multiply-adds per CPU-second of a large matrix product."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    speeds = []
    for _ in range(8):
        start = time.process_time()
        torch.mm(a, b)
        speeds.append(1024**3 / (time.process_time() - start))
    return statistics.median(speeds)
