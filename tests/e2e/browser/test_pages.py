"""Every page of the portal, in both themes, wide and narrow, by keyboard and by axe-core.

`TEST_PORTAL_SHOTS=FOLDER` keeps a picture of each, to be looked at.
"""

from typing import Final

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.browser.conftest import PASSWORD, EmptyPortal, log_in
from tests.e2e.browser.walk import pages, walk
from tests.e2e.browser.watching import Viewer
from tests.e2e.portal import RunningPortal

pytestmark = [pytest.mark.live, pytest.mark.e2e]

# No link leads here, for the reason given; where there is an address it is inspected all the same.
WITHOUT_LINK: Final = {
    "deployments/<str:name>/roll-back/": "the demo has one version to go back to: none",
    "drift/checks/<int:pk>/column/": "its link is for reports with more columns than fit one page",
    "setup/<str:code>/": "there is an administrator",
}
FURTHER: Final = {
    "column": "/drift/checks/1/column/?name=mean%20area",
    "drift-from-to": "/drift/breast-cancer/?window=from-to",
    "predictions-none": "/predictions/?search=nothing",
    "predictions-of-one": "/predictions/?deployment=breast-cancer",
    "deploy": "/deployments/new/?model=breast-cancer",
    "alarms-none": "/alarms/?status=resolved",
}
REFUSALS: Final = {
    "404": ("/nowhere/", 404),
    "404-deployment": ("/deployments/nobody/", 404),
    "404-setup": ("/setup/used-up/", 404),
}


def test_no_page_of_an_empty_portal_has_a_fault(empty_portal: EmptyPortal) -> None:
    assert empty_portal.faults == []
    lists = {"registry/", "deployments/", "predictions/", "drift/", "alarms/", "jobs/", "audit/"}
    assert lists - set(empty_portal.opened) == set()


def test_links_lead_to_every_page_and_none_has_a_fault(
    portal: RunningPortal, administrator: BrowserContext, demo: str
) -> None:
    portal.manage("create_token", "--username", "ada", "--name", "ci", "--scope", "read")
    viewer = Viewer(administrator, origin=portal.url)
    faults, opened = walk(viewer)
    for shot, path in FURTHER.items():
        faults += viewer.inspect(path, shot=shot)

    assert faults == []
    assert set(pages()) - set(opened) == set(WITHOUT_LINK)


def test_no_page_before_the_login_has_a_fault(
    portal: RunningPortal, browser: Browser, demo: str
) -> None:
    with browser.new_context() as window:
        assert Viewer(window, origin=portal.url).inspect("/login/", shot="login") == []


def test_no_refusal_has_a_fault(
    portal: RunningPortal, administrator: BrowserContext, browser: Browser, demo: str
) -> None:
    viewer = Viewer(administrator, origin=portal.url)
    faults = []
    for shot, (path, status) in REFUSALS.items():
        faults += viewer.inspect(path, shot=shot, status=status)
    make_vera = f"create_user(username='vera', password={PASSWORD!r}, role='viewer', actor=None)"
    portal.manage("shell", "-c", f"from accounts.services import create_user; {make_vera}")
    with browser.new_context(base_url=portal.url) as window:
        log_in(window, user="vera")
        faults += Viewer(window, origin=portal.url).inspect("/audit/", shot="403", status=403)

    assert faults == []


@pytest.mark.parametrize("status", [400, 500])
def test_a_page_that_stands_without_the_portal_has_no_fault(
    portal: RunningPortal, browser: Browser, status: int, settings
) -> None:
    """Nothing makes a portal fail on request: its page is put in the place of another."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    body = render_to_string(f"{status}.html")
    with browser.new_context() as window:
        window.route(
            "**/broken/",
            lambda route: route.fulfill(status=status, body=body, content_type="text/html"),
        )
        viewer = Viewer(window, origin=portal.url)
        assert viewer.inspect("/broken/", shot=str(status), status=status) == []
