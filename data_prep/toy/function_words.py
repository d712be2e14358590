"""The closed classes: real English words, so that the skeleton of a sentence can be read."""

from __future__ import annotations

from data_prep.toy.forms import Form
from data_prep.toy.tables import words


def _forms(text: str, upos: str, xpos: str, features: str = "_") -> dict[str, Form]:
    return {word: Form(word, word, upos, xpos, features) for word in words(text)}


def _pronoun(text: str, lemma: str, person: int, number: str, case: str, xpos: str) -> Form:
    kind = f"Case={case}|" if case != "Gen" else ""
    possessive = "|Poss=Yes" if case == "Gen" else ""
    features = f"{kind}Number={number}|Person={person}{possessive}|PronType=Prs"
    return Form(text, lemma, "PRON", xpos, features)


def _auxiliary(lemma: str, finite: dict[str, str]) -> dict[str, Form]:
    tags = {
        "past": ("VBD", "Mood=Ind|Tense=Past|VerbForm=Fin"),
        "past_plural": ("VBD", "Mood=Ind|Number=Plur|Tense=Past|VerbForm=Fin"),
        "third": ("VBZ", "Mood=Ind|Number=Sing|Person=3|Tense=Pres|VerbForm=Fin"),
        "present": ("VBP", "Mood=Ind|Tense=Pres|VerbForm=Fin"),
        "first": ("VBP", "Mood=Ind|Number=Sing|Person=1|Tense=Pres|VerbForm=Fin"),
        "base": ("VB", "VerbForm=Inf"),
        "participle": ("VBN", "Tense=Past|VerbForm=Part"),
        "gerund": ("VBG", "VerbForm=Ger"),
    }
    return {key: Form(text, lemma, "AUX", *tags[key]) for key, text in finite.items()}


DETERMINERS = _forms("the", "DET", "DT", "Definite=Def|PronType=Art") | {
    word: Form(word, "a", "DET", "DT", "Definite=Ind|PronType=Art") for word in ("a", "an")
}
DETERMINERS |= _forms("this that", "DET", "DT", "Number=Sing|PronType=Dem")
DETERMINERS |= {
    text: Form(text, lemma, "DET", "DT", "Number=Plur|PronType=Dem")
    for text, lemma in (("these", "this"), ("those", "that"))
}
DETERMINERS |= _forms("every each another some any all both no much many several few", "DET", "DT")
PREPOSITIONS = _forms(
    "of in on at near behind under over to into from through across with without for about against by "
    "after before during since until among between toward upon as than like within",
    "ADP",
    "IN",
)
PARTICLES = _forms("up out off down away over back", "ADP", "RP")
SUBORDINATORS = _forms("that because when while if although after before since until unless whether as", "SCONJ", "IN")
TO = Form("to", "to", "PART", "TO")
NOT = Form("not", "not", "PART", "RB", "Polarity=Neg")
GENITIVE = Form("'s", "'s", "PART", "POS")
CONJUNCTIONS = _forms("and or but", "CCONJ", "CC")
RELATIVES = {
    word: Form(word, word, "PRON", tag, "PronType=Rel")
    for word, tag in (("who", "WP"), ("which", "WDT"), ("that", "WDT"))
}
INTERROGATIVES = {word: Form(word, word, "PRON", "WP", "PronType=Int") for word in ("who", "what")} | _forms(
    "where when why how", "ADV", "WRB", "PronType=Int"
)
THERE = Form("there", "there", "PRON", "EX")
PUNCTUATION = {mark: Form(mark, mark, "PUNCT", mark) for mark in (".", ",", "!", "?", ":", ";")} | {
    '"': Form('"', '"', "PUNCT", "''"),
    "(": Form("(", "(", "PUNCT", "-LRB-"),
    ")": Form(")", ")", "PUNCT", "-RRB-"),
}
SYMBOLS = {"%": Form("%", "%", "SYM", "NN"), "$": Form("$", "$", "SYM", "$")}
INTERJECTIONS = _forms("yes no oh well alas", "INTJ", "UH")
DEGREE = _forms("very rather quite too so more less", "ADV", "RB")
FREQUENCY = _forms("often always never usually sometimes rarely still soon already also now then", "ADV", "RB")
LINKING = _forms("however meanwhile perhaps yesterday today later therefore then now instead here", "ADV", "RB")
EARLY = {
    "early": Form("early", "early", "ADV", "RB"),
    "late": Form("late", "late", "ADV", "RB"),
    "fast": Form("fast", "fast", "ADV", "RB"),
}

