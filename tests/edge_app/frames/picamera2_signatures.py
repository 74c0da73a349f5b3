"""picamera2's source distribution → the signatures that Mien uses, as picamera2_signatures.json.

pip download --no-deps --no-binary :all: picamera2
python -m tests.edge_app.frames.picamera2_signatures picamera2-*.tar.gz \
  > tests/edge_app/frames/picamera2_signatures.json
"""

from __future__ import annotations

import ast
import json
import sys
import tarfile
from pathlib import Path

#: Module of the package → class → its methods, or what a module of the package must give.
USED = {
    "picamera2.py": {
        "Picamera2": (
            "__init__", "camera_properties", "create_preview_configuration", "configure",
            "stream_configuration", "start", "capture_request", "cancel_all_and_flush", "stop",
            "close",
        ),
    },
    "request.py": {
        "MappedArray": ("__init__", "__enter__", "__exit__", "array"),
        "CompletedRequest": ("release",),
    },
    "job.py": {"Job": ("get_result",)},
}  # fmt: skip

RECORD = Path(__file__).with_suffix(".json")


def signatures(source: str, wanted: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """`Class.method` → the names of its parameters; overloads are left out."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef) or node.name not in wanted:
            continue
        for method in node.body:
            if not isinstance(method, ast.FunctionDef) or method.name not in wanted[node.name]:
                continue
            if any("overload" in ast.dump(each) for each in method.decorator_list):
                continue
            words = method.args.posonlyargs + method.args.args + method.args.kwonlyargs
            found[f"{node.name}.{method.name}"] = [word.arg for word in words]
    return found


def from_archive(archive: Path) -> dict[str, object]:
    found: dict[str, list[str]] = {}
    exports = ""
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = Path(member.name)
            if name.parts[1:-1] != ("picamera2",):
                continue
            file = tar.extractfile(member)
            text = file.read().decode() if file else ""
            found |= signatures(text, USED.get(name.name, {}))
            exports = text if name.name == "__init__.py" else exports
    return {
        "version": archive.name.removeprefix("picamera2-").removesuffix(".tar.gz"),
        "exports": sorted(
            alias.name
            for node in ast.walk(ast.parse(exports))
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name in {"Picamera2", "MappedArray"}
        ),
        "signatures": dict(sorted(found.items())),
    }


if __name__ == "__main__":
    json.dump(from_archive(Path(sys.argv[1])), sys.stdout, indent=1)
    sys.stdout.write("\n")
