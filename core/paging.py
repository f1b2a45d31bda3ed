"""Cutting long lists into pages."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PAGE_SIZE = 50


def page_of(
    request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], *, size: int = PAGE_SIZE
) -> Page[Any]:
    """Return the page of `rows` that `?page=` names: the first without it, the last beyond it."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
