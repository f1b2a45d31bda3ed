"""The portal used by hand, from the first set-up link to undeploying, by nothing but its pages."""

import os
import re
import subprocess
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Download, Page, expect

from tests.e2e.browser.conftest import PASSWORD, USER
from tests.e2e.portal import RunningPortal

pytestmark = [pytest.mark.live, pytest.mark.e2e]

NAME = "by-hand"
BUILDS_WITHIN = 90_000


@pytest.fixture(scope="module")
def deployed(administrator: BrowserContext, demo: str) -> str:
    """The demo's model under a second name, deployed by its pages; the name."""
    page = administrator.new_page()
    page.goto("/")
    _rail(page, "Models")
    page.get_by_role("link", name=demo, exact=True).first.click()
    page.get_by_role("link", name="Version 1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{demo} version 1")
    expect(page.get_by_text("data/dataset.parquet").first).to_be_visible()
    page.get_by_role("link", name="Deploy…").click()
    page.get_by_label("Name of the deployment").fill(NAME)
    page.get_by_label("Version or alias").select_option(label="champion (now version 1)")
    page.get_by_role("button", name="Deploy").click()
    # From here on the page changes by itself.
    expect(page.locator("#deployment-state")).to_have_text("live", timeout=BUILDS_WITHIN)
    expect(page.get_by_text("Version 1 is live.")).to_be_visible()
    page.close()
    return NAME


@pytest.fixture
def stranger(browser: Browser, portal: RunningPortal, demo: str) -> Iterator[Page]:
    """A page of somebody who is not logged in."""
    with browser.new_context(base_url=portal.url) as window:
        yield window.new_page()


def test_a_set_up_link_works_once(stranger: Page, setup_link: str) -> None:
    answer = stranger.goto(setup_link)
    assert answer is not None
    assert answer.status >= 400
    expect(stranger.get_by_label("Username")).to_have_count(0)
    expect(stranger.get_by_role("link", name="Log in")).to_be_visible()


def test_one_logs_in_to_where_one_wanted_and_out_again(
    stranger: Page, portal: RunningPortal
) -> None:
    stranger.goto("/alarms/")
    stranger.get_by_label("Username").fill(USER)
    stranger.get_by_label("Password").fill("wrong")
    stranger.get_by_role("button", name="Log in").click()
    expect(stranger.get_by_role("alert")).to_contain_text("do not belong together")
    stranger.get_by_label("Password").fill(PASSWORD)
    stranger.get_by_role("button", name="Log in").click()
    expect(stranger).to_have_url(f"{portal.url}/alarms/")
    stranger.locator("details.menu summary").click()
    stranger.get_by_role("button", name="Log out").click()
    expect(stranger.get_by_role("heading", name="Log in")).to_be_visible()
    stranger.goto("/")
    expect(stranger).to_have_url(re.compile("/login/"))


def test_a_token_is_shown_once_answers_until_it_is_revoked_and_its_call_is_kept(
    page: Page, portal: RunningPortal, deployed: str
) -> None:
    page.goto("/profile/")
    page.get_by_role("link", name="New token").click()
    page.get_by_label("Name", exact=True).fill("terminal")
    page.get_by_label("Or predictions of these deployments only").fill(deployed)
    page.get_by_role("button", name="Create token").click()
    secret = page.locator(".secret code").inner_text()
    assert secret.startswith("mlp_")

    prediction = _call_as_the_page_says(page, deployed, token=secret)
    assert secret not in page.goto("/profile/").text()
    _find_prediction(page, deployed, prediction)

    page.goto("/profile/")
    page.get_by_role("row", name="terminal").get_by_role("link", name="Revoke…").click()
    page.get_by_role("button", name="Revoke the token").click()
    expect(page.get_by_role("row", name="terminal")).to_contain_text("revoked")
    # The page promises that it is refused within a second.
    portal.wait_for(lambda: _is_refused(portal, deployed, token=secret), seconds=5)


