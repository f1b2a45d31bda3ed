"""A walk along the links of the portal: from the home page to one page of each address."""

import re
from collections import deque
from typing import Final

from tests.e2e.browser.watching import Viewer
from tests.mlopsportal.test_urls import ADDRESSES

# Answers to GET that are no pages: parts of one, which htmx asks for, and downloads.
NO_PAGES: Final = (
    r"^api/",
    r"/live/$",
    r"/progress/$",
    r"report\.(html|json|zip)$",
)


def pages() -> list[str]:
    """Return the routes of the pages that people open, by the table of `test_urls.py`."""
    lines = [line.split(maxsplit=1) for line in ADDRESSES.strip().splitlines()]
    routes = [route.removeprefix("/") for route, methods in lines if "GET=" in methods]
    return [route for route in routes if not any(re.search(no, route) for no in NO_PAGES)]


def walk(viewer: Viewer, *, prefix: str = "") -> tuple[list[str], dict[str, str]]:
    """Follow links from the home page, inspect one page of each route.

    Returns:
        The faults of all pages, and the address that was opened of each route.
    """
    faults: list[str] = []
    opened: dict[str, str] = {}
    ahead = deque(["/"])
    while ahead:
        address = ahead.popleft()
        route = _route_of(address)
        if route is None or route in opened:
            continue
        opened[route] = address
        faults += viewer.inspect(address, shot=f"{prefix}{_name(route)}")
        ahead.extend(sorted(viewer.links()))
    return faults, opened


def unreached(opened: dict[str, str]) -> list[str]:
    """Return the pages to which no link led."""
    return [route for route in pages() if route not in opened]


def _route_of(address: str) -> str | None:
    path = re.sub(r"[?#].*", "", address).removeprefix("/")
    fitting = [route for route in pages() if re.fullmatch(_pattern(route), path)]
    # `deployments/new/` also fits `deployments/<str:name>/`: what is written out comes first.
    return min(fitting, key=lambda route: route.count("<"), default=None)


def _pattern(route: str) -> str:
    parts = re.split(r"(<[^>]+>)", route)
    kinds = {"<int": r"\d+", "<uui": r"[0-9a-f-]{36}"}
    return "".join(
        kinds.get(part[:4], r"[^/]+") if part.startswith("<") else re.escape(part) for part in parts
    )


def _name(route: str) -> str:
    words = re.sub(r"<(?:\w+:)?(\w+)>", r"\1", route).strip("/").replace("/", "-")
    return words or "home"
