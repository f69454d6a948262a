"""Contacts: the person, their addresses, tags, attributes and consent."""
