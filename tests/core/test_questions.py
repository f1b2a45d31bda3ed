"""Questions that a lower app asks and an upper one answers."""

from core.questions import Question


def test_a_question_has_the_answer_of_nobody_until_somebody_answers() -> None:
    def nothing(name: str, *, times: int = 1) -> str:
        """Return a greeting."""
        return "" * len(name) * times

    greeting = Question(nothing)
    assert greeting("Ada") == ""
    greeting.answer_with(lambda name, *, times=1: f"hello {name} " * times)
    assert greeting("Ada", times=2) == "hello Ada hello Ada "


def test_a_question_says_what_it_asks() -> None:
    def traffic() -> int:
        """Return how many requests came."""
        return 0

    assert Question(traffic).__doc__ == "Return how many requests came."
