"""The one project that a request is about, and requests that are about all."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Query

from sentric_analyzer.api.access import MaybeCaller
from sentric_analyzer.api.problems import Refused, fault, invalid
from sentric_analyzer.control import Grant
from sentric_analyzer.projects import DEFAULT

LONGEST_PROJECT = 64


def project_of(by: Grant | None, wanted: str | None) -> str:
    """The project that is wanted; where none is named, that of the key, or `default` for a key of every project.

    Raises:
        Refused: there is none that the key is for, or it is for several and none is named.
    """
    mine = by.projects if by else ()
    if wanted is not None and mine and wanted not in mine:
        raise Refused(HTTPStatus.NOT_FOUND, f"there is no such project: the key is for {', '.join(mine)}")
    if wanted is None and len(mine) > 1:
        reason = f"name one of the key's projects: {', '.join(mine)}"
        raise invalid([fault("query", ["project"], reason)])
    if wanted is not None and not wanted.isprintable():
        raise Refused(HTTPStatus.NOT_FOUND, "there is no project of that name")
    if wanted is not None:
        return wanted
    return mine[0] if mine else DEFAULT


async def _one_project(
    by: MaybeCaller,
    project: Annotated[
        str | None,
        Query(
            max_length=LONGEST_PROJECT,
            description="The project. Left out: that of the key, or `default` where the key is for every project.",
        ),
    ] = None,
) -> str:
    return project_of(by, project)


OneProject = Annotated[str, Depends(_one_project)]
"""The one project that a request is about. It adds the parameter `project`."""
