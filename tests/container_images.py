"""Container images, made here with Python's tarfile: layers, OCI layouts, docker saves; one with Python and a runtime client."""
import gzip
import hashlib
import io
import json
import platform
import re
import subprocess
import sysconfig
import tarfile
from functools import cache
from pathlib import Path

from conftest import ROOT

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OCI, DOCKER = "application/vnd.oci.image.", "application/vnd.docker."
CLIENT = ("awslambdaric", "simplejson", "snapshot_restore_py.py", "runtime_client")


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(files):
    """A tar of {name: contents}: bytes, text, or a TarInfo for what is no file; names that end in * are executable."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                tar.addfile(content)
                continue
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name.rstrip("*"))
            info.size, info.mode = len(data), 0o755 if name.endswith("*") else 0o644
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def entry(kind, link="", mode=0o755):
    info = tarfile.TarInfo("")
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def tar_of(files):
    return layer(files)


class Image:
    def __init__(self, *layers, architecture=ARCHITECTURE, packed=False, **config):
        self.layers, self.architecture, self.packed, self.config = layers, architecture, packed, config

    def configuration(self):
        return json.dumps({"architecture": self.architecture, "os": "linux", "config": self.config,
                           "rootfs": {"type": "layers", "diff_ids": [digest_of(one) for one in self.layers]}}).encode()

    def oci(self):
        """The files of its OCI layout, and its digest."""
        files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

        def put(kind, data):
            files["blobs/sha256/" + digest_of(data)[7:]] = data
            return {"mediaType": OCI + kind, "digest": digest_of(data), "size": len(data)}
        kind = "layer.v1.tar+gzip" if self.packed else "layer.v1.tar"
        layers = [put(kind, gzip.compress(one, 1) if self.packed else one) for one in self.layers]
        manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                    "config": put("config.v1+json", self.configuration()), "layers": layers}
        descriptor = put("manifest.v1+json", json.dumps(manifest).encode())
        files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode()
        return files, descriptor["digest"]

    def oci_tar(self, path):
        files, digest = self.oci()
        Path(path).write_bytes(tar_of(files))
        return digest

    def oci_folder(self, path):
        files, digest = self.oci()
        for name, data in files.items():
            (Path(path) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(path) / name).write_bytes(data)
        return digest

    def docker_tar(self, path, tag="any:latest"):
        configuration = self.configuration()
        name = digest_of(configuration)[7:] + ".json"
        files = {f"{i}/layer.tar": one for i, one in enumerate(self.layers)} | {name: configuration}
        files["manifest.json"] = json.dumps([{"Config": name, "RepoTags": [tag],
                                              "Layers": [f"{i}/layer.tar" for i in range(len(self.layers))]}]).encode()
        Path(path).write_bytes(tar_of(files))
        return digest_of(configuration)


@cache
def echo_program():
    """runtimes/native/echo.c, which needs nothing of an image."""
    out = ROOT / "build/test-images/echo"
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["/usr/bin/clang-19", "-O1", "-static", "-o", out, ROOT / "runtimes/native/echo.c"], check=True)
    return out.read_bytes()


def echo_image(**config):
    return Image(layer({"bootstrap*": echo_program()}), **({"Entrypoint": ["/bootstrap"]} | config))


def libraries_of(programs):
    """What their dynamic linking asks for: {path as asked: file}."""
    told = subprocess.run(["ldd", *programs], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"(/\S+) \(0x", told))


@cache
def python_layer():
    """The host's Python with its libraries, and the official runtime client."""
    python = Path("/usr/bin/python3").resolve()
    standard = Path(sysconfig.get_paths("posix_prefix", {"installed_base": "/usr", "base": "/usr"})["stdlib"])
    packages = Path(sysconfig.get_paths()["platlib"])
    standard = Path("/usr/lib") / standard.name
    files = {str(python): python}
    for path in standard.rglob("*"):
        if path.is_file() and path.relative_to(standard).parts[0] not in ("test", "idlelib", "dist-packages", "lib2to3", "pydoc_data"):
            files[str(path)] = path
    for path in packages.rglob("*"):
        relative = path.relative_to(packages)
        if path.is_file() and relative.parts[0].startswith(CLIENT):
            files[f"/client/{relative}"] = path
    compiled = [path for path in files.values() if path.suffix == ".so"]
    for path in libraries_of([python, *compiled]):
        files[path] = Path(path).resolve()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in sorted(files.items()):
            tar.add(path.resolve(), arcname=name.lstrip("/"), recursive=False)
        tar.addfile(_link("usr/bin/python3", python.name))
    return out.getvalue()


def _link(name, to):
    info = entry(tarfile.SYMTYPE, to)
    info.name = name
    return info


def python_image(files, **config):
    """An image whose code is {name: text} in /app, run by the official client; the handler is index.handler."""
    settings = {"Entrypoint": ["python3", "-m", "awslambdaric"], "Cmd": ["index.handler"], "WorkingDir": "/app",
                "Env": ["PATH=/usr/bin", "PYTHONPATH=/client", "FROM_IMAGE=yes"]}
    return Image(python_layer(), layer({f"app/{name}": text for name, text in files.items()}), **(settings | config))
