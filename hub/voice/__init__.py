"""Calls: what a call says and asks, how it goes on, what it costs. Whoever carries a call speaks this language."""
