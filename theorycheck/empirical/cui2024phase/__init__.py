"""Tied rank-one attention that can attend by position or by meaning, of Cui et al. (2024)."""
