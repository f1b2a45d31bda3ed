#!/usr/bin/env python
"""The door of the command line."""

import os
import sys


def main() -> None:
    """Run one of Django's or the portal's commands; what cannot start says why in a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlopsportal.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
