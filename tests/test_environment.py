"""pyproject.toml, constraints.txt and environment.yml say the same thing."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
import yaml

EIGHT = {
    "jupyter-book",
    "numpy",
    "scipy",
    "sympy",
    "pot",
    "torch",
    "matplotlib",
    "nbval",
}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    return canonical(re.match(r"[A-Za-z0-9._-]+", requirement)[0])


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def pins(root):
    lines = (root / "constraints.txt").read_text().split()
    return {canonical(k): v for k, v in (line.split("==") for line in lines)}


@pytest.fixture(scope="module")
def conda(root):
    return yaml.safe_load((root / "environment.yml").read_text())


def pip_lines(conda) -> list[str]:
    return next(d["pip"] for d in conda["dependencies"] if isinstance(d, dict))


def requirements(project) -> list[str]:
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["book"], *extras["test"]]


def test_every_line_of_the_constraints_is_a_plain_pin(root):
    lines = (root / "constraints.txt").read_text().splitlines()
    odd = [s for s in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", s)]
    assert odd == []


def test_every_dependency_is_pinned(project, pins):
    names = {name_of(r) for r in requirements(project)}
    assert names - pins.keys() == set()


def test_every_pin_lies_in_the_declared_range(project, pins):
    from packaging.requirements import Requirement

    wrong = [
        r
        for r in requirements(project)
        if not Requirement(r).specifier.contains(pins[name_of(r)])
    ]
    assert wrong == []


def test_the_environment_is_the_pinned_one(pins):
    differing = {}
    for name, version in pins.items():
        try:
            have = metadata.version(name).split("+")[0]
        except metadata.PackageNotFoundError:
            have = "not installed"
        if have != version:
            differing[name] = (version, have)
    assert differing == {}


def test_the_eight_packages_are_named_everywhere(project, pins, conda):
    named_by_conda = {name_of(s) for s in pip_lines(conda) if not s.startswith("-")}
    assert named_by_conda == EIGHT
    assert {name_of(r) for r in requirements(project)} >= EIGHT
    assert pins.keys() >= EIGHT


def test_conda_takes_all_versions_from_the_constraints(conda):
    lines = pip_lines(conda)
    assert "-c constraints.txt" in lines
    assert "-e .[book,test]" in lines


def test_python_is_the_same_everywhere(project, conda):
    assert project["requires-python"] == ">=3.11"
    assert "python=3.11" in conda["dependencies"]


def test_jupyter_book_stays_below_two(project, pins, conda):
    book = next(r for r in requirements(project) if name_of(r) == "jupyter-book")
    assert "<2" in book
    assert "jupyter-book<2" in pip_lines(conda)
    assert pins["jupyter-book"].startswith("1.")


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "constraints.txt", "environment.yml", "Makefile"]
)
def test_no_package_index_is_named(root, name):
    text = (root / name).read_text()
    assert re.findall(r"index-url|find-links|--hash|/simple|\+cpu", text) == []


def test_the_distribution_cannot_be_uploaded(project):
    assert project["name"] == "ottools-book"
    assert "Private :: Do Not Upload" in project["classifiers"]
