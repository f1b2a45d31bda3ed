"""Tools of the repository that make calls; the portal itself imports nothing from here."""
