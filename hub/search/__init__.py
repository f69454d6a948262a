"""Full-text search over the messages of all conversations."""
