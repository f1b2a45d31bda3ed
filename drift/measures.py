"""Measures: what is known of a column in some rows, all a comparison needs, without the rows."""

from dataclasses import dataclass

from drift.columns import Column, ColumnKind
from drift.descriptors import Descriptors, LabelCount, describe
from drift.histograms import Bins, Histogram, count, make_bins, unseen


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of some rows: its figures, its counts on the baseline's bins, its new labels."""

    descriptors: Descriptors
    histogram: Histogram
    unseen: tuple[LabelCount, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """One column of the baseline: the bins that it fixes, and its own measure on them."""

    bins: Bins
    measure: Measure

    @property
    def kind(self) -> ColumnKind:
        """The kind every later window is read as."""
        return self.bins.kind


def refer(column: Column) -> Reference:
    """Measure a column of the baseline on bins of its own."""
    bins = make_bins(column)
    return Reference(bins, Measure(describe(column), count(bins, column)))


def measure(reference: Reference, column: Column) -> Measure:
    """Measure a column of a window, read with the reference's kind, on the reference's bins."""
    histogram = count(reference.bins, column)
    # When the baseline has more labels than bins, a label without a bin need not be new.
    lists_all = reference.measure.histogram.other == 0
    new = unseen(reference.bins, column) if lists_all and histogram.other else ()
    return Measure(describe(column), histogram, new)
