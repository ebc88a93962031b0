"""Turns a verdict into what people read: terminal, Markdown, figures; what they write goes to theorycheck-out/."""
