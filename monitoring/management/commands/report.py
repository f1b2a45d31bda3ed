"""`manage.py report`: a degradation report for shells and CI."""

from argparse import ArgumentParser
from pathlib import Path
from shutil import copyfile
from typing import Any

from core import timerange
from core.commands import PortalCommand
from core.errors import InvalidError
from deployments import selectors as deployments
from monitoring.models import Check
from monitoring.rules import WATCHED_WINDOW
from monitoring.serializers import DegradationReportSerializer


class Command(PortalCommand):
    """Checks a deployment over a window now, and writes the zip file of the report."""

    help = "Check a deployment against its baseline; exit code 0 only if a report was made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the deployment, the range and the file."""
        super().add_arguments(parser)
        parser.add_argument("name", help="The deployment.")
        parser.add_argument("--window", choices=list(timerange.WINDOWS))
        parser.add_argument("--from", dest="from_", metavar="TIME", help="RFC 3339")
        parser.add_argument("--to", metavar="TIME", help="RFC 3339; default: now")
        parser.add_argument("--tz", help="Zone of times without an offset; default: UTC.")
        parser.add_argument("--out", type=Path, metavar="F.zip", help="Where to write the report.")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Run the check in this process and write the file."""
        from monitoring.bundle import write_check  # pandas and matplotlib: for this act alone
        from monitoring.services.checks import run_check

        asked = {name: options.get(name) or "" for name in ("window", "to", "tz")}
        span = timerange.parse({**asked, "from": options["from_"] or ""}, default=WATCHED_WINDOW)
        check = run_check(deployment=deployments.deployment(options["name"]), span=span)
        if check.status == Check.Status.FAILED:
            raise InvalidError(check.problem, hint=check.hint)
        if options["out"] is not None:
            _copy(write_check(check, log=lambda _: None), options["out"])
        return dict(DegradationReportSerializer(check).data)

    def say(self, result: dict[str, Any]) -> None:
        """Print the verdict and the findings."""
        self.stdout.write(f"{result['check']['status']}: {result['headline']}")
        for finding in result["findings"]:
            self.stdout.write(f"- {finding}")


def _copy(report: Path, target: Path) -> None:
    try:
        copyfile(report, target)
    except OSError as error:
        raise InvalidError(
            f"{target} cannot be written: {error.strerror}.",
            hint="Name a file in a folder that is there and that you may write, by --out.",
        ) from error
