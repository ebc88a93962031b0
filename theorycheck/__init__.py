"""theorycheck: takes a theorem's statement, trains what it speaks about, and gives a verdict.

import theorycheck as tc
v = tc.verify("sample_complexity", "quick")
v.decision, v.exponent("alpha_*"), v.trials, v.plot(), v.report("pdf")
"""

from typing import Any

__version__ = "1.0.0"
_HOMES = {
    **dict.fromkeys(("verify", "Result"), "api"),
    "compare": "comparison",
    **dict.fromkeys(("Claim", "Condition", "Design", "Paper", "Search", "Source"), "claim"),
    "Training": "empirical.training",
    "best_of": "empirical.best_of",
    **dict.fromkeys(("batched", "depends_on"), "empirical.marks"),
    "command": "empirical.command",
    **dict.fromkeys(("BigO", "Omega", "Theta"), "statements"),
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import on first use, so that the command line starts fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'theorycheck' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"theorycheck.{_HOMES[name]}"), name)
