"""The box that asks before a dangerous act, and the page it stands on."""

from django.template.loader import render_to_string

from core.forms import ConfirmForm


def test_a_confirmation_takes_the_exact_name_only() -> None:
    assert ConfirmForm({"name": " wine "}, expected="wine").is_valid()
    wrong = ConfirmForm({"name": "Wine"}, expected="wine")
    assert wrong.errors == {"name": ["'Wine' is not 'wine'."]}


def test_the_page_before_a_dangerous_act_says_what_will_happen() -> None:
    html = render_to_string(
        "confirm.html",
        {
            "title": "Undeploy wine",
            "consequence": "Requests are refused from then on.",
            "action": "Undeploy",
            "back": "/deployments/wine/",
            "form": ConfirmForm(expected="wine"),
        },
    )
    for words in ("Requests are refused", "Type wine to confirm", 'href="/deployments/wine/"'):
        assert words in html
