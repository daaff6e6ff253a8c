"""The words that tools are named with: what a verb does, and what it does to which objects.

Collected from the vocabulary of public tool catalogues (mail, calendar, chat, files, forges, shops, travel, banks,
tickets, databases, clouds, homes, social networks). Order matters: the first entry whose verb and object fit decides.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sentric.events import Effect, Kind
from sentric.policy.readers.words.lexicon import words

Meaning = tuple[Kind, frozenset[Effect]]

NOTHING: frozenset[Effect] = frozenset()
READ, WRITE, SEND = frozenset({Effect.READ}), frozenset({Effect.WRITE}), frozenset({Effect.SEND})
EXECUTE, DELETE = frozenset({Effect.EXECUTE}), frozenset({Effect.DELETE})
PAY, GRANT = frozenset({Effect.PAY}), frozenset({Effect.GRANT})
UNKNOWN: Meaning = Kind.OTHER, NOTHING
"""A tool the lexicon has no word for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What some verbs do to some objects; no objects: to any."""

    objects: frozenset[str]
    meaning: Meaning


def _plural(text: str) -> frozenset[str]:
    singular = words(text)
    return singular | {word + "s" for word in singular} | {word[:-1] + "ies" for word in singular if word[-1:] == "y"}


def _entries(*rows: tuple[Kind, frozenset[Effect], str, str]) -> Mapping[str, tuple[Entry, ...]]:
    table: defaultdict[str, list[Entry]] = defaultdict(list)
    for kind, effects, verbs, objects in rows:
        entry = Entry(_plural(objects), (kind, effects))
        for verb in verbs.split():
            table[verb].append(entry)
    return {verb: tuple(entries) for verb, entries in table.items()}


_READING = (
    "get list read search find fetch query view show describe lookup check count calculate compute retrieve browse "
    "status is has are can inspect explore scan load open cat head tail less ls grep stat summarize summarise "
    "translate select compare analyze analyse validate verify parse extract estimate predict recommend suggest detect "
    "measure monitor watch poll peek preview render filter sort diff whois ping traceroute dig nslookup think "
    "transcribe classify rank match identify locate trace geocode discover enumerate who what when where which how "
    "glob recall ask convert format simulate explain interpret evaluate navigate track crawl scrape research tokenize "
    "embed hash decode encode generate test lint audit review report visualize visualise plot chart "
    "lesen suchen zeigen holen buscar leer mostrar listar chercher lire afficher lister cercare leggere mostrare"
)
_MAKING = (
    "create add update set edit modify change insert upsert append write save put replace rename move copy make "
    "schedule new patch adjust configure overwrite"
)
_ENDING = "delete remove drop destroy purge erase truncate wipe unlink rm rmdir trash cancel clear empty shred discard"
_OPENING = "grant allow permit authorize authorise share unshare invite revoke promote demote chmod chown delegate"
_MONEY = (
    "money fund payment transaction payout invoice bank wallet crypto iban wire bill salary payroll transfer credit "
    "balance remittance refund deposit loan donation nft coin"
)
_FILES = "file directory dir folder path document doc pdf"
_ACCESS = (
    "permission role access acl password passcode pin secret token credential mfa scope privilege owner ownership "
    "admin visibility delegate protection collaborator member ssh gpg acls iam "
    "firewall ingress egress cors sharing webhook oauth keypair"
)
_PUBLIC = "post tweet story comment reply thread message dm status announcement newsletter email mail sms review reel"
_PEOPLE = "user member account employee group participant guest attendee subscriber contributor reviewer maintainer"
_HANDOVER = "human agent operator support representative person"

ENTRIES = _entries(
    # Readers that are something else about some objects.
    (
        Kind.OTHER,
        WRITE,
        "open",
        "door gate garage lock valve cover window blind curtain shade trunk issue ticket case account",
    ),
    (Kind.OTHER, WRITE, "open", "pr pullrequest mergerequest"),
    (Kind.DELETE, DELETE, "format", "disk drive volume partition device"),
    (Kind.PERMISSION, GRANT, "generate rotate regenerate reset new issue", "key password secret token credential"),
    (Kind.PERMISSION, GRANT, "open", "firewall ingress"),
    (Kind.OTHER, WRITE, "test", "alarm siren"),
    (Kind.OTHER, WRITE, "open", "return claim dispute order"),
    (Kind.OTHER, WRITE, "issue", "voucher coupon certificate ticket badge"),
    (Kind.MESSAGE, SEND, "report", "spam abuse user post scam"),
    # Readers.
    (Kind.FILE_READ, READ, _READING, _FILES),
    (Kind.DATABASE, READ, _READING, "sql database db table schema"),
    (Kind.HTTP, READ, _READING, "http url web webpage website page fetch request"),
    (Kind.OTHER, READ, _READING, ""),
    # Ends.
    (Kind.PERMISSION, GRANT, _ENDING, _ACCESS),
    (Kind.OTHER, WRITE, _ENDING, "cart basket filter label tag star reaction selection draft favorite bookmark cache"),
    (
        Kind.DELETE,
        DELETE,
        f"{_ENDING} terminate deprovision uninstall undeploy expunge dissolve "
        "loeschen borrar eliminar supprimer eliminare factoryreset flush "
        "flushall prune obliterate",
        "",
    ),
    (Kind.DELETE, DELETE, "close deactivate", "account"),
    (Kind.MESSAGE, SEND, "send email", "approval reminder notice letter notification confirmation receipt"),
    # Money.
    (Kind.PAYMENT, PAY, "book reserve", "hotel flight car rental airline train ticket seat trip cruise tour"),
    (Kind.OTHER, WRITE, "book reserve", "appointment meeting slot room desk demo call calendar visit consultation"),
    (Kind.MESSAGE, SEND, "book reserve", "restaurant table"),
    (
        Kind.PAYMENT,
        PAY,
        "pay purchase buy checkout charge refund donate withdraw order book reserve prepay tip topup recharge deposit "
        "lend borrow repay settle reimburse disburse credit debit buchen bestellen kaufen bezahlen zahlen ueberweisen "
        "pagar comprar reservar payer acheter pagare comprare prenotare acquistare "
        "remit trade sell swap stake invest bid wire rebook",
        "",
    ),
    (
        Kind.PAYMENT,
        PAY,
        f"send transfer execute initiate request approve confirm authorize authorise process submit issue {_MAKING}",
        _MONEY,
    ),
    (
        Kind.PAYMENT,
        PAY,
        "place create submit confirm complete finalize finalise modify process",
        "order purchase charge",
    ),
    (Kind.PAYMENT, PAY, "place create confirm complete finalize finalise", "booking reservation bid trade"),
    (Kind.PAYMENT, PAY, "send", "paypal zelle venmo wise revolut cashapp alipay bizum twint swish mpesa upi"),
    (Kind.PAYMENT, PAY, "upgrade renew subscribe extend activate start", "plan subscription premium membership"),
    (Kind.PAYMENT, PAY, "request issue process approve", "refund reimbursement"),
    # Doors.
    (Kind.OTHER, NOTHING, "transfer escalate handoff forward route connect", _HANDOVER),
    (Kind.MESSAGE, SEND, "share", "post link story location screen news article"),
    (Kind.MESSAGE, SEND, "invite", "meeting event"),
    (Kind.PERMISSION, GRANT, _OPENING, ""),
    (Kind.PERMISSION, GRANT, "transfer", "owner ownership"),
    (Kind.PERMISSION, GRANT, "give elevate escalate", "access permission role privilege admin owner"),
    (Kind.PERMISSION, GRANT, f"enable {_MAKING}", "forwarding forward payee beneficiary shared delegation"),
    (Kind.PERMISSION, GRANT, "approve accept", "access permission consent oauth scope member"),
    (Kind.PERMISSION, GRANT, "connect link install authorize", "app account integration oauth bank oauth extension"),
    (
        Kind.PERMISSION,
        GRANT,
        "enable disable turnoff",
        "mfa 2fa twofactor sso alarm protection firewall antivirus logging",
    ),
    (Kind.PERMISSION, GRANT, "unlock disarm unlocks", "door gate alarm garage account user phone vault safe car"),
    (Kind.PERMISSION, GRANT, "protect unprotect", "branch tag"),
    (Kind.PERMISSION, GRANT, "ban unban kick block unblock suspend deactivate activate enable disable", _PEOPLE),
    (Kind.PERMISSION, GRANT, f"attach detach bind assign associate join protect unprotect {_MAKING}", _ACCESS),
    (Kind.PERMISSION, GRANT, f"attach detach bind {_MAKING}", "policy"),
    (Kind.PERMISSION, GRANT, f"register rotate upload import {_MAKING}", "key keys"),
    (
        Kind.OTHER,
        WRITE,
        "update edit modify change set",
        "profile address info preference setting email name phone bio",
    ),
    (Kind.PERMISSION, GRANT, "create add register provision enroll onboard move put", "user account contributor admin"),
    (Kind.PERMISSION, GRANT, "add", "people group team reviewer maintainer"),
    (Kind.PERMISSION, GRANT, "make set change", "public private"),
    # Memory, programs, requests.
    (Kind.MEMORY_WRITE, WRITE, f"remember memorize memorise store {_MAKING}", "memory memories remember"),
    (Kind.MEMORY_WRITE, WRITE, "remember memorize memorise", ""),
    (Kind.DATABASE, EXECUTE, "run exec execute sql", "sql database db query"),
    (Kind.EVALUATE_SCRIPT, EXECUTE, "run exec execute evaluate eval", "js javascript"),
    (Kind.OTHER, EXECUTE, "run exec execute", "workflow pipeline job build action automation scenario scene instance"),
    (
        Kind.SHELL,
        EXECUTE,
        "run exec execute shell bash terminal cmd powershell command python eval spawn sh zsh console repl interpreter "
        "ipython jupyter",
        "",
    ),
    (Kind.OTHER, EXECUTE, "call", "service function tool api"),
    (Kind.OTHER, EXECUTE, "invoke trigger dispatch deploy install launch", ""),
    (Kind.HTTP, SEND, "http curl webhook request api", "post put patch delete webhook"),
    (Kind.HTTP, SEND, "post put patch", "http url request webhook webpage web api json form"),
    (Kind.OTHER, NOTHING, "request", "approval confirmation human input clarification feedback"),
    (Kind.HTTP, SEND, "send", "http request"),
    (Kind.HTTP, READ, "request", "http url api get page"),
    (Kind.SUBMIT, SEND, "request", ""),
    (Kind.HTTP, READ, "http curl api url wget", ""),
    # Words to others.
    (Kind.OTHER, WRITE, f"draft compose {_MAKING}", "draft"),
    (Kind.OTHER, WRITE, "mark flag", "message email mail"),
    (Kind.OTHER, WRITE, "move copy rename archive unarchive label snooze", "message email mail thread"),
    (Kind.MESSAGE, SEND, "create add make new put write", _PUBLIC),
    (Kind.MESSAGE, SEND, "schedule", "message email mail post tweet sms newsletter"),
    (Kind.MESSAGE, SEND, "edit update modify append change", "post tweet story comment reply announcement message"),
    (Kind.MESSAGE, SEND, "respond accept decline rsvp answer", "invite invitation event meeting message email comment"),
    (Kind.MESSAGE, SEND, "call dial ring", "phone number contact customer"),
    (Kind.MESSAGE, SEND, "make place start", "call"),
    (Kind.MESSAGE, SEND, f"{_MAKING}", "gist paste snippet pastebin"),
    (
        Kind.MESSAGE,
        SEND,
        "send email mail reply forward message sms notify dm tweet retweet repost publish post broadcast text dial "
        "senden schicken enviar envoyer inviare "
        "announce alert contact whatsapp telegram fax page ping deliver respond rsvp comment",
        "",
    ),
    (Kind.UPLOAD, SEND, "upload attach", ""),
    (Kind.EXPORT, READ | WRITE, "export dump backup", ""),
    (Kind.DOWNLOAD, WRITE, "download", ""),
    (Kind.SUBMIT, SEND, "apply", "job position loan leave visa"),
    (Kind.SUBMIT, SEND, "submit sign esign vote file", ""),
    # Plain changes.
    (Kind.DATABASE, WRITE, _MAKING, "sql database db table row record"),
    (Kind.FILE_WRITE, WRITE, f"mkdir touch patch extract unzip {_MAKING}", _FILES),
    (Kind.FILE_WRITE, WRITE, "mkdir touch unzip untar", ""),
    (
        Kind.OTHER,
        WRITE,
        f"{_MAKING} register enable disable assign unassign close reopen merge commit push pull star unstar react fork "
        "clone rebase checkout checkin checkin checkout like unlike follow unfollow subscribe unsubscribe join leave "
        "pin unpin mute unmute archive unarchive restore rollback revert undo redo reset reschedule postpone extend "
        "renew confirm accept reject decline approve deny dismiss acknowledge resolve escalate reassign complete "
        "finish start stop pause resume play skip seek shuffle record begin end turnon turnoff switch toggle dim "
        "brighten lock unlock arm disarm heat cool print scale provision restart reboot shutdown kill suspend activate "
        "deactivate sync import migrate transfer exchange return redeem claim apply rate flag mark tag label "
        "categorize categorise bookmark favorite block unblock report draft compose log track store cache index "
        "publish release tag bump upgrade downgrade install setup connect disconnect link unlink pair unpair mount "
        "unmount attach detach bind enroll unenroll onboard offboard hire fire promote submit place hold split merge "
        "dedupe sign fill answer allocate reserve book plan prepare queue enqueue dequeue process ingest convert crop "
        "resize rotate transform populate seed initialize initialise init regenerate refresh swap replace amend "
        "correct fix repair prioritize prioritise nominate bid rebook checkin signup signin signout login logout "
        "authenticate snooze trash spam vacuum feed order brew cook water lower raise increase decrease boost throttle "
        "route redirect forward delegate protect unprotect kick ban invert hide unhide reorder "
        "rerun retry reactivate choose pick aendern anlegen erstellen "
        "hinzufuegen crear modificar creer modifier ajouter creare "
        "modificare aggiungere speichern transition freeze unfreeze grade clock take mint "
        "bridge waive reroute prescribe refill restock ship fulfill "
        "dispute encrypt decrypt steer calibrate align launch nominate rearrange",
        "",
    ),
)
"""Verb to what it does, most particular first."""

READERS = words(_READING)
"""Verbs that look and change nothing."""
NOUNISH = words(
    "issue email mail message text post order book charge test comment star "
    "list view check search query report request call "
    "copy backup export import download trash plan address schedule document contact access transfer reply store "
    "tweet purchase payment dump exchange trade bid block lock lead like follow pin pause play process record return "
    "tag flag label note file rate review vote index release log track cache queue draft page alert status stake swap "
    "tip fax sms dm new are is can has format match rank trace count change hash chart plot fork link sign answer "
    "terminal command console shell api url webhook http python sql display print water fire heat access head tail "
    "audit research patch monitor watch diff filter sort end start hold split save fix load feed"
)
"""Words that are as often nouns: they are the verb where no other word is, or where they come first."""
PAIRS: Mapping[tuple[str, str], str] = {
    ("check", "in"): "checkin", ("check", "out"): "checkout", ("sign", "up"): "signup", ("sign", "in"): "signin",
    ("sign", "out"): "signout", ("log", "in"): "login", ("log", "out"): "logout", ("set", "up"): "setup",
    ("turn", "on"): "turnon", ("turn", "off"): "turnoff", ("switch", "on"): "turnon", ("switch", "off"): "turnoff",
    ("top", "up"): "topup", ("roll", "back"): "rollback", ("hand", "off"): "handoff", ("hand", "over"): "handoff",
    ("shut", "down"): "shutdown", ("look", "up"): "lookup", ("un", "subscribe"): "unsubscribe",
    ("factory", "reset"): "factoryreset", ("two", "factor"): "twofactor", ("power", "off"): "turnoff",
    ("power", "on"): "turnon", ("opt", "out"): "unsubscribe", ("opt", "in"): "subscribe",
    ("pull", "request"): "pullrequest", ("pull", "requests"): "pullrequests",
    ("merge", "request"): "mergerequest", ("merge", "requests"): "mergerequests",
}  # fmt: skip
"""Two words that are one."""
LOOKING = words("list search view query check count status find track")
"""Words that make a name a question though they can be nouns: where they come first, and before other nouns."""
ABOUT = words(
    "status history details info information count list summary weather forecast price prices quote quotes news "
    "balance profile statement calculator wikipedia time date datetime location directions rate rates stats statistics "
    "metrics availability log logs help version whoami results result"
)
"""Last words of a name that make it a question where no verb in it says otherwise."""
PREFIXES = words("mcp tool tools function functions default namespace")
"""First words that frameworks put before a name."""
JOINS = words("and or then")
"""Words after which a name goes on to something else."""
