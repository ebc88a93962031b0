"""A plain vision transformer: pre-norm blocks over tokens without positions, and mean pooling."""

from __future__ import annotations

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn


class Block(nn.Module):
    """Multi-head self-attention and a perceptron, each added to what it was given."""

    def __init__(self, D: int, heads: int, attention: bool) -> None:
        super().__init__()
        self.heads, self.attention = heads, attention
        self.before, self.between = nn.LayerNorm(D), nn.LayerNorm(D)
        self.qkv, self.out = nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.perceptron = nn.Sequential(nn.Linear(D, 2 * D), nn.GELU(), nn.Linear(2 * D, D))

    def weights(self, x: Float[Tensor, "n l D"]) -> tuple[Float[Tensor, "n h l l"], Float[Tensor, "n h l e"]]:
        """Attention of every token on every token, and the values."""
        q, k, v = self.qkv(self.before(x)).unflatten(-1, (3, self.heads, -1)).unbind(2)  # (n, l, h, e)
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))  # (n, h, l, e)
        scores = (q / q.shape[-1] ** 0.5) @ k.transpose(2, 3)  # (n, h, l, l)
        return torch.softmax(scores if self.attention else 0 * scores, -1), v

    def forward(self, x: Float[Tensor, "n l D"]) -> Float[Tensor, "n l D"]:
        """The tokens after the block."""
        if self.attention:
            attention, v = self.weights(x)
            mixed = (attention @ v).transpose(1, 2).flatten(2)  # (n, l, D)
        else:  # all tokens see the mean; the parameters of queries and keys are there, and have no effect
            mixed = self.qkv(self.before(x))[..., -x.shape[-1] :].mean(1, keepdim=True)  # (n, 1, D)
        x = x + self.out(mixed)
        added: Tensor = self.perceptron(self.between(x))
        return x + added


class ViT(nn.Module):
    """F(X), one number a sample, whose sign is the predicted label; another head gives several."""

    def __init__(self, patch: int, D: int, heads: int, depth: int, attention: bool) -> None:
        super().__init__()
        self.embed = nn.Linear(patch, D)
        self.blocks = nn.ModuleList(Block(D, heads, attention) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(D), nn.Linear(D, 1)

    def embedded(self, tokens: Num[Tensor, "n l p"]) -> Float[Tensor, "n l D"]:
        """The tokens before the first block, from 8 bits by way of -2 .. 2."""
        x: Tensor = self.embed(tokens.to(self.embed.weight.dtype) / 64 - 2)
        return x

    def forward(self, tokens: Num[Tensor, "n l p"]) -> Float[Tensor, " n"]:
        """F of every sample."""
        x = self.embedded(tokens)
        for block in self.blocks:
            x = block(x)
        F: Tensor = self.head(self.norm(x).mean(1))  # (n, 1)
        return F.squeeze(1)


def rollout(model: ViT, tokens: Num[Tensor, "n l p"]) -> Float[Tensor, "n l"]:
    """Attention of the pooled output on the tokens, through all layers.

    Abnar and Zuidema, Quantifying Attention Flow in Transformers, ACL 2020, section 3: the product over
    layers of (A + I) / 2, where A is the mean over heads; here its mean over the rows, as the output is one.
    """
    x = model.embedded(tokens)
    flow = torch.eye(tokens.shape[1]).to(x).expand(len(x), -1, -1)  # (n, l, l)
    for block in model.blocks:
        assert isinstance(block, Block)
        attention = block.weights(x)[0].mean(1)  # (n, l, l)
        flow = (attention @ flow + flow) / 2
        x = block(x)
    return flow.mean(1)
