"""What the portal's own commands share: errors as one sentence, results as text or JSON."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.errors import PortalError
from core.models import Job, JobLine


class PortalCommand(BaseCommand):
    """A command that calls one service; exit code 0 only when it worked."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --json; commands add theirs."""
        parser.add_argument("--json", action="store_true", help="Print the REST object.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command's act and print its result."""
        del args
        try:
            result = self.act(options)
        except PortalError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(result, indent=2, default=str))
        else:
            self.say(result)

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do the thing and return it as REST would."""
        raise NotImplementedError

    def say(self, result: dict[str, Any]) -> None:
        """Print the result for people."""
        for key, value in result.items():
            self.stdout.write(f"{key}: {value}")

    def follow(self, job: Job, *, quiet: bool) -> Job:
        """Wait for the end of a job, printing its lines as they come.

        Raises:
            CommandError: it did not succeed.
        """
        last = 0
        while True:
            job.refresh_from_db()
            for line in JobLine.objects.filter(job=job, pk__gt=last):
                last = line.pk
                if not quiet:
                    self.stdout.write(line.text)
            if not job.is_open:
                break
            time.sleep(0.2)
        if job.status != Job.Status.SUCCEEDED:
            raise CommandError(f"{job.error or job.status} {job.hint}".strip())
        return job
