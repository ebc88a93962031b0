"""Lets `python -m theorycheck` run the command line."""

from theorycheck.cli import main

main()
