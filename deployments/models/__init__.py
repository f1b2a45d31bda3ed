"""Rows of what is served: deployments, their releases, model servers, environments, nodes."""

from deployments.models.deployment import Deployment, DeploymentEvent
from deployments.models.environment import Environment
from deployments.models.node import Node
from deployments.models.release import Release
from deployments.models.server import ModelServer

__all__ = ["Deployment", "DeploymentEvent", "Environment", "ModelServer", "Node", "Release"]
