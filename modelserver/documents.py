"""JSON bodies: strict reading of the text, and which of MLflow's forms it has."""

import json
import math
import re
from typing import Any, Final, NoReturn

from modelserver.answers import Refusal, listed
from modelserver.tables import INPUTS, INSTANCES, RECORDS, SPLIT

FORMS: Final = (SPLIT, RECORDS, INSTANCES, INPUTS)
PARAMS: Final = "params"
HINT: Final = f"Send an object with exactly one of {', '.join(FORMS)}, and params if needed."

# Only a number with such an exponent can be too large for a double. To look for it costs a tenth
# of converting each number in Python.
_MAY_OVERFLOW: Final = re.compile(rb"[eE][+\d]\d\d")


def read_document(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body; raises Refusal for anything else.

    NaN, Infinity and numbers beyond a double are refused: JSON has no such values, and what Python
    would read instead reaches the model as a number that nobody sent.
    """
    if not body or body.isspace():
        raise Refusal("The body is empty.", hint=HINT)
    parse_float = _finite if _MAY_OVERFLOW.search(body) else None
    try:
        document = json.loads(body, parse_constant=_no_constant, parse_float=parse_float)
    except RecursionError as error:
        raise Refusal("The body is nested too deeply.", hint=HINT) from error
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno}, column {error.colno}"
        raise Refusal(
            f"The body is not valid JSON: {error.msg.removesuffix(' at')} {place}."
        ) from error
    except UnicodeDecodeError as error:
        raise Refusal(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    except ValueError as error:  # Python reads at most 4,300 digits of an integer
        raise Refusal("The body holds an integer of too many digits.") from error
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a single value"
        raise Refusal(f"The body is {kind}, not an object.", hint=HINT)
    return document


def split_document(document: dict[str, Any]) -> tuple[str, Any, dict[str, Any] | None]:
    """Return the form of a body, the value under its key, and the parameters beside it."""
    forms = [key for key in document if key in FORMS]
    if unknown := [key for key in document if key not in FORMS and key != PARAMS]:
        raise Refusal(f"The body has the unknown key {listed(unknown)}.", hint=HINT)
    if len(forms) != 1:
        found = f"both {' and '.join(forms)}" if forms else f"none of {', '.join(FORMS)}"
        raise Refusal(f"The body has {found}.", hint=HINT)
    params = document.get(PARAMS)
    if params is not None and not isinstance(params, dict):
        raise Refusal("'params' must be an object.")
    return forms[0], document[forms[0]], params


def _no_constant(name: str) -> NoReturn:
    raise Refusal(f"The body holds {name}, which JSON does not have.", hint="Send null instead.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Refusal(f"The number {text[:60]} is too large for a double.")
    return number
