"""Whatever reads what others have written is given what nobody would write.

`make fuzz` tries each reader for ten minutes; the tests try each for a moment. There is
no importer of another system's articles yet: what is pasted from one goes through the
sanitiser, and its addresses through those of older sites.
"""
