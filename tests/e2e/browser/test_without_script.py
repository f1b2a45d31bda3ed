"""The portal in a browser that runs no script: nothing is lost but the liveliness."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser.conftest import USER, log_in
from tests.e2e.portal import RunningPortal

pytestmark = [pytest.mark.live, pytest.mark.e2e]


@pytest.fixture(scope="module")
def plain_page(browser: Browser, portal: RunningPortal, demo: str) -> Iterator[Page]:
    """A page of the administrator's in a phone that runs no script."""
    narrow = {"width": 390, "height": 844}
    with browser.new_context(
        base_url=portal.url, java_script_enabled=False, viewport=narrow
    ) as window:
        log_in(window, user=USER)
        yield window.new_page()


def test_the_menu_stands_open_and_leads_on(plain_page: Page) -> None:
    plain_page.goto("/")
    plain_page.get_by_role("link", name="Models").first.click()
    expect(plain_page.get_by_role("heading", name="Models")).to_be_visible()


def test_a_list_is_filtered_by_a_button(plain_page: Page, demo: str) -> None:
    plain_page.goto("/predictions/")
    plain_page.get_by_label("Deployment").select_option(demo)
    plain_page.get_by_label("Answer").select_option("failed (5xx)")
    plain_page.get_by_role("button", name="Filter").click()
    expect(plain_page).to_have_url(re.compile(f"deployment={demo}.*status=failed"))
    expect(plain_page.get_by_text("No prediction matches")).to_be_visible()


def test_a_column_opens_and_the_theme_changes(plain_page: Page, demo: str) -> None:
    plain_page.goto(f"/drift/{demo}/initial/")
    plain_page.locator("tr", has_text="mean radius").first.locator("summary").click()
    expect(plain_page.locator("tr.more:visible")).to_have_count(1)
    plain_page.get_by_role("button", name="Dark appearance").click()
    expect(plain_page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(plain_page).to_have_url(re.compile(f"/drift/{demo}/initial/$"))
