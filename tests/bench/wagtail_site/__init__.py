"""The same article in Wagtail, plainly set up, to measure against.

It is used where Wagtail is installed: `make bench WAGTAIL=folder/bin/python`, after
`pip install "wagtail>=8,<9" wagtail-cache gunicorn` there.
"""
