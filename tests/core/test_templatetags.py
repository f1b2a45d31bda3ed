"""The template tags of every page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import timezone

from core.statuses import WORDS


def rendered(source: str, **context: object) -> str:
    """Return a template's text; `portal` is loaded."""
    request = context.pop("request", None)
    known = RequestContext(request, context) if request else Context(context)
    return Template("{% load portal %}" + source).render(known)


@pytest.mark.parametrize("word", WORDS)
def test_a_status_is_shown_as_icon_word_and_tone(word: str) -> None:
    html = rendered("{% status word %}", word=word)
    known = WORDS[word]
    assert f'class="status tone-{known.tone.value}"' in html
    assert f"#{known.icon}" in html
    assert html.endswith(f"</svg>{known.label}</span>")


def test_a_status_that_nobody_described_is_unknown() -> None:
    assert "unknown</span>" in rendered("{% status word %}", word="<b>odd</b>")


def test_a_status_comes_plain_and_large_too() -> None:
    assert "status-plain" in rendered('{% status "live" "plain" %}')
    assert "status-large" in rendered('{% status "live" look="large" %}')


def test_only_a_working_status_turns() -> None:
    assert "spin" in rendered('{% status "running" %}')
    assert "spin" not in rendered('{% status "live" %}')


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in rendered('{% icon "bell" %}')
    spoken = rendered('{% icon "bell" label=label %}', label='Say "hi"')
    assert 'role="img" aria-label="Say &quot;hi&quot;"' in spoken
    assert "aria-hidden" not in spoken


def test_a_time_is_relative_with_the_absolute_one_as_title() -> None:
    moment = timezone.now() - timedelta(minutes=5, seconds=3)
    html = rendered("{% ago moment %}", moment=moment)
    assert ">5 min ago</time>" in html
    assert f'title="{moment:%Y-%m-%d %H:%M:%S} UTC"' in html


def test_full_times_and_times_of_day_are_in_utc() -> None:
    moment = datetime(2026, 11, 23, 21, 42, 5, tzinfo=UTC)
    assert ">2026-11-23 21:42:05 UTC</time>" in rendered("{% at moment %}", moment=moment)
    assert ">21:42:05</time>" in rendered("{% clock moment %}", moment=moment)


@pytest.mark.parametrize("tag", ["ago", "at", "clock", "number", "bytes", "duration", "percent"])
@pytest.mark.parametrize("context", [{}, {"value": None}])
def test_what_is_missing_is_a_dash(tag: str, context: dict[str, None]) -> None:
    assert rendered(f"{{% {tag} value %}}", **context) == "—"


def test_numbers_sizes_durations_and_shares_are_written_for_people() -> None:
    source = "{% number a %} {% number a 2 %} {% bytes b %} {% duration c %} {% percent d %}"
    text = rendered(source, a=0.123456, b=1_500_000, c=timedelta(seconds=95), d=0.5)
    assert text == "0.1235 0.12 1.5 MB 1 min 35 s 50 %"


def test_a_link_keeps_the_rest_of_the_query() -> None:
    request = RequestFactory().get("/jobs/?status=failed&page=2")
    request.user = AnonymousUser()
    html = rendered("{% query_with page=3 %}", request=request)
    assert html == "?status=failed&amp;page=3"
    assert rendered("{% query_with page=None %}", request=request) == "?status=failed"


def test_backticks_in_a_message_become_code_and_the_rest_stays_text() -> None:
    html = rendered("{{ hint|marked }}", hint="Run `manage.py <x>` & <b>wait</b>.")
    assert html == "Run <code>manage.py &lt;x&gt;</code> &amp; &lt;b&gt;wait&lt;/b&gt;."


def test_a_list_is_written_with_commas_and_anything_else_as_it_is() -> None:
    assert rendered("{{ a|listed }} {{ b|listed }}", a=["read", "deploy"], b="wine") == (
        "read, deploy wine"
    )


def test_a_kind_of_job_is_called_by_its_title() -> None:
    assert rendered("{{ kind|job_title }}", kind="core.cleanup") == "Clean-up of old jobs"
    assert rendered("{{ kind|job_title }}", kind="gone.away") == "gone.away"


@pytest.mark.parametrize(
    ("level", "tone", "icon"),
    [
        (messages.SUCCESS, "ok", "check"),
        (messages.WARNING, "warn", "alert"),
        (messages.ERROR, "bad", "alert"),
        (messages.INFO, "busy", "info"),
    ],
)
def test_a_message_has_the_tone_of_its_level(level: int, tone: str, icon: str) -> None:
    message = messages.storage.base.Message(level, "Said.")
    html = rendered('{% include "partials/_messages.html" %}', messages=[message])
    assert f"note tone-{tone}" in html
    assert f"#{icon}" in html


def test_pagination_shows_where_one_is_and_nothing_on_a_single_page() -> None:
    request = RequestFactory().get("/jobs/?status=failed")
    request.user = AnonymousUser()
    pages = Paginator(list(range(120)), 50)
    source = '{% include "partials/_pagination.html" %}'
    middle = rendered(source, page=pages.page(2), request=request)
    assert "51 to 100 of 120" in middle
    assert "page=1" in middle
    assert "page=3" in middle
    assert rendered(source, page=Paginator([1], 50).page(1), request=request).strip() == ""


def test_steps_speak_their_state() -> None:
    steps = [
        {"title": "Built", "state": "done", "took": timedelta(seconds=8)},
        {"title": "Start", "state": "now", "detail": "Waiting."},
        {"title": "Prove", "state": "failed"},
        {"title": "Switch", "state": "todo"},
    ]
    html = rendered('{% include "partials/_steps.html" %}', steps=steps)
    for label in ("done", "under way", "failed", "to come"):
        assert f'aria-label="{label}"' in html
    assert "8 s" in html
    assert html.count('aria-current="step"') == 1
