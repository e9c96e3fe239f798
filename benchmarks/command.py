"""The command line that all benchmarks share."""

from __future__ import annotations

import argparse
from dataclasses import replace

from benchmarks.harness import BRIEF, FULL, QUICK, Settings


def parser(description: str) -> argparse.ArgumentParser:
    """Return the options of every benchmark."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--quick", action="store_true", help="small sizes and caps")
    options.add_argument("--brief", action="store_true", help="full sizes, fewer cases")
    options.add_argument("--threads", type=int, default=1, help="threads for everybody")
    options.add_argument("--cap", type=float, help="seconds after which a peer is late")
    return options


def settings_of(chosen: argparse.Namespace) -> Settings:
    """Return the settings that the options choose."""
    settings = QUICK if chosen.quick else BRIEF if chosen.brief else FULL
    settings = replace(settings, threads=chosen.threads)
    return replace(settings, cap=chosen.cap) if chosen.cap else settings


def settings(description: str) -> Settings:
    """Read the command line of one benchmark."""
    return settings_of(parser(description).parse_args())
