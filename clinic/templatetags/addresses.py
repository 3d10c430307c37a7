"""Addresses as others see them."""

from django import template

from clinic import addresses

register = template.Library()

register.filter("absolute", addresses.absolute)
