"""What tests of pages share: what a page says, and whether its HTML is sound."""

import re
from html import unescape
from html.parser import HTMLParser

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext


def text_of(response: HttpResponse) -> str:
    """Return what a page says, without tags, blanks as one."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()


class _Balance(HTMLParser):
    """Notes elements that are closed out of order or not at all."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.faults += [f"{tag} {key}" for key, _ in attrs if key == "style" or key[:2] == "on"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")


def faults_of(response: HttpResponse) -> list[str]:
    """Return elements that do not close in order, and inline styles or handlers."""
    parser = _Balance()
    parser.feed(response.content.decode())
    return parser.faults + parser.open


def query_count(client: Client, url: str) -> int:
    """Return how many queries a page takes; the page must be there."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200, response.status_code
    return len(queries)
