"""Questions that a lower app asks and whoever stands above it answers.

Imports only go down the picture of the design; yet the page of a model says where it is deployed,
and the page of a deployment how much it is asked. The lower app states the question, the upper one
answers it when it starts (`AppConfig.ready`), as apps bring their kinds of jobs.
"""

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Question(Generic[P, T]):
    """Something to be called whose answer another app gives; `unanswered` answers until then."""

    def __init__(self, unanswered: Callable[P, T]) -> None:
        self._answer = unanswered
        self.__doc__ = unanswered.__doc__

    def answer_with(self, answer: Callable[P, T]) -> None:
        """Let `answer` answer from now on."""
        self._answer = answer

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask."""
        return self._answer(*args, **kwargs)
