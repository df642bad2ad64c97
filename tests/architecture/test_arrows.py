"""Rooms include only what the table of arrows (rooms.toml) allows."""

import graphlib
import pathlib
import re
import tomllib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((pathlib.Path(__file__).parent / "rooms.toml").read_text())
ARROWS: dict[str, list[str]] = TABLE["arrows"]
HEADERS: dict[str, str] = TABLE["headers"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<conv1d/([^>]+)>|"([^"]+)")', re.MULTILINE)


def room_of(included: str, source: pathlib.Path) -> str | None:
    """The room that an #include reaches; None for what is not ours. KeyError for a header that no room claims."""
    if included.startswith("conv1d/"):
        return HEADERS[included.removeprefix("conv1d/")]
    room = included.split("/")[0]
    if room in ARROWS:
        return room
    if (source.parent / included).exists():  # beside the file itself
        return source.parent.relative_to(ROOT / "src").parts[0]
    return None


def includes(source: pathlib.Path) -> list[str]:
    """All files of ours that a source includes, public ones as "conv1d/..."."""
    return [f"conv1d/{public}" if public else private for public, private in INCLUDE.findall(source.read_text())]


def wrong_arrows(source: pathlib.Path, room: str) -> list[str]:
    wrong = []
    for included in includes(source):
        if included == "conv1d/conv1d.h":
            wrong.append(f"{source.relative_to(ROOT)} includes the umbrella: name the headers that it needs")
            continue
        try:
            reached = room_of(included, source)
        except KeyError:
            wrong.append(f"{source.relative_to(ROOT)}: no room claims {included} (rooms.toml)")
            continue
        if reached is not None and reached != room and reached not in ARROWS[room]:
            wrong.append(f"{source.relative_to(ROOT)}: {room} must not include {included} ({reached})")
    return wrong


def sources(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".h", ".cc", ".in", ".inl"))


def test_every_folder_of_src_is_a_room() -> None:
    folders = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
    assert folders <= set(ARROWS)


def test_arrows_have_no_circle() -> None:
    graphlib.TopologicalSorter(ARROWS).prepare()  # raises CycleError with the rooms of the circle


@pytest.mark.parametrize("room", ARROWS)
def test_room_includes_only_what_it_may(room: str) -> None:
    assert [line for source in sources(ROOT / "src" / room) for line in wrong_arrows(source, room)] == []


def test_public_headers_follow_the_arrows() -> None:
    public = ROOT / "include/conv1d"
    wrong = []
    for header in sources(public):
        name = header.relative_to(public).as_posix()
        if name == "conv1d.h":  # the table of contents
            continue
        if name not in HEADERS:
            wrong.append(f"no room claims {name} (rooms.toml)")
            continue
        wrong += wrong_arrows(header, HEADERS[name])
        wrong += [
            f"{name} includes a private header: {file}" for file in includes(header) if not file.startswith("conv1d/")
        ]
    assert wrong == []


def test_umbrella_reaches_every_public_header() -> None:
    public = ROOT / "include/conv1d"
    reached: set[str] = set()
    waiting = ["conv1d.h"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [included.removeprefix("conv1d/") for included in includes(public / name)]
    there = {header.relative_to(public).as_posix() for header in sources(public)}
    assert there - reached == set(TABLE["apart"]["headers"]) & there


def test_bindings_see_only_the_public_surface() -> None:
    folder = ROOT / "python/bindings"
    wrong = [
        f"{source.relative_to(ROOT)} includes {included}"
        for source in sources(folder)
        for included in includes(source)
        if not included.startswith("conv1d/") and not (source.parent / included).exists()
    ]
    assert wrong == []
