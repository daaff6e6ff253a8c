"""What every document of the API is made by."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Next: TypeAlias = Annotated[str | None, Field(description="Where the next page begins, for `after`; null at the end.")]


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the character NUL cannot be kept")
    return text


Text: TypeAlias = Annotated[str, AfterValidator(_storable)]
"""Text that is kept as it is: not every database can keep NUL."""


class Document(BaseModel):
    """What an answer, or a part of one, holds."""

    model_config = ConfigDict(use_attribute_docstrings=True)
