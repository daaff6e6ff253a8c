"""A language model behind an OpenAI-compatible API: for a score, a judgement or an answer, and never for permission."""

from sentric_analyzer.models.errors import ModelError
from sentric_analyzer.models.model import Model, Reply
from sentric_analyzer.models.quoting import quoted

__all__ = ["Model", "ModelError", "Reply", "quoted"]
