"""Fonts, icons and the program's mark: data only, read through `importlib.resources`.

`fonts/`  Inter 4.1, three weights, cut to Latin, Greek, Cyrillic, punctuation and arrows (SIL Open Font Licence 1.1).
`icons/`  lucide outlines (ISC; some MIT by Cole Bemis).
`brand/`  the program's own mark.
Each folder of others' work carries its licence.
"""
