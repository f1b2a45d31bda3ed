"""Where versions are served, asked of whoever stands above."""

import pytest

from registry import usage
from tests.factories import a_deployment

pytestmark = pytest.mark.django_db


def test_deployments_answer_where_a_model_is_served() -> None:
    a_deployment(name="one", model="wine", version="3")
    a_deployment(name="two", model="wine", version="4", status="building")
    a_deployment(name="other", model="taxi")
    a_deployment(name="gone", model="wine", wanted=False)
    places = usage.by_model(["wine", "beer"])
    assert list(places) == ["wine"]
    assert [(p.name, p.version, p.status, p.url) for p in places["wine"]] == [
        ("one", "3", "live", "/deployments/one/"),
        ("two", "4", "building", "/deployments/two/"),
    ]
