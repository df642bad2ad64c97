"""glibc's settings for kept memory, which count only before a process starts: the benchmark starts again with them.

PyTorch's time depends on them: its buffers are touched anew in every call or not, depending on what was freed before
(512 channels from one: 100 ms with the default heap, 22 ms with kept memory).
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping

SETTINGS = {
    "MALLOC_MMAP_MAX_": "0",  # large blocks come from the heap,
    "MALLOC_TRIM_THRESHOLD_": "8000000000",  # which is not given back,
    "MALLOC_TOP_PAD_": "268435456",  # and grows in large steps
}


def is_kept(environment: Mapping[str, str]) -> bool:
    return all(environment.get(name) == value for name, value in SETTINGS.items())


def is_default(environment: Mapping[str, str]) -> bool:
    return not any(name in environment for name in SETTINGS)


def environment_for(wanted: bool, environment: Mapping[str, str], libc: str) -> dict[str, str] | None:
    """The environment to start again with; None where the process may go on as it is."""
    if libc != "glibc" or (is_kept(environment) if wanted else is_default(environment)):
        return None
    rest = {name: value for name, value in environment.items() if name not in SETTINGS}
    return {**rest, **SETTINGS} if wanted else rest


def restart_with(kept: bool) -> str:
    """Starts the process again where its heap is not the wanted one; else says which heap it has."""
    libc = platform.libc_ver()[0]
    environment = environment_for(kept, os.environ, libc)
    if environment is not None:
        sys.stdout.flush()
        os.execve(sys.executable, sys.orig_argv, environment)
    if libc != "glibc":
        return "the system's (not glibc: no settings)"
    return "kept memory: " + " ".join(f"{k}={v}" for k, v in SETTINGS.items()) if kept else "glibc's default"
