"""How a paper is cited."""

import re

from theorycheck.claim import Paper


def arxiv(reference: str) -> str | None:
    """The identifier that a reference names on arXiv.

    Example:
        >>> arxiv("ICLR 2023, arXiv:2302.06015")
        '2302.06015'
    """
    named = re.search(r"arXiv:\s*(\d{4}\.\d{4,5})", reference)
    return named[1] if named else None


def bibtex(paper: Paper) -> str:
    r"""An entry for a bibliography, in one line, with the reference as it stands.

    Every style prints a note, so that the reference need not be taken apart by guessing.

    Example:
        >>> print(bibtex(Paper(key="novikoff1962", short="Novikoff", reference="Novikoff & others 1962")))
        @misc{novikoff1962, note = {{Novikoff \& others 1962}}}
    """
    note = re.sub(r"[&%$#_]", r"\\\g<0>", paper.reference)
    number = arxiv(paper.reference)
    eprint = f", eprint = {{{number}}}, archivePrefix = {{arXiv}}" if number else ""
    return f"@misc{{{paper.key}, note = {{{{{note}}}}}{eprint}}}"
