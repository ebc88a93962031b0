"""Which trials are made: the rules of placement, and what they rest on."""
