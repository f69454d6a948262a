"""Saved replies: answers that agents give often, with the contact's and the agent's names filled in."""
