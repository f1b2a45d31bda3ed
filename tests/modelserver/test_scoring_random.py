"""Random bodies: never an error of ours, and never another answer than MLflow's."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.modelserver.conftest import Pair

# MLflow and its libraries warn about themselves; what they warn about is not under test.
pytestmark = pytest.mark.filterwarnings("ignore")

ROWS: dict[str, dict[str, Any]] = {
    "forest": {"alcohol": 9.4, "pH": 3, "total sulfur dioxide": 34.5},
    "scalars": {
        "yes": True, "small": 3, "whole": 2**40, "single": 1.5, "double": 2.25, "text": "é",
        "when": "2024-01-01", "raw": "aGVsbG8=", "maybe": None,
    },
    "nested": {"list": [1.5, 2], "thing": {"x": 1, "y": "a"}, "map": {"k": 1.5}},
    "tensors": {"image": [[1, 2], [3, 4]], "label": 7},
    "tensor": {"a": 1.0, "b": 2, "c": 3.5},
    "unsigned": {"a": 1, "b": "x"},
}  # fmt: skip
ODD: list[Any] = [
    0, 1, -1, 3.0, 3.7, 2**31, 2**63, 10**30, 1e-320, 1e39, True, False, None, "", "1", "abc",
    "2024-01-01", "aGVsbG8=", "ü", [], [1, 2.5], ["a"], [[1, 2], [3, 4]], {}, {"x": 1, "y": "a"},
    {"x": "a"}, {"k": 1.5},
]  # fmt: skip


def forms(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows in every form that MLflow knows."""
    names = list(rows[0])
    values = [list(row.values()) for row in rows]
    return [
        {"dataframe_split": {"columns": names, "data": values}},
        {"dataframe_split": {"data": values}},
        {"dataframe_records": rows},
        {"instances": rows},
        {"instances": values},
        {"inputs": rows},
        {"inputs": values},
        {"inputs": {name: [row[name] for row in rows] for name in names}},
    ]


def spoil(chance: random.Random, node: Any) -> Any:
    """Return the JSON value with one thing in it replaced, removed, doubled or added."""
    if chance.random() < 0.15 or not isinstance(node, list | dict) or not node:
        return copy.deepcopy(chance.choice(ODD))
    places = list(node) if isinstance(node, dict) else range(len(node))
    place = chance.choice(places)
    what = chance.random()
    if what < 0.1:
        del node[place]
    elif what < 0.2 and isinstance(node, list):
        node.insert(place, copy.deepcopy(node[place]))
    elif what < 0.2:
        node["extra"] = node[place]
    else:
        node[place] = spoil(chance, node[place])
    return node


@pytest.mark.parametrize(
    ("seed", "bodies"), [(20240229, 60), pytest.param(20240301, 500, marks=pytest.mark.live)]
)
@pytest.mark.parametrize("model", ROWS)
def test_a_random_body_is_answered_as_by_mlflow_or_refused(
    pair: Callable[[str], Pair], model: str, seed: int, bodies: int
) -> None:
    chance = random.Random(f"{seed} {model}")
    statuses = []
    for _ in range(bodies):
        rows = [copy.deepcopy(ROWS[model]) for _ in range(chance.choice([1, 1, 2, 3]))]
        body = chance.choice(forms(rows))
        for _ in range(chance.choice([0, 1, 1, 2])):
            body = spoil(chance, body)
        encoded = json.dumps(body).encode()
        ours, theirs = pair(model).both(encoded, "application/json")
        statuses.append(ours[0])
        if ours[0] == 200:
            assert ours == theirs, encoded
        else:
            assert ours[0] in (400, 422), (encoded, ours)
            error = json.loads(ours[1])
            assert error["message"], encoded
            assert "Traceback" not in error["message"]
    assert bodies * 0.05 < statuses.count(200) < bodies * 0.9, (
        "too good or too bad to mean anything"
    )
