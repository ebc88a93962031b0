"""What a card is worth: steps a second, a verdict's time, memory, and whether it agrees with the CPU.

    python benchmarks/gpu.py [--json] [--quick] [--device cuda|cpu] [--jobs 16]

On one CUDA card, in the default setting at alpha_* = 0.1:

* speed: model-steps a second, draws of mini-batches and query tokens included, by trials at once, and by how
  many of these an operation takes (`card.memory.TOGETHER` is one of them); beside it one core of the CPU;
* verdict: wall time of `theorycheck verify --claim sample_complexity` in an empty store, on the card and by
  --jobs processes of the CPU;
* memory: the most that was allocated, by trials that were to be trained;
* company: whether trials give the same bits alone, in any batch and beside other N;
* agreement: successes of the same trials on both devices, by McNemar's exact test; and with twice the noise
  on the card, which it has to distinguish.

Without a card it says so. --device cpu runs the card's code on the CPU, which tells nothing of speed; --quick
makes everything small.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import torch
from scipy.stats import binomtest
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from theorycheck import bounds
from theorycheck.empirical import sweep
from theorycheck.empirical.shallow_vit import REVISION
from theorycheck.empirical.shallow_vit.card.measure import losses
from theorycheck.empirical.shallow_vit.card.memory import TOGETHER
from theorycheck.empirical.shallow_vit.card.slots import Slots
from theorycheck.empirical.shallow_vit.card.training import Batch
from theorycheck.empirical.shallow_vit.setting import Setting
from theorycheck.empirical.trial import Trial
from theorycheck.plan import make_plan

CLAIM = "sample_complexity"
RESPONSE = "zero_generalization_error"
SLOW = {"eta": 1e-4}  # too small a step to fit anything, so that every trial takes exactly T steps
# Trials at once, and how many of them an operation takes.
SIDE_BY_SIDE = ((32, 32), (64, 32), (64, 64), (128, 64), (256, 32), (256, 64), (256, 128), (256, 256))
ALL_AT_ONCE = ((1024, 1024), (2048, 2048))
QUICK_SETTING = {"L": 20, "d": 8, "M": 3, "m": 40, "S": 5, "B": 16, "eta": 1.0, "T": 300, "test_size": 100}

WITHOUT = """PyTorch finds no CUDA card here, so nothing was measured.
With one: model-steps a second by trials at once, the time of a verdict on the card and on the CPU's cores,
peak memory, whether bits depend on company, and McNemar's test of 500 trials on both devices.
The card's code runs on the CPU by --device cpu --quick.
Counted without a card, of a step of 64 trials and of each of its model-steps:"""


def setting(quick: bool, **values: Any) -> dict[str, Any]:
    """Parameters of a trial: those of the claim at alpha_* = 0.1, or small ones."""
    plan = make_plan(bounds.find(CLAIM))
    own = {**plan.trial(plan.cells[0], 0).parameters, "alpha_relevant": 0.1, "alpha_confusion": 0.01}
    small = {**QUICK_SETTING, "alpha_relevant": 0.2, "alpha_confusion": 0.02} if quick else {"T": 800}
    return {**own, **small, **values}


def trials(count: int, device: str, parameters: dict[str, Any]) -> list[Trial]:
    """Trials that differ in their replicate alone."""
    return [Trial(RESPONSE, parameters, 77, i, REVISION, device=device) for i in range(count)]


def speed(device: str, slots: int, together: int, parameters: dict[str, Any]) -> float:
    """Model-steps a second of the card's engine; capturing the graph and drawing samples are left out."""
    seconds = []
    for T in (parameters["T"] // 4, parameters["T"]):  # the difference is of steps alone
        asked = trials(slots, "cuda", {**parameters, **SLOW, "T": T})
        begun = time.perf_counter()
        steps = sum(trained.iterations for trained, _ in Batch(asked, device, slots, together).train())
        seconds.append((steps, time.perf_counter() - begun))
    (few, short), (many, long) = seconds
    return (many - few) / max(long - short, 1e-9)


class Counted(TorchDispatchMode):
    """Counts operations, the bytes that they read and write, and multiply-adds."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.bytes = self.multiply_adds = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if func.is_view:
            return out
        name = func.overloadpacket.__name__
        given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        written = [x for x in tree_leaves(out) if isinstance(x, torch.Tensor)]
        read = written if name in ("index_select", "gather") else given  # of a table, only the rows taken
        self.operations += 1
        self.bytes += sum(x.numel() * x.element_size() for x in (*read, *written))
        if name == "bmm":
            self.multiply_adds += given[0].numel() * given[1].shape[2]
        return out


def counted(parameters: dict[str, Any], steps: int = 16) -> dict[str, float]:
    """Operations of a step of TOGETHER trials; bytes and multiply-adds of a model-step. Takes no card."""
    own = Setting(**parameters)
    slots = Slots(own, own.N, TOGETHER, TOGETHER, steps, torch.float32, "meta")
    with Counted() as count:
        slots.advance()
    each = steps * TOGETHER
    return {
        "operations": count.operations / steps,
        "megabytes": count.bytes / each / 1e6,
        "million_multiply_adds": count.multiply_adds / each / 1e6,
    }


def speed_of_a_core(parameters: dict[str, Any]) -> float:
    """Model-steps a second of the CPU's engine on one core, with some trials of the same kind."""
    asked = trials(4, "cpu", {**parameters, **SLOW, "test_size": 1})
    begun = time.perf_counter()
    steps = sum(measurement["iterations"] for _, measurement in sweep.train_batch(asked))
    return steps / (time.perf_counter() - begun)


def verdict(device: str, jobs: int, profile: str) -> dict[str, Any]:
    """Wall time of a verdict in an empty store, and what it says."""
    with tempfile.TemporaryDirectory() as folder:
        asked = ["--claim", CLAIM, "--profile", profile, "--device", device, "--jobs", str(jobs)]
        places = ["--store", f"{folder}/store.sqlite", "--out", folder, "--json", "--quiet"]
        begun = time.perf_counter()
        command = [sys.executable, "-m", "theorycheck", "verify", *asked, *places]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
    if ran.returncode not in (0, 1, 3):
        raise RuntimeError(ran.stderr)
    (claim,) = json.loads(ran.stdout)["claims"]
    told = {"verdict": claim["verdict"], "exponents": claim["exponents"], "trials": claim["trials"]["total"]}
    return {"device": device, "jobs": jobs, "seconds": seconds, **told}


def memory(device: str, count: int, parameters: dict[str, Any]) -> dict[str, Any]:
    """The most memory of the card that PyTorch had allocated while it measured so many trials."""
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    begun = time.perf_counter()
    done = sum(1 for _ in losses(Batch(trials(count, "cuda", parameters), device)))
    seconds = time.perf_counter() - begun
    peak = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None
    return {"trials": done, "peak_mib": peak, "trials_a_second": done / seconds}


def same_bits(device: str, parameters: dict[str, Any], others: int = 80) -> bool:
    """Whether trials give the same bits alone, together, in reverse, and beside others with less samples."""

    def measured(asked: Sequence[Trial]) -> dict[str, Any]:
        return {asked[i].key: found for i, found in losses(Batch(asked, device))}

    few = parameters["B"] * 3 // 4  # padded to as many as the mini-batches of the others
    asked = trials(6, "cuda", parameters)
    beside = trials(others, "cuda", {**parameters, "N": few})
    alone = {key: found for trial in asked for key, found in measured([trial]).items()}
    companies = (asked, asked[::-1], [*beside, *asked], [*asked[3:], *beside, *asked[:3]])
    return all({trial.key: measured(one)[trial.key] for trial in asked} == alone for one in companies)


def agreement(device: str, count: int, parameters: dict[str, Any]) -> dict[str, Any]:
    """Successes of trials on the CPU and on the card, and McNemar's exact p-value that they are as likely."""
    by_cpu = _successes_of_the_cpu(trials(count, "cpu", parameters))
    on_card = _successes(device, trials(count, "cuda", parameters))
    noisier = _successes(device, trials(count, "cuda", {**parameters, "tau": 2 * parameters["tau"]}))
    return {
        "trials": count,
        "cpu": sum(by_cpu),
        "card": sum(on_card),
        "p": mcnemar(by_cpu, on_card),
        "card_with_twice_the_noise": sum(noisier),
        "p_with_twice_the_noise": mcnemar(by_cpu, noisier),
    }


def _successes(device: str, asked: Sequence[Trial]) -> list[bool]:
    found = dict(losses(Batch(asked, device)))
    return [found[i]["outcome"] == "success" for i in range(len(asked))]


def _successes_of_the_cpu(asked: Sequence[Trial]) -> list[bool]:
    found = {t.replicate: m for batch in sweep.batches(asked) for t, m in sweep.train_batch(batch)}
    return [found[i]["outcome"] == "success" for i in range(len(asked))]


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Exact p-value of McNemar's test (Psychometrika 12, 1947): pairs that differ do so either way alike."""
    one_way = sum(a and not b for a, b in zip(first, second, strict=True))
    differing = sum(a != b for a, b in zip(first, second, strict=True))
    return float(binomtest(one_way, differing).pvalue) if differing else 1.0


def measure(device: str, quick: bool, jobs: int) -> dict[str, Any]:
    """All of it."""
    full = setting(quick, N=16 if quick else 64)
    pairs = ((2, 1), (4, 4)) if quick else (*SIDE_BY_SIDE, *ALL_AT_ONCE)
    speeds = []
    for slots, together in pairs:
        found = speed(device, slots, together, full)
        speeds.append({"slots": slots, "together": together, "steps_a_second": found})
        print(f"{slots} trials at once: {found:.0f} model-steps/s", file=sys.stderr, flush=True)
    gathered = setting(quick, N=40 if quick else 256)
    on_edge = setting(quick, N=12 if quick else 14)
    devices = dict.fromkeys(("cpu", device))  # each once
    profile = "smoke" if quick else "standard"
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else "the card's code on the CPU",
        "counted": counted(full),
        "speed": speeds,
        "speed_of_a_core": speed_of_a_core(full),
        "speed_with_mini_batches": speed(device, *((4, 4) if quick else (256, TOGETHER)), gathered),
        "verdicts": [verdict(one, jobs, profile) for one in devices],
        "memory": [memory(device, n, on_edge) for n in ((2, 8) if quick else (64, 512, 4096))],
        "same_bits": same_bits(device, gathered, 8 if quick else 80),
        "agreement": agreement(device, 40 if quick else 500, on_edge),
    }


