"""A report in LaTeX that plain pdflatex compiles, with booktabs, graphicx, color and amsmath only."""

import re
from collections.abc import Sequence

from matplotlib.colors import to_rgb
from sympy.printing.latex import greek_letters_set as GREEK

from theorycheck.drawing.style import MARKS
from theorycheck.reports.blocks import (
    Badge,
    Block,
    Card,
    Code,
    Definitions,
    Formula,
    Heading,
    Line,
    Listing,
    Math,
    Paragraph,
    Picture,
    Strong,
    Table,
    each_text,
    in_pieces,
)

PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
\usepackage{amsmath}
\usepackage{booktabs}
\usepackage{color}
\usepackage{graphicx}
\setlength{\textwidth}{16cm}
\setlength{\oddsidemargin}{0cm}
\setlength{\textheight}{24cm}
\setlength{\topmargin}{-1.5cm}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
"""
BEGIN, END = "\\begin{document}\n", "\\end{document}\n"
PACKAGES = {"bm": "bm", "amssymb": "mathbb"}  # which notations often use, and the command that tells
# Commands of the formulas that most claims have.
STANDARD = {
    *GREEK, *map(str.capitalize, GREEK), "begin", "cdot", "end", "exp", "frac", "ge", "geq", "infty", "lceil",
    "le", "left", "leq", "lfloor", "log", "mathcal", "mathrm", "max", "min", "qquad", "quad", "rceil",
    "rfloor", "right", "sqrt", "text", "to",
}  # fmt: skip
LATIN, KNOWN = (
    0x17F,
    "\u2013\u2014\u2018\u2019\u201c\u201d\u2020\u2021\u2022\u2026",
)  # LaTeX knows these without more
SECTIONS = {1: "section*", 2: "section*", 3: "subsection*"}
SPECIAL = str.maketrans({
    **{character: f"\\{character}" for character in "{}#$%&_"},
    **{character: f"${character}$" for character in "<>|*"},
    "\\": r"\textbackslash{}",
    "^": r"\^{}",
    "~": r"\textasciitilde{}",
    '"': "''",
})  # fmt: skip
PAGE = 85  # characters of a line as typed that a page has room for
WIDE = 28  # characters in a cell from which its column is broken into lines


def render(blocks: Sequence[Block], fragment: bool = False) -> str:
    r"""Text of report.tex; a fragment is the body alone, to be `\input` in another document."""
    body = "\n\n".join(_block(block) for block in blocks) + "\n"
    return body if fragment else PREAMBLE + _needed(blocks, body) + BEGIN + body + END


def foreign(text: str) -> list[str]:
    """The characters of a text that are neither ASCII nor Latin letters of Europe nor their punctuation, in
    order.
    """
    return sorted({character for character in text if ord(character) > LATIN and character not in KNOWN})


def _needed(blocks: Sequence[Block], body: str) -> str:
    """What some texts need more of the preamble, as a command or a character that LaTeX does not know stops
    it.

    Packages where they are installed, the names of commands that only their author's macros know, and the
    code points of foreign characters (LaTeX News 28, UTF-8 as the default; XeTeX and LuaTeX know all).
    """
    commands: set[str] = set()

    def note(text: str) -> str:
        if isinstance(text, Math):
            commands.update(re.findall(r"\\([A-Za-z]+)", text))
        return text

    for block in blocks:
        each_text(block, note)
    packages = [name for name, command in PACKAGES.items() if command in commands]
    lines = [f"\\IfFileExists{{{name}.sty}}{{\\usepackage{{{name}}}}}{{}}" for name in packages]
    lines += [f"\\providecommand{{\\{name}}}{{\\mathrm{{{name}}}}}" for name in sorted(commands - STANDARD)]
    if characters := foreign(body):
        lines += ["\\makeatletter\\ifdefined\\DeclareUnicodeCharacter\\ifdefined\\UTFviii@two@octets"]
        lines += [
            f"\\@ifundefined{{u8:\\detokenize{{{c}}}}}{{\\DeclareUnicodeCharacter{{{ord(c):04X}}}{{{mark(c)}}}}}{{}}"
            for c in characters
        ]
        lines += ["\\fi\\fi\\makeatother"]
    return "".join(f"{line}\n" for line in lines)


def mark(character: str) -> str:
    """What stands for a character that cannot be typeset."""
    return f"[U+{ord(character):04X}]"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"\\{SECTIONS[level]}{{{_escape(text)}}}"
        case Paragraph(line):
            return _line(line)
        case Formula(latex):
            return f"\\[ {latex} \\]"
        case Table():
            return _table(block)
        case Definitions(items):
            lines = "\n".join(f"\\item[{{{_line(term)}}}] {_line(line)}" for term, line in items)
            return f"\\begin{{description}}\n{lines}\n\\end{{description}}"
        case Listing(text):
            return _listing(text)
        case Picture(name, _, caption):
            picture = f"\\includegraphics[width=0.7\\textwidth]{{{name}.pdf}}"
            return f"\\begin{{center}}\n{picture}\n\n{_line(caption)}\n\\end{{center}}"
        case Card(_, inner):
            rule = "\\noindent\\rule{\\textwidth}{0.4pt}"
            return "\n\n".join([rule, *map(_block, inner), rule])


def _listing(text: str) -> str:
    """Text as typed, in letters so small that its longest line has room on the page."""
    if "\\end{verbatim}" in text:
        return "\\\\\n".join(f"\\texttt{{{_escape(line)}}}" for line in text.splitlines())
    longest = max(map(len, text.splitlines()), default=0)
    typed = f"\\begin{{verbatim}}\n{text}\n\\end{{verbatim}}"
    return typed if longest <= PAGE else f"{{\\{'scriptsize' if longest <= 1.4 * PAGE else 'tiny'}\n{typed}}}"


def _table(table: Table) -> str:
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.names)
    lengths = [max((len("".join(cell)) for cell in column), default=0) for column in columns]
    typed = [any(isinstance(cell[0], Code) for cell in column if cell) for column in columns]
    wide = [length > WIDE and not code for length, code in zip(lengths, typed, strict=True)]
    named = zip(lengths, table.names, wide, strict=True)
    narrow = sum(max(length, len(name)) for length, name, broken in named if not broken)
    share = max(0.2, 0.92 - 0.0115 * narrow - 0.03 * len(lengths)) / max(1, sum(wide))
    kinds = "".join(
        f"p{{{share:.2f}\\textwidth}}" if broken else "r" if i in table.numeric else "l"
        for i, broken in enumerate(wide)
    )
    rows = [" & ".join(map(_escape, table.names)), *(" & ".join(map(_line, row)) for row in table.rows)]
    rows = [f"{{}}{row}" if row.startswith("[") else row for row in rows]  # else an option of the line before
    body = " \\\\\n".join(rows[1:])
    head = f"{{\\small\\begin{{tabular}}{{{kinds}}}\n\\toprule\n{rows[0]} \\\\\n\\midrule"
    return f"{head}\n{body} \\\\\n\\bottomrule\n\\end{{tabular}}}}"


def _line(line: Line) -> str:
    return "".join(map(_piece, in_pieces(line)))


def _piece(piece: str) -> str:
    match piece:
        case Code():
            return f"\\texttt{{{_breakable(piece)}}}"
        case Badge():
            red, green, blue = to_rgb(MARKS[piece][1])
            said = f"\\color{{white}}\\textsf{{\\textbf{{{piece}}}}}"
            return f"\\colorbox[rgb]{{{red:.3f},{green:.3f},{blue:.3f}}}{{{said}}}"
        case Strong():
            return f"\\textbf{{{_escape(piece)}}}"
        case Math():
            return f"${piece}$"
        case _:
            return _escape(piece)


def _breakable(text: str) -> str:
    """Long code, such as a hash, may be broken after every eighth character."""
    if len(text) <= WIDE or " " in text:
        return _escape(text)
    return "\\allowbreak{}".join(_escape(text[i : i + 8]) for i in range(0, len(text), 8))


def _escape(text: str) -> str:
    apart = re.sub("-(?=-)", "-{}", str(text).translate(SPECIAL))  # options, no dashes
    return re.sub(r"(?<![\w-])-(?=\d)", "$-$", apart)  # a minus sign, no hyphen
