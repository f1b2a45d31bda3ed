"""The Django project: settings, schedule, URLs, processes; it composes all, nothing imports it."""
