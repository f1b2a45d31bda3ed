"""How MLflow's server is started: on a private socket, told nothing that it need not know."""

import re
import shlex
import stat
from pathlib import Path

import pytest
from django.conf import LazySettings

from registry import server


def test_the_server_listens_on_a_private_socket_and_answers_to_one_name(
    tmp_path: Path, settings: LazySettings
) -> None:
    settings.DATA = tmp_path / "with blanks"
    command = server.command()
    options = shlex.split(command[command.index("--uvicorn-opts") + 1])
    assert options[options.index("--uds") + 1] == str(server.socket())
    assert command[command.index("--allowed-hosts") + 1] == "mlflow.portal"
    assert not {"--host", "--port", "-h", "-p"} & set(command)


def test_the_password_of_its_database_is_not_on_the_command_line(settings: LazySettings) -> None:
    settings.MLFLOW_DATABASE_URL = "postgresql://mlflow:canary@db/mlflow"
    assert "canary" not in " ".join(server.command())
    handed = server.environment()["MLFLOW_BACKEND_STORE_URI"]
    assert handed == "postgresql+psycopg://mlflow:canary@db/mlflow"


def test_by_default_its_database_is_a_file_of_the_data_folder(settings: LazySettings) -> None:
    settings.MLFLOW_DATABASE_URL = ""
    assert server.backend_uri() == f"sqlite:///{server.FOLDER}/mlflow.sqlite3"


def test_it_is_told_no_secret_and_nothing_that_would_redirect_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = (
        *("SECRET_KEY", "DATABASE_URL", "DATABASE_URL_FILE", "PORTAL_BROKER_URL"),
        *("PORTAL_TELEGRAM_TOKEN", "MLFLOW_TRACKING_URI", "MLFLOW_BACKEND_STORE_URI"),
        *("_MLFLOW_SERVER_FILE_STORE", "UVICORN_PORT", "GUNICORN_CMD_ARGS", "PYTHONPATH"),
    )
    for name in told:
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "its artifacts may lie there")
    environment = server.environment()
    assert "canary" not in environment.values()
    assert environment["AWS_SECRET_ACCESS_KEY"]
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_what_needs_a_known_passphrase_or_github_is_switched_off() -> None:
    environment = server.environment()
    assert environment["MLFLOW_ENABLE_AI_GATEWAY"] == "false"
    assert environment["MLFLOW_MODEL_CATALOG_URI"] == ""


SOURCES = [
    ("runs:/0a1b/model", True),
    ("models:/m-0a1b", True),
    ("mlflow-artifacts:/1/models/m-0a1b/artifacts", True),
    ("prompt-template", True),
    ("dummy-source", True),
    ("/etc", False),
    ("file:///etc", False),
    ("etc", False),
    ("s3://elsewhere/x", False),
    ("http://elsewhere/x", False),
    ("dummy-source/../../etc", False),
    ("prompt-template\n/etc", False),
    ("x runs:/0a1b", False),
]


@pytest.mark.parametrize(("source", "allowed"), SOURCES)
@pytest.mark.parametrize("root", ["", "s3://bucket/portal/", "/srv/artifacts"])
def test_a_version_is_made_from_what_lies_in_the_store(
    source: str, allowed: bool, root: str, settings: LazySettings
) -> None:
    settings.ARTIFACTS_URL = root
    pattern = server.environment()["MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"]
    assert bool(re.search(pattern, source)) is allowed


def test_where_the_store_is_a_bucket_its_own_addresses_are_allowed(settings: LazySettings) -> None:
    settings.ARTIFACTS_URL = "s3://buck.et/portal"
    assert re.search(server.sources(), "s3://buck.et/portal/1/model")
    assert not re.search(server.sources(), "s3://buck.et/portal-of-others/1/model")
    assert not re.search(server.sources(), "s3://buckxet/portal/1/model")
    settings.ARTIFACTS_URL = "file:///srv/artifacts"
    assert not re.search(server.sources(), "file:///srv/artifacts/1/model")


def test_what_a_killed_server_left_is_removed_before_the_next(
    tmp_path: Path, settings: LazySettings
) -> None:
    settings.DATA = tmp_path
    server.socket().touch()
    server.prepare()
    assert not server.socket().exists()
    assert stat.S_IMODE((tmp_path / "mlflow" / "artifacts").stat().st_mode) == 0o700
