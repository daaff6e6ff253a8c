"""Text as services and agents write it: sentences, SQL, stack traces, JSON, each drawn anew."""

from collections.abc import Callable
from random import Random

WORDS = tuple(
    """
    account active address amount area autumn available balance basket batch berth billing branch breakfast bridge
    budget building cabin calendar capacity carrier catalogue category ceramic change charge chart checkout choice
    city clerk cloud coast collection colour comment company condition contract copper corner cotton country courier
    credit currency current customer daily dealer decision delay delivery deposit depot design detail device diagram
    direction discount display distance district document double drawing dry early eastern edition electric employee
    engine entry equipment estimate evening event exchange extra factory family feature ferry figure final finish
    flat floor folder forecast format forward freight fresh front garden general glass global grain green gross
    group guest half harbour heavy history holiday hotel hourly house import index industry inland inquiry inside
    internal invoice island item journey June kettle kind label lake large latest leather ledger length letter level
    library light line list local long lower lunch machine main manual margin market material matter measure medium
    meeting member memory metal middle minute mobile model monday month morning mountain museum narrow national
    network night north notice number ocean office older open opinion option orange order outlet output owner
    package page paper parcel part partner party past pattern payment period phone picture piece place plain plan
    plant plastic platform point policy port position post price print private process product profile project
    provider public purchase quality quantity quarter question quick quiet quote rail range rate reader reason
    receipt record red region regular release remote report request reserve result retail return review river road
    room round route sample schedule school screen season seat second section sector segment sender series service
    session settlement share shelf ship shop short signal silver simple single site size small soft source south
    space spare special spring square staff stage standard station status steel stock stone store storm street study
    subject summary summer supplier supply surface survey system table target task tax team term test ticket time
    title tool total tour tower town track trade traffic train transit travel tree type unit upper usual valley
    value vendor version view village visit volume wall warehouse water week weight west wharf white width window
    winter wood word work yard year yellow
    """.split()  # noqa: SIM905  # as prose it can be read
)
"""Words that ask for nothing."""

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
        return WORDS[int(self.random.random() * len(WORDS))]  # 5 times faster than `choice`

    def number(self, most: int = 1_000_000) -> int:
        return int(self.random.random() * most)

    def prose(self, size: int) -> str:
        """Sentences with numbers in them, of about `size` characters, which cannot be cut to another number."""
        return self._filled(size, self._sentence, " ")

    def sql(self, size: int) -> str:
        """One INSERT of many rows, or a SELECT with many values."""
        table, (a, b, c, d) = self.word(), self.random.sample(WORDS, 4)
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

    def price(self) -> float:
        return self.number() / 100

    def _filled(self, size: int, part: Callable[[], str], between: str) -> str:
        parts: list[str] = []
        length = 0
        while length < size:
            parts.append(part())
            length += len(parts[-1]) + len(between)
        return between.join(parts)

    def _sentence(self) -> str:
        words = self.random.choices(WORDS, k=5 + self.number(10))
        words[self.number(len(words))] = str(self.number(9_999))
        return " ".join(words).capitalize() + "."

    def _frame(self) -> str:
        module, function = _FILES[self.number(len(_FILES))], f"{self.word()}_{self.word()}"
        call = f"{self.word()} = {self.word()}.{self.word()}({self.word()}, {self.number(99)})"
        return f'  File "/app/{self.word()}/{module}.py", line {self.number(900)}, in {function}\n    {call}'

    def _record(self) -> str:
        a, b, c, *words = self.random.choices(WORDS, k=7)
        return (
            f'{{"id": {self.number()}, "{a}": "{" ".join(words)}", "{b}": {self.price()},'
            f' "{c}": {_BOOLEANS[self.number(2)]}, "{words[0]}": ["{self.word()}", "{self.word()}"]}}'
        )

    def _line(self) -> str:
        level = _LEVELS[self.number(len(_LEVELS))]
        clock = f"{self.number(24):02}:{self.number(60):02}:{self.number(60):02}"
        return f"{clock} {level} {self.word()}.{self.word()}: {self._sentence()}"
