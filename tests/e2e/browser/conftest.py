"""One Chromium and one portal for the tests of this folder: first empty, then with its demo.

Both end with the last of these tests: Playwright keeps an event loop running in this thread, which
asynchronous tests elsewhere could not bear.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scripts.live_services import CHROMIUM_FLAGS, PARTS, missing
from tests.e2e.browser.walk import walk
from tests.e2e.browser.watching import VIEWS, Viewer
from tests.e2e.portal import RunningPortal

USER = "ada"
PATIENCE = 20_000  # milliseconds, until a page says what it should
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class EmptyPortal:
    """What was seen before anything was registered: faults, and the address of each page."""

    faults: list[str]
    opened: dict[str, str]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    if any(part.program == "chromium" for part in missing()):
        pytest.skip("chromium is not installed here; run `make live-services`.")
    path = next(part.path for part in PARTS if part.program == "chromium")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        chromium = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS])
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def portal(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A running portal in which nobody has an account yet."""
    running = RunningPortal(tmp_path_factory.mktemp("b") / "data")
    running.manage("setup")
    running.start()
    yield running
    running.stop()
    assert running.processes() == [], "Ctrl-C left processes behind"


@pytest.fixture(scope="package")
def setup_link(portal: RunningPortal) -> str:
    """The path of the one-time link, which `administrator` has used up."""
    return portal.manage("setup_link").stdout.strip().rpartition(portal.url)[2]


@pytest.fixture(scope="package")
def administrator(
    portal: RunningPortal, browser: Browser, setup_link: str
) -> Iterator[BrowserContext]:
    """The window of the first administrator, who made the account by the set-up link."""
    window = browser.new_context(base_url=portal.url)
    page = window.new_page()
    page.goto(setup_link)
    page.get_by_label("Username").fill(USER)
    for field in page.get_by_label("Password").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Create the account and log in").click()
    page.get_by_role("heading", name="Welcome").wait_for()
    page.close()
    yield window
    window.close()


@pytest.fixture(scope="package")
def empty_portal(portal: RunningPortal, administrator: BrowserContext) -> EmptyPortal:
    """Every page that can be reached while there is no model yet."""
    viewer = Viewer(administrator, origin=portal.url, views=VIEWS[:2])
    return EmptyPortal(*walk(viewer, prefix="empty-"))


@pytest.fixture(scope="package")
def demo(portal: RunningPortal, empty_portal: EmptyPortal) -> str:
    """The name of the demo's deployment, made after the empty portal was looked at."""
    from mlopsportal.demo.story import NAME

    portal.manage("demo")
    return NAME


def log_in(window: BrowserContext, *, user: str) -> None:
    """Log a person in, in a window of the person's own."""
    page = window.new_page()
    page.goto("/login/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("navigation", name="Portal").wait_for()
    page.close()


@pytest.fixture
def page(administrator: BrowserContext, demo: str) -> Iterator[Page]:
    """A page of the administrator's, in the portal with the demo."""
    page = administrator.new_page()
    yield page
    page.close()
