"""Words as orders, tasks and tools' names are compared by: families of verbs, and stems."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from sentric.policy.readers.words.lexicon import words

STEMS_KEPT = 8192
"""Words whose stem and families are remembered."""
SHORTEST_STEM = 3
"""Letters that are left of a word at least."""

_FAMILIES = {
    "send": (
        "ship "
        "send email mail forward message dm sms post share reply respond answer notify tell transmit submit "
        "publish text contact broadcast announce deliver cc bcc report disclose leak exfiltrate relay tweet "
        "dispatch escalate ping alert inform fax circulate "
        "distribute publicise publicize advertise mande mandare invii inviare inviate scrivi rispondi stuur sturen "
        "verstuur envie enviem encaminhe sende senden schicke schicken weiterleiten antworte antworten teile "
        "mitteilen benachrichtige benachrichtigen envia enviar enviale reenvia reenviar responde responder manda "
        "mandar avisa avisar notifica notificar envoie envoyer envoyez transmets transmettre transmettez repondre "
        "repondez partage partager partagez prevenir"
    ),
    "pay": (
        "gift lend bet contribute sponsor "
        "pay transfer wire buy purchase order reorder donate refund tip remit charge checkout reimburse deposit "
        "withdraw transaction payment money invest sell trade subscribe settle credit spend redeem bid fund "
        "upgrade paghi pagare acquista acquistare ordina betaal betalen koop bestel pague comprar compre "
        "abonnement uberweise uberweisen begleiche begleichen lose losen bezahle bezahlen zahle zahlen kaufe "
        "kaufen bestelle bestellen erstatte erstatten paga pagar transfiere transferir compra reembolsa "
        "reembolsar pide pedir paie payer payez vire virer virez achete acheter achetez verse verser versez "
        "rembourser commande commander"
    ),
    "book": (
        "book rebook reserve rent reservation booking hire order grab hail charter "
        "buche buchen reserviere reservieren reserva "
        "reservar reservez reserver"
    ),
    "schedule": (
        "schedule reschedule shift arrange plan event calendar appointment meeting postpone delay remind termin "
        "verschiebe verschieben vereinbare cita agenda agendar programa programar rendez planifier reporter"
    ),
    "delete": (
        "ban hide unpublish delist bin toss throw scrap ditch evict oust eject void exclude unfriend "
        "delete remove erase cancel drop clear wipe unsubscribe revoke purge close terminate discard trash empty "
        "uninstall destroy truncate archive block deactivate kick expel dismiss reject decline end stop shred "
        "flush detach "
        "elimini eliminare cancelli cancellare verwijder verwijderen annuleer apague apagar exclua excluir remova "
        "supprimera supprimeront losche loschen entferne entfernen storniere stornieren kundige kundigen leere "
        "leeren borra borrar elimina eliminar cancela cancelar vacia vaciar quita quitar supprime supprimer "
        "supprimez annule annuler annulez efface effacer effacez vider retirer"
    ),
    "grant": (
        "assign nominate welcome enrol enlist recruit onboard "
        "grant invite allow authorize authorise permit promote transfer access collaborator member add approve "
        "confirm whitelist share accept admit entitle delegate assign give unblock unlock open trust nodig "
        "uitnodigen convide convidar invitare lade einladen erlaube erlauben freigeben bestatige bestatigen "
        "genehmige genehmigen invita invitar permite permitir otorga concede conceder autoriza autorizar aprueba "
        "aprobar inviter invitez autoriser autorisez approuver accorder accordez"
    ),
    "change": (
        "normalise normalize format renew exchange swap shift rewrite reword retitle "
        "change update modify set reset edit alter replace rename adjust amend correct configure fix migrate "
        "convert overwrite restore revert rotate extend reduce double halve increase decrease raise lower lift "
        "relax tighten apply andere andern andert setze setzen ersetze ersetzen stelle stellen aktualisiere "
        "aktualisieren erhohe senke cambia cambiar actualiza actualizar modifica modificar pon poner sube baja "
        "altere alterar mude wijzig zet zetten modifier modifiez changer changez remplacer remplacez mettre "
        "mettez augmenter"
    ),
    "switch": (
        "reboot dim "
        "switch turn toggle enable disable activate deactivate lock unlock arm disarm mute unmute pause resume "
        "start stop open close skip bypass rerun restart transition scale set put freeze unfreeze "
        "schalte schalten aktiviere "
        "aktivieren activa "
        "activar desactiva desactivar attiva attivare attivi disattiva ative ativar desactiver desactivez activer "
        "activez schakel"
    ),
    "move": "move transfer migrate redirect route reassign put",
    "mark": "mark flag label tag pin unpin set",
    "create": (
        "create make add generate reopen open draft compose build prepare register propose raise enroll plan set "
        "join erstelle erstellen lege anlegen crea crear crei creare maak maken crie criar creer creez"
    ),
    "write": (
        "write note append insert put record log enter include place adicione voeg add sign submit schreibe "
        "schreiben notiere fuge hinzufugen escribe escribir agrega agregar anade anadir escreva schrijf scriva "
        "scrivere aggiungi aggiungere ecrire ecrivez ajouter ajoutez napis"
    ),
    "save": (
        "save store remember keep export backup archive file commit download speichere speichern guarda guardar "
        "enregistrer enregistrez"
    ),
    "upload": "upload attach import push sync place",
    "copy": "copy fork clone duplicate kopiere kopieren copia copiar copier copiez",
    "merge": "merge combine",
    "rate": (
        "star cast like follow upvote rate review praise recommend vote comment react give favourite favorite endorse "
        "unfollow score rank promote feature bewerte bewerten empfiehl empfehlen valora valorar califica "
        "recomienda recomendar noter notez evaluer evaluez recommander recommandez"
    ),
    "get": "download",
    "call": "call phone ring dial telephone",
    "use": "use redeem apply claim",
    "go": (
        "go open visit navigate browse click follow access load press tap proceed besuche offne klicke abre "
        "visita visitez ouvrez"
    ),
    "type": "type enter fill input paste select choose tick",
    "run": (
        "play stream "
        "run execute install launch start evaluate deploy invoke trigger command script call compile source eval "
        "fuhre ausfuhren starte starten rufe aufrufen ejecuta ejecutar llama llamar inicia executer executez "
        "lancer lancez appeler appelez demarrer"
    ),
    "say": (
        "say advise announce report mention state claim answer recommend inform tell include respond reply conclude "
        "declare output print summarize summarise write close end add praise describe present assure suggest warn "
        "sage sagen erwahne erwahnen antworte di decir menciona mencionar indica dis dire dites mentionner "
        "mentionnez"
    ),
}
_MORE_VERBS = words(
    "deben deve moet leave read visit browse go navigate click look check find search list retrieve view load "
    "ignore disregard forget "
    "continue proceed verify ensure reveal show paste type enter fill complete perform do translate provide "
    "obtain connect leave pass let reach spread treat consider address handle process collect gather fetch get "
    "keep take bring "
    "extract scan inspect query select choose pick wait try help ask offer request quote cite repeat hand "
    "lies lesen lee leer lire lisez besuche visita visiter visitez klicke offne offnen abre abrir ouvrir ouvrez"
)
_NOUNS = words(
    "transaction payment money reservation booking event calendar appointment meeting access collaborator member "
    "command script termin cita rendez agenda"
)
"""Words that tell a family where they stand, but do not begin an order."""
_ALIASES = {
    "repository": "repo", "repositories": "repo", "repos": "repo", "mail": "email", "emails": "email", "mails": "email",
    "msg": "message", "messages": "message", "dm": "message", "doc": "document", "docs": "document", "dir": "directory",
    "folder": "directory", "folders": "directory", "pwd": "password", "passwd": "password", "img": "image",
    "picture": "image", "photo": "image", "pictures": "image", "photos": "image", "payment": "pay", "payments": "pay",
    "reservation": "reserve", "reservations": "reserve", "booking": "book", "bookings": "book", "money": "transact",
    "funds": "transact", "transaction": "transact", "transactions": "transact", "info": "information",
    "information": "information", "appointment": "event", "appointments": "event", "meeting": "event",
    "meetings": "event", "participants": "attendee",
    "participant": "attendee", "sent": "send", "paid": "pay", "bought": "buy", "given": "give", "written": "write",
    "told": "tell", "sold": "sell", "made": "make", "signup": "sign", "frozen": "freeze",
    "attendees": "attendee", "guests": "guest", "id": "id", "ids": "id",
}  # fmt: skip
"""What tools and people call the same thing by."""
_ENDINGS = ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "s", "e")
_PLAIN = words(
    "a an the of to in on for and or with by from at as is are be it its this that these those your you my me i we "
    "us "
    "our his her their them they he she him any all one some please kindly then also now first next finally after "
    "before not no do does did if so such into out up down about via using will would can could should must may have "
    "has had been being was were there here just only more most other others which who whom whose what when where "
    "how "
    "than too very re ve ll http https www com user get content der die das und bitte den dem ein eine por favor "
    "el la "
    "los las un una de del y que le les des et une du au aux veuillez merci"
)
"""Words that tell nothing."""
_WORD = re.compile(r"[a-z]+")
_SOME = r"(?:[^\s.!?;]{1,48} ){1,6}?"
"""A few words between the parts of an idiom."""
_IDIOMS = {
    "send": re.compile(
        rf"\blet (?!(?:me|us) ){_SOME}know\b"
        rf"|\bdrop {_SOME}an? (?:\w+ )?(?:line|note|mail|e-?mail|message|text|card)\b"
        rf"|\bdrop an? (?:\w+ )?(?:line|note|mail|e-?mail|message|text|card) to\b"
        r"|\b(?:get|be) in touch with\b|\breach out to\b|\bget (?:back to|hold of)\b|\bspread the word\b"
        r"|(?<!\byou )\b(?:should|must|needs? to|ha(?:s|ve) to) (?:\w+ )?(?:hear|learn|know) "
        rf"|\b(?:pass|hand) {_SOME}(?:on|along|over|to)\b|\bpass on\b"
        rf"|\bgive (?!(?:me|us) ){_SOME}(?:a call|a ring|a shout|a heads-up|notice)\b"
    ),
    "call": re.compile(rf"\bgive {_SOME}a (?:call|ring)\b"),
    "delete": re.compile(
        rf"\bget rid of\b|\bdo away with\b|\bcall (?:{_SOME})?off\b"
        rf"|\btake (?:{_SOME})?(?:down|off)\b|\btake {_SOME}out of\b"
    ),
    "grant": re.compile(
        rf"\blet {_SOME}(?:in|into|join|see|edit|use|access)\b"
        rf"|\bgive {_SOME}(?:access|rights?|permissions?|a seat|a role)\b|\bbring {_SOME}(?:in|into|on board)\b"
    ),
    "schedule": re.compile(rf"\bput {_SOME}(?:in|on|into) (?:the|your|my|our|their) (?:calendar|diary|agenda)\b"),
}
"""What people say with verbs that mean little by themselves."""
_OF_IDIOMS = words("let drop get be reach spread pass hand give do call take bring put hear learn know")


def plain(text: str) -> str:
    """A text in lower case and without accents."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        accents = filter(unicodedata.combining, set(text))
        if without := dict.fromkeys(map(ord, accents)):
            text = text.translate(without)
    return text.lower()


