"""Imports inside the package point one way, and its functions stay small."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

# The layer of every module.  A module imports from its own layer and from those below;
# `plotting` and `datasets` show objects and know nothing of solvers and learning.
LAYER = {
    "derive": 0,
    "ledger": 0,
    "autoregressive": 1,
    "bures": 1,
    "coding": 1,
    "convergence": 1,
    "costs": 1,
    "dimension": 1,
    "divergences": 1,
    "enumeration": 1,
    "integrators": 1,
    "latent": 1,
    "linear_models": 1,
    "measures": 1,
    "mmd": 1,
    "paths": 1,
    "dynamic": 2,
    "flows": 2,
    "kantorovich": 2,
    "semidiscrete": 2,
    "sinkhorn": 2,
    "sinkhorn.on_torch": 3,
    "models": 3,
    "objectives": 3,
    "training": 3,
    "datasets": 4,
    "plotting": 4,
}
BELOW = {0: {0}, 1: {0, 1}, 2: {0, 1, 2}, 3: {0, 1, 2, 3}, 4: {0, 1, 4}}
NUMERICAL = {"sympy", "mpmath", "numpy", "scipy"}
FOREIGN = {
    0: {"sympy", "mpmath"},
    1: NUMERICAL,
    2: NUMERICAL | {"ot"},
    3: NUMERICAL | {"ot", "torch"},
    4: NUMERICAL | {"matplotlib", "sklearn"},
}
MAX_BODY, MAX_ARGUMENTS = 40, 6
PACKAGE = Path(__file__).resolve().parents[1] / "ottools"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def imports(source: str, module: str) -> list[tuple[int, str]]:
    """Return (line, absolute dotted name) of everything that a module imports."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")[: -node.level]
                base = ".".join([*above, *([base] if base else [])])
            found += [(node.lineno, f"{base}.{a.name}") for a in node.names]
    return found


def layer_of(parts: list[str]) -> int | None:
    """Return the layer of a module below ottools: the longest name listed decides."""
    names = (".".join(parts[:k]) for k in range(len(parts), 0, -1))
    return next((LAYER[name] for name in names if name in LAYER), None)


def wrong_imports(source: str, module: str) -> list[str]:
    """List the imports that break the rule; `module` is dotted, as in ottools.mmd."""
    parts = module.split(".")[1:]
    layer = 0 if parts == ["__init__"] else layer_of(parts)
    if layer is None:
        return [f"{module} is not in the table of layers"]
    return [
        f"{module}:{line} imports {name}"
        for line, name in imports(source, module)
        if not allowed(name, layer)
    ]


def allowed(name: str, layer: int) -> bool:
    """Tell whether a module of this layer may import this name."""
    top, *rest = name.split(".")
    if top == "ottools":
        return bool(rest) and layer_of(rest) in BELOW[layer]
    return top in sys.stdlib_module_names or top in FOREIGN[layer]


def large_functions(source: str, module: str) -> list[str]:
    """List the functions whose body or list of arguments is too long."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, FUNCTIONS):
            continue
        place = f"{module}:{node.lineno} {node.name}"
        if (lines := body_lines(node)) > MAX_BODY:
            found.append(f"{place}: {lines} lines")
        if (count := argument_count(node)) > MAX_ARGUMENTS:
            found.append(f"{place}: {count} arguments")
    return found


def body_lines(node: ast.FunctionDef) -> int:
    """Count the lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def argument_count(node: ast.FunctionDef) -> int:
    """Count the arguments of a function without self."""
    a = node.args
    every = [*a.posonlyargs, *a.args, *a.kwonlyargs]
    return len(every) - (bool(every) and every[0].arg in ("self", "cls"))


def modules() -> list[str]:
    """Return the dotted names of all modules of the package."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return [
        ".".join(["ottools", *p.relative_to(PACKAGE).with_suffix("").parts])
        for p in paths
    ]


def source_of(module: str) -> str:
    """Return the text of a module."""
    path = PACKAGE.parent.joinpath(*module.split(".")).with_suffix(".py")
    return path.read_text(encoding="utf-8")


def python(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("module", modules())
def test_imports_point_down(module):
    assert wrong_imports(source_of(module), module) == []


@pytest.mark.parametrize("module", modules())
def test_functions_stay_small(module):
    assert large_functions(source_of(module), module) == []


@pytest.mark.parametrize("module", modules())
def test_everything_exported_can_be_imported(module):
    loaded = importlib.import_module(module.removesuffix(".__init__"))
    names = getattr(loaded, "__all__", [])
    assert len(names) == len(set(names))
    assert [n for n in names if not hasattr(loaded, n)] == []


def test_the_package_alone_loads_nothing_heavy():
    code = (
        "import sys, ottools; print(sorted({'torch', 'matplotlib'} & {*sys.modules}))"
    )
    assert python(code) == "[]"


def test_proofs_need_no_numpy():
    code = (
        "import sys; sys.modules.update(numpy=None, scipy=None);"
        "import ottools.derive, ottools.ledger;"
        "print({m.split('.')[0] for m in sys.modules if sys.modules[m]}"
        " & {'numpy', 'scipy', 'torch', 'matplotlib'})"
    )
    assert python(code) == "set()"


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import numpy as np", "ottools.derive.claims"),
        ("from numpy import array", "ottools.ledger"),
        ("def f():\n    import scipy", "ottools.derive.claims"),
        ("from ..measures import Discrete", "ottools.derive.claims"),
        ("from .sinkhorn import solve", "ottools.mmd"),
        ("from . import training", "ottools.plotting"),
        ("from ottools.sinkhorn import solve", "ottools.plotting"),
        ("import torch", "ottools.sinkhorn.newton"),
        ("from .on_torch import loss", "ottools.sinkhorn.__init__"),
        ("from ottools.sinkhorn import on_torch", "ottools.sinkhorn.newton"),
        ("import matplotlib.pyplot as plt", "ottools.training"),
        ("import pandas", "ottools.datasets"),
        ("import torch", "ottools.__init__"),
        ("from . import plotting", "ottools.__init__"),
        ("import math", "ottools.newcomer"),
    ],
)
def test_an_import_upward_is_noticed(source, module):
    (found,) = wrong_imports(source, module)
    assert module in found


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import math\nimport sympy\nfrom mpmath import mp", "ottools.derive.claims"),
        ("from .claims import check", "ottools.derive.prove"),
        ("from ..derive import check", "ottools.divergences.line"),
        ("from .measures import Discrete\nimport numpy", "ottools.mmd"),
        ("import ot\nfrom . import costs", "ottools.kantorovich"),
        ("import torch\nfrom .. import mmd", "ottools.training.toy"),
        ("import torch\nfrom .newton import solve", "ottools.sinkhorn.on_torch"),
        ("import matplotlib.pyplot as plt", "ottools.plotting"),
    ],
)
def test_an_import_downward_passes(source, module):
    assert wrong_imports(source, module) == []


def test_large_functions_are_noticed():
    long = "def f(x):\n" + "    x += 1\n" * 41
    wide = "def f(a, b, c, d, *, e, g, h):\n    pass"
    method = "class A:\n    def f(self, a, b, c, d, e, g):\n        pass"
    assert large_functions(long, "m") == ["m:1 f: 41 lines"]
    assert large_functions(wide, "m") == ["m:1 f: 7 arguments"]
    assert large_functions(method, "m") == []
