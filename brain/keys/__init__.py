"""Who may ask over HTTP: API keys, the site keys of widgets with their tokens, and the record of what was done to them.

`secret` makes and takes apart keys, `store` keeps them, `sites` and `tokens` are for widgets, `audit` remembers who did what.
"""
