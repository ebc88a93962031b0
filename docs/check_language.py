"""Finds long sentences and long lines in README.md and docs/:  python docs/check_language.py

A page in long_sentences.txt may have that many sentences of over 30 words, or lines of over 110 columns in
its prose. The number may only shrink, which --lower writes; all other pages have none.
"""

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ALLOWED = DOCS / "long_sentences.txt"
MOST_WORDS, MOST_COLUMNS = 30, 110
GENERATED = ("theorems.md", "commands.md", "calibration-table.md", "api.md")
# A table's row, a link's address, a picture, a heading, a quoted statement or a command cannot be wrapped.
UNWRAPPED = re.compile(r"^\s*(\||!\[|<|#|>|`[^`]{80,}`)|\]\([^)]*\)|^\s*$")


def pages() -> list[Path]:
    """The pages that people write."""
    found = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
    return [path for path in found if path.name not in GENERATED]


def prose(text: str) -> str:
    """A page without code, tables, headings, pictures, comments and addresses; its paragraphs apart."""
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!--.*?-->|!\[[^\]]*\]\([^)]*\)|<[^>]+>", "", text, flags=re.DOTALL)
    text = re.sub(r"^(\||#|    ).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^\s*([*+-]|\d+\.) ", "\n\n", text, flags=re.MULTILINE)
    return re.sub(r"\]\([^)]*\)", "]", text)


def sentences(text: str) -> list[str]:
    """The sentences of a page; a colon or a semicolon ends none."""
    paragraphs = re.split(r"\n\s*\n", prose(text))
    return [
        " ".join(one.split())
        for paragraph in paragraphs
        for one in re.split(r"(?<=[.?!])[)*\"]*\s+", paragraph)
    ]


def words(sentence: str) -> int:
    """How many words a sentence has; a number, a sign or a formula is none."""
    return len([word for word in sentence.split() if re.search(r"[A-Za-z]{2}|^[aAI]$", word)])


def long_sentences(text: str) -> list[str]:
    """The sentences with too many words."""
    return [one for one in sentences(text) if words(one) > MOST_WORDS]


def long_lines(text: str) -> list[str]:
    """The lines that are too long and could be wrapped."""
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    return [line for line in text.splitlines() if len(line) > MOST_COLUMNS and not UNWRAPPED.search(line)]


def found() -> dict[str, list[str]]:
    """What is too long on each page, by its path below the project."""
    texts = {str(path.relative_to(DOCS.parent)): path.read_text() for path in pages()}
    every = {name: [*long_sentences(text), *long_lines(text)] for name, text in texts.items()}
    return {name: lines for name, lines in every.items() if lines}


def allowed() -> dict[str, int]:
    """How many a page may have."""
    rows = (line.split() for line in ALLOWED.read_text().splitlines() if line and not line.startswith("#"))
    return {name: int(number) for name, number in rows}


def complaints() -> list[str]:
    """What a writer has to do."""
    now, may = found(), allowed()
    for_more = [
        f"{name}: {len(lines)} too long, {may.get(name, 0)} are allowed:\n  " + "\n  ".join(lines)
        for name, lines in now.items()
        if len(lines) > may.get(name, 0)
    ]
    for_fewer = [
        f"{name}: {len(now.get(name, ()))} too long, {number} are allowed; run it with --lower"
        for name, number in may.items()
        if len(now.get(name, ())) < number
    ]
    return for_more + for_fewer


def lower() -> None:
    """Write the numbers that have shrunk; none grows."""
    texts = found()
    now = {name: min(number, len(texts.get(name, ()))) for name, number in allowed().items()}
    head = [line for line in ALLOWED.read_text().splitlines() if line.startswith("#")]
    rows = [f"{name} {number}" for name, number in sorted(now.items()) if number]
    ALLOWED.write_text("\n".join([*head, *rows]) + "\n")


if __name__ == "__main__":
    if "--lower" in sys.argv[1:]:
        lower()
    said = complaints()
    print("\n".join(said))
    sys.exit(bool(said))
