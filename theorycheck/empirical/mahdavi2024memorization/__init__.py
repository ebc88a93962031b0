"""How many examples multi-head attention memorises, of Mahdavi, Liao and Thrampoulidis (2024).

Examples share a context of n tokens, and each has its own query; one real number is to be returned for it.
"""
