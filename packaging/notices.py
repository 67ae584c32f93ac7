#!/usr/bin/env python3
"""Prints the notices of everything that is linked into the program, for its packages.

They are read from the sources that cargo has, as Cargo.lock names them; nothing is kept by hand. Where a
crate offers MIT among others, MIT is what is taken. A crate that offers MIT and brings no text of it gets the
licence's own text with the authors that its manifest names; any other without a text is an error.
"""

import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent
ROOT = "ecvi-b24"
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")
# What is linked and is no crate.
OTHERS = """\
SQLite (within libsqlite3-sys): its authors have placed it in the public domain,
https://www.sqlite.org/copyright.html

The Rust standard library: MIT or Apache-2.0, https://github.com/rust-lang/rust/blob/master/COPYRIGHT
"""

MIT = """\
MIT License

Copyright (c) {authors}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    platform = next(line.split()[1] for line in host.splitlines() if line.startswith("host:"))
    command += ["--filter-platform", platform]
    return json.loads(subprocess.run(command, cwd=FOLDER, capture_output=True, check=True).stdout)


def linked(found):
    """Reached by ordinary dependencies: neither build scripts nor macros, which end with the compiler."""
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    to_do = [id for id, package in packages.items() if package["name"] == ROOT]
    seen = set()
    while to_do:
        id = to_do.pop()
        kinds = {kind for target in packages[id]["targets"] for kind in target["kind"]}
        if id in seen or "proc-macro" in kinds:
            continue
        seen.add(id)
        for needed in nodes[id]["deps"]:
            if any(kind["kind"] is None for kind in needed["dep_kinds"]):
                to_do.append(needed["pkg"])
    return sorted(
        (packages[id] for id in seen if packages[id]["name"] != ROOT),
        key=lambda package: (package["name"], package["version"]),
    )


def texts(package):
    folder = pathlib.Path(package["manifest_path"]).parent
    files = sorted(file for file in folder.iterdir() if file.name.upper().startswith(NAMES) and file.is_file())
    mit = [file for file in files if "MIT" in file.name.upper()]
    may_choose = mit and " AND " not in package["license"]
    if may_choose:
        files = mit + [file for file in files if file.name.upper().startswith(("COPYRIGHT", "NOTICE"))]
    if not files and package["authors"] and "MIT" in package["license"]:
        return MIT.format(authors=", ".join(package["authors"]))
    if not files:
        sys.exit(f"{package['name']} {package['version']} has no text of its licence")
    return "\n\n".join(file.read_text(encoding="utf-8", errors="replace").strip() for file in files)


def main():
    by_text = {}
    for package in linked(metadata()):
        name = f"{package['name']} {package['version']} ({package['license']})"
        by_text.setdefault(texts(package), []).append(name)
    print("Notices of the software that is linked into ecvi-b24\n")
    print(OTHERS)
    for text, names in by_text.items():
        print("=" * 80)
        print("\n".join(names))
        print("-" * 80)
        print(text + "\n")


if __name__ == "__main__":
    main()
