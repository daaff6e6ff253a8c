"""What agents are called by those who speak to them."""

AGENTS = (
    r"assistants?|chat ?bots?|bots?|language models?|llms?|copilots?|a\.?i\.?(?:s|'s)?"
    r"|(?:browsing|browser|coding|calendar|mail|email|analyst|shopping|travel|support|automated|autonomous"
    r"|software|digital"
    r"|virtual|this|dear|hey|your|any|all|the) (?:agents?|models?|helpers?)"
    r"|agents?[ ,:]|models (?:must|should|shall|need|please|reading|that|who|which|are|making|summari[sz]ing)"
    r"|(?:automated|automatic|smart|digital|machine) (?:systems?|readers?|processes|clients?|contributors?"
    r"|inbox(?:es)?"
    r"|helpers?)|(?:systems|clients|scripts|tools) (?:controlled|driven|run|operated) by"
    r"|ki[ -]?(?:system|assisten|agent|modell)\w*|assistenten?|assistentin|asistentes?|agente|assistentes?"
    r"|l['’]assistant|\w{2,24}assistent(?:en|in|innen)?"
)
"""A pattern for the names of agents."""
SPOKEN_TO = (
    rf"\b(?:{AGENTS}|the (?:current )?user(?:['’]s|s['’]|\b)"
    r"|(?:ongoing|original|current|assigned|previous) (?:task|request|instructions?|query)"
    r"|your (?:instructions|task|user|owner|system prompt|summary|digest))(?:\b|$|\s)"
)
"""How a text speaks to an agent, or of the one it works for: nobody writes so to a person."""
