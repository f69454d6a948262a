"""Imports of contacts from files: sniffing, mapping, checking, writing, undoing."""
