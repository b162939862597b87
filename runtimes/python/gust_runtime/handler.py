"""Finds the function's handler: "module.function", where the module may be a path, as "folder/module.function"."""
import sys

from .errors import Fault


def load(name):
    """The handler. A Fault, or whatever the module itself raises, when there is none."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (name, error)) from error
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = "Cannot use built-in module %s as a handler module" % module_name
        raise Fault("Runtime.BuiltInModuleConflict", message)
    module = _import(module_name)
    try:
        return getattr(module, function_name)
    except AttributeError as error:
        message = "Handler '%s' missing on module '%s'" % (function_name, module_name)
        raise Fault("Runtime.HandlerNotFound", message) from error


def _import(module_name):
    import importlib

    try:
        return importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = "Unable to import module '%s': %s" % (module_name, error)
        raise Fault("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        frame = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, (error.text or "").strip("\n"))
        message = "Syntax error in module '%s': %s" % (module_name, error)
        raise Fault("Runtime.UserCodeSyntaxError", message, [frame]) from error
