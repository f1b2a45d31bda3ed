"""What a container of the portal starts with and is asked; the portal imports nothing of it."""
