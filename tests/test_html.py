"""The rendered pages: nothing from other hosts, alt texts, ids and links in order."""

from __future__ import annotations

import importlib
import pkgutil
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import ottools

# What a browser fetches by itself.
LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "audio": "src",
    "video": "src",
    "embed": "src",
    "object": "data",
}
FETCHING_RELS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload"}
FETCHING_RELS |= {"preconnect", "dns-prefetch", "manifest"}
# sphinx-proof and sphinx-exercise give every body the same id.
REPEATED_IDS = {"proof-content", "exercise-content", "solution-content"}
EXTERNAL = re.compile(r"^(?:[a-z]+:)?//", re.I)


class Page(HTMLParser):
    """What matters of a page: what it loads, its ids, links and images."""

    def __init__(self, text: str):
        super().__init__()
        self.loads, self.ids, self.links, self.images = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = {k: v or "" for k, v in attrs}
        if a.get("id"):
            self.ids.append(a["id"])
        if tag in LOADED and a.get(LOADED[tag]):
            self.loads.append(a[LOADED[tag]])
        if tag == "link" and FETCHING_RELS & set(a.get("rel", "").split()):
            self.loads.append(a.get("href", ""))
        if tag == "a" and a.get("href"):
            self.links.append(a["href"])
        if tag == "img":
            self.images.append(a)


def problems(folder: Path) -> list[str]:
    """List what is wrong in the pages of a folder."""
    paths = sorted(p for p in folder.rglob("*.html") if "_static" not in p.parts)
    pages = {p: Page(p.read_text(encoding="utf-8")) for p in paths}
    ids = {p.resolve(): set(page.ids) for p, page in pages.items()}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder)
        found += [f"{name}: loads {u}" for u in page.loads if EXTERNAL.match(u)]
        found += [f"{name}: id {i} twice" for i in repeated(page.ids)]
        found += [
            f"{name}: image {a.get('src')} has no alt text"
            for a in page.images
            if not a.get("alt", "").strip()
        ]
        targets = [*page.links, *page.loads]
        found += [f"{name}: {w}" for u in targets if (w := broken(path, u, ids))]
    return found


def repeated(ids: list[str]) -> list[str]:
    return sorted({i for i in ids if ids.count(i) > 1} - REPEATED_IDS)


def broken(path: Path, url: str, ids: dict[Path, set[str]]) -> str:
    """Say why an internal link leads nowhere, or return ''."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc or url.startswith("#top"):
        return ""
    target = path
    if parts.path:
        target = (path.parent / unquote(parts.path)).resolve()
    if not target.exists():
        return f"link to {url}: there is no such file"
    known = ids.get(target.resolve())
    anchor = unquote(parts.fragment)
    if anchor and known is not None and anchor not in known:
        return f"link to {url}: there is no such place"
    return ""


def css_problems(folder: Path) -> list[str]:
    """List what style sheets load from elsewhere."""
    pattern = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")]+)")
    return [
        f"{p.relative_to(folder)}: loads {u}"
        for p in sorted(folder.rglob("*.css"))
        for u in pattern.findall(p.read_text(encoding="utf-8", errors="replace"))
    ]


def test_the_pages_are_in_order(html):
    assert problems(html) == []


def test_style_sheets_load_nothing_from_elsewhere(html):
    assert css_problems(html) == []


def test_mathjax_and_fonts_are_in_the_book(html):
    static = html / "_static"
    assert (static / "mathjax" / "tex-chtml-full.js").stat().st_size > 1_000_000
    fonts = re.findall(r'url\("(fonts/[^"]+)"\)', (static / "book.css").read_text())
    assert fonts
    assert [f for f in fonts if not (static / f).exists()] == []


def test_every_chapter_offers_its_notebook(root, html):
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        page = (html / "book" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert f"_sources/book/{path.name}" in page
        assert (html / "_sources" / "book" / path.name).read_bytes() == (
            path.read_bytes()
        )


def test_everything_public_is_documented(html):
    text = "".join(
        p.read_text() for p in sorted((html / "book" / "api").glob("*.html"))
    )
    documented = set(re.findall(r'id="(ottools\.[\w.]+)"', text))
    assert public_names() - documented == set()


def public_names() -> set[str]:
    """Return what the package defines for others, by its documented name."""
    names = set()
    for found in pkgutil.iter_modules(ottools.__path__, "ottools."):
        module = importlib.import_module(found.name)
        for name in getattr(module, "__all__", None) or defined_in(module):
            value = getattr(module, name)
            if getattr(value, "__module__", "").split(".")[0] != "sympy":
                names.add(f"{found.name}.{name}")
    return names


def defined_in(module) -> list[str]:
    """Return the functions and classes that a module without `__all__` defines."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", "") == module.__name__
    ]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "loads //cdn"),
        ('<link rel="preconnect" href="https://fonts.example">', "loads https://fonts"),
        ('<img src="a.png" alt="">', "no alt text"),
        ('<p id="a"></p><p id="a"></p>', "id a twice"),
        ('<a href="gone.html">x</a>', "no such file"),
        ('<a href="#gone">x</a>', "no such place"),
        ('<a href="other.html#gone">x</a>', "no such place"),
    ],
)
def test_each_fault_is_noticed(tmp_path, body, complaint):
    (tmp_path / "a.png").touch()
    (tmp_path / "other.html").write_text("<p id=here></p>")
    (tmp_path / "page.html").write_text(f"<html>{body}</html>")
    found = problems(tmp_path)
    assert len(found) == 1
    assert complaint in found[0]


def test_a_good_page_passes(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "other.html").write_text("<p id=here></p>")
    (tmp_path / "page.html").write_text(
        '<img src="a.png" alt="a picture"><a href="other.html#here">x</a>'
        '<a href="https://elsewhere.example">elsewhere</a>'
    )
    assert problems(tmp_path) == []


def test_a_style_sheet_from_elsewhere_is_noticed(tmp_path):
    (tmp_path / "a.css").write_text('@import "https://cdn.example/b.css";')
    (tmp_path / "b.css").write_text("p { background: url(//cdn.example/b.png); }")
    (tmp_path / "c.css").write_text("p { background: url(c.png); }")
    assert len(css_problems(tmp_path)) == 2
