"""Trials of shallow ViTs on a card: drawn there, padded to equal shapes, and trained by captured graphs."""
