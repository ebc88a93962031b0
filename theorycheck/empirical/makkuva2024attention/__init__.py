"""A one-layer transformer on a binary Markov chain, of Makkuva et al. (2024), and its two-parameter flow."""
