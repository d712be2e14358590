"""Bilingual dictionaries and the counterparts of derived vocabularies, as files that every step reads."""
