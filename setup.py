"""Puts the links at the top level into the source distribution, as a list of files cannot hold a link to a
folder.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

LINKS = ("bounds", "empirical", "reports")


class WithLinks(sdist):
    """The source distribution, with the links."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Lay out the files to be packed."""
        super().make_release_tree(base_dir, files)
        for name in LINKS:
            (Path(base_dir) / name).symlink_to(Path("theorycheck") / name)


setup(cmdclass={"sdist": WithLinks})
