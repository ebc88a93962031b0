"""Weights that a model may start from: trained once to tell the other classes apart, and kept by their key.

The paper starts from pre-trained models. Which ones, and on what, is not known; here it is the same module,
with one output a class, on whole images without background of all classes but the two of a claim.
"""

from __future__ import annotations

import hashlib
import os

import numpy as np
import torch
from torch import Tensor, nn, optim
from torch.nn.functional import cross_entropy

from theorycheck.empirical.images.setting import Setting
from theorycheck.empirical.images.sources import opened
from theorycheck.empirical.images.sources.image_set import CACHE
from theorycheck.empirical.images.tokens import patch_size, patches
from theorycheck.empirical.images.vit import ViT
from theorycheck.errors import DesignError

BATCH = 64
REVISION = 1  # raise it whenever other weights would come out, beyond rounding
# All that decides the weights.
_LETTERS = ("data", "first", "second", "grid", "D", "heads", "depth", "attention", "eta", "pretrained")
_known: dict[str, dict[str, Tensor]] = {}  # of this process, by key


def start(model: ViT, setting: Setting) -> ViT:
    """Give a model the pre-trained weights of all but its head, where its setting asks for them.

    Raises:
        DesignError: they cannot be kept, or what was kept is damaged.
    """
    if setting.pretrained:
        decides = {name: getattr(setting, name) for name in _LETTERS}
        key = hashlib.sha256(repr((REVISION, decides)).encode()).hexdigest()[:16]
        if key not in _known:
            _known[key] = _kept_or_made(key, setting)
        model.load_state_dict(_known[key], strict=False)  # the head is the claim's own
    return model


def _kept_or_made(key: str, setting: Setting) -> dict[str, Tensor]:
    """Those kept on this machine, or trained now and kept."""
    path = CACHE / f"pretrained-{key}.pt"
    if path.is_file():
        try:
            kept: dict[str, Tensor] = torch.load(path, weights_only=True)
        except Exception as error:  # of whatever a damaged file makes of it
            raise DesignError(f"{path} is damaged; remove it, and it is made anew") from error
        return kept
    weights = trained(setting)
    beside = path.with_name(f"{path.stem}.{os.getpid()}.pt")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(weights, beside)
        beside.replace(path)  # whole or not at all; who trained them at the same time has the same
    except OSError as error:
        raise DesignError(f"{path} cannot be written: {error.strerror}; make room for it") from error
    return weights


def trained(setting: Setting) -> dict[str, Tensor]:
    """The weights after `pretrained` steps of AdamW by its step size, which falls as a cosine."""
    images = opened(setting.data)
    others = [name for name in images.classes if name not in (setting.first, setting.second)]
    cut = [patches(images.images["train"][name], setting.grid) for name in others]
    x = torch.from_numpy(np.concatenate(cut))
    y = torch.arange(len(cut)).repeat_interleave(torch.tensor([len(of) for of in cut]))
    with torch.random.fork_rng():
        torch.manual_seed(REVISION)
        model = ViT(patch_size(setting), setting.D, setting.heads, setting.depth, setting.attention)
        model.head = nn.Linear(setting.D, len(others))
        optimizer = optim.AdamW(model.parameters(), lr=setting.eta)
        schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, setting.pretrained)
        for _ in range(setting.pretrained):
            rows = torch.randint(len(x), (BATCH,))
            optimizer.zero_grad()
            cross_entropy(model(x[rows]), y[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return {name: t for name, t in model.state_dict().items() if not name.startswith("head")}
