"""Damage copies of the book, one place at a time: each damage must be noticed.

Every case edits one file of a throw-away copy, runs the part of the tests that is
responsible, and demands that it fails and that its output names the place.

``python tests/tamper.py`` runs all cases, ``python tests/tamper.py NAME ...`` some.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".git", ".venv", "_build", "__pycache__", ".*_cache", ".hypothesis")
RUN = ("book/_tools/notebooks.py", "run")
CHECK = ("book/_tools/notebooks.py", "check")
RULES = ("-m", "pytest", "-q", "tests/test_book.py")
STRICT = ("-m", "pytest", "-q", "-x", "--nbval")
BOOK = ("-c", "from jupyter_book.cli.main import main; main()")
RENDER = (*BOOK, "build", "-q", "-W", "--keep-going", "-n", ".")


@dataclass(frozen=True)
class Case:
    """One damage: the edit, the command that must fail, what it must say.

    `old` is a regular expression that has to match exactly `matches` times; `new`
    takes its place.  `says` are regular expressions for the output.
    """

    name: str
    file: str
    old: str
    new: str
    command: tuple[str, ...]
    says: tuple[str, ...]
    matches: int = 1


CASES: list[Case] = [
    Case(
        "a sign in a derivation of the chapter on entropy",
        "book/entropy.md",
        r"\.begin\(log\(n\) - H\(P\)\)",
        ".begin(log(n) + H(P))",
        (*RUN, "entropy"),
        (
            r"book/entropy\.md:\d+, code cell \d+",
            r"derivation 'ent-uniform', step \(a\)",
        ),
    ),
    Case(
        "a sign in a derivation of the chapter on GANs",
        "book/gan.md",
        r"-log\(4\) \+ 2 \* JS\(p, q\), by=",
        "log(4) + 2 * JS(p, q), by=",
        (*RUN, "gan"),
        (r"book/gan\.md:\d+, code cell \d+", r"derivation 'gan-value', step"),
    ),
    Case(
        "a coefficient in the chapter on autoencoders",
        "book/autoencoders.md",
        r"\* norm2\(root\(C\) @ W\.T @ gap\)\),",
        "* norm2(root(C) @ W.T @ gap) / 2),",
        (*RUN, "autoencoders"),
        (
            r"book/autoencoders\.md:\d+, code cell \d+",
            r"derivation 'ae-stationary', step",
        ),
    ),
    Case(
        "a sign in a form of the evidence lower bound",
        "book/vae.md",
        r"rebuilt - KL\(encoder, p_z\),\n        by=\"reconstruction",
        'rebuilt + KL(encoder, p_z),\n        by="reconstruction',
        (*RUN, "vae"),
        (r"book/vae\.md:\d+, code cell \d+", r"derivation 'vae-forms', step"),
    ),
    Case(
        "the constant of Pinsker's inequality",
        "book/distances.md",
        r"AtMost\(2 \* TV\(p, q\) \*\* 2, KL",
        "AtMost(3 * TV(p, q) ** 2, KL",
        (*RUN, "distances"),
        (r"book/distances\.md:\d+, code cell \d+", r"derivation 'dist-pinsker', step"),
    ),
    Case(
        "a factor in the V-statistic",
        "book/mmd.md",
        r"V_xx \+ V_yy - 2 \* U_xy, by=",
        "V_xx + V_yy - U_xy, by=",
        (*RUN, "mmd"),
        (r"book/mmd\.md:\d+, code cell \d+", r"derivation 'mmd-bias', step"),
    ),
    Case(
        "the sign of a price in the Lagrangian",
        "book/duality.md",
        r"\(C\[i, j\] - f\[i\] - g\[j\]\)\],\n        by=\"regrouped",
        '(C[i, j] - f[i] + g[j])],\n        by="regrouped',
        (*RUN, "duality"),
        (r"book/duality\.md:\d+, code cell \d+", r"derivation 'dua-lagrangian', step"),
    ),
    Case(
        "a stored output",
        "notebooks/entropy.ipynb",
        r"Σ_\{a\} p\(a\) log p\(a\)\\n",
        r"Σ_{a} p(a) log p(b)\\n",
        (*STRICT, "notebooks/entropy.ipynb"),
        (r"Cell 2", r"mismatch 'text/plain'"),
    ),
    Case(
        "the assertion of a figure",
        "book/entropy.md",
        r"\(floor < np\.array\(rates\)\) & \(rates < floor",
        "(floor > np.array(rates)) & (rates < floor",
        (*RUN, "entropy"),
        (r"book/entropy\.md:\d+, code cell \d+", "caption not supported"),
    ),
    Case(
        "the caption of a figure",
        "book/gan.md",
        r"It is one half where the two densities cross\. At",
        "It is one third where the two densities cross. At",
        RULES,
        (r"book/gan\.md:\d+: the caption does not say",),
    ),
    Case(
        "a label",
        "book/gan.md",
        r"\{eq\}`gan-game` has a pleasant feature",
        "{eq}`gan-gmae` has a pleasant feature",
        RENDER,
        (r"book/gan\.md:\d+: WARNING: .*gan-gmae",),
    ),
]


def copy_book(target: Path) -> None:
    """Copy the working tree, with the cache of executed chapters."""
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
    cache = ROOT / "_build" / ".jupyter_cache"
    if cache.exists():
        shutil.copytree(cache, target / "_build" / ".jupyter_cache")
    executed = ROOT / "_build" / "executed"
    if executed.exists():
        shutil.copytree(executed, target / "_build" / "executed")


def damage(copy: Path, case: Case) -> str:
    """Make the edit; say what is wrong with the case itself, or return ''."""
    path = copy / case.file
    text = path.read_text(encoding="utf-8")
    edited, count = re.subn(case.old, case.new, text)
    if count != case.matches:
        return f"`{case.old}` matches {count} times in {case.file}"
    if edited == text:
        return "the edit changes nothing"
    path.write_text(edited, encoding="utf-8")
    return ""


def attempt(case: Case) -> str:
    """Carry out one case; say why the damage went unnoticed, or return ''."""
    with tempfile.TemporaryDirectory(prefix="ottools-tamper-") as folder:
        copy = Path(folder) / "book"
        copy_book(copy)
        if wrong := damage(copy, case):
            return wrong
        done = subprocess.run(
            [sys.executable, *case.command],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    output = done.stdout + done.stderr
    if done.returncode == 0:
        return "nothing failed"
    missing = [s for s in case.says if not re.search(s, output)]
    if missing:
        return f"failed without saying {missing}:\n{output[-3000:]}"
    return ""


def main(names: list[str]) -> int:
    """Run the named cases, or all; return an exit status."""
    wanted = [c for c in CASES if not names or c.name in names]
    if not wanted:
        print("No such case; there are: " + ", ".join(c.name for c in CASES))
        return 2
    unnoticed = 0
    for number, case in enumerate(wanted, 1):
        start = time.perf_counter()
        wrong = attempt(case)
        unnoticed += bool(wrong)
        took = f"{time.perf_counter() - start:.1f} s"
        verdict = f"NOT NOTICED: {wrong}" if wrong else "noticed"
        print(f"[{number}/{len(wanted)}] {case.name}: {verdict} ({took})", flush=True)
    print(f"{len(wanted) - unnoticed} of {len(wanted)} damages noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
