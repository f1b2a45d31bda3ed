"""`manage.py deploy MODEL[@alias|/version] [--name N]`: the same service as page and REST.

A model alone stands for its newest version.
"""

import re
from argparse import ArgumentParser
from typing import Any

from core.commands import PortalCommand
from core.errors import InvalidError
from deployments import selectors, services
from deployments.api import DeploymentSerializer
from registry import selectors as registry

_REFERENCE = re.compile(r"^(?P<model>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))?$")


class Command(PortalCommand):
    """Deploys a version, or replaces the one that the name serves, and waits until it is live."""

    help = (
        "Deploy MODEL/VERSION, MODEL@ALIAS or the newest version of MODEL; replaces the version if "
        "the name serves already."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to deploy and under which name."""
        super().add_arguments(parser)
        parser.add_argument("reference", metavar="MODEL[@alias|/version]")
        parser.add_argument("--name", default="", help="Default: the model's name.")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Ask for the deployment and follow it to its end."""
        match = _REFERENCE.match(options["reference"])
        if match is None:
            raise InvalidError(
                f"{options['reference']!r} is not MODEL, MODEL/VERSION or MODEL@ALIAS.",
                hint="For example: manage.py deploy wine@champion",
            )
        model = match["model"]
        alias = match["alias"] or ""
        version = match["version"] or ("" if alias else registry.newest(model).version)
        wanted = {"version": version, "alias": alias}
        name = options["name"] or model
        row = selectors.deployments(wanted_only=True).filter(name=name).first()
        if row is None:
            row, job = services.deploy(model=model, name=name, actor=None, **wanted)
        else:
            if row.model_name != model:
                raise InvalidError(f"{name} serves {row.model_name}, not {model}.")
            job = services.switch_version(deployment=row, actor=None, **wanted)
        self.follow(job, quiet=options["json"])
        return dict(DeploymentSerializer(selectors.deployment(name)).data)

    def say(self, result: dict[str, Any]) -> None:
        """Print where predictions are asked for."""
        self.stdout.write(f"{result['name']} serves version {result['version']}: {result['url']}")
