"""What can make a PDF on this machine; loads nothing for it."""

import importlib.util
import shutil

MISSING = "no PDF can be made here: install pdflatex, tectonic, or `pip install 'theorycheck[pdf]'`"


def makers() -> list[str]:
    """What can make a PDF on this machine, of "pdflatex", "tectonic" and "typst", in this order."""
    programs = [program for program in ("pdflatex", "tectonic") if shutil.which(program)]
    typst = all(importlib.util.find_spec(name) is not None for name in ("typst", "pypandoc"))
    return programs + ["typst"] * typst
