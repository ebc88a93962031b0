"""What `theorycheck train` says: what is stored now, and the commands that come next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from theorycheck.plan import Plan
from theorycheck.rounds import most_rounds
from theorycheck.shards import Progressed, Shard
from theorycheck.text import listed, one_line, shell_word

MERGED = Path("store.sqlite")  # the store that shards are merged into, where none is named


def stored(plan: Plan, shard: Shard, store: Path, done: Progressed) -> list[str]:
    """How far the trials of one plan are."""
    most, last = most_rounds(plan), done.last
    number = f", round {last.number} of about {max(most, last.number)} at most" * (most > 1)
    lines = [
        f"{plan.claim.name}{number}, shard {shard}: its {done.share} of {len(last)} trials are stored in"
        f" {store}, {done.trained} were trained now"
    ]
    if not done.missing:
        lines.append("all trials are stored" + ", no round is left" * (most > 1))
    else:
        shards = f"shard{'s' * (len(done.missing) > 1)} {listed([*map(str, sorted(done.missing))])}"
        lines.append(f"not seen in any store here: {done.missing.total()} trials of {shards}")
    return [one_line(line) for line in lines]


def next_steps(
    plans: Sequence[Plan], shard: Shard, store: Path, known: Path | None, complete: bool
) -> list[str]:
    """The commands that come next.

    Args:
        plans: of a claim, and maybe of its variations.
        shard: the share that is stored now.
        store: where.
        known: the store of earlier rounds, if one is named.
        complete: whether no trial of any plan is missing.
    """
    claim, whole = plans[0].claim, shard.of == 1 and known is None
    options, own = _options(plans), shell_word(str(store))
    merged = own if whole else shell_word(str(known or MERGED))
    merging = [] if whole else [f"theorycheck merge {merged} {_all_shards(own, shard)}"]
    verify = claim.command("verify", f"{options} --store {merged}")
    if complete or all(plan.rounds == 1 for plan in plans):
        return [
            "next:" if complete else f"next, when all {shard.of} shards are stored:",
            *_lines(*merging, verify),
        ]
    train = claim.command("train", f"{options} --shard {shard} --store {own} --known {merged}")
    count = claim.command("train", f"{options} --store {merged} --count")
    return [
        f"next, when all {shard.of} shards of this round are stored, merge them and train the next round:",
        *_lines(*merging, train),
        "and so on; when this prints 0, no round is left, and the claim can be verified:",
        *_lines(count, verify),
    ]


def _lines(*commands: str) -> list[str]:
    return [f"  {command}" for command in commands]


def _options(plans: Sequence[Plan]) -> str:
    """Those that a command on the same trials needs."""
    plan = plans[0]
    said = {"profile": (plan.profile, "standard"), "seed": (plan.seed, 0), "device": (plan.device, "cpu")}
    told = [f" --{name} {value}" for name, (value, usual) in said.items() if value != usual]
    return "".join(told) + " --sensitivity" * (len(plans) > 1)


def _all_shards(own: str, shard: Shard) -> str:
    """The stores of all shards as a shell's pattern, if they are named by their numbers."""
    if shard.of == 1:
        return own
    pattern = re.sub(rf"(?<!\d){shard.number}(?!\d)(?=[^/\d]*$)", "*", own)
    return f"{own} ..." if pattern == own or own.startswith(("'", "$'")) else pattern
