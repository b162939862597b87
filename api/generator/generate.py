"""api/models/<service>.json -> <service>.gen.h and .gen.cc: structs for the shapes, a tag for each operation, the model
embedded. generate.py MODEL.json OUT_FOLDER. What uses them: src/wire/service.h."""
import json
import re
import sys
from pathlib import Path

SCALARS = {"string": "std::string", "character": "std::string", "blob": "std::string", "boolean": "bool",
           "integer": "std::int32_t", "long": "std::int64_t", "float": "double", "double": "double", "timestamp": "WallTime"}
KEYWORDS = {"default", "delete", "export", "operator", "private", "public", "register", "template", "union", "class", "enum", "namespace",
            "and", "or", "not", "xor"}


def snake(name):
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower().replace("-", "_")
    return name + "_" if name in KEYWORDS else name


class Generator:
    def __init__(self, service, model):
        self.service, self.model, self.shapes = service, model, model["shapes"]
        self.space = service.replace("-", "_")  # the namespace
        self.structs = sorted(n for n, s in self.shapes.items() if s["type"] == "structure" and not s.get("document"))

    def type_of(self, name):
        shape = self.shapes[name]
        if shape.get("document"):
            return "wire::Value"
        kind = shape["type"]
        if kind == "structure":
            return name
        if kind == "list":
            return f"std::vector<{self.type_of(shape['member']['shape'])}>"
        if kind == "map":
            return f"std::map<std::string, {self.type_of(shape['value']['shape'])}>"
        return SCALARS[kind]

    def is_stream(self, shape, member):
        ref = shape["members"][member]
        target = self.shapes[ref["shape"]]
        streams = ref.get("streaming") or target.get("streaming") or target.get("eventstream")
        return shape.get("payload") == member and streams

    def depends(self, name):
        """The structures that must be complete before `name` is."""
        out = set()
        for member, ref in self.shapes[name].get("members", {}).items():
            if not self.recursive(name, ref["shape"]):
                target = ref["shape"]
                while self.shapes[target]["type"] in ("list", "map"):
                    target = self.shapes[target].get("member", self.shapes[target].get("value"))["shape"]
                if target in self.structs:
                    out.add(target)
        return out

    def recursive(self, owner, name, seen=()):
        if name == owner:
            return True
        if name in seen:
            return False
        shape = self.shapes[name]
        refs = list(shape.get("members", {}).values()) + [shape[k] for k in ("member", "value") if k in shape]
        return any(self.recursive(owner, r["shape"], (*seen, name)) for r in refs)

    def ordered(self):
        done, out = set(), []

        def visit(name):
            if name not in done:
                done.add(name)
                for other in sorted(self.depends(name)):
                    visit(other)
                out.append(name)
        for name in self.structs:
            visit(name)
        return out

    def member_type(self, owner, member):
        shape = self.shapes[owner]
        ref = shape["members"][member]
        if self.is_stream(shape, member):
            return "std::unique_ptr<async::ByteSource>"
        inner = self.type_of(ref["shape"])
        if self.recursive(owner, ref["shape"]):
            return f"std::shared_ptr<{inner}>"
        return inner if member in shape.get("required", []) else f"std::optional<{inner}>"

    def struct(self, name):
        lines = [f"struct {name} {{"]
        for member in self.shapes[name].get("members", {}):
            kind = self.member_type(name, member)
            initial = "{}" if kind in ("bool", "std::int32_t", "std::int64_t", "double", "WallTime") else ""
            lines.append(f"  {kind} {snake(member)}{initial};")
        lines += ["};", f"void from_value(const wire::Value& value, {name}& out);", f"wire::Value to_value(const {name}& from);", ""]
        return "\n".join(lines)

    def body_of(self, name):
        shape = self.shapes.get(name, {})
        payload = shape.get("payload")
        return f"&message.{snake(payload)}" if payload and self.is_stream(shape, payload) else "nullptr"

    def operation(self, name):
        op = self.model["operations"][name]
        request = op["input"]["shape"] if "input" in op else "Empty"
        response = op["output"]["shape"] if "output" in op else "Empty"
        parts = [f"struct {name} {{", f"  using Request = api::{self.space}::{request};", f"  using Response = api::{self.space}::{response};",
                 f'  static constexpr std::string_view kName = "{name}";']
        for which in dict.fromkeys((request, response)):
            parts.append(f"  static std::unique_ptr<async::ByteSource>* body(api::{self.space}::{which}& message) {{ return {self.body_of(which)}; }}")
        return "\n".join(parts + ["};", ""]).replace("& message) { return nullptr", "&) { return nullptr")

    def header(self):
        clash = [n for n in self.model["operations"] if n in self.structs]
        assert not clash, clash
        return "\n".join([
            f"// Made from api/models/{self.service}.json by api/generator/generate.py.", "#pragma once", "",
            '#include "async/bytes.h"', '#include "base/time.h"', '#include "wire/value.h"', "",
            "#include <cstdint>", "#include <map>", "#include <memory>", "#include <optional>", "#include <string>",
            "#include <string_view>", "#include <vector>", "", "namespace gust::wire {", "class Model;", "}", "",
            f"namespace gust::api::{self.space} {{", "", "// The model, loaded once.",
            "std::shared_ptr<const wire::Model> model();", "", "struct Empty {};",
            "inline void from_value(const wire::Value&, Empty&) {}",
            "inline wire::Value to_value(const Empty&) { return wire::Value::Map(); }", "",
            *(f"struct {name};" for name in self.structs), "",
            *(self.struct(name) for name in self.ordered()), *(self.operation(name) for name in sorted(self.model["operations"])),
            f"}}  // namespace gust::api::{self.space}", ""])

    def conversion(self, name):
        members = self.shapes[name].get("members", {})
        take = [f'  wire::take(value, "{m}", out.{snake(m)});' for m in members if not self.is_stream(self.shapes[name], m)]
        give = []
        for m, ref in members.items():
            if self.is_stream(self.shapes[name], m):
                continue
            blob = self.shapes[ref["shape"]]["type"] == "blob"
            give.append(f'  wire::give{"_blob" if blob else ""}(out, "{m}", from.{snake(m)});')
        return "\n".join([f"void from_value(const wire::Value& value, {name}& out) {{", *(take or ["  (void)value, (void)out;"]), "}",
                          f"wire::Value to_value(const {name}& from) {{", "  wire::Value::Map out;", *(give or ["  (void)from;"]), "  return out;", "}", ""])

    def source(self):
        text = json.dumps(self.model, separators=(",", ":"))
        pieces = [text[i:i + 8000] for i in range(0, len(text), 8000)]
        return "\n".join([
            f'#include "api/{self.service}.gen.h"', "", '#include "base/assert.h"', '#include "wire/convert.h"', '#include "wire/model.h"', "",
            f"namespace gust::api::{self.space} {{", "", "namespace {", "", "// In pieces: a string literal may have 65,536 characters.", "constexpr const char* kModel[] = {",
            *(f'    R"model({p})model",' for p in pieces), "};", "", "}  // namespace", "",
            "std::shared_ptr<const wire::Model> model() {", "  static const auto loaded = [] {", "    std::string text;", "    for (const auto* piece : kModel) text += piece;",
            "    return wire::Model::load(text);", "  }();",
            "  GUST_ASSERT(loaded);", "  return *loaded;", "}", "", *(self.conversion(n) for n in self.structs),
            f"}}  // namespace gust::api::{self.space}", ""])


def main(model_path, out):
    generator = Generator(model_path.stem, json.loads(model_path.read_text()))
    out.mkdir(parents=True, exist_ok=True)
    for suffix, text in ((".gen.h", generator.header()), (".gen.cc", generator.source())):
        (out / (model_path.stem + suffix)).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
