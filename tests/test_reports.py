"""The report in every format."""

import importlib.util
import json
import re
import shutil
import subprocess

import pytest
from matplotlib.figure import Figure
from test_cli import STATUS, run
from verified import verify

from theorycheck.errors import ReportError
from theorycheck.reports import html, latex, markdown, pdf
from theorycheck.reports.blocks import Code, Definitions, Formula, Heading, Math, Paragraph, Strong, Table
from theorycheck.reports.report import write_joint_report
from theorycheck.session import Session, write

NASTY = r"100 % of a_b & c^2 <x> {y} $5 #1 ~z \w |v| *s* -0.80"
BLOCKS = [
    Heading(NASTY, 1),
    Paragraph((NASTY, Code("a_b <= 1"), Strong(NASTY), Math(r"\alpha_*"))),
    Formula(r"N^* = O\left(\alpha_*^{-2}\right)"),
    Table(("one", NASTY), (((NASTY,), ("-1.5",)), (("x",), ("2",))), frozenset({1})),
    Table(("empty",), ()),
    Definitions(((NASTY, (NASTY,)),)),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from conftest import CLAIM

    base = tmp_path_factory.mktemp("reports")
    (base / "tiny.py").write_text(CLAIM)
    formats = ("md", "html", "tex", "pdf") if pdf.makers() else ("md", "html", "tex")
    verify(str(base / "tiny.py"), "full", store=base / "s.sqlite", out=base / "out", formats=formats)
    return base / "out/tiny"


def test_every_format_says_the_same(folder):
    texts = [(folder / f"report.{name}").read_text() for name in ("md", "html", "tex")]
    decision = json.loads((folder / "result.json").read_text())["claims"][0]["verdict"]
    told = [re.search(r"(SUPPORTED|REFUTED|INCONCLUSIVE)\S* over ", text)[1] for text in texts]
    assert told == [decision] * 3
    for section in (
        "Estimates",
        "Checks",
        "Assumptions",
        "Design",
        "What was not tested",
        "How to reproduce",
        "Source",
    ):
        assert all(section in text for text in texts)
    command = f"theorycheck verify --claim {folder.parents[1] / 'tiny.py'} --profile full --seed 0"
    assert all(command in text for text in texts)
    assert not any("could not be" in text for text in texts)


def test_the_html_needs_nothing_else(folder):
    text = (folder / "report.html").read_text()
    assert "<svg" in text
    assert "<math" in text
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', text)
    assert not re.findall(r"url\((?!#)", text)
    assert "@import" not in text
    assert "trials succeed at" in text  # told by the cells of the map
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.slow
def test_equal_runs_give_equal_bytes(folder):
    base = folder.parents[1]
    formats = [name for name in ("md", "html", "tex", "pdf") if (folder / f"report.{name}").exists()]
    verify(str(base / "tiny.py"), "full", store=base / "s.sqlite", out=base / "again", formats=formats)
    for name in [f"report.{name}" for name in formats] + ["success_map.pdf", "log_log.png"]:
        assert (base / "again/tiny" / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.mark.parametrize("program", ["pdflatex", "typst"])
def test_nasty_text_is_typeset(program, tmp_path, monkeypatch):
    there = shutil.which("pdflatex") if program == "pdflatex" else importlib.util.find_spec("typst")
    if not there:
        pytest.skip(f"no {program} here")
    monkeypatch.setattr(pdf, "makers", lambda: [program])
    assert pdf.write(BLOCKS, tmp_path / "report.pdf") == program
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_next_maker_is_tried_where_one_fails(tmp_path, monkeypatch):
    def broken(blocks, folder, program):
        raise ReportError(f"{program} could not typeset the report: no booktabs.sty")

    monkeypatch.setattr(pdf, "_tex", broken)
    monkeypatch.setattr(pdf, "makers", lambda: ["pdflatex"])
    with pytest.raises(ReportError, match="no booktabs"):
        pdf.write(BLOCKS, tmp_path / "report.pdf")
    if importlib.util.find_spec("typst"):
        monkeypatch.setattr(pdf, "makers", lambda: ["pdflatex", "typst"])
        assert pdf.write(BLOCKS, tmp_path / "report.pdf") == "typst"


def test_nasty_text_is_escaped():
    assert "<x>" not in html.render(BLOCKS)
    assert latex.render(BLOCKS, fragment=True).count(r"\%") == latex.render(BLOCKS).count(r"\%") == 7
    assert "$-$0.80" in latex.render(BLOCKS)
    assert r"\<x>" in markdown.render(BLOCKS)


def test_the_source_compiles_with_plain_latex(folder, tmp_path):
    if not shutil.which("pdflatex"):
        pytest.skip("no pdflatex here")
    for path in folder.iterdir():
        shutil.copy(path, tmp_path)
    used = set(re.findall(r"\\usepackage\{(\w+)\}", (tmp_path / "report.tex").read_text()))
    assert used == {"amsmath", "booktabs", "color", "graphicx"}
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_without_a_maker_a_pdf_is_refused_when_asked_for_and_left_out_otherwise(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "makers", list)
    with pytest.raises(ReportError, match=r"pip install 'theorycheck\[pdf\]'"):
        verify(str(tiny), "smoke", store=tmp_path / "s.sqlite", out=tmp_path / "out", formats=["pdf"])
    result = run("verify", "--claim", tiny, "--profile", "smoke", cwd=tmp_path)
    written = tmp_path / "theorycheck-out/tiny"
    (claim,) = json.loads((written / "result.json").read_text())["claims"]
    assert result.exit_code == STATUS[claim["verdict"]]
    assert not (written / "report.pdf").exists()
    assert (written / "report.tex").exists()


def test_an_unknown_format_is_a_usage_error(tiny, tmp_path):
    result = run("verify", "--claim", tiny, "--report", "pdf,doc", cwd=tmp_path)
    assert result.exit_code == 2
    assert "--report takes some of md,html,tex,pdf" in result.stderr


@pytest.mark.slow
def test_several_claims_make_one_report_with_a_table(tiny, tmp_path):
    other = tiny.with_name("other.py")
    other.write_text(tiny.read_text().replace('name="tiny"', 'name="other"'))
    result = run(
        "verify", "--claim", tiny, "--claim", other, "--profile", "smoke", "--report", "md,tex", cwd=tmp_path
    )
    assert result.exit_code in (0, 1, 3), result.stderr
    text = (tmp_path / "theorycheck-out/report.md").read_text()
    assert text.startswith("# 2 claims")
    assert "| `tiny` |" in text
    assert "| `other` |" in text
    assert (tmp_path / "theorycheck-out/overview.pdf").exists()
    assert "li2023shallow" in text


def test_a_report_on_several_claims_draws_no_figure_again(folder, tmp_path, monkeypatch):
    base, drawn, savefig = folder.parents[1], [], Figure.savefig

    def counted(figure, file, **options):
        drawn.append((figure, options["format"]))
        savefig(figure, file, **options)

    monkeypatch.setattr(Figure, "savefig", counted)
    finding = Session(store=base / "s.sqlite").examine(str(base / "tiny.py"), "full")
    shown = write(finding, tmp_path / "alone", ["html", "md"])
    write_joint_report([shown], tmp_path, ["html", "md"])
    assert {kind for _, kind in drawn} == {"png", "pdf", "svg"}
    assert len(drawn) == len(set(drawn))
    assert (tmp_path / "tiny-estimate.png").read_bytes() == (tmp_path / "alone/estimate.png").read_bytes()


@pytest.mark.skipif("typst" not in pdf.makers(), reason="no typst here")
def test_a_long_pdf_takes_no_longer_a_block(tmp_path, monkeypatch):
    rendered, render = [], latex.render
    monkeypatch.setattr(pdf, "makers", lambda: ["typst"])
    monkeypatch.setattr(latex, "render", lambda *given: rendered.append(given) or render(*given))
    for blocks in (BLOCKS, BLOCKS[:1] + 20 * BLOCKS[1:]):
        rendered.append(None)
        pdf.write(blocks, tmp_path / "report.pdf")
    second = len(rendered) - 1 - rendered[::-1].index(None)
    assert len(rendered) == 2 * second  # as often of many blocks as of few


@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium here")
def test_the_html_in_a_real_browser(folder, tmp_path):
    """No console error; formulas and figures are there, tables sort, and no request leaves the page."""
    page = tmp_path / "page.html"
    probe = """<script>
    const out = {};
    out.math = [...document.querySelectorAll("math")].every(m => m.getBoundingClientRect().width > 5);
    const drawn = () => [...document.querySelectorAll("figure svg")].filter(m => m.checkVisibility());
    out.svg = drawn().every(m => m.getBoundingClientRect().height > 50);
    const before = drawn().length, others = document.querySelectorAll(".choice").length;
    const first = drawn();
    document.querySelectorAll(".choice > label:nth-of-type(2)").forEach(label => label.click());
    const changed = drawn().filter(m => !first.includes(m)).length;
    out.axes = others > 0 && changed === others && drawn().length === before;
    const mark = document.querySelector(".told");
    mark.dispatchEvent(new Event("pointerenter"));
    out.told = / at /.test(mark.closest("figure").querySelector(".telling").textContent);
    out.contents = [...document.querySelectorAll("nav a")].every(a => document.querySelector(a.hash));
    out.requests = performance.getEntriesByType("resource").length;
    const head = [...document.querySelectorAll("th")].find(h => h.textContent === "fitted");
    if (head) { head.click(); const i = head.cellIndex;
      const number = r => parseFloat(r.cells[i].textContent.replace("\\u2212", "-"));
      const v = [...head.closest("table").tBodies[0].rows].map(number);
      out.sorted = v.every((x, k) => k === 0 || v[k - 1] <= x); } else { out.sorted = true; }
    document.title = JSON.stringify(out);
    </script></body>"""
    page.write_text((folder / "report.html").read_text().replace("</body>", probe))
    command = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        "--dump-dom", f"--user-data-dir={tmp_path / 'profile'}", page.as_uri(),
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    title = re.search(r"<title>(.*?)</title>", result.stdout)
    assert title, result.stderr[-2000:]
    assert json.loads(title[1]) == {
        **dict.fromkeys(("math", "svg", "axes", "told", "contents", "sorted"), True), "requests": 0
    }  # fmt: skip
    assert "CONSOLE" not in result.stderr
