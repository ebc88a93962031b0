"""Texts of others in reports: what a terminal or a page would obey, what a format lacks, and what is too
long.
"""

import logging
import re
import time
from pathlib import Path

import matplotlib.figure
import pypandoc
import pytest
from sympy import Symbol
from test_cli import run
from verified import verify

from theorycheck import bounds
from theorycheck.drawing import lettering, levels
from theorycheck.errors import ClaimError
from theorycheck.reports import html, latex, markdown, pdf, report
from theorycheck.reports.blocks import (
    Code,
    Definitions,
    Formula,
    Heading,
    Listing,
    Math,
    Paragraph,
    Table,
    harmless,
)
from theorycheck.reports.brief import brief, told
from theorycheck.reports.lines import columns
from theorycheck.reports.terminal import description
from theorycheck.source import Paper, Source
from theorycheck.statements import Ordering
from theorycheck.text import neutral, one_line

OBEYED = "\x1b[31mred\x1b]0;title\x07\x9b1m \r\b \u202eevil\u202c \u2066x\u2069 \u200b \ud800"
MARKUP = (
    "two\n\nlines <img src=x onerror=alert(1)> [click](http://evil.example) \\<b>x</b> `tick` | bar &lt;"
    " ~~s~~ # #"
)
FORMULAS = [
    r"\bm{\theta}", r"\textrm{loss}", r"\tfrac{1}{2}", r"\lVert x\rVert", r"\underbrace{x}_{y}",
    r"\boldsymbol\theta", r"\norm{x}", r"\mathrm d", r"\begin{pmatrix}1\\2\end{pmatrix}", r"\color{red}x",
    r"\R", "{x", "x}", r"\left( x", "x_1_2", "N^*^{-2}", "a$b", "a%b", r"\frac{1}", "", "\\theta\n\n_1",
    "\u4e2d", "\U0001f600", r"\text{<b>x</b>}", r"\href{javascript:alert(1)}{x}",
    "<script>alert(1)</script>", "x" * 100_000,
]  # fmt: skip

CLAIM = '''
import numpy as np
from sympy import oo, symbols
from theorycheck import BigO, Claim, Condition, Design, Paper, Source
L, T, q = symbols("L T q", positive=True)

def steps(point, seed):
    """Steps"""
    return float(point["L"] ** 2 * np.exp(0.1 * np.random.default_rng(seed).normal()))

claim = Claim(
    name="odd", title="t", source=Source(paper=Paper(key="k", short="s", reference="r"), place="p"),
    provenance="recalled", quantity=T, law=BigO(L**2, (L, oo)), conditions=(Condition(relation=L * q > 1),),
    response=steps, refuted_by="r",
    design=Design(factor=L, levels=(4, 8, 12, 16), replicates=4, held={q: 3}, note="n"),
)
'''


def odd(folder, text, letter=r"\lambda"):
    """A claim with these texts, though such are refused where claims are built: reports do not rely on it."""
    path = folder / "odd.py"
    path.write_text(CLAIM, encoding="utf-8")
    claim = bounds.load(path)
    paper = Paper.model_construct(key=text, short=text, reference=text)
    texts = {
        "title": text,
        "refuted_by": text,
        "source": Source.model_construct(paper=paper, place=text),
        "notation": dict.fromkeys(claim.law.expression.free_symbols | {Symbol("q", positive=True)}, letter),
        "design": claim.design.model_copy(update={"note": text}),
    }
    return claim.model_copy(update=texts).as_found(str(path))


def written(folder, text, letter=r"\lambda", formats=("md", "html", "tex", "pdf")):
    """The verdict on a claim with these texts, and its folder."""
    formats = formats if pdf.makers() else formats[:3]
    claim = odd(folder, text, letter)
    verdict = verify(claim, "smoke", store=folder / "s.sqlite", out=folder / "out", formats=formats)
    return verdict, folder / "out/odd"


def test_nothing_is_obeyed_in_any_text(tmp_path):
    verdict, folder = written(tmp_path, OBEYED + MARKUP, formats=("md", "html", "tex"))
    claim = odd(tmp_path, OBEYED + MARKUP)
    texts = {name: (folder / f"report.{name}").read_text(encoding="utf-8") for name in ("md", "html", "tex")}
    texts |= {"told": told(verdict, claim, verbose=True), "description": description(claim, OBEYED)}
    texts["columns"] = "\n".join(columns([(OBEYED, MARKUP)]))
    for text in texts.values():
        assert neutral(text) == text
        assert "x1b[31mred" in text
        assert "u202eevil" in text
    assert not verdict.unwritten
    assert len(columns([(MARKUP,)])) == 1
    assert all("two lines" in text for name, text in texts.items())


