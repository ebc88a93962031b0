"""The command line. Commands import what they need, so that `--help`, `list` and `--version` stay fast."""

from theorycheck.cli import claims, doctor, runs, shards, tables, theorems
from theorycheck.cli.app import app, main

__all__ = ["app", "claims", "doctor", "main", "runs", "shards", "tables", "theorems"]
