from sentric.policy.readers.values.entities import entities, host_names, secret_id, tokens


def test_each_kind_is_found_once_and_in_order() -> None:
    found = entities(
        'Ask Bob@Corp.example, bob@corp.example, see endpoint=https://api.example/v1?id=9F8A7B6C5D4E "ORD-2024-000123"!'
    )
    assert found.emails == ("bob@corp.example",)
    assert found.urls == ("https://api.example/v1?id=9f8a7b6c5d4e",)
    assert found.values == ("9f8a7b6c5d4e", "ord-2024-000123")
    assert found.secrets == ()


def test_secrets_are_named_with_what_they_were_taken_for() -> None:
    found = entities("a ‹secret:token:aa11bb22› b ‹secret:sensitive:aa11bb22.k1› ‹secret:card:99887766›")
    assert found.secrets == ("token:aa11bb22", "sensitive:aa11bb22", "card:99887766")
    assert found.values == ()


def test_a_secret_is_told_by_its_hash_alone() -> None:
    assert secret_id("token:aa11bb22") == secret_id("card:aa11bb22") == "aa11bb22"
    assert tokens("‹secret:token:aa11bb22›") == {"aa11bb22"}


def test_percent_encoding_is_taken_off() -> None:
    assert entities("https://x.test/?m=bob%40corp.example").emails == ("bob@corp.example",)


def test_dates_words_and_short_numbers_are_not_values() -> None:
    text = "2024-05-18T19:00:00 2024-05-18 extraordinarily state-of-the-art 12345 9.99"
    assert entities(text).values == ()


def test_tokens_are_what_is_more_than_a_word() -> None:
    assert tokens("see well-known /etc/passwd, x_1 and (foo.bar)") == {"/etc/passwd", "x_1", "foo.bar"}


def test_host_names_come_in_alphabetical_order() -> None:
    assert host_names(tokens("go to shop.example.com, localhost:8000 and a@b.example")) == [
        "localhost:8000",
        "shop.example.com",
    ]
