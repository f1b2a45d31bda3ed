"""The order of keys in JSON columns."""

import pytest

from monitoring.models import MetricRecord
from tests import factories

pytestmark = pytest.mark.django_db


def test_ordered_json_comes_back_in_the_order_it_was_written_in() -> None:
    """PostgreSQL's jsonb would sort them: shorter keys first."""
    written = {"longest": 1, "b": {"zz": None, "a": 0.1}, "a": [True, "ä"]}
    version = factories.a_version(model="wine")
    row = MetricRecord.objects.create(version=version, kind="original", rows=1, metrics=written)
    read = MetricRecord.objects.get(pk=row.pk).metrics
    assert read == written
    assert list(read) == ["longest", "b", "a"]
    assert list(read["b"]) == ["zz", "a"]
