"""The models: what is made, with which input, and what one call is."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Call = Callable[[Any], Any]  # one run of the module: its output, a tensor
Made = tuple[Any, Call]  # the module with random weights, and what is done with it


@dataclass(frozen=True)
class Model:
    name: str
    about: str  # the input
    make: Callable[[Any], Made]  # given PyTorch, whose generator is seeded
    compiled: bool = False  # whether torch.compile runs beside it, for orientation


def missing() -> str | None:
    """What is not installed, and how to install it; None where everything is there."""
    names = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if not names:
        return None
    return f"models: {' and '.join(names)} not installed, nothing is measured (pip install {' '.join(names)})"


def seed(torch: Any) -> None:
    torch.manual_seed(0)


def _library() -> Any:
    # Everything is made from default configurations: whoever asks for a file of a hub has a bug.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    transformers = importlib.import_module("transformers")
    transformers.logging.set_verbosity_error()
    return transformers


def versions() -> dict[str, str]:
    return {"torch": importlib.import_module("torch").__version__, "transformers": _library().__version__}


def _module(name: str, **settings: Any) -> Any:
    """A model from its default configuration: random weights."""
    library = _library()
    return getattr(library, name)(getattr(library, f"{name.removesuffix('Model')}Config")(**settings))


def _hifigan(torch: Any) -> Made:
    spectrogram = torch.randn(60, 80)
    return _module("SpeechT5HifiGan"), lambda module: module(spectrogram)


def _vits(torch: Any) -> Made:
    letters = torch.randint(1, 30, (1, 40))

    def call(module: Any) -> Any:
        # Durations and noise are drawn in forward: the same ones in every call.
        seed(torch)
        return module(input_ids=letters).waveform

    return _module("VitsModel"), call


def _codec(name: str, samples: int) -> Callable[[Any], Made]:
    """Encoder and decoder without the quantiser between them, which would turn rounding into other codes."""

    def make(torch: Any) -> Made:
        audio = torch.randn(1, 1, samples)
        return _module(name), lambda module: module.decoder(module.encoder(audio))

    return make


def _mimi(torch: Any) -> Made:
    codes = torch.randint(0, 2000, (1, 8, 25))
    return _module("MimiModel"), lambda module: module.decode(codes).audio_values


def _wav2vec2(torch: Any) -> Made:
    audio = torch.randn(1, 32000)
    return _module("Wav2Vec2Model", num_hidden_layers=2), lambda module: module(audio).last_hidden_state


def _whisper(torch: Any) -> Made:
    library = _library()
    # The encoder has no name at the top of the package.
    modeling = importlib.import_module("transformers.models.whisper.modeling_whisper")
    spectrogram = torch.randn(1, 80, 3000)
    module = modeling.WhisperEncoder(library.WhisperConfig(encoder_layers=1))
    return module, lambda module: module(spectrogram).last_hidden_state


MODELS = (
    Model("SpeechT5HifiGan", "60 frames of 80 mel bands", _hifigan, compiled=True),
    Model("VitsModel", "40 letters", _vits),
    Model("DacModel", "1 s at 16 kHz, encoder and decoder", _codec("DacModel", 16000)),
    Model("EncodecModel", "1 s at 24 kHz, encoder and decoder", _codec("EncodecModel", 24000)),
    Model("MimiModel", "2 s of 8 codebooks, decoder", _mimi),
    Model("Wav2Vec2Model", "2 s at 16 kHz, 2 layers", _wav2vec2, compiled=True),
    Model("WhisperEncoder", "30 s as 3000 frames, 1 layer", _whisper),
)


def chosen(text: str) -> list[Model]:
    """The models whose names contain a text."""
    return [model for model in MODELS if text in model.name]