def test_errors_are_neutral(tmp_path):
    assert "\x1b" not in str(ClaimError(OBEYED))
    result = run("show", "\x1b[31m.py", cwd=tmp_path)
    assert result.exit_code == 2
    assert "\x1b[31m" not in result.stderr
    assert r"\x1b[31m.py cannot be read" in result.stderr


def test_markup_of_others_is_text_in_markdown():
    line = (MARKUP, Code("a`|b"), Code(r"c\|d"), Math("|x|"), Math(r"\|x\|"), Math("<b>"))
    blocks = [
        Heading(MARKUP, 1), Paragraph((MARKUP,)), Paragraph(("# no title",)), Paragraph(("1. no list",)),
        Table(("a|b", "c"), ((line, ("x",)),)), Definitions(((MARKUP, (MARKUP,)),)), Listing("```\n# x"),
        Formula("<b>"),
    ]  # fmt: skip
    text = markdown.render([harmless(block) for block in blocks])
    page = pypandoc.convert_text(text, "html", format="gfm", extra_args=["--quiet"])
    page = re.sub(r'<a\s+href="([^"]*)">\1</a>', r"\1", page)  # an address that shows where it goes
    assert not re.search(
        r"<(?!/?(?:h1|p|table|thead|tbody|tr|th|td|ul|li|strong|code|pre|span|br|colgroup|col|em)\b)", page
    )
    assert "href" not in page
    assert page.count("<h1") == 1
    assert page.count("<td") == 2
    assert page.count("<th>") + page.count("<th ") == 2
    assert "<code>a`|b</code>" in page
    assert "&amp;lt;" in page


def test_formulas_bring_no_markup_into_html():
    texts = [Math(latex) for latex in FORMULAS]
    page = html.body([harmless(block) for block in (*map(Formula, texts), *(Paragraph((x,)) for x in texts))])
    assert not re.search(r"<(?:b|script|img|a)\b|href|javascript:(?!alert\(1\)\}\{x\}</code>)", page)
    assert "<mo>\\" not in page
    assert "<code>\\norm{x}</code>" in page
    assert "λ" in html.body([Formula(r"\lambda")])


def test_words_in_formulas_may_hold_any_character():
    stated = Ordering(pairs=(({"kind": "a_b 5% #1 $"}, {"kind": "c&d"}),)).latex(Symbol("loss"), {})
    assert r"\text{kind = a\_b 5\% \#1 \$}" in stated
    assert harmless(Formula(stated)) == Formula(stated)
    assert "kind\u00a0=\u00a0a_b\u00a05%\u00a0#1\u00a0$</mtext>" in html.body([Formula(stated)])
    plain = Ordering(pairs=(({"kind": "noisy"}, {"kind": "none"}),)).latex(Symbol("loss"), {})
    assert plain == r"\begin{aligned} loss(\text{kind = noisy}) &< loss(\text{kind = none}) \end{aligned}"


def test_what_ends_a_formula_too_early_is_code():
    for latex_ in ("{x", "x}", "a$b", "a%b", "x" * 100_000):
        (piece,) = harmless(Paragraph((Math(latex_),))).line
        assert isinstance(piece, Code)
    assert harmless(Formula(r"\{x\} 5\% \alpha_\#")) == Formula(r"\{x\} 5\% \alpha_\#")


@pytest.mark.parametrize("letter", FORMULAS, ids=lambda letter: letter[:12])
def test_a_letter_that_matplotlib_lacks_is_drawn_by_its_name(letter, caplog):
    claim = bounds.find("sample_complexity")
    odd = claim.model_copy(update={"notation": {**claim.notation, Symbol("x_odd"): letter}})
    with caplog.at_level(logging.WARNING):
        label = lettering.formula(odd, "x_odd", " = 3")
        figure = matplotlib.figure.Figure()
        figure.add_subplot(xlabel=label)
        figure.draw_without_rendering()
    assert not caplog.records
    assert label in ("x_odd = 3", f"${letter} = 3$")
    assert lettering.formula(claim, "alpha_relevant", " = 3") == r"$\alpha_* = 3$"
    assert lettering.words("$5 and $6 \u4e2d _\n" + "x" * 999).startswith(r"\$5 and \$6 [U+4E2D] _ xxx")


@pytest.mark.slow
def test_every_format_is_written_whatever_the_notation(tmp_path):
    for letter in (r"\bm{\theta}", r"\norm{x}"):
        verdict, folder = written(tmp_path, MARKUP + "\u4e2d\U0001f600\u03b1", letter)
        assert verdict.unwritten == ()
        assert all(Path(path).exists() for path in verdict.artifacts)
        assert letter in (folder / "report.tex").read_text(encoding="utf-8")
        assert "could not be" not in (folder / "report.md").read_text(encoding="utf-8")


