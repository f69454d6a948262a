"""Templates that a provider approves: WhatsApp's, made, changed and deleted through its API, followed by its webhook."""
