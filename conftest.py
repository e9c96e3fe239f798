"""Let nbval's kernels emit what notebooks/ stores: text, LaTeX and records."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path

KERNEL_CONFIG = """\
c = get_config()
c.DisplayFormatter.active_types = ["text/plain", "text/latex"]
c.HistoryManager.enabled = False
"""


def pytest_configure(config):
    if not config.getoption("nbval", False):
        return
    from jupyter_client.manager import KernelManager
    from nbval import kernel

    home = Path(tempfile.mkdtemp(prefix="ottools-ipython-"))
    profile = home / "profile_default"
    profile.mkdir()
    (profile / "ipython_kernel_config.py").write_text(KERNEL_CONFIG)
    os.environ.update(
        IPYTHONDIR=str(home),
        OMP_NUM_THREADS="1",
        PYTHONHASHSEED="0",
        MPLBACKEND="module://matplotlib_inline.backend_inline",
    )
    # No ports, which two kernels may choose alike; a socket's path has to be short.
    if os.name == "posix" and len(os.fsencode(home)) < 90:
        at = {"transport": "ipc", "ip": str(home / "kernel")}
        kernel.KernelManager = partial(KernelManager, **at)
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
