"""Intents: the encoder, the two-stage classifier and what serving needs around it."""
