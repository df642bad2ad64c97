"""torch.cuda, as far as programs ask whether there is any: a build for the CPU has none."""

from __future__ import annotations

from typing import Any

from ._covered import no_member


def is_available() -> bool:
    return False


def device_count() -> int:
    return 0


def __getattr__(name: str) -> Any:
    raise no_member("torch.cuda", name)
