"""Heads of softmax attention on random prompts, and their training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from theorycheck.empirical.cui2024superiority.responses import Setting


@dataclass(frozen=True)
class Prompts:
    """What the heads see of prompts with x, query ~ N(0, I) and w ~ N(0, I / d).

    Attributes:
        keys: x_i.query, (prompt, D).
        values: x_i.w, (prompt, D).
        labels: w.query, (prompt,).
    """

    keys: np.ndarray
    values: np.ndarray
    labels: np.ndarray


def draw(rng: np.random.Generator, count: int, D: int, d: int) -> Prompts:
    """Prompts of D examples, in single precision, which takes half of the time.

    Given query and w, the pairs of key and value are normal, so that they are drawn and the x_i are not.
    """
    query, w = rng.standard_normal((2, count, d), np.float32)
    w /= d**0.5
    labels, length = (w * query).sum(1), np.linalg.norm(query, axis=1)
    along = labels / length
    across = np.sqrt(np.maximum((w**2).sum(1) - along**2, 0))
    first, second = rng.standard_normal((2, count, D), np.float32)
    second *= across[:, None]
    second += along[:, None] * first
    first *= length[:, None]
    return Prompts(first, second, labels)


def outputs(prompts: Prompts, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of heads with  sum_i softmax_i(c x_i.query) x_i.w,  and the derivatives in c, both (head, prompt)."""
    logits = c[:, None, None].astype(prompts.keys.dtype) * prompts.keys
    logits -= logits.max(-1, keepdims=True)
    weights = np.exp(logits, out=logits)
    weights /= weights.sum(-1, keepdims=True)
    value, key = (np.einsum("hpn,pn->hp", weights, seen) for seen in (prompts.values, prompts.keys))
    weights *= prompts.values  # in place, as memory for new numbers takes longer than to compute them
    return value, np.einsum("hpn,pn->hp", weights, prompts.keys) - value * key


def risk(prompts: Prompts, c: np.ndarray, v: np.ndarray) -> float:
    """Mean squared error of the sum of heads, weighted by v."""
    return float(np.mean((v @ outputs(prompts, c)[0] - prompts.labels) ** 2))


def gradient(prompts: Prompts, c: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Of half the mean squared error in c, then v, (2 head,)."""
    value, slope = outputs(prompts, c)
    errors = v @ value - prompts.labels
    return np.concatenate([v * (slope * errors).mean(-1), (value * errors).mean(-1)])


def trained(s: Setting, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Temperatures c and weights v of the heads after T steps of Adam on fresh prompts, both (head,).

    The step size falls to 0. The first head starts with positive c and v, the second with negative ones, and
    so on: heads of one sign may stay alike, and are then no more than one head.
    """
    sign = np.where(np.arange(s.heads) % 2, -1.0, 1.0)
    parameters = np.tile(sign, 2) * s.start * rng.uniform(0.5, 1.5, 2 * s.heads)
    mean, square = np.zeros_like(parameters), np.zeros_like(parameters)
    for t in range(1, s.T + 1):
        slope = gradient(draw(rng, s.B, s.D, s.d), *np.split(parameters, 2))
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        step = s.eta * (1 - t / s.T) / (np.sqrt(square / (1 - 0.99**t)) + 1e-9)
        parameters = parameters - step * mean / (1 - 0.9**t)
    c, v = np.split(parameters, 2)
    return c, v
