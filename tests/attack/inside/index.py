"""The attacker: a function whose handler does what the event says and tells how it was refused."""
import importlib


def handler(event, context):
    return getattr(importlib.import_module(event["module"]), event["attack"])(**event.get("with", {}))
