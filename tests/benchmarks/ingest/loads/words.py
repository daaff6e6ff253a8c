"""Text as services and agents write it: sentences, SQL, stack traces, JSON, each drawn anew."""

import re
from collections.abc import Callable, Sequence
from random import Random

NOUNS = tuple(
    """
    account amount area autumn basket berth breakfast bridge budget building cabin calendar catalogue category
    ceiling city clerk coast collection company condition copper corner cotton country courier customer dealer
    department depot device diagram dinner district edition employee engine entrance equipment evening factory
    family ferry figure floor folder forecast freight garden goods grain harbour history holiday hotel house
    industry invoice island journey kettle kitchen lake leather ledger library machine manual margin market
    material meadow meeting member memory metal minute morning mountain museum network north novel number ocean
    office opinion outlet owner painting paper parcel partner pattern people pepper picture plastic platform
    poem position price product profile province quality quantity quarter railway region river roof round salad
    school season sector series shelf ship signal silver south spring square staircase station statue steel
    storm street subject summer supplier surface survey table teacher ticket timber tower town traffic train
    tree valley vendor village volume wall warehouse water week weight west wharf window winter wood writer yard
    year
    """.split()  # noqa: SIM905  # as prose it can be read
)
ADJECTIVES = tuple(
    """
    able ancient annual blue broad bright brown busy calm ceramic cheap cold common current daily deep dry eastern
    electric empty fair famous final flat former fresh full gentle global grand green grey heavy inner internal large
    late light local long lower modern monthly narrow national natural new northern old orange outer pale plain popular
    quiet rare red regional regular rich round rural second short simple small smooth soft southern spare steady strong
    tall thick thin typical upper urban usual warm weekly western white whole wide wooden yellow young
    """.split()  # noqa: SIM905
)
"""Words that ask for nothing."""


def _forms(*forms: str) -> tuple[tuple[str, str], ...]:
    """Each form, ready for `%`, with the kinds of its blanks."""
    return tuple((_BLANK.sub("%s", form), "".join(_BLANK.findall(form))) for form in forms)


_BLANK = re.compile(r"\{(\w)\}")
_STATEMENTS = _forms(
    "The {a} {n} stands beside the {n} of the {n}, {i} metres from the {n}.",
    "In {y} the {n} had {i} {n}s, {i} more than in the year before.",
    "Our {n} team has looked at {i} {n}s since the {a} {n} was built.",
    "Most guests like the {a} {n} better than the {a} one.",
    "{i} of {i} {n}s were ready before the {n} arrived.",
    "A {a} {n} costs {p} EUR, a {a} one {p} EUR.",
    "There is a {n} on the {a} floor, next to the {a} {n}.",
    "The way from the {n} to the {n} takes {i} minutes in {a} weather.",
    "The {n} belongs to the {n} of the {a} {n} and has been {a} for {i} weeks.",
    "Its {n} is {a}, its {n} rather {a}, and its {n} weighs {i} grams.",
    "Nobody knows why the {a} {n} is so {a} in the {n} of {y}.",
    "The {n} of {y} was the {a} one among {i} {n}s in the {a} {n}.",
    "That {n} is made of {a} {n}, as it was in {y}, when {i} were sold.",
    "With {i} {n}s and a {a} {n}, the {n} is {a} enough for {i} people.",
)
"""What texts are made of: {n} is a noun, {a} an adjective, {i} a number, {p} a price, {y} a year, {d} a digit."""
_ORDERS = _forms(
    "See all {i} reviews",
    "Sign up for our newsletter with {i} readers",
    "Click here for the opening hours of {y}",
    "Read more about us on page {i}",
    "Share this with your {i} friends",
    "Subscribe to our {a} updates",
)
"""What pages ask their readers for. The words of no errand are in it, so that none seems to obey."""
_VALUES = _forms(
    "https://{n}-{n}.example/{n}/{i}",
    "{n}.{n}@{n}.example",
    "Article {i}-{i}",
    "{y}-0{d}-1{d}",
)
_ORDERED, _VALUED = 0.16, 0.27
"""Shares of what an agent is shown that make 12 orders and 10 values in 4 kB, as in `bench_engine`."""

_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{a}.0.{b}.{c} Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{a}.0) Gecko/20100101 Firefox/{a}.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{c} like Mac OS X) AppleWebKit/605.1.{b} (KHTML, like Gecko) Version/17.{c}",
    "okhttp/4.{c}.{b} (Android 14; shop-app {a}.{c}.0; build {b})",
    "python-httpx/0.{a}.{c} opentelemetry-instrumentation-httpx/0.{b}b0",
)
_LEVELS = ("DEBUG", "INFO", "INFO", "INFO", "WARNING")
_BOOLEANS = ("false", "true")
_FILES = ("handlers", "repository", "client", "service", "middleware", "serialisation", "pool", "retry", "dispatch")


