"""A column is measured on the baseline's terms, whatever the window sends."""

from drift.columns import MOST_CATEGORIES, ColumnKind
from drift.descriptors import describe
from drift.histograms import count, make_bins
from drift.measures import measure, refer
from tests.drift.samples import a_column


def test_a_reference_is_its_bins_and_its_own_measure() -> None:
    column = a_column([1.5, 2.5, None])
    reference = refer(column)
    assert reference.kind is ColumnKind.FLOAT
    assert reference.bins == make_bins(column)
    assert reference.measure.descriptors == describe(column)
    assert reference.measure.histogram == count(reference.bins, column)


def test_labels_that_the_baseline_never_had_are_named() -> None:
    reference = refer(a_column(["a", "b"]))
    found = measure(reference, a_column(["a", "z", "z"], ColumnKind.CATEGORY))
    assert [(entry.label, entry.count) for entry in found.unseen] == [("z", 2)]


def test_nothing_is_called_new_when_the_baseline_has_too_many_labels_to_list() -> None:
    labels = [f"{n}" for n in range(MOST_CATEGORIES + 1)]
    reference = refer(a_column(labels, ColumnKind.CATEGORY))
    found = measure(reference, a_column(labels, ColumnKind.CATEGORY))
    assert found.histogram.other == 1
    assert found.unseen == ()
