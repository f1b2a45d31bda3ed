"""What a model may ask for: names and versions, nothing that runs a stranger's build."""

import pytest

from deployments.errors import BuildError
from deployments.requirements import checked


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mlflow==3.17.0\nscikit-learn==1.8.0\n", ["mlflow==3.17.0", "scikit-learn==1.8.0"]),
        ("scikit-learn==1.8.0", ["mlflow==3.17.0", "scikit-learn==1.8.0"]),
        ("", ["mlflow==3.17.0"]),
        ("mlflow-skinny>=3", ["mlflow-skinny>=3"]),
        ("MLflow_Skinny", ["MLflow_Skinny"]),
        ("# a comment\n\n  numpy # why\nmlflow", ["mlflow", "numpy"]),
        ("numpy \\\n  ==1.26\nmlflow", ["mlflow", "numpy==1.26"]),
        ("numpy\r\nmlflow\r\n", ["mlflow", "numpy"]),
        ("numpy<3,>=1.26\nmlflow", ["mlflow", "numpy<3,>=1.26"]),
        ("numpy; python_version < '3.12'\nmlflow", ["mlflow", 'numpy; python_version < "3.12"']),
        ("pandas[parquet,excel]\nmlflow", ["mlflow", "pandas[excel,parquet]"]),
        ("mlflow\nmlflow", ["mlflow"]),
    ],
)
def test_names_and_versions_are_taken_sorted_with_mlflow_added(text: str, found: list[str]) -> None:
    assert checked(text, mlflow_version="3.17.0") == found


def test_the_same_requirements_in_another_order_are_the_same() -> None:
    one = checked("numpy\nscipy\nmlflow", mlflow_version="")
    assert one == checked("mlflow\n\nscipy\nnumpy", mlflow_version="")


def test_without_a_known_version_mlflow_is_unpinned() -> None:
    assert checked("numpy", mlflow_version="") == ["mlflow", "numpy"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--index-url https://evil.example/simple", "is an option of pip"),
        ("-i https://evil.example", "is an option of pip"),
        ("--extra-index-url=https://evil.example", "is an option of pip"),
        ("--find-links /tmp", "is an option of pip"),
        ("-r other.txt", "is an option of pip"),
        ("-c constraints.txt", "is an option of pip"),
        ("-e .", "is an option of pip"),
        ("--no-binary :all:", "is an option of pip"),
        ("numpy --config-settings=x=y", "is not a name with versions"),
        ("numpy==1.26 --hash=sha256:00", "is not a name with versions"),
        ("evil @ https://evil.example/e-1.whl", "names a URL"),
        ("evil @ git+https://evil.example/e.git", "names a URL"),
        ("evil@file:///tmp/e.whl", "names a URL"),
        ("git+https://evil.example/e.git#egg=e", "is not a name with versions"),
        ("https://evil.example/e-1.whl", "is not a name with versions"),
        ("./wheels/e-1.whl", "is not a name with versions"),
        ("/tmp/e-1.tar.gz", "is not a name with versions"),
        ("../evil", "is not a name with versions"),
        ("file:///tmp/e", "is not a name with versions"),
        ("numpy==1.26; os_name", "is not a name with versions"),
        ("$(touch /tmp/x)", "is not a name with versions"),
        ("${HOME}", "is not a name with versions"),
        ("numpy==", "is not a name with versions"),
    ],
)
def test_everything_else_is_refused_by_the_line(line: str, why: str) -> None:
    with pytest.raises(BuildError) as caught:
        checked(f"mlflow\n{line}\nnumpy", mlflow_version="3.17.0")
    assert line.split(" --")[0][:20] in caught.value.message
    assert why in caught.value.message
    assert caught.value.permanent
    assert "pip_requirements" in caught.value.hint


@pytest.mark.parametrize("version", ["not a version", "3.17 @ https://evil.example", "3 -r x"])
def test_an_odd_version_of_mlflow_in_the_models_file_is_refused_too(version: str) -> None:
    with pytest.raises(BuildError):
        checked("numpy", mlflow_version=version)
