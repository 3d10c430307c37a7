"""Whether what articles lead to is still there.

``finding`` reads the links out of the texts, ``web`` asks other sites, ``checking``
decides what an answer means, and ``manage.py check_links`` does it for all.
"""
