"""What a model asks for, checked before anything is installed: names and versions only.

A line of a requirements file can name a URL, another index or a local folder, each of which would
run a stranger's build on this machine: they are refused by name.
"""

from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from deployments.errors import BuildError


def checked(text: str, *, mlflow_version: str) -> list[str]:
    """Return the requirements in `text`, sorted, with MLflow added when it is missing.

    Raises:
        BuildError: a line is an option, a URL or unreadable; the message quotes it.
    """
    found = [_requirement(line) for line in _lines(text)]
    names = {canonicalize_name(requirement.name) for requirement in found}
    if not names & {"mlflow", "mlflow-skinny"}:
        # The model server reads the model with MLflow, whatever the model itself imports.
        found.append(_requirement(f"mlflow=={mlflow_version}" if mlflow_version else "mlflow"))
    return sorted({str(requirement) for requirement in found}, key=str.lower)


def _lines(text: str) -> Iterable[str]:
    for raw in text.replace("\\\n", " ").splitlines():
        line = raw.split(" #", 1)[0].strip()
        if line and not line.startswith("#"):
            yield line


def _requirement(line: str) -> Requirement:
    if line.startswith("-"):
        raise _refused(line, "is an option of pip")
    try:
        requirement = Requirement(line)
    except InvalidRequirement as error:
        raise _refused(line, "is not a name with versions") from error
    if requirement.url is not None:
        raise _refused(line, "names a URL")
    return requirement


def _refused(line: str, why: str) -> BuildError:
    return BuildError(
        f"The model's requirement {line[:200]!r} {why}.",
        hint="Only packages of the package index by name and version can be installed. Register "
        "the model again with such requirements (pip_requirements=…).",
        permanent=True,
    )