class Writer:
    """Draws texts."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def word(self) -> str:
        """A noun."""
        return NOUNS[int(self.random.random() * len(NOUNS))]  # 5 times faster than `choice`

    def words(self, count: int) -> list[str]:
        """Nouns."""
        return self.random.choices(NOUNS, k=count)

    def number(self, most: int = 1_000_000) -> int:
        """A whole number under `most`."""
        return int(self.random.random() * most)

    def price(self) -> float:
        """An amount of money."""
        return self.number() / 100

    def prose(self, size: int) -> str:
        """Sentences that state something, of at least `size` characters unless that is less than 1."""
        return self._filled(size, self._sentence, " ")

    def page(self, size: int) -> str:
        """What an agent is shown: sentences, and among them what pages ask for, links, addresses, dates."""
        return self._filled(size, self._part, "\n")

    def sql(self, size: int) -> str:
        """One INSERT of many rows, or a SELECT with many values."""
        table, (a, b, c, d) = self.word(), self.random.sample(NOUNS, 4)
        if self.number(2):
            rows = self._filled(size - 80, lambda: f"({self.number()}, '{self.word()} {self.word()}')", ", ")
            return f"INSERT INTO {table}s ({a}, {b}) VALUES {rows} ON CONFLICT DO NOTHING"  # noqa: S608  # never run
        numbers = self._filled(size - 120, lambda: str(self.number()), ", ")
        return (
            f"SELECT t.{a}, t.{b}, j.{c} FROM {table}s t JOIN {self.word()}s j USING (id)"  # noqa: S608  # never run
            f" WHERE t.{d} = '{self.word()}' AND t.id IN ({numbers}) ORDER BY t.{b} LIMIT {self.number(500)}"
        )

    def stack(self, size: int) -> str:
        """A traceback."""
        frames = self._filled(size - 90, self._frame, "\n")
        return (
            f"Traceback (most recent call last):\n{frames}\n{self.word().title()}Error: {self.word()} {self.number()}"
        )

    def document(self, size: int) -> str:
        """A JSON object of records."""
        records = self._filled(size - 40, self._record, ", ")
        return f'{{"total": {self.number(999)}, "items": [{records}]}}'

    def lines(self, size: int) -> str:
        """Lines of a log."""
        return self._filled(size, self._line, "\n")

    def user_agent(self) -> str:
        return self.random.choice(_AGENTS).format(a=self.number(60) + 80, b=self.number(900), c=self.number(20))

    def address(self) -> str:
        return f"192.0.2.{self.number(255)}"

    def query(self, parts: int) -> str:
        """A query string."""
        return "&".join(f"{self.word()}={self.word()}+{self.number(999)}" for _ in range(parts))

    def _filled(self, size: int, part: Callable[[], str], between: str) -> str:
        parts: list[str] = []
        length = 0
        while length < size:
            parts.append(part())
            length += len(parts[-1]) + len(between)
        return between.join(parts)

    def _sentence(self) -> str:
        return self._worded(_STATEMENTS)

    def _part(self) -> str:
        chance = self.random.random()
        if chance < _ORDERED:
            return self._worded(_ORDERS)
        if chance < _ORDERED + _VALUED:
            return self._worded(_VALUES)
        return self._sentence()

    def _worded(self, forms: Sequence[tuple[str, str]]) -> str:
        form, blanks = forms[self.number(len(forms))]
        return form % tuple([self._drawn(blank) for blank in blanks])

    def _drawn(self, blank: str) -> object:
        match blank:
            case "n":
                return self.word()
            case "a":
                return ADJECTIVES[self.number(len(ADJECTIVES))]
            case "p":
                return self.price()
            case "y":
                return 1800 + self.number(225)
            case "d":
                return 1 + self.number(9)
            case _:
                return self.number(9_999)

    def _frame(self) -> str:
        module, function = _FILES[self.number(len(_FILES))], f"{self.word()}_{self.word()}"
        call = f"{self.word()} = {self.word()}.{self.word()}({self.word()}, {self.number(99)})"
        return f'  File "/app/{self.word()}/{module}.py", line {self.number(900)}, in {function}\n    {call}'

    def _record(self) -> str:
        a, b, c, *words = self.words(7)
        return (
            f'{{"id": {self.number()}, "{a}": "{" ".join(words)}", "{b}": {self.price()},'
            f' "{c}": {_BOOLEANS[self.number(2)]}, "{words[0]}": ["{self.word()}", "{self.word()}"]}}'
        )

    def _line(self) -> str:
        level = _LEVELS[self.number(len(_LEVELS))]
        clock = f"{self.number(24):02}:{self.number(60):02}:{self.number(60):02}"
        return f"{clock} {level} {self.word()}.{self.word()}: {self._sentence()}"
