"""From counts of successes to estimates and a judgement; knows neither torch nor files."""
