"""A page that is watched: what it asks for and complains of, and how it looks in every view."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

SHOTS_VARIABLE: Final = "TEST_PORTAL_SHOTS"
_INSPECTOR: Final = Path(__file__).with_name("inspect.js").read_text(encoding="utf-8")
_HEIGHTS: Final = {1280: 900, 390: 844}


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at: the colours the system asks for, and the width in CSS pixels.

    `rules` names those of axe-core's rules that can tell this view from the others; None is all.
    """

    theme: Literal["light", "dark"]
    width: int
    rules: tuple[str, ...] | None

    def __str__(self) -> str:
        return f"{self.theme}-{self.width}"


_OF_THEME_AND_WIDTH: Final = (
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
)
# The first two differ in both respects: between them, axe-core sees everything.
VIEWS: Final = (
    View("light", 1280, rules=None),
    View("dark", 390, rules=_OF_THEME_AND_WIDTH),
    View("dark", 1280, rules=()),
    View("light", 390, rules=()),
)


class Watch:
    """What a page complained of since it was asked for: each a sentence."""

    def __init__(self, page: Page, *, origin: str) -> None:
        self._origin = origin
        self._complaints: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._complaints.append(f"script failed: {error}"))
        page.on("request", self._on_request)
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    def take(self) -> list[str]:
        """Return the complaints so far, and forget them."""
        complaints, self._complaints = self._complaints, []
        return complaints

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(f"console {message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self._origin, "data:", "about:")):
            self._complaints.append(f"asked another origin: {request.url}")

    def _on_failure(self, request: Request) -> None:
        self._complaints.append(f"{request.url} failed: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self._complaints.append(f"{response.url} answered {response.status}")


class Viewer:
    """Opens pages, one after the other, and says what is wrong with each."""

    def __init__(
        self, context: BrowserContext, *, origin: str, views: Sequence[View] = VIEWS
    ) -> None:
        self.page = context.new_page()
        self._views = views
        self._origin = origin
        self._watch = Watch(self.page, origin=origin)

    def inspect(self, path: str, *, shot: str, status: int = 200) -> list[str]:
        """Open `path`, look at it in each view and by keyboard; return its faults, with views.

        Args:
            path: an address within the portal.
            shot: the name of its pictures, taken when TEST_PORTAL_SHOTS names a folder.
            status: the status that the page must answer with.
        """
        # What the last page still waits for ends with it, and is no complaint of this one.
        self.page.goto("about:blank")
        self._watch.take()
        answer = self.page.goto(f"{self._origin}{path}")
        assert answer is not None
        faults = [] if answer.status == status else [f"answered {answer.status}"]
        self.page.evaluate(AXE_SCRIPT)
        self.page.evaluate(_INSPECTOR)
        seen: dict[str, list[str]] = {}
        for view in self._views:
            self._turn_to(view)
            for fault in self._looked_at(view):
                seen.setdefault(fault, []).append(str(view))
            self._shoot(f"{shot}-{view}")
        faults += [f"[{', '.join(views)}] {fault}" for fault, views in seen.items()]
        faults += self._walk_by_tab()
        complaints = [line for line in self._watch.take() if status == 200 or "console" not in line]
        return [f"{path} {fault}" for fault in (*faults, *complaints)]

    def links(self) -> set[str]:
        """Return the addresses within the portal that the open page leads to."""
        found = self.page.eval_on_selector_all(
            "a[href]", "links => links.map(link => link.getAttribute('href'))"
        )
        base = re.sub(r"[?#].*", "", self.page.url).removeprefix(self._origin)
        return {_absolute(link, base) for link in found if not link.startswith(("#", "http"))}

    def _turn_to(self, view: View) -> None:
        self.page.set_viewport_size({"width": view.width, "height": _HEIGHTS[view.width]})
        self.page.emulate_media(color_scheme=view.theme)
        # The page hears of its new width with the next frame.
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    def _looked_at(self, view: View) -> list[str]:
        found: list[str] = self.page.evaluate("portalInspector.look", view.rules)
        return found

    def _walk_by_tab(self) -> list[str]:
        """Press Tab through the page, wide and light, and say what it did not reach or show."""
        self._turn_to(VIEWS[0])
        # One more: what scrolls is a stop as well, and so is the end of the window.
        for _ in range(self.page.evaluate("portalInspector.watchFocus()") + 2):
            self.page.keyboard.press("Tab")
        missed: list[str] = self.page.evaluate("portalInspector.missedByTab()")
        return missed

    def _shoot(self, name: str) -> None:
        folder = os.environ.get(SHOTS_VARIABLE)
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def _absolute(link: str, base: str) -> str:
    return base + link if link.startswith("?") else link
