"""How a model server is run on a machine: one small protocol, one file per way."""

from deployments.runtimes.process import ProcessRuntime
from deployments.runtimes.protocol import Runtime

__all__ = ["ProcessRuntime", "Runtime"]
