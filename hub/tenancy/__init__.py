"""Tenant tree, people, roles, sessions and API keys."""
