"""Confusion matrices: rows counted by true and predicted class, which add up over windows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drift.labels import ordered


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """`counts[i][j]` is the number of rows of true class `labels[i]` predicted as `labels[j]`."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def __add__(self, more: "ConfusionMatrix") -> "ConfusionMatrix":
        """Return the matrix of both sets of rows; classes only one of them knows are kept."""
        new = ordered(set(more.labels) - set(self.labels))
        labels = (*self.labels, *new)
        total = self.on(labels) + more.on(labels)
        return ConfusionMatrix(labels, tuple(tuple(row) for row in total.tolist()))

    @property
    def rows(self) -> int:
        """The number of rows counted."""
        return sum(map(sum, self.counts))

    def on(self, labels: tuple[str, ...]) -> NDArray[np.int64]:
        """Return the counts as an array for `labels`, which must include the matrix's own."""
        places = [labels.index(label) for label in self.labels]
        table = np.zeros((len(labels), len(labels)), dtype=np.int64)
        table[np.ix_(places, places)] = np.array(self.counts, dtype=np.int64).reshape(
            len(self.labels), len(self.labels)
        )
        return table


def count_pairs(
    labels: tuple[str, ...], truths: NDArray[np.int64], predictions: NDArray[np.int64]
) -> ConfusionMatrix:
    """Count pairs of codes, which are positions in `labels`; -1, missing, is left out."""
    size = len(labels)
    both = (truths >= 0) & (predictions >= 0)
    pairs = truths[both] * size + predictions[both]
    table = np.bincount(pairs, minlength=size * size).reshape(size, size)
    return ConfusionMatrix(labels, tuple(tuple(row) for row in table.tolist()))
