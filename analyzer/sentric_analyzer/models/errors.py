from sentric.errors import SentricError


class ModelError(SentricError):
    """A model gave no answer that can be used.

    The message is one line that says why. It holds neither the key, nor what was asked, nor what the model wrote.
    """
