"""Outgoing webhooks: events of a tenant, signed and delivered to addresses that it names (Standard Webhooks 1.0)."""
