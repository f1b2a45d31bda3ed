"""Columns: which of a data set's columns are the model's inputs, and which one is the target."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidError
from monitoring.origins import TARGET_TAG, target_tag
from registry.models import ModelVersion

_MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of a data set by what they are; `notes` are sentences about what is amiss."""

    inputs: tuple[str, ...]
    target: str | None
    notes: tuple[str, ...] = ()


def roles_of(version: ModelVersion, columns: Sequence[str]) -> Roles:
    """Tell inputs and target apart: by the signature and the tag `portal.target`.

    Without named columns in the signature every column but the tagged one is an input. Without a
    tag the target is the one column that is no input; several leave it open, and a note says so.

    Raises:
        InvalidError: the data set has none of the inputs.
    """
    tag = target_tag(version)
    signature = [str(entry["name"]) for entry in version.inputs if not _is_tensor(entry)]
    inputs = tuple(
        name for name in (signature or columns) if name in columns and (signature or name != tag)
    )
    if not inputs:
        raise InvalidError(
            f"The data set has none of the inputs of {version}: it has {_listed(columns)}, "
            f"the model takes {_listed(signature or ['no input'])}.",
            hint="Upload the training set with the columns that the model was trained on.",
        )
    notes = []
    if absent := [name for name in signature if name not in columns]:
        notes.append(
            f"{_listed(absent)}: in the signature but not in the data set, so not compared."
        )
    target, note = _target(tag, [name for name in columns if name not in inputs], columns)
    return Roles(inputs, target, (*notes, note) if note else tuple(notes))


def _target(tag: str, others: list[str], columns: Sequence[str]) -> tuple[str | None, str]:
    """Return the target column, if it is certain, and a sentence if it is not."""
    if tag:
        missing = f"The tag {TARGET_TAG} names {tag!r}, which the data set does not have."
        return (tag, "") if tag in columns else (None, missing)
    if len(others) == 1:
        return others[0], ""
    if not others:
        return None, "The data set has no column besides the inputs, so the target is not known."
    return None, (
        f"The target is not certain: {_listed(others)} are no inputs. Name it with the tag "
        f"{TARGET_TAG} on the model version."
    )


def _is_tensor(entry: dict[str, object]) -> bool:
    return str(entry.get("type", "")).startswith("tensor")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
