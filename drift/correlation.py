"""Correlation: Pearson's coefficient for every pair of numeric columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from drift.columns import Column
from drift.numbers import all_known


@dataclass(frozen=True, slots=True)
class Correlation:
    """A symmetric matrix in the order of `columns`; None where a pair does not vary together."""

    columns: tuple[str, ...]
    matrix: tuple[tuple[float | None, ...], ...]


def correlate(columns: Mapping[str, Column]) -> Correlation:
    """Correlate the numeric columns pairwise, each pair over the rows where both are finite."""
    numbers = {
        name: np.where(np.isfinite(column.numbers), column.numbers, np.nan)
        for name, column in columns.items()
        if column.kind.is_number
    }
    with np.errstate(all="ignore"):  # values near the limits of a float64 overflow to unknown
        matrix = pd.DataFrame(numbers).corr(method="pearson").to_numpy()
    return Correlation(tuple(numbers), tuple(all_known(row) for row in matrix))
