"""What the hub is measured against, written as its own documentation recommends."""
