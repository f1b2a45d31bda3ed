"""The design system: contrast in both themes, tokens and icons that exist, nothing inline."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from core.statuses import WORDS, Tone
from mlopsportal import frame

ROOT = Path(settings.BASE_DIR)
CSS = {path.name: path.read_text() for path in sorted((ROOT / "static/css").glob("*.css"))}
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
THEMES = ("light", "dark")
TONES = [tone.value for tone in Tone]

Colour = tuple[float, float, float]


def colour(text: str) -> Colour:
    """Return `#rrggbb` as numbers from 0 to 1."""
    assert re.fullmatch(r"#[0-9a-f]{6}", text), text
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


def tokens(theme: str) -> dict[str, str]:
    """Return every token that has a light and a dark colour, as it is in that theme."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS["tokens.css"])
    return {name: pair[THEMES.index(theme)] for name, *pair in pairs}


def luminance(of: Colour) -> float:
    """Return the relative luminance by WCAG 2.2."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in of)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio by WCAG 2.2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def blended(over: Colour, under: Colour, opacity: float) -> Colour:
    return tuple(o * opacity + u * (1 - opacity) for o, u in zip(over, under, strict=True))  # type: ignore[return-value]


TEXTS = [
    *((tone, f"{tone}-tint") for tone in TONES),
    *((tone, ground) for tone in TONES for ground in ("page", "surface", "raised")),
    *(("text", ground) for ground in ("page", "surface", "raised", "line", "accent-tint")),
    *(("text", f"{tone}-tint") for tone in TONES),
    *(("muted", ground) for ground in ("page", "surface", "raised")),
    *(("accent", ground) for ground in ("page", "surface", "raised")),
    *(("accent", f"{tone}-tint") for tone in TONES),
    ("accent-strong", "accent-tint"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-bad", "bad"),
]


def test_the_contrast_formula_gives_the_known_extremes() -> None:
    assert contrast(colour("#000000"), colour("#ffffff")) == pytest.approx(21)
    assert contrast(colour("#777777"), colour("#ffffff")) == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_has_enough_contrast(theme: str, text: str, ground: str) -> None:
    known = tokens(theme)
    assert contrast(colour(known[text]), colour(known[ground])) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("cell", ["positive-cell", "negative-cell"])
def test_numbers_in_cells_of_a_matrix_have_enough_contrast_however_full_it_is(
    theme: str, cell: str
) -> None:
    known = tokens(theme)
    page, fill, text = (colour(known[name]) for name in ("page", cell, "text"))
    for percent in range(8, 101, 4):
        assert contrast(text, blended(fill, page, percent / 100)) >= 4.5, percent


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    "mark", ["line-strong", "accent", "contrary", *(f"{tone}-mark" for tone in TONES)]
)
def test_borders_of_fields_and_marks_of_charts_stand_out(theme: str, mark: str) -> None:
    known = tokens(theme)
    assert contrast(colour(known[mark]), colour(known["page"])) >= 3


def test_every_token_that_is_used_is_defined() -> None:
    text = "".join(CSS.values())
    used = set(re.findall(r"var\(--([\w-]+)", text))
    defined = set(re.findall(r"--([\w-]+):", text))
    assert used <= defined
    assert defined <= used, "tokens that nothing uses"


def test_every_tone_of_the_code_has_its_class() -> None:
    for tone in TONES:
        assert f".tone-{tone} {{ --tone: var(--{tone});" in CSS["tokens.css"]


def test_colours_are_named_in_one_file_only() -> None:
    for name, text in CSS.items():
        if name != "tokens.css":
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", text) == [], name


def test_the_style_sheets_stay_small() -> None:
    assert sum(len(text.encode()) for text in CSS.values()) < 48_000


def sprite() -> set[str]:
    text = (ROOT / "static/icons.svg").read_text()
    return set(re.findall(r'<symbol id="([\w-]+)" viewBox="0 0 20 20">', text))


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    named = {word.icon for word in WORDS.values()}
    named |= {word.icon for word in (*frame._FLOW, *frame._BELOW)}
    for path in TEMPLATES:
        named |= set(re.findall(r'{% icon "([\w-]+)"', path.read_text()))
    named |= set(re.findall(r'"#([\w-]+)"', (ROOT / "static/js/portal.js").read_text()))
    assert named <= sprite()


# A file that people keep and open without the portal brings its own style along.
PAGES = [path for path in TEMPLATES if path.name != "onefile.html"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_holds_nothing_that_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"\sstyle=|<style|\son[a-z]+=[\"']|hx-on|javascript:", text) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text) == []
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", text) == [], "no other host"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_says_what_it_is_and_what_it_needs(path: Path) -> None:
    assert "Context:" in path.read_text()
