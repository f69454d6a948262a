"""One message over several channels: what is tried, in which order, and who takes over when an attempt fails."""
