"""The class of machine and the versions, for the head of the report."""

from __future__ import annotations

import os
import platform
from importlib import metadata

PACKAGES = (
    "numpy",
    "scipy",
    "POT",
    "torch",
    "jax",
    "ott-jax",
    "geomloss",
    "scikit-learn",
    "sympy",
)


def version(package: str) -> str:
    """Return the installed version, or that there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def description() -> dict:
    """Return cores, kind of processor, system and versions; no name of a machine."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return {
        "cores": available or os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }
