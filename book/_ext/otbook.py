"""What this book adds to Sphinx.

* MathJax and the text face are served from the book itself: no page asks another host.
* Chapters are rendered from the execution cache that ``notebooks.py`` fills.
* Each chapter offers its notebook for download.
* ``{ledger}`` shows what the executed notebooks say was proved.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "_tools"))

import notebooks

MATHJAX_PARTS = (
    "tex-chtml-full.js",
    "output/chtml/fonts/woff-v2",
    "ui",
    "a11y",
    "sre/mathmaps/en.json",
    "sre/mathmaps/base.json",
)
FONT_PARTS = (
    *(
        f"SourceSerifPro-{style}.ttf"
        for style in ("Regular", "It", "Semibold", "SemiboldIt")
    ),
    "LICENSE.txt",
)


def installed(package: str) -> Path:
    """Return the folder of a package that pip installed."""
    return Path(importlib.util.find_spec(package).origin).parent


def copy_into_book(app, exception) -> None:
    """Put MathJax, fonts and the notebooks beside the finished pages."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    mathjax = installed("sphinx-mathjax-offline") / "static" / "mathjax"
    for name in MATHJAX_PARTS:
        copy(mathjax / name, static / "mathjax" / name)
    fonts = installed("font_source_serif_pro") / "files"
    for name in FONT_PARTS:
        copy(fonts / name, static / "fonts" / name)
    for path in (Path(app.srcdir) / "notebooks").glob("*.ipynb"):
        copy(path, Path(app.outdir) / "_sources" / "book" / path.name)


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def offer_notebook(app, pagename, _template, context, _doctree) -> None:
    """Tell the theme that a page can be had as a notebook."""
    stored = Path(app.srcdir) / "notebooks" / f"{Path(pagename).name}.ipynb"
    if Path(pagename).parent == Path("book") and stored.exists():
        context["ipynb_source"] = f"{pagename}.ipynb"


def share_cache(app, config) -> None:
    """Render from the cache that ``notebooks.py`` filled."""
    config.nb_execution_cache_path = str(notebooks.cache_dir(Path(app.srcdir)))


def keep_formulas(app, what, name, obj, options, lines) -> None:  # noqa: ARG001, PLR0913
    """Let docstrings say |x| and x**2 without meaning reStructuredText by it."""
    in_example = False
    for number, line in enumerate(lines):
        in_example = bool(line.strip()) and (
            in_example or line.lstrip().startswith(">>>")
        )
        if not in_example:
            parts = line.split("``")
            parts[::2] = [re.sub(r"\||\*\*", escape, part) for part in parts[::2]]
            lines[number] = "``".join(parts)


def escape(match: re.Match) -> str:
    """Put a backslash before every character of a match."""
    return "".join("\\" + c for c in match[0])


class Ledger(SphinxDirective):
    """The ledger of all derivations, read from the executed notebooks."""

    def run(self) -> list[nodes.Node]:
        """Ask the package for the tables, and render them in place."""
        from ottools import ledger

        self.env.note_reread()
        text = ledger.markdown(notebooks.executed_dir(Path(self.env.app.srcdir)))
        # Straight into the page: its headings become sections of the page.
        lines, page = (
            StringList(text.splitlines(), source="ledger"),
            self.state_machine.node,
        )
        self.state.nested_parse(lines, self.content_offset, page, match_titles=True)
        return []


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", share_cache)
    app.connect("build-finished", copy_into_book)
    app.connect("html-page-context", offer_notebook, priority=400)
    app.connect("autodoc-process-docstring", keep_formulas, priority=400)
    app.add_directive("ledger", Ledger)
    app.config.mathjax_path = "mathjax/tex-chtml-full.js"
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
