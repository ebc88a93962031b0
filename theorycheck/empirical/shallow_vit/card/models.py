"""Initial models of many trials at once, drawn where they are needed; `vit.initial_weights` says what they
are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from theorycheck.empirical.shallow_vit.card.counter import For, below, normals, words
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.shallow_vit.vit import Weights


def draw_models(
    keys: Int[Tensor, "t 3"], settings: Sequence[Setting]
) -> tuple[Weights, Float[Tensor, "t m"]]:
    """Draw weights and output weights of t models, in float32.

    Args:
        keys: one of each model.
        settings: one of each; they agree in m, d and M.
    """
    s, t, once = settings[0], len(settings), torch.zeros_like(keys[:, :1])
    xi = torch.tensor([[[setting.xi]] for setting in settings], device=keys.device)
    W_O = xi * normals(keys, For.W_O, once, s.m * s.d).view(t, s.m, s.d)
    errors = ((For.W_V, "sigma"), (For.W_K, "delta"), (For.W_Q, "delta"))
    near_identity = [_near_identity(keys, purpose, settings, name) for purpose, name in errors]
    signs = 2.0 * below(words(keys, For.SIGNS, once, s.m)[:, 0], 2) - 1
    output, query_key = (
        torch.tensor([[getattr(setting, name)] for setting in settings], device=keys.device)
        for name in ("output_scale", "query_key_scale")
    )
    W_V, *scaled = near_identity
    W_K, W_Q = (query_key[:, :, None] * W for W in scaled)
    return Weights(W_O, W_V, W_K, W_Q), output * (signs / s.m**0.5)


def _near_identity(
    keys: Int[Tensor, "t 3"], purpose: For, settings: Sequence[Setting], error: str
) -> Float[Tensor, "t d d"]:
    s, once = settings[0], torch.zeros_like(keys[:, :1])
    direction = normals(keys, purpose, once, s.M * s.d).view(-1, s.M, s.d)
    direction = direction / torch.linalg.vector_norm(direction, dim=-1, keepdim=True)
    level = torch.tensor([[[getattr(setting, error)]] for setting in settings], device=keys.device)
    W = torch.eye(s.d, device=keys.device).repeat(len(settings), 1, 1)
    W[:, :, : s.M] += (level * direction).transpose(1, 2)
    return W
