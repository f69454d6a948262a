"""Exports of contacts to files."""
