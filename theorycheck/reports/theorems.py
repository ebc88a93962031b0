"""The table of theorems: what is claimed, found and decided of each, in Markdown, HTML, JSON and YAML."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from theorycheck.reports import html, markdown
from theorycheck.reports.blocks import Math, Paragraph
from theorycheck.reports.citation import arxiv
from theorycheck.reports.records import Record
from theorycheck.text import one_line

TITLE = "Theorems and verdicts"
SCHEMA = "theorycheck-theorems-1"
COLUMNS = (
    *("paper", "statement", "provenance", "predicted", "estimate and 95 % interval", "verdict", "trials"),
    "minutes",
)
NUMERIC = {6, 7}
BROKEN = 80  # characters of a statement from which it takes several lines, as no formula does
NOTES = (
    "A verdict is about the range and the setting that were tried, and is no proof.",
    "Where a statement has several parts, the estimate is that of the part that bears the verdict least.",
    "The minutes are the run's wall time; with a * some of its trials came from a store.",
)
Links = Mapping[str, str]  # of a claim's name, its page


def summary(records: Sequence[Record]) -> str:
    """How many claims there are, of how many papers, and how many of each verdict."""
    papers = {r.claim.source.paper.key for r in records if r.claim}
    counted = Counter(r.verdict for r in records)
    order = ("SUPPORTED", "REFUTED", "INCONCLUSIVE")
    verdicts = sorted(counted, key=lambda v: (v not in order, order.index(v) if v in order else 0, v))
    told = ", ".join(f"{counted[verdict]} {verdict}" for verdict in verdicts)
    of = f" of {_number(len(papers), 'paper')}" * bool(papers)
    return f"{_number(len(records), 'row')}{of}: {told}."


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)


def _cells(record: Record) -> tuple[str, ...]:
    """The plain text of a row, in the order of COLUMNS."""
    run = record.found.run if record.found else None
    minutes = f"{run.seconds / 60:{'.1f' if run.seconds >= 6 else '.2f'}}" if run else ""
    minutes += "*" * bool(run and run.trials.get("reused"))
    cells = (
        _paper(record), record.statement, record.provenance, record.predicted, record.estimated,
        record.verdict, str(run.trials.get("total", "")) if run else "", minutes,
    )  # fmt: skip
    return tuple(map(one_line, cells))


def _paper(record: Record) -> str:
    return record.claim.source.paper.short if record.claim else ""


def _named(record: Record) -> str:
    """The claim's name, with the design that was judged, if it is not the default."""
    design = record.found.run.design.get("name") if record.found else None
    return one_line(f"{record.name} ({design})" if design else record.name)


def as_markdown(records: Sequence[Record], links: Links, about: str) -> str:
    """A page with the table; a claim is linked to its page, if it has one.

    Some characters are entities, as Python-Markdown, unlike CommonMark, takes no backslash before them.
    """

    def text(plain: str) -> str:
        shown = markdown.render([Paragraph(plain)]).strip() if plain else ""
        return re.sub(r"\\([<~$])", lambda found: f"&#{ord(found[1])};", shown)

    def row(record: Record) -> str:
        paper, statement, *others = map(text, _cells(record))
        name = text(_named(record))
        linked = f"[{name}]({links[record.name]})" if record.name in links else name
        stressed = [f"**{cell}**" if i == 3 else cell for i, cell in enumerate(others)]
        return f"| {' | '.join((paper, f'{linked}: {statement}', *stressed))} |"

    rule = "|".join("---:" if i in NUMERIC else ":---" for i in range(len(COLUMNS)))
    table = "\n".join([f"| {' | '.join(COLUMNS)} |", f"|{rule}|", *map(row, records)])
    notes = "\n".join(f"* {note}" for note in NOTES)
    return "\n\n".join(filter(None, (f"# {TITLE}", about, summary(records), table, notes))) + "\n"


def as_html(records: Sequence[Record], links: Links, about: str) -> str:
    """One file that needs nothing else; its table is sorted, and filtered by paper, verdict and text."""
    page = files("theorycheck.reports").joinpath("templates/theorems.html").read_text(encoding="utf-8")
    head = "".join(
        f'<th scope="col" tabindex="0"{_kind(i)}>{escape(name)}</th>' for i, name in enumerate(COLUMNS)
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in NOTES)
    return Template(page).substitute(
        title=TITLE,
        about=f"<p>{escape(about)}</p>" if about else "",
        summary=escape(summary(records)),
        papers=_options([_paper(record) for record in records]),
        verdicts=_options([record.verdict for record in records]),
        head=head,
        rows="\n".join(_row(record, links) for record in records),
        notes=notes,
    )


def _kind(column: int) -> str:
    return ' class="number"' if column in NUMERIC else ""


def _options(values: Sequence[str]) -> str:
    return "".join(f"<option>{escape(value)}</option>" for value in dict.fromkeys(values) if value)


def _row(record: Record, links: Links) -> str:
    plain = _cells(record)
    shown = [escape(cell) for cell in plain]
    if record.claim:
        shown[0] = _linked(shown[0], _address(record.claim.source.paper.reference))
    name = _linked(f"<code>{escape(_named(record))}</code>", links.get(record.name, ""))
    shown[1] = f"{name}<br>{_formula(record)}"
    word = record.verdict.partition(" ")[0].lower()
    shown[5] = f'<span class="verdict {escape(word)}">{shown[5]}</span>'
    cells = "".join(f"<td{_kind(i)}>{cell}</td>" for i, cell in enumerate(shown))
    searched = escape(" ".join((_named(record), record.claim.title if record.claim else "", *plain)).lower())
    chosen = f'data-paper="{escape(plain[0])}" data-verdict="{escape(plain[5])}" data-text="{searched}"'
    return f'<tr {chosen} title="{escape(record.command)}">{cells}</tr>'


def _formula(record: Record) -> str:
    """The statement as mathematics; as text where its claim is not known, or a formula would be too wide."""
    if record.claim is None or len(record.statement) > BROKEN:
        return escape(one_line(record.statement))
    return html.body([Paragraph((Math(record.claim.statement_latex),))])


def _linked(shown: str, address: str) -> str:
    return f'<a href="{escape(address)}">{shown}</a>' if address else shown


def _address(reference: str) -> str:
    number = arxiv(reference)
    return f"https://arxiv.org/abs/{number}" if number else ""


def document(records: Sequence[Record], links: Links) -> dict[str, Any]:
    """The records as JSON values, for registries of replications."""
    rows = [{**record.document(), "page": links.get(record.name)} for record in records]
    return {"schema": SCHEMA, "theorems": rows}


def as_json(records: Sequence[Record], links: Links, about: str = "") -> str:
    """The records as JSON."""
    return json.dumps(document(records, links), indent=2, ensure_ascii=False) + "\n"


def as_yaml(records: Sequence[Record], links: Links, about: str) -> str:
    """The records as YAML."""
    import yaml

    plain = json.loads(as_json(records, links))  # without aliases for what occurs twice
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110))


RENDERED: Mapping[str, Callable[[Sequence[Record], Links, str], str]] = {
    "md": as_markdown,
    "html": as_html,
    "json": as_json,
    "yaml": as_yaml,
}
