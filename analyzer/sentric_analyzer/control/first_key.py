"""The first admin key: made when the service first starts, so that there is someone who can make the others."""

from pathlib import Path

from sentric_analyzer.control.api_keys import ApiKeys
from sentric_analyzer.control.errors import ControlError
from sentric_analyzer.control.files import placed
from sentric_analyzer.control.keys import is_secret, new_secret

_LONGEST = 256
_CURE = "take it away, or make a key with `sentric keys create --scope admin`"


def first_admin_key(keys: ApiKeys, path: Path) -> str:
    """Make an admin key where there never was one, and keep it in a file that its owner alone can read.

    The file is written first: a process that is killed before the store has the key leaves one that the next start
    takes. So it also takes a key that was put there beforehand. A file that is there is never overwritten, and a
    revoked key never made valid again.

    Returns:
        The key, where this call made it; else nothing.

    Raises:
        ControlError: the file cannot be written, or is there and holds no key.
    """
    if keys.had_admin_key():
        return ""
    secret = new_secret()
    try:
        is_new = _write(path, secret)
        if not is_new:
            secret = path.read_bytes()[:_LONGEST].decode("ascii", "replace").strip()
    except OSError as error:
        raise ControlError(f"{path}: cannot be written or read: {error.strerror}: {_CURE}") from None
    if not is_secret(secret):
        raise ControlError(f"{path}: holds no key of Sentric's: {_CURE}")
    if keys.add_first_admin_key(secret):
        return secret if is_new else ""
    if is_new:  # another process, which shares the store and not the directory, was first
        path.unlink()
    return ""


def _write(path: Path, secret: str) -> bool:
    """Write the file, unless it is there; whether it was written."""
    try:
        with placed(path) as file:
            file.write_text(f"{secret}\n", encoding="ascii")
    except FileExistsError:
        return False
    return True
