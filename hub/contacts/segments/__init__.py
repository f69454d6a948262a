"""Segments: named sets of contacts, by a condition that is always live, or by a list."""
