"""What a URL itself betrays, before anything is known of its host: its scheme, and how it is written."""

import re
from urllib.parse import unquote

from sentric.policy.readers.places.hosts import URL_LIMIT, Place, known_suffix, place
from sentric.policy.readers.words.lexicon import words

_LOCAL = words(
    "file filesystem javascript data blob view-source devtools chrome chrome-extension moz-extension edge brave opera "
    "vivaldi resource"
)
"""Schemes that lead to no server, but to a program, a file, or a page of the browser's own."""
_DANGEROUS = words(
    "vbscript gopher dict ldap ldaps tftp jar netdoc phar expect smb cifs telnet search-ms ms-msdt ms-officecmd "
    "ms-search ms-cxh ms-appinstaller ms-word ms-excel ms-powerpoint shell"
)
"""Schemes that pages and agents have no use for, and that attacks have: handlers that run programs, servers that are
asked in their own language through an HTTP client, shares that are given the user's password hash."""
_SECRET_FILES = re.compile(
    r"/etc/(?:passwd|shadow|sudoers)|/proc/|/root/|\.(?:ssh|aws|gnupg|kube|env|netrc|pgpass|git-credentials)\b"
    r"|/id_(?:rsa|ed25519)|/(?:cookies|login(?: |%20)data)\b|system32/config"
)
_REACHING_SCRIPT = re.compile(
    r"document\.cookie|(?:local|session)storage|\bfetch\(|xmlhttprequest|sendbeacon|\beval\(|\batob\(|import\("
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}(?=:)")
_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]{1,255}(?::\d{1,5})?(?:[/?#]|$)")
_INERT = re.compile(
    r"data:(?:image/(?!svg)|audio/|video/|font/|text/(?:plain|csv)|application/(?:pdf|json))", re.IGNORECASE
)
"""Data that no browser runs as a page."""
_SPLIT = re.compile(r"[\t\n\r]")
_INVISIBLE = re.compile("[\x00-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_ENCODED = re.compile(r"%(?:2e|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])", re.IGNORECASE)
_END = re.compile(r"[/?#]")
_HOST_LIKE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_STRIPPED = "".join(map(chr, range(33)))


def is_plain(link: str) -> bool:
    """Whether a URL is of the ordinary sort, so that there is nothing else to tell of it here."""
    return _PLAIN.match(link) is not None


def scheme(link: str) -> str:
    """The scheme of a URL as a browser reads it, in lower case; `smb` for a path to a share; "" where there is none."""
    text = link[:URL_LIMIT].strip(_STRIPPED)
    if text.startswith("\\\\"):
        return "smb"
    found = _SCHEME.match(_SPLIT.sub("", text).lower())
    return found[0] if found else ""


def local_scheme(link: str) -> str:
    """The scheme, if it leads to no server, but to more than a picture or plain text; "" otherwise."""
    found = scheme(link)
    if found == "data" and _INERT.match(link.strip(_STRIPPED)):
        return ""
    return found if found in _LOCAL else ""


def danger(link: str) -> str:
    """What makes a URL one that only attacks use; "" for others."""
    found = scheme(link)
    if found in _DANGEROUS:
        return f"the scheme {found}:"
    if found not in _LOCAL:
        return ""
    shown = unquote(link[:URL_LIMIT], errors="replace").lower()
    if found == "file":
        where = place(link.strip(_STRIPPED))
        if where is not None and where.host and not where.loopback:
            return "a file on another machine"
        return "a file that keeps secrets" if _SECRET_FILES.search(shown.replace("\\", "/")) else ""
    is_page = found == "data" and "html" in shown[:40]
    if (found == "javascript" or is_page) and _REACHING_SCRIPT.search(shown):
        return "a script that reads or sends what the page holds"
    return ""


def disguise(link: str) -> str:
    """How a URL is written so that it reads as leading elsewhere; "" for an honest one."""
    text = link[:URL_LIMIT].strip(_STRIPPED)
    mark, after = text.partition(":")[1:]
    # Models escape slashes as JSON may.
    plain = after.replace("\\/", "/")
    leading = plain[: len(plain) - len(plain.lstrip("/\\"))]
    if not mark or not leading or scheme(link) not in {"http", "https", "ws", "wss", "ftp"}:
        return ""
    authority = _END.split(plain[len(leading) :], maxsplit=1)[0]
    if "\\" in leading or "\\" in authority:
        return "a backslash before the path"
    if _INVISIBLE.search(authority):
        return "invisible characters in the host"
    return "a host in percent-encoding" if _ENCODED.search(authority.rpartition("@")[2]) else ""


def named_before_host(link: str) -> Place | None:
    """The site that stands, as a user name, before the host: what a reader takes for the place it leads to."""
    mark, after = link[:URL_LIMIT].partition("://")[1:]
    authority = re.split(r"[/\\?#]", after, maxsplit=1)[0] if mark else ""
    user = unquote(authority.rpartition("@")[0].partition(":")[0]).lower()
    if "@" in user or _HOST_LIKE.fullmatch(user) is None or not known_suffix(user):
        return None
    return place(user)


def schemes_in(text: str) -> frozenset[str]:
    """The schemes that a text speaks of, each followed by a colon."""
    return frozenset(_SCHEME.findall(text.lower()))
