"""Make notebooks out of the chapters, one way: book/*.md -> notebooks/*.ipynb.

``run [NAME ...]``   execute the chapters whose result is not in the cache yet
``run --write``      the same, then store the results in notebooks/
``check``            fail unless notebooks/ is what the chapters say, all cells run

The full results (pictures included) go into the execution cache, from which the book
is rendered without running anything again.  What is stored in notebooks/ is text
alone: plain text, LaTeX and the records of derivations, which is what a second,
independent execution is compared with.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import hashlib
import logging
import os
import re
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parents[2]
RECORD = "application/vnd.ottools.record+json"
STORED = ("text/plain", "text/latex", RECORD)
TIMEOUT = 300
CACHES_KEPT = 3
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class ChapterError(Exception):
    """A cell failed; the message names the chapter, the cell and the reason."""


def chapters(root: Path = ROOT) -> list[Path]:
    """Return the Markdown files that run: those whose header names a kernel."""
    return [p for p in sorted((root / "book").glob("*.md")) if is_chapter(p)]


def is_chapter(md: Path) -> bool:
    """Tell whether a Markdown file starts with a header that names a kernel."""
    text = md.read_text(encoding="utf-8")
    return text.startswith("---\n") and "\nkernelspec:" in text.split("\n---", 1)[0]


def cache_dir(root: Path = ROOT) -> Path:
    """Return the cache for this state of what chapters import.

    jupyter-cache keys on the cells only, so without this an edit of the package would
    leave the old outputs in the book.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    for path in [*sorted((root / "ottools").rglob("*.py")), root / "constraints.txt"]:
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes() if path.exists() else b"")
    return root / "_build" / ".jupyter_cache" / digest.hexdigest()[:12]


def executed_dir(root: Path = ROOT) -> Path:
    """Return the folder with the text form of what was executed last."""
    return root / "_build" / "executed"


def source(md: Path) -> nbformat.NotebookNode:
    """Read a chapter as an unexecuted notebook with stable cell ids."""
    nb = jupytext.read(md, fmt="md:myst")
    seen: dict[str, int] = {}
    for cell in nb.cells:
        text = (cell.cell_type + cell.source).encode()
        key = hashlib.sha1(text, usedforsecurity=False).hexdigest()[:8]
        seen[key] = seen.get(key, 0) + 1
        cell["id"] = key if seen[key] == 1 else f"{key}-{seen[key]}"
    nb.metadata = nbformat.from_dict({"kernelspec": nb.metadata["kernelspec"]})
    nb.nbformat, nb.nbformat_minor = 4, 5
    return nb


def execute(md: Path) -> tuple[nbformat.NotebookNode, float]:
    """Run every cell of a chapter in a fresh kernel; return notebook and seconds."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    logging.getLogger("traitlets").setLevel(logging.ERROR)
    os.environ.update(OMP_NUM_THREADS="1", PYTHONHASHSEED="0")
    nb, start = source(md), time.perf_counter()
    client = NotebookClient(
        nb,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(md.parent)}},
    )
    try:
        with sockets(client.create_kernel_manager()):
            client.execute()
    except (CellExecutionError, CellTimeoutError) as error:
        raise ChapterError(describe_failure(md, nb, error)) from None
    nb.metadata.pop("language_info", None)
    if place := printed_to_stderr(nb):
        raise ChapterError(f"{md.name}, {place} wrote to stderr")
    return nb, time.perf_counter() - start


@contextlib.contextmanager
def sockets(manager):
    """Let a kernel be spoken to through files, where the system has such sockets.

    Ports are chosen before the kernel takes them, and two kernels that start at the
    same time may be given the same. (The path of a socket has 104 bytes or more.)
    """
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        if os.name == "posix" and len(os.fsencode(folder)) < 90:
            manager.transport, manager.ip = "ipc", f"{folder}/at"
        yield


def describe_failure(md: Path, nb: nbformat.NotebookNode, error: Exception) -> str:
    """Say which chapter and cell failed, with its first line and the last words."""
    code = [c for c in nb.cells if c.cell_type == "code"]
    failed = [c for c in code if has_error(c)] or [
        c for c in code if c.execution_count is None
    ]
    cell = failed[0] if failed else code[-1]
    number, line = code.index(cell) + 1, line_of(md, cell.source)
    words = ANSI.sub("", str(error)).strip().splitlines()
    first = cell.source.strip().splitlines()[0]
    where = f"book/{md.name}:{line}, code cell {number} (starts `{first}`)"
    return "\n".join([where, *("    " + w for w in words[-12:])])


def has_error(cell: nbformat.NotebookNode) -> bool:
    """Tell whether a code cell ended in an error that it was not allowed to raise."""
    allowed = "raises-exception" in cell.metadata.get("tags", [])
    return not allowed and any(o.output_type == "error" for o in cell.outputs)


def printed_to_stderr(nb: nbformat.NotebookNode) -> str:
    """Name the first code cell with output on stderr, or return ''."""
    code = [c for c in nb.cells if c.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        if any(o.get("name") == "stderr" for o in cell.outputs):
            return f"code cell {number} (starts `{cell.source.splitlines()[0]}`)"
    return ""


def line_of(md: Path, text: str) -> int:
    """Return the line of a chapter on which a cell's source starts."""
    whole = md.read_text(encoding="utf-8")
    at = whole.find(text)
    return whole.count("\n", 0, max(at, 0)) + 1


