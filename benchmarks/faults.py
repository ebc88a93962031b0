"""What is lost when processes are killed, at random moments: the run, a worker, or the whole group.

    python benchmarks/faults.py [--json] [--quick] [--kills 200]

A run is killed, resumed and killed again until its claim is verified; then its table of trials is compared
with that of a run that nobody disturbed. Trials count as acknowledged when another process finds them in the
store. Workers alone are not sent SIGTERM, as they leave it to their parent.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from fnmatch import fnmatch
from itertools import cycle, islice, product
from pathlib import Path

CLAIM = """
import time
from sympy import oo, symbols
from theorycheck import Claim, Design, Paper, Source, Theta

x, y = symbols("x y", positive=True)


def grown(point, seed):
    time.sleep(0.02)
    return point["x"] ** 2 * (1 + seed % 97 / 1e3)


claim = Claim(
    name="grown", title="Grown", source=Source(paper=Paper(key="x", short="X", reference="X"), place="1"),
    provenance="recalled", quantity=y, law=Theta(x**2, (x, oo)), refuted_by="another exponent",
    response=grown,
    design=Design(factor=x, levels=(1, 2, 4, 8, 16, 32, 64, 128), replicates=40, held={}),
)
"""
EXECUTORS = ("one worker", "two workers", "dask")
VICTIMS = ("run", "worker", "group")
SIGNALS = ("SIGKILL", "SIGTERM")
OPTIONS = {
    "one worker": ["--jobs", "1"],
    "two workers": ["--jobs", "2"],
    "dask": ["--executor", "dask", "--jobs", "2"],
}
STATUS = {"SIGKILL": -signal.SIGKILL, "SIGTERM": 143}
COUNTED = ("kills", "lost", "unlike tables", "orphans", "stale files", "other exit status")
PATIENCE = 120  # seconds


class Run:
    """A claim that is verified in a folder of its own, again and again."""

    def __init__(self, folder: Path, executor: str) -> None:
        self.folder, self.executor = folder, executor
        self.mark = f"{folder.name}-{os.getpid()}"
        (folder / "grown.py").write_text(CLAIM)
        (folder / "tmp").mkdir()

    def start(self) -> subprocess.Popen[str]:
        """One more process, in a group of its own."""
        command = [
            sys.executable,
            "-m",
            "theorycheck",
            "verify",
            "--claim",
            "grown.py",
            "--report",
            "md",
            "--quiet",
        ]
        marked = {"FAULTS": self.mark, "TMPDIR": str(self.folder / "tmp"), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [*command, *OPTIONS[self.executor]], cwd=self.folder, env=os.environ | marked, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def stored(self) -> dict[str, str]:
        """Measurements by key, as another process sees them now."""
        place = f"file:{self.folder}/.theorycheck/store.sqlite?mode=ro"
        try:
            with closing(sqlite3.connect(place, uri=True)) as store:
                return dict(store.execute("SELECT key, measurement FROM trials").fetchall())
        except sqlite3.OperationalError:  # nothing is there yet
            return {}

    def processes(self) -> list[int]:
        """All that was started by this run and is alive."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if f"FAULTS={self.mark}".encode() in (place / "environ").read_bytes():
                    found.append(int(place.name))
            except OSError:
                continue
        return found

    def orphans(self) -> int:
        """How many of these are alive 10 seconds after the end."""
        return 0 if waited(lambda: not self.processes(), 10) else len(self.processes())

    def workers(self, parent: int) -> list[int]:
        """Processes that make trials."""
        words = (b"popen_loky", b"spawn_main")
        return [p for p in self.processes() if p != parent and any(w in _command(p) for w in words)]

    def table(self) -> str:
        """The trials as reported."""
        return (self.folder / "theorycheck-out/grown/trials.csv").read_text()

    def stale(self) -> list[str]:
        """Files that an undisturbed run does not leave, either of ours or of dask."""
        files = (f.relative_to(self.folder).as_posix() for f in self.folder.rglob("*") if f.is_file())
        kept = (
            "grown.py",
            ".theorycheck/store.sqlite",
            "tmp/dask-scratch-space/*.lock",
            "theorycheck-out/*",
            "__py*",
        )
        return [name for name in files if not any(fnmatch(name, known) for known in kept)]


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def waited(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def struck(run: Run, victim: str, name: str, random_: random.Random) -> Counter[str]:
    """Start a run, kill something of it at a random moment, and count what is wrong."""
    found: Counter[str] = Counter()
    known = run.stored()
    process = run.start()
    more = random_.randint(1, 60)
    waited(lambda: process.poll() is not None or len(run.stored()) >= len(known) + more)
    time.sleep(random_.uniform(0, 0.2))
    acknowledged = run.stored()
    targets = run.workers(process.pid) if victim == "worker" else [process.pid]
    if process.poll() is None and targets:
        found["kills"] += 1
        number = getattr(signal, name)
        if victim == "group":
            os.killpg(process.pid, number)
        else:
            os.kill(random_.choice(targets), number)
        if victim != "worker":
            _, errors = process.communicate(timeout=PATIENCE)
            found["other exit status"] += process.returncode != STATUS[name] or "Traceback" in errors
            found["orphans"] += run.orphans()
    if process.poll() is None:
        _, errors = process.communicate(timeout=PATIENCE)
        found["other exit status"] += process.returncode != 0 or "Traceback" in errors
    now = run.stored()
    found["lost"] += sum(now.get(key) != measured for key, measured in acknowledged.items())
    return found


def campaign(executor: str, victim: str, name: str, kills: int, seed: int) -> Counter[str]:
    """So many kills; each claim is verified to its end."""
    found: Counter[str] = Counter()
    random_ = random.Random(seed)
    while found["kills"] < kills:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
            run = Run(Path(place), executor)
            while found["kills"] < kills and not (run.folder / "theorycheck-out").exists():
                found += struck(run, victim, name, random_)
            ended = run.start()
            ended.communicate(timeout=PATIENCE)
            found["other exit status"] += ended.returncode != 0
            found["unlike tables"] += run.table() != undisturbed()
            found["stale files"] += len(run.stale())
            found["orphans"] += run.orphans()
    return found


def undisturbed(kept: list[str] = []) -> str:  # noqa: B006 (made once)
    """The table of trials of a run that nobody kills."""
    if not kept:
        with tempfile.TemporaryDirectory() as place:
            run = Run(Path(place), "two workers")
            run.start().communicate(timeout=PATIENCE)
            kept.append(run.table())
    return kept[0]


def rows(kills: int, seed: int) -> Iterator[dict[str, object]]:
    """One row for each way to kill."""
    ways = list(product(EXECUTORS, VICTIMS, SIGNALS))
    ways = [way for way in ways if way[1:] != ("worker", "SIGTERM")]  # which workers leave to their parent
    shares = Counter(islice(cycle(ways), kills))
    for number, (way, share) in enumerate(shares.items()):
        counts = campaign(*way, share, seed + number)
        yield dict(zip(("executor", "victim", "signal"), way, strict=True)) | {n: counts[n] for n in COUNTED}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="15 kills, one of each kind")
    parser.add_argument("--kills", type=int, default=200, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    asked = parser.parse_args()
    found = []
    names = ("executor", "victim", "signal", *COUNTED)
    if not asked.json:
        print(f"| {' | '.join(names)} |\n|{':---|' * 3}{'---:|' * len(COUNTED)}")
    for row in rows(15 if asked.quick else asked.kills, asked.seed):
        found.append(row)
        if not asked.json:
            print(f"| {' | '.join(str(row[name]) for name in names)} |", flush=True)
    total = {name: sum(int(str(row[name])) for row in found) for name in COUNTED}
    if asked.json:
        print(json.dumps({"rows": found, "total": total}))
    else:
        print(f"| all | | | {' | '.join(str(total[name]) for name in COUNTED)} |")


if __name__ == "__main__":
    main()
