"""How fast the portal is, as ratios to a bare server in the same run: `make bench`.

Nothing here runs in the tests: on a shared machine times wander, ratios less so.
"""
