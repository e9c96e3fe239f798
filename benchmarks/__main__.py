"""Run every benchmark, then write the report.

python -m benchmarks [--quick | --brief] [--threads N] [--only sinkhorn,line]
"""

from __future__ import annotations

import importlib
import sys
import time

from benchmarks import report
from benchmarks.command import parser, settings_of
from benchmarks.harness import OUT


def main() -> None:
    """Run the chosen topics in order; a topic that fails does not stop the others."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--only", help="topics, separated by commas")
    chosen = options.parse_args()
    topics = chosen.only.split(",") if chosen.only else report.TOPICS
    settings, failed = settings_of(chosen), []
    for topic in topics:
        sys.stdout.write(f"== {topic}\n")
        start = time.perf_counter()
        try:
            importlib.import_module(f"benchmarks.bench_{topic}").run(settings)
        except Exception as error:  # noqa: BLE001 -- reported below, and by the exit
            failed.append(f"{topic}: {type(error).__name__}: {error}")
        minutes = (time.perf_counter() - start) / 60
        sys.stdout.write(f"== {topic}: {minutes:.1f} minutes\n")
    report.write(OUT, settings.quick, OUT if settings.quick else report.HERE)
    if failed:
        raise SystemExit("Failed: " + "; ".join(failed))


if __name__ == "__main__":
    main()