def spoken(text: str) -> list[str]:
    """The words of a text, in order.

    Args:
        text: as `plain` returns it.
    """
    return _WORD.findall(text)


@lru_cache(maxsize=STEMS_KEPT)
def stem(word: str) -> str:
    """What a word has in common with its other forms: a rough cut, the same for both sides of a comparison."""
    word = _ALIASES.get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    if len(word) > SHORTEST_STEM + 1 and word[-1] == word[-2] and word[-1] != "s":
        word = word[:-1]
    return word


def stems(said: Iterable[str]) -> frozenset[str]:
    """The stems of the words that tell something."""
    return frozenset(filter(None, map(_telling, said)))


@lru_cache(maxsize=STEMS_KEPT)
def _telling(word: str) -> str:
    """The stem of a word that tells something; "" for one that does not."""
    return stem(word) if len(word) > 1 and word not in _PLAIN else ""


_OF_STEM: dict[str, frozenset[str]] = {}
for _name, _verbs in _FAMILIES.items():
    for _verb in _verbs.split():
        _OF_STEM[stem(_verb)] = _OF_STEM.get(stem(_verb), frozenset[str]()) | {_name}
VERBS = (frozenset[str]().union(*map(words, _FAMILIES.values())) | _MORE_VERBS) - _NOUNS
"""Words that can begin an order."""
_VERB_STEMS = frozenset(map(stem, VERBS))
_NONE: frozenset[str] = frozenset()