def text_form(nb: nbformat.NotebookNode, seconds: float) -> nbformat.NotebookNode:
    """Return the notebook with the stored kinds of output only, and its duration."""
    nb = copy.deepcopy(nb)
    nb.metadata["ottools"] = {"seconds": round(seconds, 1)}
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if "traceback" in output:
                output["traceback"] = []  # it would name folders of this machine
            if "data" in output:
                output["metadata"] = {}
                output["data"] = {
                    k: output["data"][k] for k in STORED if k in output["data"]
                }
    return nb


def same_but_for_seconds(
    one: nbformat.NotebookNode, two: nbformat.NotebookNode
) -> bool:
    """Compare notebooks without regard to how long they took."""
    one, two = copy.deepcopy(one), copy.deepcopy(two)
    for nb in (one, two):
        nb.metadata.pop("ottools", None)
    return nbformat.writes(one) == nbformat.writes(two)


def store(nb: nbformat.NotebookNode, path: Path) -> bool:
    """Write a notebook unless only its duration changed; tell if it was written."""
    if path.exists() and same_but_for_seconds(nb, nbformat.read(path, as_version=4)):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return True


def cached(cache, md: Path):
    """Return (notebook, seconds) from the cache, or None."""
    nb = source(md)
    try:
        record = cache.match_cache_notebook(nb)
    except KeyError:
        return None
    bundle = cache.get_cache_bundle(record.pk)
    results = {c["id"]: c for c in nb.cells}
    code = [c for c in bundle.nb.cells if c.cell_type == "code"]
    for cell, ran in zip(
        [c for c in nb.cells if c.cell_type == "code"], code, strict=True
    ):
        results[cell["id"]].update(
            outputs=ran.outputs, execution_count=ran.execution_count
        )
    return nb, float(record.data.get("execution_seconds", 0.0))


