"""Signing in at the desk: a password, then a passkey or a code.

Nobody is signed in before both are right: between the two steps the session only holds
who has begun (``pending``), and every page of the desk still asks who is there.
"""
