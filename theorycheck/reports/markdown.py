"""The report in Markdown, for a terminal, an editor, or a code host."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from theorycheck.claim import Claim
from theorycheck.verdict import Verdict

_ENVIRONMENT = Environment(
    loader=PackageLoader("theorycheck.reports"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters["escape_markdown"] = lambda text: re.sub(r"([*_|<])", r"\\\1", str(text))


def render(verdict: Verdict, claim: Claim, pictures: Sequence[Any]) -> str:
    """Text of report.md, with pictures that have a name, a title and a caption.

    It depends on the plan and its trials alone, not on when or how they were run.
    """
    spec = ".2f" if verdict.estimated == "exponent" else ".3g"
    return _ENVIRONMENT.get_template("report.md.j2").render(
        verdict=verdict,
        claim=claim,
        judgement=verdict.judgement,
        pictures=pictures,
        number=lambda value: format(value, spec),
    )
