"""The include table of ARCHITECTURE.md, read from the document itself so that the two cannot differ."""
import re


def read(path):
    """{module: (layer, set of layers it may include, set of modules it may include)}"""
    rows = {}
    for line in path.read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) != 4 or not cells[0].isdigit():
            continue
        layer, names, _, may = cells
        levels, modules = set(), set()
        for item in re.split(r"[,\s]+(?:and\s+)?", may):
            if m := re.fullmatch(r"(\d)-(\d)", item):
                levels |= set(range(int(m[1]), int(m[2]) + 1))
            elif item.isdigit():
                levels.add(int(item))
            elif item == "all":
                levels |= set(range(0, 10))
            elif re.fullmatch(r"[a-z]+", item):
                modules.add(item)
        for name in re.split(r",\s*", names.replace("`", "")):
            rows[name.split("/")[0]] = (int(layer), levels, modules)
    assert len(rows) > 15, "ARCHITECTURE.md: the table of modules was not found"
    return rows


def module_of(path):
    return path.parts[0]


def allowed(table, user, used):
    if user == used or used not in table:
        return user == used or used == "generated"
    _, levels, modules = table[user]
    return table[used][0] in levels or used in modules
