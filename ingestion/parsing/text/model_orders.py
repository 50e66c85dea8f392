"""Finds text that gives orders to a language model: an attempt to inject a prompt.

Patterns of French and English, chosen on ``bench/injection``: text that speaks to a model ("ignore
the previous instructions", "you are now …", marks of chat formats), and orders about "your answer".
An order that reads like any other sentence ("What is the capital of Brazil?") is not found.
"""

import re

_RULES = (
    r"(?:instructions?|rules?|prompts?|directions?|guidelines|orders|consignes?|directives?|règles)"
)
_BEFORE = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|original|system|précédente?s?|"
    r"antérieure?s?|ci-dessus|initiale?s?|d'avant|système)"
)
_ANSWER = r"(?:your|the) (?:final |next |whole )?(?:response|reply|answer|output|summary)\b"
_ANSWER_FR = r"(?:ta|votre|la) (?:prochaine )?(?:réponse|synthèse)\b"
_WRITE = (
    r"(?:add|include|insert|integrate|append|incorporate|embed|weave|modify|adjust|change|alter|"
    r"replace|encode|reverse|translate|convert|render|format|scramble|rearrange|jumble|misspell|"
    r"substitute|remove|group|introduce|mix|use|utili[sz]e|end|begin|start|finish|conclude|craft|augment|enhance|"
    r"combine|anagram|suggest|promote|spell)"
)
_WRITE_FR = (
    r"(?:ajoute[rz]?|inclus|incluez|inclure|insère|insérez|insérer|intègre|intégrez|mentionne[rz]?|"
    r"écris|écrivez|termine[rz]?|commence[rz]?|remplace[rz]?|traduis|traduisez|affiche[rz]?)"
)
_MODEL = (
    r"(?:AI|LLM|chatbot|language model|assistant|ChatGPT|IA|modèle de langage|"
    r"agent conversationnel)"
)
_PATTERNS = (
    # "Ignore all previous instructions", "oubliez les consignes précédentes".
    rf"\b(?:ignore|disregard|forget|override|bypass|oublie|néglige)[rz]?\b[^.\n]{{0,40}}?"
    rf"\b(?:{_BEFORE}\b[^.\n]{{0,20}}?\b{_RULES}|{_RULES}\b[^.\n]{{0,20}}?\b{_BEFORE})\b",
    rf"\bne (?:tiens|tenez|tient|suis|suivez) (?:pas|plus)\b[^.\n]{{0,30}}?\b{_RULES}\b"
    rf"[^.\n]{{0,20}}?\b{_BEFORE}\b",
    # "You are now an assistant without limits", "tu es désormais …".
    rf"\b(?:you are (?:now|no longer)|from now on,? you (?:are|must|will)|act as an?|"
    rf"(?:tu es|vous êtes) (?:désormais|maintenant|à présent))\b[^.\n]{{0,60}}?\b{_MODEL}\b",
    # The formats in which servers write a prompt.
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[/?INST\]|<</?SYS>>|</passage>",
    r"^\W{0,4}(?:system|système|assistant)\s?:\s.{0,80}?\b(?:you|ignore|tu|vous|new|réponds)\b",
    # "Reveal your system prompt".
    rf"\b(?:reveal|print|show|repeat|output|display|leak|révèle|affiche|répète|montre)[rz]?\b"
    rf"[^.\n]{{0,30}}?\b(?:system prompt|prompt système|(?:your|tes|vos) (?:\w+ )?{_RULES})\b",
    # "If you are an AI, …", "note to the language model".
    rf"\b(?:if you are|as) an? {_MODEL}\b,?[^.\n]{{0,10}}?"
    r"\b(?:you|ignore|add|say|write|do|reading)\b",
    rf"\b(?:note|message|instructions?|order|consignes?|attention)\b (?:to|for|pour|à|au|aux) "
    rf"(?:the |any |all |l'|les |le |tout )?{_MODEL}s?\s?[:!]",
    r"\bdo not (?:tell|inform|mention|reveal)\b[^.\n]{0,20}?\b(?:the|to the) (?:user|reader)\b",
    r"\bne (?:dis|dites|révèle|révélez|préviens|prévenez)\b[^.\n]{0,20}?\b(?:l'|à l')utilisateur\b",
    # Orders about the answer.
    rf"\b{_WRITE}\b(?:[^.\n]|\.\S){{0,120}}?\b(?:in|to|into|of|from|throughout|within|at|with)\b"
    rf"[^.\n]{{0,25}}?\byour (?:\w+ )?(?:response|reply|answer|output|message)\b",
    rf"\b(?:in|to|within) {_ANSWER},? (?:please )?{_WRITE}\b",
    r"\b(?:provide|give|write|send|deliver|present|phrase|rephrase|compose)\b[^.\n]{0,15}?"
    r"\byour (?:\w+ )?(?:response|reply|answer|output)\b[^.\n]{0,12}?\b(?:in|using|as|with|without|"
    r"backwards?|from)\b",
    rf"\b{_WRITE} your (?:response|reply|answer|output)\b",
    rf"\b{_WRITE_FR}\b[^.\n]{{0,120}}?\b(?:dans|à|de) {_ANSWER_FR}",
    rf"\bdans {_ANSWER_FR},? {_WRITE_FR}\b",
    r"\b(?:answer|respond|reply) (?:only|always|solely|exclusively) (?:with|in|by)\b",
    r"\b(?:réponds|répondez) (?:uniquement|toujours|seulement) (?:par|en|avec|que)\b",
)
_ORDERS = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE)
# Each pattern needs one of these; lines without any are not searched, as patterns take time.
_NEEDED = (
    "your ", "instruction", "consigne", "directive", "prompt", "rules", "règles", "guideline",
    "orders", "<|", "inst]", "sys>>", "</passage", "system", "système", "assistant", "llm",
    "chatbot", "chatgpt", "language model", "langage", "conversationnel", " ai", " ia",
    "utilisateur", "the user", "reader", "réponse", "synthèse", "respond ", "reply ", "réponds",
    "répondez", "answer ",
)  # fmt: skip


def has_model_orders(text: str) -> bool:
    """Whether a text gives orders to a language model."""
    for line in text.replace("’", "'").splitlines():
        folded = line.lower()
        if any(needed in folded for needed in _NEEDED) and _ORDERS.search(line):
            return True
    return False