def table(found: dict[str, Any]) -> str:
    """What docs/performance.md quotes."""
    rows = ["| trials at once | taken together | model-steps a second |", "|---:|---:|---:|"]
    rows += [f"| {s['slots']} | {s['together']} | {s['steps_a_second']:,.0f} |" for s in found["speed"]]
    rows.append(f"| one core of the CPU | | {found['speed_of_a_core']:,.0f} |")
    rows += ["", "| verdict on sample_complexity | seconds | says | trials |", "|:---|---:|:---|---:|"]
    for v in found["verdicts"]:
        where = "card" if v["device"] == "cuda" else f"{v['jobs']} processes of the CPU"
        rows.append(f"| {where} | {v['seconds']:.1f} | {v['verdict']} | {v['trials']} |")
    rows += ["", "| trials to be trained | peak memory, MiB | trials a second |", "|---:|---:|---:|"]
    for m in found["memory"]:
        peak = "not measured" if m["peak_mib"] is None else f"{m['peak_mib']:.0f}"
        rows.append(f"| {m['trials']} | {peak} | {m['trials_a_second']:.1f} |")
    a = found["agreement"]
    return "\n".join(
        [
            f"Measured on: {found['device']}.\n",
            *rows,
            f"\nWhere N > B, mini-batches are gathered: {found['speed_with_mini_batches']:,.0f} a second.",
            f"Same bits alone and in any company: {'yes' if found['same_bits'] else 'NO'}.",
            f"Of {a['trials']} trials {a['cpu']} succeed on the CPU and {a['card']} on the card (McNemar's"
            f" exact p = {a['p']:.3f}), {a['card_with_twice_the_noise']} with twice the noise"
            f" (p = {a['p_with_twice_the_noise']:.2g}).",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="everything small: a test of the code")
    parser.add_argument(
        "--device", choices=("cuda", "cpu"), default="cuda", help="where the card's code runs"
    )
    parser.add_argument("--jobs", type=int, default=16, help="processes of the CPU's verdict")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        missing = {"device": None, "said": WITHOUT, "counted": counted(setting(options.quick, N=64))}
        lines = [missing["said"], *(f"{name}: {value:.1f}" for name, value in missing["counted"].items())]
        print(json.dumps(missing, indent=2) if options.json else "\n".join(lines))
        return
    torch.set_num_threads(1)
    found = measure(options.device, options.quick, options.jobs)
    print(json.dumps(found, indent=2) if options.json else table(found))


if __name__ == "__main__":
    main()
