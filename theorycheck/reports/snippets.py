"""A verdict to paste elsewhere: a badge for a page, a sentence and the row of a table for a paper."""

import re
from collections.abc import Callable
from html import escape

from theorycheck import __version__
from theorycheck.claim import Claim
from theorycheck.drawing.style import MARKS
from theorycheck.judgement import Decision, Estimate
from theorycheck.reports import latex
from theorycheck.reports.blocks import Line, Math, Paragraph, Table, harmless
from theorycheck.reports.mathematics import letters, typeset
from theorycheck.text import one_line
from theorycheck.verdict import Prediction, Verdict

SAID: dict[Decision, str] = {
    "SUPPORTED": "consistent with",
    "REFUTED": "which contradicts",
    "INCONCLUSIVE": "which neither supports nor contradicts",
}
SMALL, CAPITAL = 6.6, 7.9  # pixels that a letter of 11 pixels takes in the badge, about


def sentence(verdict: Verdict, claim: Claim) -> str:
    """What was found, in plain text, as a paper would say it.

    The whole run is one sentence; with several estimates each has its own clause.
    """
    trials = f"{verdict.trials['total']} trials"
    clauses = [_clause(verdict, claim, *pair, trials) for pair in verdict.compared]
    stated = claim.statement.split(" = ", 1)[-1] if verdict.derived else claim.statement
    bound = re.sub(r" as \S+ -> \S+(?:, \S+ -> \S+)*$", "", stated)
    found = "; ".join(clauses)
    return one_line(f"{found[0].upper()}{found[1:]}, {SAID[verdict.judgement.decision]} {bound}.")


def _clause(
    verdict: Verdict, claim: Claim, estimate: Estimate | None, prediction: Prediction, trials: str
) -> str:
    quantity = claim.text(claim.quantity)
    if estimate is None:
        return f"no {verdict.estimated} of {quantity} could be estimated ({trials})"
    value, interval = verdict.numbers(estimate)
    ends = interval.strip("[]").replace(", ", " to ")
    named = f"exponent of {quantity} in {prediction.power_of}" if verdict.derived else verdict.named(estimate)
    confidence = f"{100 * estimate.interval.confidence:g} % CI"
    return f"the {named} was {value} ({confidence} {ends}; {trials}; {verdict.range})"


def latex_table(verdict: Verdict, claim: Claim) -> str:
    """The row of a table with its head: statement, estimate, allowed, range, trials, verdict."""
    spans = verdict.compared
    estimates = "; ".join("none" if estimate is None else verdict.text(estimate) for estimate, _ in spans)
    allowed = [verdict.allowed(prediction) for _, prediction in spans]
    row: tuple[Line, ...] = (
        (Math(claim.statement_latex),),
        (estimates,),
        ("; ".join("-" if one is None else one.spoken for one in allowed),),
        (verdict.range,),
        (str(verdict.trials["total"]),),
        (verdict.judgement.decision,),
    )
    names = ("statement", "estimate and 95\u00a0% interval", "allowed", "range", "trials", "verdict")
    block = typeset(harmless(Table(names, [row], {4})), letters(claim))
    return f"% needs booktabs and amsmath\n{latex.render([block], fragment=True).rstrip()}"


def bibtex(verdict: Verdict, claim: Claim) -> str:
    """Entries for the paper that makes the claim, and for the run that tested it."""
    paper, note = claim.source.paper, _braced(sentence(verdict, claim), claim)
    tested = _braced(f"{claim.title} ({claim.source.place} of {paper.short})", claim)
    return "\n".join([
        f"@misc{{{_key(paper.key)},",
        f"  note = {{{_braced(paper.reference, claim)}}}",
        "}",
        f"@misc{{{_key(claim.name)}_theorycheck,",
        f"  title = {{{{{tested}: {verdict.judgement.decision}}}}},",
        f"  note = {{{note} Plan {verdict.plan_hash[:12]}, theorycheck {__version__}}}",
        "}",
    ])  # fmt: skip


def _key(name: str) -> str:
    return re.sub(r"[^\w:-]", "", name)


def _braced(text: str, claim: Claim) -> str:
    """A text as LaTeX, without braces that are not closed."""
    block = typeset(harmless(Paragraph((text,))), letters(claim))
    return latex.render([block], fragment=True).strip()


def badge(verdict: Verdict, claim: Claim) -> str:
    """An SVG that needs nothing else: the claim's name, and the verdict in its colour."""
    decision = verdict.judgement.decision
    name = escape(claim.name)
    left, right = round(SMALL * len(claim.name) + 16), round(CAPITAL * len(decision) + 16)
    title = escape(f"{claim.name}: {decision}. {sentence(verdict, claim)}")
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img">
<title>{title}</title>
<clipPath id="edge-{name}-{decision}"><rect width="{left + right}" height="20" rx="3"/></clipPath>
<g clip-path="url(#edge-{name}-{decision})">
<rect width="{left}" height="20" fill="#3b3f45"/>
<rect x="{left}" width="{right}" height="20" fill="{MARKS[decision][1]}"/>
</g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{left / 2:g}" y="14" textLength="{left - 14}">{name}</text>
<text x="{left + right / 2:g}" y="14" textLength="{right - 14}">{decision}</text>
</g>
</svg>"""


FORMATS: dict[str, Callable[[Verdict, Claim], str]] = {
    "badge": badge,
    "sentence": sentence,
    "bibtex": bibtex,
    "latex-table": latex_table,
}
