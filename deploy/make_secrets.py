"""Writes the secret files that compose.yaml names, once: `python3 deploy/make_secrets.py`.

What is there already is left alone, for databases keep the password of their first start.
"""

import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"


def main(folder: Path = FOLDER) -> int:
    """Write what is missing in `folder`, and say what was written."""
    # Containers read the files as users of their own, so the files are open and the folder,
    # which no container sees, is not.
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    passwords = {
        name: _secret(folder / name)
        for name in (
            "secret_key",
            "postgres_password",
            "portal_database_password",
            "mlflow_database_password",
            "redis_password",
        )
    }
    _write(
        folder / "portal_database_url",
        f"postgresql://portal:{passwords['portal_database_password']}@postgres:5432/portal",
    )
    _write(
        folder / "mlflow_database_url",
        f"postgresql://mlflow:{passwords['mlflow_database_password']}@postgres:5432/mlflow",
    )
    _write(folder / "broker_url", f"redis://:{passwords['redis_password']}@redis:6379/0")
    sys.stdout.write(f"The secrets are in {folder}; keep a copy with your backups.\n")
    return 0


def _secret(path: Path) -> str:
    if not path.exists():
        _write(path, secrets.token_urlsafe(50))
    return path.read_text(encoding="ascii")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")
    path.chmod(0o444)


if __name__ == "__main__":
    sys.exit(main())
