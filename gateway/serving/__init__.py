"""The ASGI side of the gateway: routing, limits, forwarding, log, answer; no ORM on the way."""