def remember(cache, md: Path, nb: nbformat.NotebookNode, seconds: float) -> None:
    """Put a full result where the book's build will look for it."""
    from jupyter_cache.cache.main import CacheBundleIn

    project = {"name": "myst_nb_md", "type": "plugin"}
    record = cache.add_nb_to_project(str(md), read_data=project)
    bundle = CacheBundleIn(nb, record.uri, data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def prune_caches(present: Path) -> None:
    """Delete the caches of long-gone states of the package."""
    others = [p for p in present.parent.iterdir() if p.is_dir() and p != present]
    others.sort(key=lambda p: p.stat().st_mtime)
    for path in others[: -(CACHES_KEPT - 1) or None]:
        shutil.rmtree(path, ignore_errors=True)


def run(names: list[str], jobs: int, write: bool, force: bool) -> int:
    """Execute what is not cached, `jobs` chapters at a time; return an exit status."""
    from jupyter_cache import get_cache

    wanted = select(names)
    cache_dir().mkdir(parents=True, exist_ok=True)
    cache = get_cache(str(cache_dir()))
    done = {} if force else {md: hit for md in wanted if (hit := cached(cache, md))}
    for md in done:
        say(f"{md.stem}: unchanged, {done[md][1]:.1f} s when it was run")
    failures, todo = [], [md for md in wanted if md not in done]
    if todo:
        say("to run: " + ", ".join(md.stem for md in todo))
    with ProcessPoolExecutor(max(1, min(jobs, len(todo)))) as pool:
        futures = {pool.submit(execute, md): md for md in todo}
        for count, future in enumerate(as_completed(futures), 1):
            md = futures[future]
            try:
                done[md] = future.result()
            except ChapterError as error:
                failures.append(str(error))
                say(f"{md.stem}: FAILED")
                continue
            say(f"{md.stem}: {done[md][1]:.1f} s  ({count} of {len(todo)})")
            remember(cache, md, *done[md])
    for md, (nb, seconds) in done.items():
        keep(md, text_form(nb, seconds), write)
    forget_others(write)
    prune_caches(cache_dir())
    for failure in failures:
        print(f"\nThis chapter does not run: {failure}", file=sys.stderr)
    return 1 if failures else 0


def select(names: list[str]) -> list[Path]:
    """Return the chapters with these names (all when none is given)."""
    known = {md.stem: md for md in chapters()}
    if unknown := [n for n in names if n not in known]:
        raise SystemExit(
            f"No chapter is called {', '.join(unknown)}; there are: {', '.join(known)}."
        )
    return [known[n] for n in names] or list(known.values())


def keep(md: Path, nb: nbformat.NotebookNode, write: bool) -> None:
    """Store the text form for the ledger and, when asked, in notebooks/."""
    store(nb, executed_dir() / f"{md.stem}.ipynb")
    if write and store(nb, ROOT / "notebooks" / f"{md.stem}.ipynb"):
        say(f"{md.stem}: stored in notebooks/")


def forget_others(write: bool) -> None:
    """Remove notebooks of chapters that are no more."""
    names = {md.stem for md in chapters()}
    folders = [executed_dir(), *([ROOT / "notebooks"] if write else [])]
    for folder in folders:
        for path in folder.glob("*.ipynb"):
            if path.stem not in names:
                path.unlink()


def problems(root: Path = ROOT) -> list[str]:
    """List everything in which notebooks/ differs from what the chapters say."""
    texts = {md.stem: md for md in chapters(root)}
    stored = {p.stem: p for p in sorted((root / "notebooks").glob("*.ipynb"))}
    found = [f"notebooks/{n}.ipynb is missing" for n in texts.keys() - stored.keys()]
    found += [
        f"notebooks/{n}.ipynb has no chapter" for n in stored.keys() - texts.keys()
    ]
    for name in sorted(texts.keys() & stored.keys()):
        found += differences(texts[name], stored[name])
    return found


def differences(md: Path, path: Path) -> list[str]:
    """List in what a stored notebook differs from its chapter."""
    want, have = source(md).cells, nbformat.read(path, as_version=4).cells
    where, found = f"notebooks/{path.name}", []
    if len(want) != len(have):
        found.append(f"{where}: {len(have)} cells, but {len(want)} in book/{md.name}")
    for number, (a, b) in enumerate(zip(want, have, strict=False)):
        if any(a.get(k) != b.get(k) for k in ("cell_type", "source", "metadata", "id")):
            line = line_of(md, a.source)
            found.append(f"{where}: cell {number} is not that of book/{md.name}:{line}")
            break
    for number, cell in enumerate(have):
        if cell.cell_type == "code":
            found += [f"{where}: cell {number} {w}" for w in wrong_in_cell(cell)]
    return found


def wrong_in_cell(cell: nbformat.NotebookNode) -> list[str]:
    """List what a stored code cell must not hold or lacks."""
    wrong = [] if cell.execution_count else ["was never run"]
    if has_error(cell):
        wrong.append("holds an error")
    if any(o.get("name") == "stderr" for o in cell.outputs):
        wrong.append("holds output on stderr")
    kinds = {k for o in cell.outputs for k in o.get("data", {})}
    wrong += [f"holds {k}, which is not stored" for k in sorted(kinds - set(STORED))]
    return wrong


def say(text: str) -> None:
    """Report progress at once."""
    print(f"      {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="execute chapters that are not cached")
    runner.add_argument("names", nargs="*", metavar="NAME")
    runner.add_argument("-j", "--jobs", type=int, default=2)
    runner.add_argument("--write", action="store_true", help="store in notebooks/")
    runner.add_argument("--force", action="store_true", help="ignore the cache")
    commands.add_parser("check", help="compare notebooks/ with the chapters")
    args = parser.parse_args(arguments)
    if args.command == "run":
        return run(args.names, args.jobs, args.write, args.force)
    found = problems()
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("`make notebooks` stores them anew.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
