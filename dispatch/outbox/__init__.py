"""Work that must happen: rows written in the unit that wants it, carried out afterwards.

`outbox.put()` writes, `carry` claims and runs, `sweep` finds what was left behind.
"""
