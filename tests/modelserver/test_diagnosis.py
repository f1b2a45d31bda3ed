"""Models that cannot be loaded: the cause and the next step are said in words."""

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modelserver.diagnosis import ExampleFailed, explain_failure
from modelserver.loading import load
from tests.modelserver.conftest import Saved
from tests.modelserver.models import ECHO, save_code

# MLflow and its libraries warn about themselves; what they warn about is not under test.
pytestmark = pytest.mark.filterwarnings("ignore")

Broken = Callable[[str], Path]


@pytest.fixture
def broken(saved: Saved, tmp_path: Path) -> Broken:
    """Copy a saved model into a folder where a test may break it."""
    return lambda name: shutil.copytree(saved(name), tmp_path / "model")


def words_of(model_dir: Path) -> str:
    """Return what is said of a model that does not load."""
    with pytest.raises(Exception) as raised:
        load(model_dir)
    return explain_failure(raised.value, model_dir=model_dir)


def test_a_folder_without_an_mlmodel_file(tmp_path: Path) -> None:
    words = words_of(tmp_path)
    assert words.startswith("The folder is no MLflow model: it has no file 'MLmodel'.")


def test_a_missing_artifact_is_named(broken: Broken) -> None:
    folder = broken("skops forest")
    (folder / "model.skops").unlink()
    words = words_of(folder)
    assert "The file 'model.skops' of the model is missing. Log the model again" in words
    assert "FileNotFoundError" in words


def test_types_that_skops_does_not_trust_are_named_with_both_ways_out(broken: Broken) -> None:
    folder = broken("skops forest")
    mlmodel = (folder / "MLmodel").read_text()
    trusted = "skops_trusted_types:\n    - sklearn.tree._tree.Tree"
    assert trusted in mlmodel
    (folder / "MLmodel").write_text(mlmodel.replace(trusted, "skops_trusted_types: null"))
    words = words_of(folder)
    assert 'skops_trusted_types=["sklearn.tree._tree.Tree"]' in words
    assert 'serialization_format="cloudpickle"' in words


def test_a_module_that_is_not_installed_is_named_with_the_next_step(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    save_code(folder, ECHO)
    (folder / "model.py").write_text(f"from grapes_of_ada import wrath\n{ECHO}")
    words = words_of(folder)
    assert "Module 'grapes_of_ada' is not installed in the model's environment" in words
    assert "code_paths" in words and "extra_pip_requirements" in words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ModuleNotFoundError("No module named 'numpy._gone'", name="numpy._gone"),
            "Module 'numpy._gone' is not in the installed numpy 2",
        ),
        (
            AttributeError("Can't get attribute 'Wine' on <module '__main__' from 'x.py'>"),
            "The model needs 'Wine', which was defined in the script or notebook",
        ),
        (
            AttributeError("Can't get attribute '_loss' on <module 'sklearn.ensemble' from 'x'>"),
            "'_loss' is not in module 'sklearn.ensemble': the model was stored with another",
        ),
        (
            ValueError("node array from the pickle has an incompatible dtype:\n- expected: {...}"),
            "cannot be read by the installed libraries",
        ),
        (
            ValueError("unsupported pickle protocol: 5"),
            "another version of a library than its requirements name",
        ),
        (pickle.UnpicklingError("pickle data was truncated"), "damaged or cut off"),
        (EOFError("Ran out of input"), "damaged or cut off"),
        (
            ImportError("cannot import name 'x' from 'scipy'", name="scipy"),
            "importing 'scipy' failed",
        ),
        (PermissionError(13, "Permission denied", "/etc/shadow"), "touched a file"),
        (MemoryError(), "needs more memory"),
        (RuntimeError("no\nsuch  grape"), "could not be loaded. RuntimeError: no such grape"),
        (SystemExit(4), "could not be loaded. SystemExit: 4"),
        (ExampleFailed("The model did not answer."), "The model did not answer."),
    ],
)
def test_a_failure_is_explained_and_its_own_words_are_kept(
    error: BaseException, words: str, tmp_path: Path
) -> None:
    said = explain_failure(error, model_dir=tmp_path)
    assert words in said
    assert isinstance(error, ExampleFailed) or type(error).__name__ in said
    assert len(said) < 1200


def test_a_model_without_a_python_function_is_explained(broken: Broken) -> None:
    folder = broken("forest")
    mlmodel = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(mlmodel.replace("python_function:", "other_function:"))
    assert "no python_function flavour" in words_of(folder)


def test_models_that_may_not_be_unpickled_are_explained(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    assert "Remove MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false" in words_of(saved("regression"))
