"""The media library: what people sent and what is sent to them, kept by its content."""
