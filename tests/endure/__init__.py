"""Killing the portal while people save, as often as somebody has the patience for.

`make endure ROUNDS=200`; the tests run a few rounds of the same.
"""
