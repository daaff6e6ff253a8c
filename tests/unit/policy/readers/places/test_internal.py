from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentric.policy.readers.places.hosts import Place, place
from sentric.policy.readers.places.internal import Inside, address, unusual


def where(url: str) -> Place:
    found = place(url)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", Inside.MACHINE),
        ("[::1]", Inside.MACHINE),
        ("0.0.0.0", Inside.MACHINE),  # noqa: S104  # nothing is bound: it is read
        ("localhost", Inside.MACHINE),
        ("app.localhost", Inside.MACHINE),
        ("host.docker.internal", Inside.MACHINE),
        ("10.1.2.3", Inside.NETWORK),
        ("172.16.0.9", Inside.NETWORK),
        ("169.254.3.4", Inside.NETWORK),
        ("100.64.0.1", Inside.NETWORK),
        ("[fd12::1]", Inside.NETWORK),
        ("[fe80::1]", Inside.NETWORK),
        ("[fec0::1]", Inside.NETWORK),
        ("[::ffff:192.168.0.1]", Inside.NETWORK),
        ("[64:ff9b::a00:1]", Inside.NETWORK),
        ("[2002:a00:1::]", Inside.NETWORK),
        ("db.internal", Inside.NETWORK),
        ("printer.local", Inside.NETWORK),
        ("nas.home.arpa", Inside.NETWORK),
        ("api.prod.svc.cluster.local", Inside.NETWORK),
        ("10.0.0.1.nip.io", Inside.NETWORK),
        ("x-192-168-1-1.sslip.io", Inside.NETWORK),
        ("lvh.me", Inside.MACHINE),
        ("169.254.169.254", Inside.METADATA),
        ("[::ffff:169.254.169.254]", Inside.METADATA),
        ("[fd00:ec2::254]", Inside.METADATA),
        ("168.63.129.16", Inside.METADATA),
        ("100.100.100.200", Inside.METADATA),
        ("metadata.google.internal", Inside.METADATA),
        ("metadata", Inside.METADATA),
        ("8.8.8.8", None),
        ("198.51.100.7", None),
        ("[2001:db8::1]", None),
        ("224.0.0.1", None),
        ("8.8.8.8.nip.io", None),
        ("999.9.9.9.nip.io", None),
    ],
)
def test_an_address_is_known_for_what_it_is_inside_of(host: str, inside: Inside | None) -> None:
    found = address(host)
    assert found is not None
    assert found.inside is inside


@pytest.mark.parametrize("host", ["example.org", "database", "internal", "local", "metadata.example", "nip.io.example"])
def test_ordinary_names_stand_for_no_address(host: str) -> None:
    assert address(host) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0x7f000001:80/a",
        "http://１２７.0.0.1/",
        "http://⑯⑨.254.169.254/",
        "http://169。254。169。254/",
        "http://user@0xa9fea9fe/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://10.0.0.1.nip.io/",
        "http://ｌocalhost/",
        "2130706433:80",
        "http:\\\\0x7f.1\\a",
    ],
)
def test_unusual_spellings_of_an_address_inside_are_told(url: str) -> None:
    assert where(url).inside
    assert where(url).unusual


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://[::1]:3000/",
        "http://localhost./",
        "http://LOCALHOST/",
        "http://192.168.0.1./",
        "http://user:pw@10.0.0.1:81/x",
        "http://0.0.0.0:8000/",
        "http://lvh.me:3000/",
        "http://0x08080808/",
        "https://example.org/",
    ],
)
def test_usual_spellings_and_public_addresses_are_not(url: str) -> None:
    assert not where(url).unusual


def test_a_metadata_service_is_inside_too() -> None:
    assert where("http://169.254.169.254/latest").metadata
    assert where("http://metadata.goog/").private
    assert not where("http://10.0.0.1/").metadata


@given(st.ip_addresses(v=4))
def test_every_address_is_the_same_in_every_spelling(ip: IPv4Address) -> None:
    number, octets = int(ip), str(ip).split(".")
    spellings = [
        str(number),
        hex(number),
        ".".join(hex(int(octet)) for octet in octets),
        ".".join(f"0{int(octet):o}" for octet in octets),
        f"[::ffff:{ip}]",
    ]
    plain = where(f"http://{ip}/")
    for spelling in spellings:
        found = where(f"http://{spelling}/")
        assert (found.loopback, found.private, found.metadata) == (plain.loopback, plain.private, plain.metadata)
        assert found.unusual == (plain.inside and spelling != str(ip))


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_in_its_own_spelling_is_unusual_only_where_it_wraps_another(ip: IPv6Address) -> None:
    host = f"[{ip}]"
    found = address(host)
    assert found is not None
    assert unusual(host, host) == (found.inside is not None and found.ip != ip)


@given(st.text(max_size=40))
def test_a_name_without_dots_and_digits_is_no_address(text: str) -> None:
    found = address("x" + text.replace(".", ""))
    assert found is None or found.ip is None
