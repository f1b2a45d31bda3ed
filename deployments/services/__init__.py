"""Writes of desired state: deploy, replace, restart, roll back, undeploy."""

from deployments.services.desired import (
    deploy,
    follow_aliases,
    restart,
    roll_back,
    set_public,
    switch_version,
    undeploy,
)

__all__ = [
    "deploy",
    "follow_aliases",
    "restart",
    "roll_back",
    "set_public",
    "switch_version",
    "undeploy",
]
