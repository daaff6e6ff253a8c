"""A language model behind an OpenAI-compatible API: for a score, a judgement or an answer, and never for permission."""
