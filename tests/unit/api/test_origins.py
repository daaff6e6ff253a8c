import httpx
import pytest
from fastapi import FastAPI, Response

from sentric.errors import SettingError
from sentric_analyzer.api.answers import json_answer
from sentric_analyzer.api.documents import Document
from sentric_analyzer.api.needs import OPEN
from sentric_analyzer.api.origins import let_ask, origins_of
from sentric_analyzer.api.routes import Routes
from support.access import problem


@pytest.mark.parametrize(
    ("stated", "origins"),
    [
        ("", ()),
        (" , ", ()),
        ("https://a.example", ("https://a.example",)),
        ("https://a.example,http://b:8080  https://a.example", ("https://a.example", "http://b:8080")),
        ("http://127.0.0.1:3000 http://[::1]:3000", ("http://127.0.0.1:3000", "http://[::1]:3000")),
        ("http://a:443 https://a:80 http://a:65535", ("http://a:443", "https://a:80", "http://a:65535")),
    ],
)
def test_origins_are_separated_by_commas_or_blanks(stated: str, origins: tuple[str, ...]) -> None:
    assert origins_of(stated) == origins


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "*",
            "null",
            "a.example",
            "https://*.example",
            "https://a.example/",
            "https://a.example/x",
            "https://A.example",
        ),
        *("https://a.example:443", "http://a:80", "http://a:65536", "http://a:0", "http://a:", "ftp://a", "file://"),
        *(
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example#x",
            "https://é",
            "https://-a",
            "https://a..b",
        ),
    ],
)
def test_what_is_no_plain_origin_is_named(origin: str) -> None:
    with pytest.raises(SettingError) as caught:
        origins_of(f"https://fine.example {origin}")
    assert str(caught.value).startswith(f"SENTRIC_API_ORIGINS: {origin!r} is no origin: name each exactly")


class Nothing(Document):
    """Nothing."""


async def ask(origins: tuple[str, ...], origin: str, method: str = "GET", **headers: str) -> httpx.Response:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @Routes(app, "tests", "Tests.").get("/", OPEN, gives=Nothing)
    async def nothing() -> Response:
        """Nothing."""
        return json_answer({})

    if origins:
        let_ask(app, origins)
    sent = {"Origin": origin} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.request(method, "/", headers=sent)


def granted(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-allow")}


async def test_without_origins_no_page_is_told_anything() -> None:
    assert granted(await ask((), "https://a.example")) == {}
    answer = await ask((), "https://a.example", "OPTIONS", Access_Control_Request_Method="GET")
    assert (answer.status_code, granted(answer)) == (405, {})


async def test_pages_of_an_origin_that_is_named_may_ask_without_credentials() -> None:
    answer = await ask(("https://a.example",), "https://a.example")
    assert granted(answer) == {"access-control-allow-origin": "https://a.example"}
    assert answer.headers["vary"] == "Origin"
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization, content-type"}
    preflight = await ask(("https://a.example",), "https://a.example", "OPTIONS", **asked)
    assert preflight.status_code == 200
    assert granted(preflight)["access-control-allow-origin"] == "https://a.example"
    assert "access-control-allow-credentials" not in granted(preflight)


@pytest.mark.parametrize("origin", ["https://b.example", "null", "http://a.example", "https://a.example.evil.test"])
async def test_pages_of_others_may_not(origin: str) -> None:
    assert granted(await ask(("https://a.example",), origin)) == {}
    preflight = await ask(("https://a.example",), origin, "OPTIONS", Access_Control_Request_Method="GET")
    assert (problem(preflight).status, granted(preflight)) == (403, {})
