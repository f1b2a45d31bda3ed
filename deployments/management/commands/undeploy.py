"""`manage.py undeploy NAME`: the same service as page and REST."""

from argparse import ArgumentParser
from typing import Any

from core.commands import PortalCommand
from deployments import selectors, services
from deployments.api import DeploymentSerializer


class Command(PortalCommand):
    """Ends what serves a name, and waits until no process of it is left."""

    help = "Undeploy; history and predictions stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the deployment's name."""
        super().add_arguments(parser)
        parser.add_argument("name")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Ask for the end and follow it."""
        row = selectors.deployment(options["name"])
        self.follow(services.undeploy(deployment=row, actor=None), quiet=options["json"])
        return dict(DeploymentSerializer(selectors.deployment(row.name)).data)

    def say(self, result: dict[str, Any]) -> None:
        """Print that it is done."""
        self.stdout.write(f"{result['name']} is {result['status']}.")
