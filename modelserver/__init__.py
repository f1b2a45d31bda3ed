"""The program that serves one MLflow model inside the model's own environment, and its client.

It imports nothing of the portal. `frames` and `client` need the standard library alone and are
what the portal uses; everything else runs under the Python (3.10 or newer) and the MLflow (2.9 or
newer) of the model's environment and must keep to what those offer.
"""
