"""A local carrier: the providers' side of their own wire formats, so that everything runs on one machine.

    python -m carrier --port 8100            serve; phone page at /
    carrier.app.create_app(config)           the same as an ASGI application

twilio.py and whatsapp.py answer the tenants' requests; network.py decides what becomes of a message
(behaviours.py) and what the person does; events.py, delivery.py and pool.py bring the webhooks; store.py and
journal.py are the witness of what was sent; control.py, live.py and phone/ are for tests and people. It shares
no code with the hub: what both agree on, they agree on by the providers' public rules.
"""
