"""What instructions to an agent look like, in three strengths."""

from sentric.policy.readers.words.lexicon import phrase

_AGENT = (
    r"(?:ai|a\.i\.|llm|language model|gpt|claude|gemini|copilot|llama|chatbot|assistant|agent"
    r"|(?:ai|llm|browser|web|automated|autonomous) (?:agent|assistant|model|bot|system))s?"
)
_DO = (
    "send|forward|post|upload|transfer|open|visit|go|navigate|click|enter|type|submit|run|execute|download|install"
    "|delete|remove|email|e-mail|mail|buy|purchase|order|pay|share|reveal|provide|include|add|read|call|use|invite"
    "|grant|change|update|create|copy|paste|fetch|reply|respond|write|append|make|ignore|disregard|follow|complete"
    "|perform|do|don't|never|stop"
)
_RULES = "(?:instruction|prompt|rule|direction|guideline|directive|command|order|constraint|programming|training)s?"
_HUMAN = "user|human|owner|operator"
_SECRETS = (
    "password|credentials?|api[ _-]?key|api[ _-]?token|access token|private key|ssh key|secrets?|cookies?|card number"
    "|one-time code|verification code|system prompt|conversation history|chat history"
)
_HAND_OVER = (
    "send|post|forward|upload|submit|transmit|email|e-mail|mail|copy|paste|report|transfer|wire|share|reveal|include"
    "|type|put"
)

DECISIVE = {
    "override": phrase(
        "ignore|disregard|forget|override|overrule|do not follow|stop following",
        40,
        "previous|prior|above|earlier|preceding|original|existing|all|any|your|other|former",
        30,
        _RULES,
    ),
    "role tag": r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>|\[/?INST\]|<</?SYS>>"
    r"|<(?:tool_call|function_calls?|tool_use)>",
    "new mode": phrase("you are now", 30, "mode|unrestricted|jailbroken|developer|dan|root"),
    "to the agent": rf"\b{phrase(_AGENT)}\s?[,:!–—-]+\s*(?:you|please|now|must|immediately|first|{_DO})\b",
    "if you are an agent": phrase("if|since|as|because|when", "you are|you're", 4, _AGENT),
    "secrecy": phrase(
        "do not|don't|never|must not",
        "tell|inform|mention|notify|alert|reveal|disclose|show|let|warn|ask",
        40,
        f"(?:the|your) (?:{_HUMAN})",
    ),
}
"""Signs that suffice by themselves."""

ADDRESS = {
    "agent must": phrase(_AGENT, 40, "must|should|shall|need to|needs to|have to|are required to|are instructed to"),
    "note to agent": phrase(
        "attention|notes?|messages?|instructions?|reminder|notice|addressed|dear|hello|hey", 64, _AGENT
    ),
    "system line": r"(?:^|[\n\]>*#(])\s*(?:system|developer|admin(?:istrator)?|root)"
    r"(?:\s+(?:message|prompt|note|override|instructions?|notice|update|alert))?\s*:"
    r"|[\[<]\s*(?:system|developer|admin(?:istrator)?|root)"
    r"(?:\s+(?:message|prompt|note|override|instructions?|notice|update|alert))?\s*:?\s*[\]>]",
    "another's turn": r"(?:^|[\n>\])])\s*(?:human|user|assistant|ai)\s*:\s"
    r"|</?(?:page|history|tool_result|document|context)>\s*\w",
    "new instructions": phrase(
        "new|updated|real|actual|revised|hidden", "(?:system )?(?:instructions?|task|objective|directive|goal)s?"
    ),
    "your task": phrase(
        "(?:your|the) (?:original|current|previous|actual|real|assigned|main|user's)",
        "task|goal|objective|instructions?|request",
    ),
    "a task given": phrase(
        "task|request|job|assignment", 8, "i|we", "gave|have given|assigned|have assigned|asked|set"
    ),
    "the user's": phrase(
        "the (?:current |human )?user['’]s",
        f"{_SECRETS}|card|credit card|token|session|e-?mails?|address|phone|account|data|files?|name|private|personal"
        "|bank|inbox|messages?|history|location|information|details",
    ),
    "the agent's insides": phrase(
        "system prompt|conversation history|chat history|tool calls?|your tools|function call|context window"
    ),
    "tool call": r"\{\s*\"(?:name|tool|tool_name|function|action)\"\s*:\s*\"[\w.]+\"\s*,"
    r"\s*\"(?:arguments|parameters|params|input|args)\"\s*:",
    "without the user": phrase(
        "without", "telling|informing|notifying|asking|alerting|mentioning|consulting", 24, f"the (?:{_HUMAN})"
    ),
}
"""Signs that a text speaks to an agent, or of its user."""

DEMAND = {
    "you must": phrase(
        "you (?:must|need to|have to|are required to|are instructed to|should|shall)",
        f"(?:(?:now|first|immediately|also|always) )?(?:{_DO})",
    ),
    "urgency": phrase(
        "urgent|urgently|immediately|right now|at once|asap|critical|important",
        48,
        "you must|you need to|please|must|do not|proceed",
    ),
    "before anything": phrase(
        r"before (?:you )?(?:can )?(?:continu|proceed|complet|finish|answer|start|begin|respond|solv|work|do)\w*"
        "|first of all|as a first step"
        "|(?:do|complete|perform|follow|execute) (?:the following|these (?:steps|instructions))"
    ),
    "send to": rf"\b(?:{_HAND_OVER})\b[^.!?\n]{{0,80}}\b(?:to|at|into)\s+(?:https?://|[\w.+-]+@[\w-]+\.)",
    "go to": r"\b(?:open|visit|navigate\s+to|go\s+to|browse\s+to|click(?:\s+on)?|load|fetch|call)\s+"
    r"(?:the\s+)?(?:url\s+|link\s+|page\s+|site\s+)?(?:at\s+)?https?://",
    "secrets": phrase(f"{_HAND_OVER}|read|enter|give", 60, _SECRETS),
}
"""Signs that a text wants something done. Honest texts for people have them too."""