def test_a_pdf_names_the_characters_that_no_font_has(tmp_path, monkeypatch):
    if "typst" not in pdf.makers():
        pytest.skip("no typst here")
    monkeypatch.setattr(pdf, "findSystemFonts", list)
    monkeypatch.setattr(pdf, "makers", lambda: ["pdflatex", "typst"])
    said = []
    convert = pypandoc.convert_text
    monkeypatch.setattr(
        pypandoc, "convert_text", lambda text, *a, **k: said.append(text) or convert(text, *a, **k)
    )
    blocks = [Heading("\u4e2d \U0001f600 \u03b1 \u00e9", 1), Paragraph((Math("\u4e2d"),))]
    assert pdf.write(blocks, tmp_path / "report.pdf") == "typst"  # first, as it takes the fonts of the system
    assert "[U+4E2D] \U0001f600 \u03b1 \u00e9" in said[0]
    assert r"\texttt{[U+4E2D]}" in said[0]


def test_latex_is_told_of_foreign_characters_and_unknown_commands():
    source = latex.render([Heading("\u4e2d\u00e9\u2013", 1), Formula(r"\norm{\bm{x}} \geq \Omega")])
    before = source.split(r"\begin{document}")[0]
    assert r"\DeclareUnicodeCharacter{4E2D}{[U+4E2D]}" in before
    assert before.count("DeclareUnicodeCharacter{") == 1
    assert r"\IfFileExists{bm.sty}{\usepackage{bm}}{}" in before
    assert re.findall(r"\\providecommand\{(\\\w+)\}", before) == [r"\bm", r"\norm"]
    assert "providecommand" not in latex.render([Formula(r"N = O\left(\alpha^{-2}\right)")])
    assert latex.render([Table(("a",), ((("[0.1, 0.2]",),),))]).count("{}[0.1") == 1
    assert "or -{}-guess-rate" in latex.render([Paragraph(("or --guess-rate",))])  # and no dash


def test_a_formula_that_no_maker_typesets_is_code_in_the_pdf(tmp_path, monkeypatch):
    tried = []

    def strict(blocks, folder, program):
        tried.append(blocks)
        if any(isinstance(block, Formula) for block in blocks):
            raise pdf.ReportError("undefined control sequence")
        (folder / "report.pdf").write_bytes(b"%PDF")
        return folder / "report.pdf"

    monkeypatch.setattr(pdf, "_tex", strict)
    monkeypatch.setattr(pdf, "makers", lambda: ["pdflatex"])
    assert pdf.write([Formula(r"\norm{x}")], tmp_path / "report.pdf") == "pdflatex"
    assert tried[-1][0] == Paragraph((Code(r"\norm{x}"),))


def test_what_cannot_be_made_costs_nothing_else(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("out of ink\nat line 3")

    monkeypatch.setattr(levels, "scaling", broken)
    monkeypatch.setattr(html, "render", broken)
    verdict, folder = written(tmp_path, "A title", formats=("md", "html", "tex"))
    assert verdict.unwritten == ("report.html could not be made (RuntimeError: out of ink at line 3)",)
    names = {Path(path).name for path in verdict.artifacts}
    assert names == {path.name for path in folder.iterdir()}
    assert {"report.md", "report.tex", "trials.csv", "result.json", "residuals.png"} <= names
    assert (
        "The figure Levels could not be drawn (RuntimeError: out of ink at line 3)."
        in (folder / "report.md").read_text()
    )
    assert "          report.html could not be made (RuntimeError: out of ink at line 3)" in brief(
        verdict, ""
    )
    assert '"unwritten"' in (folder / "result.json").read_text()


def test_results_come_first(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "part", stop)
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, "A title")
    assert {path.name for path in (tmp_path / "out/odd").iterdir()} == {"trials.csv", "result.json"}


@pytest.mark.slow
def test_a_megabyte_of_text_is_cut_with_a_mark(tmp_path):
    started = time.process_time()
    _, folder = written(tmp_path, "x " * 500_000, "x" * 1_000_000)
    shown = description(odd(tmp_path, "x " * 500_000, "x" * 1_000_000), "m")
    assert time.process_time() - started < 60
    for text in (shown, *((folder / f"report.{name}").read_text() for name in ("md", "html", "tex"))):
        assert re.search(r"\.\.\. \(10000\d\d characters in all\)", text)
        assert len(text) < 400_000
    assert one_line("x" * 5000) == "x" * 5000
