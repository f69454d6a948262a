"""Provider webhooks: verify, hand over, answer 200 only after the commit. One module a provider."""
