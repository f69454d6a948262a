"""Experiments of flows: the arms of a split, what is known of them, and what is decided."""
