"""Multiply-adds of a training step, and how many a second this machine does at most."""

from __future__ import annotations

import statistics
import time

import torch

from theorycheck.empirical.setting import Setting


def multiply_adds(setting: Setting, active: float = 1.0) -> float:
    """That a step really needs: products of queries, scores and attended tokens, forward and by both arguments.

    Args:
        setting: of the model, with attention.
        active: share of the samples whose loss is not zero; the others have no gradient.
    """
    s = setting
    attention, hidden = s.d**2 + 2 * s.L * s.d, s.m * s.d
    query = (1 + active) * (attention + s.m) + (1 + 2 * active) * hidden
    weights = 4 * s.d**3 + 3 * s.m * s.d**2
    return s.batch_size * s.S * query + weights


def peak() -> float:
    """Multiply-adds per CPU-second of a large matrix product."""
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    speeds = []
    for _ in range(8):
        start = time.process_time()
        torch.mm(a, b)
        speeds.append(1024**3 / (time.process_time() - start))
    return statistics.median(speeds)