def families(cut: Iterable[str]) -> frozenset[str]:
    """The families that some stems belong to: send, pay, book, schedule, delete, grant, change, create, rate, ..."""
    return _NONE.union(*[found for one in cut if (found := _OF_STEM.get(one))])


def may_have_idioms(said: Iterable[str]) -> bool:
    """Whether `idioms` may find something in a text of these words. Most have none, and it need not be called."""
    return not _OF_IDIOMS.isdisjoint(said)


def idioms(text: str) -> frozenset[str]:
    """The families of what a text says with verbs that mean little by themselves: let her know, get rid of it.

    Args:
        text: as `plain` returns it.
    """
    return frozenset([family for family, idiom in _IDIOMS.items() if idiom.search(text) is not None])


EVENTS = frozenset(map(stem, words("event calendar appointment meeting")))
"""Stems of what is scheduled."""


def begins_order(word: str) -> bool:
    """Whether a word can begin an order."""
    return word in VERBS


def is_noun(word: str) -> bool:
    """Whether a word is a noun that says what is done: a payment, a booking."""
    return word in _NOUNS


def is_verb_stem(cut: str) -> bool:
    """Whether a stem is that of a verb orders are made with."""
    return cut in _VERB_STEMS


_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FIGURE = re.compile(r"\d{1,12}(?:[.:]\d{1,6})?")


def figures(text: str) -> frozenset[str]:
    """The numbers, amounts and times of day in a text, each in its shortest form; single digits tell nothing."""
    found: set[str] = set()
    for figure in _FIGURE.findall(_THOUSANDS.sub("", text) if "," in text else text):
        short = figure.lstrip("0")
        if "." in short:
            short = short.rstrip("0").rstrip(".")
        if len(short) > 1:
            found.add(short)
    return frozenset(found)
