"""The binary chain with switching probabilities p (from 0) and q (from 1), and losses of its predictors."""

import math

SEARCHED = 100  # halvings of an interval of length 80, more than doubles resolve


def entropy(p: float) -> float:
    """-p log p - (1 - p) log(1 - p), in nats."""
    return -p * math.log(p) - (1 - p) * math.log1p(-p)


def loss(slope: float, bias: float, p: float, q: float) -> float:
    """The cross entropy, in nats, of the logit  slope x + bias  that a 1 follows the state x.

    Example:
        >>> p, q = 0.5, 0.8
        >>> best = loss(math.log((1 - p) * (1 - q) / (p * q)), math.log(p / (1 - p)), p, q)
        >>> round(best, 3), round((q * entropy(p) + p * entropy(q)) / (p + q), 3)
        (0.619, 0.619)
    """
    after_0 = _surprise(bias, p)
    after_1 = _surprise(slope + bias, 1 - q)
    return (q * after_0 + p * after_1) / (p + q)  # the chain is in state 0 with probability q / (p + q)


def best_bias(slope: float, p: float, q: float) -> float:
    """The bias with the least loss for a slope: where it predicts a 1 as often as it occurs, p / (p + q)."""
    low, high = -40.0 - abs(slope), 40.0 + abs(slope)
    for _ in range(SEARCHED):
        bias = (low + high) / 2
        told = (q * _sigmoid(bias) + p * _sigmoid(slope + bias)) / (p + q)
        low, high = (bias, high) if told < p / (p + q) else (low, bias)
    return (low + high) / 2


def _surprise(logit: float, ones: float) -> float:
    return ones * _softplus(-logit) + (1 - ones) * _softplus(logit)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
