"""clang-tidy over the library's sources, in parallel; a clean file is not read again until something changes.

Usage: tidy.py BUILD_FOLDER (the one with compile_commands.json).
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIDY = ROOT / ".venv/bin/clang-tidy"
CHECKED = ("src", "python/bindings", "examples")


def shared_state() -> bytes:
    """What may change the verdict on every file: the configuration and all headers."""
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    digest.update((ROOT / "requirements/lint.txt").read_bytes())
    for folder in ("include", "src", "python/bindings"):
        for header in sorted((ROOT / folder).rglob("*.h")):
            digest.update(str(header.relative_to(ROOT)).encode())
            digest.update(header.read_bytes())
    return digest.digest()


def check(entry: dict[str, str], build: pathlib.Path, state: bytes) -> str:
    """The findings in one file; nothing where it is clean."""
    source = pathlib.Path(entry["file"])
    key = hashlib.sha256(state + entry["command"].encode() + source.read_bytes()).hexdigest()
    mark = ROOT / "build/tidy" / key
    if mark.exists():
        return ""
    done = subprocess.run([TIDY, "--quiet", "-p", build, source], capture_output=True, text=True, check=False)
    if done.returncode == 0 and not done.stdout.strip():
        mark.touch()
        return ""
    return done.stdout + (done.stderr if done.returncode else "")


def main() -> int:
    build = pathlib.Path(sys.argv[1]).resolve()
    (ROOT / "build/tidy").mkdir(parents=True, exist_ok=True)
    entries = [
        entry
        for entry in json.loads((build / "compile_commands.json").read_text())
        if any(pathlib.Path(entry["file"]).is_relative_to(ROOT / folder) for folder in CHECKED)
    ]
    state = shared_state()
    findings = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for done, text in enumerate(pool.map(lambda entry: check(entry, build, state), entries), 1):
            if text:
                findings += 1
                print(text, end="")
            if done % 10 == 0:
                print(f"   clang-tidy: {done} of {len(entries)} files", flush=True)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