BE = _auxiliary(
    "be",
    {
        "past": "was", "past_plural": "were", "third": "is", "present": "are", "first": "am", "base": "be",
        "participle": "been", "gerund": "being",
    },
)  # fmt: skip
HAVE = _auxiliary("have", {"past": "had", "third": "has", "present": "have", "base": "have"})
DO = _auxiliary("do", {"past": "did", "third": "does", "present": "do"})
MODALS = {
    word: Form(word, word, "AUX", "MD", "VerbForm=Fin") for word in words("will would can could may might must should")
}
BE_VERB = {
    key: Form(form.text, "be", "VERB", form.columns.split("\t")[3], form.columns.split("\t")[4])
    for key, form in BE.items()
}

SUBJECT_PRONOUNS = {
    "i": _pronoun("I", "I", 1, "Sing", "Nom", "PRP"),
    "you": _pronoun("you", "you", 2, "Sing", "Nom", "PRP"),
    "he": _pronoun("he", "he", 3, "Sing", "Nom", "PRP"),
    "she": _pronoun("she", "she", 3, "Sing", "Nom", "PRP"),
    "it": _pronoun("it", "it", 3, "Sing", "Nom", "PRP"),
    "we": _pronoun("we", "we", 1, "Plur", "Nom", "PRP"),
    "they": _pronoun("they", "they", 3, "Plur", "Nom", "PRP"),
}
OBJECT_PRONOUNS = {
    "i": _pronoun("me", "I", 1, "Sing", "Acc", "PRP"),
    "you": _pronoun("you", "you", 2, "Sing", "Acc", "PRP"),
    "he": _pronoun("him", "he", 3, "Sing", "Acc", "PRP"),
    "she": _pronoun("her", "she", 3, "Sing", "Acc", "PRP"),
    "it": _pronoun("it", "it", 3, "Sing", "Acc", "PRP"),
    "we": _pronoun("us", "we", 1, "Plur", "Acc", "PRP"),
    "they": _pronoun("them", "they", 3, "Plur", "Acc", "PRP"),
}
POSSESSIVES = {
    "i": _pronoun("my", "my", 1, "Sing", "Gen", "PRP$"),
    "you": _pronoun("your", "your", 2, "Sing", "Gen", "PRP$"),
    "he": _pronoun("his", "his", 3, "Sing", "Gen", "PRP$"),
    "she": _pronoun("her", "her", 3, "Sing", "Gen", "PRP$"),
    "it": _pronoun("its", "its", 3, "Sing", "Gen", "PRP$"),
    "we": _pronoun("our", "our", 1, "Plur", "Gen", "PRP$"),
    "they": _pronoun("their", "their", 3, "Plur", "Gen", "PRP$"),
}

NUMBER_WORDS = {
    word: Form(word, word, "NUM", "CD", "NumForm=Word|NumType=Card")
    for word in words("two three four five six seven eight nine ten twelve twenty")
}


def digits(value: int | str) -> Form:
    """Return a cardinal written in digits."""
    return Form(str(value), str(value), "NUM", "CD", "NumForm=Digit|NumType=Card")


YEARS = [digits(year) for year in range(2020, 1900, -1)]
COUNTS = [digits(count) for count in (10, 15, 20, 30, 40, 50, 100, 200, 300, 500, 12, 25, 60, 80, 150, 1000)]


def _noun(text: str, number: str = "Sing") -> Form:
    return Form(text, text, "NOUN", "NN", f"Number={number}")


TIME_UNITS = [_noun(word) for word in words("week year month night summer winter spring autumn season")]
WEEKDAYS = [
    Form(day, day, "PROPN", "NNP", "Number=Sing")
    for day in words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
]
MONTHS = [
    Form(month, month, "PROPN", "NNP", "Number=Sing")
    for month in words("January February March April May June July August September October November December")
]
LAST = Form("last", "last", "ADJ", "JJ", "Degree=Pos")
NEXT = Form("next", "next", "ADJ", "JJ", "Degree=Pos")


def reserved_words() -> set[str]:
    """Return every closed-class word in lower case, so that no invented stem equals one."""
    groups: list[dict[str, Form]] = [
        DETERMINERS, PREPOSITIONS, PARTICLES, SUBORDINATORS, CONJUNCTIONS, RELATIVES, INTERROGATIVES,
        INTERJECTIONS, DEGREE, FREQUENCY, LINKING, EARLY, BE, HAVE, DO, MODALS, SUBJECT_PRONOUNS,
        OBJECT_PRONOUNS, POSSESSIVES, NUMBER_WORDS,
    ]  # fmt: skip
    single = [TO, NOT, THERE, LAST, NEXT, *TIME_UNITS, *WEEKDAYS, *MONTHS]
    return {form.text.lower() for group in groups for form in group.values()} | {form.text.lower() for form in single}
