"""Print the ledger of a folder of notebooks: ``python -m ottools.ledger [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import LedgerError, collect
from .pages import report


def main(arguments: list[str] | None = None) -> int:
    """Print the ledger; return 1 if the records contradict each other."""
    parser = argparse.ArgumentParser(
        prog="python -m ottools.ledger", description=__doc__
    )
    parser.add_argument("folder", nargs="?", default="notebooks", type=Path)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args(arguments)
    try:
        ledger = collect(options.folder)
        text = (
            json.dumps(ledger, ensure_ascii=False, indent=1)
            if options.json
            else report(ledger, options.folder)
        )
    except LedgerError as fault:
        sys.stderr.write(f"ledger: {fault}\n")
        return 1
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
