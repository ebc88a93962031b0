"""theorycheck: takes a theorem's scaling statement, trains what it speaks about, and gives a verdict."""

__version__ = "0.1.0"
