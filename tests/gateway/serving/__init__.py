"""Tests of the ASGI side of the gateway."""
