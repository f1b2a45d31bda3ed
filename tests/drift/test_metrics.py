"""The table of metrics is light, complete, and names functions that exist."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn.metrics

from drift.metrics import METRIC_TYPES, metrics_of
from drift.tasks import Task

SPECIFICATION = Path("/work/shared/drift.md")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", METRIC_TYPES)
def test_every_metric_names_a_function_of_scikit_learn_and_its_arguments(name: str) -> None:
    metric = METRIC_TYPES[name]
    function = getattr(sklearn.metrics, metric.function)
    assert metric.options.keys() <= inspect.signature(function).parameters.keys()
    assert metric.name == name
    assert metric.definition.endswith(".")
    assert metric.tasks


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the shared specification is not here")
def test_every_metric_of_the_specification_is_in_the_table() -> None:
    row = re.compile(r"^\| (\S+) \| `(\w+)`.* \| (class|binary|proba|reg|rank) \| (\w+) \|", re.M)
    wanted = row.findall(SPECIFICATION.read_text())
    assert len(wanted) > 60
    for name, function, _, needs in wanted:
        # The two likelihood ratios are two numbers, so they are two entries.
        entry = METRIC_TYPES.get(name) or METRIC_TYPES[f"{name}_positive"]
        assert (entry.function, entry.needs) == (function, needs)


def test_listing_the_metrics_loads_no_heavy_library() -> None:
    heavy = "{'numpy', 'pandas', 'scipy', 'sklearn'}"
    code = f"import sys, drift.metrics; sys.exit(len({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_confusion_matrix_is_listed_and_is_no_number() -> None:
    assert METRIC_TYPES["confusion_matrix"].greater_is_better is None
    assert "confusion_matrix" not in {m.name for m in metrics_of(Task.BINARY, "labels")}


def test_metrics_of_two_classes_do_not_apply_to_three() -> None:
    names = {metric.name for metric in metrics_of(Task.MULTICLASS, "labels")}
    assert "f1_binary" not in names
    assert "f1_macro" in names
