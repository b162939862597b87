"""Just enough reading of C++ for the tidy tests."""
import re


def project_includes(path):
    for i, line in enumerate(path.read_text().splitlines(), 1):
        if m := re.match(r'#include "([^"]+)"', line):
            yield i, m[1]


def blank_out(text):
    """The text with comments, strings and character literals blanked, newlines kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def functions(text):
    """(name, lines) of every function body."""
    text = blank_out(text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.M)
    stack, head_start, line = [], 0, 1
    for i, c in enumerate(text):
        if c == "\n":
            line += 1
        elif c == ";" and not (stack and stack[-1][0] == "function"):
            head_start = i + 1
        elif c == "{":
            head = text[head_start:i].strip()
            inside = bool(stack) and stack[-1][0] in ("function", "block")
            if inside:
                kind = "block"
            elif re.search(r"\bnamespace\b|\bextern\b\s*$", head):
                kind = "space"
            elif re.search(r"\b(?:class|struct|union|enum)\b[^()]*$", head):
                kind = "space"
            elif ")" in head:
                kind = "function"
            else:
                kind = "block"
            m = re.search(r"([\w:~]+)\s*\(", head)
            stack.append((kind, line, m[1] if m else "?"))
            head_start = i + 1
        elif c == "}" and stack:
            kind, begin, name = stack.pop()
            if kind == "function":
                yield name, line - begin + 1
            head_start = i + 1


def risky_awaits(text):
    """Statements where a call under co_await gets a braced temporary or a capturing lambda."""
    clean = blank_out(text)
    for m in re.finditer(r"co_await\s+[\w:.>\-*()]+?\s*\(", clean):
        depth, i = 1, m.end()
        while i < len(clean) and depth:
            depth += {"(": 1, ")": -1}.get(clean[i], 0)
            i += 1
        arguments = clean[m.end():i - 1]
        if re.search(r"(?:^|[,(]\s*)\w*[\w:>]*\s*\{[^}]", arguments) or re.search(r"\[[^\]\s][^\]]*\]\s*(?:\(|\{|mutable)", arguments):
            yield clean.count("\n", 0, m.start()) + 1, " ".join(text[m.start():i].split())[:100]
