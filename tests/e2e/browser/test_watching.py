"""The inspection itself: a page with every fault, each of which has to be found."""

import pytest
from playwright.sync_api import Browser, Route

from tests.e2e.browser.watching import Viewer

pytestmark = [pytest.mark.live, pytest.mark.e2e]

ORIGIN = "http://portal.test"
GOOD = """<!doctype html><html lang="en"><title>Good</title>
<style>:focus-visible { outline: 2px solid }</style><body>
<main><h1>Good</h1><p>It has <a href="/x">a link</a>.</p></main>"""
BAD = """<!doctype html><html lang="en"><title>Bad</title>
<style>
  :focus-visible { outline: 2px solid }
  #plain:focus { outline: none }
  @media (prefers-color-scheme: dark) { body { background: #000 } #dim { color: #222 } }
  @media (max-width: 400px) { #wide { width: 900px } }
</style>
<body><main>
<h3>Skipped two levels</h3>
<p id="dim">Seen by day alone.</p>
<p id="wide">Too wide for a phone.</p>
<svg width="20" height="20"></svg>
<input>
<a id="plain" href="/plain">No focus</a>
<button onkeydown="if (event.key === 'Tab') event.preventDefault()">Trap</button>
<a href="/behind">Behind the trap</a>
<img alt="far" src="http://elsewhere.test/far.png">
<script src="/gone.js"></script>
<script>console.error("broken")</script>
</main>"""
FAULTS = (
    "has 0 h1",
    "<h3> Skipped two levels follows a heading of level 0",
    "[dark-390, light-390] scrolls sideways by ",
    "[dark-390] color-contrast: ",
    "a drawing has no name",
    "[light-1280] label: ",
    "focus does not show on <a> No focus",
    "Tab never reaches <a> Behind the trap",
    "asked another origin: http://elsewhere.test/far.png",
    "http://portal.test/gone.js answered 404",
    "console error: broken",
)


def _answer(route: Route) -> None:
    pages = {f"{ORIGIN}/good/": GOOD, f"{ORIGIN}/bad/": BAD}
    body = pages.get(route.request.url)
    route.fulfill(status=200 if body else 404, body=body or "", content_type="text/html")


def test_every_fault_of_a_page_is_found_and_none_where_there_is_none(browser: Browser) -> None:
    with browser.new_context() as window:
        window.route("**/*", _answer)
        viewer = Viewer(window, origin=ORIGIN)
        assert viewer.inspect("/good/", shot="good") == []
        found = viewer.inspect("/bad/", shot="bad")
    missed = [fault for fault in FAULTS if not any(fault in line for line in found)]
    assert missed == [], "\n".join(found)