def test_drift_is_checked_and_its_reports_are_downloaded(page: Page, demo: str) -> None:
    page.goto("/")
    _rail(page, "Drift")
    page.get_by_role("row").get_by_role("link", name=demo, exact=True).click()
    page.get_by_role("link", name="last day").click()
    page.get_by_role("button", name="Check now").click()
    # Without a reload by hand: the line of the job brings the report when it ends.
    page.get_by_role("link", name="Whole report").click()
    expect(page.get_by_role("heading", name="Findings")).to_be_visible()
    report = _download(page, "Zip: tables, pictures, JSON")
    assert {name.rpartition(".")[2] for name in report} >= {"csv", "png", "json"}

    page.goto(f"/drift/{demo}/")
    page.get_by_role("link", name="Initial report").click()
    expect(page.get_by_role("heading", name="Columns")).to_be_visible()
    page.locator("tr", has_text="mean radius").first.locator("summary").click()
    expect(page.locator("tr.more:visible")).to_have_count(1)
    assert _download(page, "Zip: tables, pictures, JSON")


def test_an_alarm_is_acknowledged(page: Page, demo: str) -> None:
    page.goto("/")
    alarm = page.locator(".needs li").first
    expect(alarm).to_contain_text(demo)
    alarm.get_by_role("link", name="Look").click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".heading .status")).to_have_text("acknowledged")
    expect(page.get_by_role("definition").filter(has_text=f"by {USER}")).to_be_visible()
    _rail(page, "Alarms")
    expect(page.get_by_role("row", name=f"{USER} looks after it")).to_be_visible()


def test_undeploying_asks_for_the_name_first(page: Page, deployed: str) -> None:
    page.goto(f"/deployments/{deployed}/")
    page.get_by_role("link", name="Undeploy…").click()
    page.get_by_label(f"Type {deployed} to confirm").fill("another")
    page.get_by_role("button", name="Undeploy").click()
    expect(page.locator(".errors")).to_contain_text("'another' is not")
    page.get_by_label(f"Type {deployed} to confirm").fill(deployed)
    page.get_by_role("button", name="Undeploy").click()
    expect(page.locator("#deployment-state")).to_have_text("stopped", timeout=30_000)
    _rail(page, "Deployments")
    expect(page.get_by_role("link", name=deployed, exact=True)).to_have_count(0)


def _rail(page: Page, word: str) -> None:
    page.get_by_role("navigation", name="Portal").get_by_role("link", name=word).click()


def _call_as_the_page_says(page: Page, deployment: str, *, token: str) -> str:
    """Run the curl command of a deployment's page; return the id of the prediction."""
    page.goto(f"/deployments/{deployment}/")
    command = page.locator("code", has_text="curl ").first.inner_text()
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} --silent --show-error --include"],
        env={**os.environ, "PORTAL_TOKEN": token},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "200 OK" in done.stdout, done.stdout
    found = re.search(r"x-portal-prediction: (\S+)", done.stdout, re.IGNORECASE)
    assert found is not None, done.stdout
    return found[1]


def _is_refused(portal: RunningPortal, deployment: str, *, token: str) -> bool:
    with portal.client(token) as client:
        return client.get(f"/models/{deployment}/ping").status_code == 401


def _find_prediction(page: Page, deployment: str, prediction: str) -> None:
    """Narrow the list to the deployment, as one types, and open what was predicted."""
    _rail(page, "Predictions")
    page.get_by_label("Deployment").select_option(deployment)
    expect(page.locator("#predictions-of")).to_have_text(deployment)
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.locator("#results tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Prediction of {deployment}")
    expect(page.get_by_text(prediction).first).to_be_visible()


def _download(page: Page, label: str) -> list[str]:
    """Take a download of the page's menu; return the names in the zip."""
    page.locator("main details.menu summary").click()
    with page.expect_download(timeout=90_000) as waiting:
        page.get_by_role("link", name=label).click()
    taken: Download = waiting.value
    with zipfile.ZipFile(taken.path()) as archive:
        assert archive.testzip() is None
        return archive.namelist()
