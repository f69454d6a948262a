"""Custom events: what customers' systems tell about a contact, for segments and the timeline."""
