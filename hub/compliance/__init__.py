"""What may be sent to whom and when: keywords, quiet hours, frequency caps, and the tenant's policy over them."""
