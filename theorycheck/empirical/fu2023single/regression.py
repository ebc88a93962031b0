"""Ridge regression on random features of a query and its keys."""

from __future__ import annotations

import numpy as np

from theorycheck.empirical.fu2023single.responses import Setting

RIDGES = 10.0 ** np.arange(-8, 2)  # in units of the kernel's mean diagonal
HELD_OUT = 5  # a fifth of the samples chooses the ridge


def error(s: Setting, data_seed: int, seed: int) -> float:
    """Mean squared error on fresh samples, over the variance of the target there."""
    data, rng = np.random.default_rng(data_seed), np.random.default_rng(seed)
    b = unit(data.standard_normal(s.d))
    x = unit(data.standard_normal((s.n + s.test_size, 1 + s.keys, s.d)))  # sample, query and keys, axis
    y = target(s, x, b)
    phi = LAYERS[s.layer](s, x, rng)
    kernel = phi @ phi[: s.n].T  # all samples x training samples
    predicted = kernel[s.n :] @ fit(kernel[: s.n], y[: s.n])
    return float(np.mean((predicted - y[s.n :]) ** 2) / y[s.n :].var())


def unit(x: np.ndarray) -> np.ndarray:
    """Vectors of norm 1, along the last axis."""
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True))


def target(s: Setting, x: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A function of the query x_0 and of the keys x_i that does not depend on their order."""
    along = x[:, 1:] @ b  # sample key
    if s.target == "keys":
        return np.asarray((along**s.p).mean(1))
    with_query = (x[:, 1:] @ x[:, 0, :, None])[..., 0]
    return np.asarray((with_query**s.p * along).mean(1))


def attention(s: Setting, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random-feature attention: mean over keys of ReLU(<W_m, x_0 x_i^T>) x_i, for every head m.

    Query and keys have a 1 appended; the value matrices that read these features are what is trained
    (Fu, Guo, Bai and Mei 2023, the definition of RFA).
    """
    x = np.concatenate([x, np.ones((*x.shape[:2], 1))], 2)
    W = rng.standard_normal((s.heads, s.d + 1, s.d + 1))
    queries = (x[:, 0] @ W.reshape(-1, s.d + 1).T).reshape(len(x), s.heads, s.d + 1)
    scores = queries @ x[:, 1:].transpose(0, 2, 1)  # sample head key
    attended = np.maximum(scores, 0) @ x[:, 1:] / s.keys  # sample head axis
    return np.asarray(attended.reshape(len(x), -1))


def mlp(s: Setting, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random-feature MLP: ReLU(<w_m, (x_0, ..., x_N, 1)>), with as many features as the attention has."""
    flat = np.concatenate([x.reshape(len(x), -1), np.ones((len(x), 1))], 1)
    return np.maximum(flat @ rng.standard_normal((flat.shape[1], s.heads * (s.d + 1))), 0)


def fit(kernel: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Dual weights of ridge regression, whose ridge is the best on a held-out part of the samples."""
    kept = len(y) - len(y) // HELD_OUT
    scale = np.trace(kernel) / len(y)

    def loss(ridge: float) -> float:
        held_out = kernel[kept:, :kept] @ solve(kernel[:kept, :kept], y[:kept], ridge * scale)
        return float(np.mean((held_out - y[kept:]) ** 2))

    return solve(kernel, y, min(RIDGES, key=loss) * scale)


def solve(kernel: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    """(kernel + ridge)^-1 y."""
    return np.asarray(np.linalg.solve(kernel + ridge * np.eye(len(y)), y))


LAYERS = {"attention": attention, "mlp": mlp}
