#!/usr/bin/env python3
"""What an image holds that a station has no use for, and what it would count without the libraries under it.

  symbols.py list NAME ELF FLASH        prints `like NAME bytes`, and `kind NAME kind bytes` for each forbidden kind
  symbols.py check ALLOWED FOUND        fails if FOUND has a kind that ALLOWED has not, or more bytes of one
  symbols.py record ALLOWED FOUND       writes what is found, and refuses more than was allowed

What is allowed still can only shrink: to allow more takes an edit of the list by hand, with a reason in the commit.
"""

import re
import subprocess
import sys

# Code that is inlined has no symbol: these are what stands alone, mostly the larger part.
FORBIDDEN = {
    "serde": r"\bserde(_core)?::",
    "postcard": r"\bpostcard::",
    # Types of chrono in our own traits are not its code.
    "chrono": r"^<?chrono::(?!.* as ocpp_)",
    "compact_str": r"\bcompact_str::",
    "fmt": r"\bcore::fmt::|\balloc::fmt::|\bfmt::Display\b",
    "btree": r"\bcollections::btree::",
    "vec_deque": r"\bvec_deque::",
    "sort": r"\bslice::sort::",
    "hash": r"\bhash::(map|set|sip)|hashbrown",
    "float": r"\bcore::num::(dec2flt|flt2dec|bignum)",
}

# Allocator, driver and entry of the image: the firmware's own.
DRIVER = r"\bbare_loop::|^<?image::|^_start$|__rust_|__rustc::"
BUILTINS = r"compiler_builtins::|^(__aeabi_|__u?div|__mul|mem(cpy|set|cmp|move)$)"
# The standard library comes compiled, with names of this form; what is compiled here, instances of its generics too, has the other.
COMPILED = "_R"
OWN = "_ZN"

# So many bytes of a kind come and go with what the compiler inlines.
STEP = 100


def symbols(elf):
    def nm(*flags):
        lines = subprocess.run(["nm", "-Sp", "--defined-only", *flags, elf], capture_output=True, text=True, check=True)
        return lines.stdout.splitlines()

    for raw, plain in zip(nm(), nm("-C")):
        parts = raw.split(maxsplit=3)
        if len(parts) == 4:
            yield int(parts[1], 16), parts[3], plain.split(maxsplit=3)[3]


def list_image(name, elf, flash):
    found = list(symbols(elf))
    if not any(mangled.startswith(OWN) for _, mangled, _ in found):
        sys.exit("the names of symbols have another form: mend symbols.py")
    below = sum(
        size
        for size, mangled, plain in found
        if mangled.startswith(COMPILED) or re.search(DRIVER, plain) or re.search(BUILTINS, plain)
    )
    print("like", name, int(flash) - below)
    for kind, pattern in FORBIDDEN.items():
        size = sum(size for size, _, plain in found if re.search(pattern, plain))
        if size:
            print("kind", name, kind, size)


def read(path, prefix=""):
    rows = (line.split() for line in open(path) if line.startswith(prefix) and not line.startswith("#") and line.strip())
    return {(row[-3], row[-2]): int(row[-1]) for row in rows}


def compare(allowed_path, found_path, is_record):
    allowed, found = read(allowed_path), read(found_path, "kind ")
    bad = False
    for key, size in sorted(found.items()):
        limit = allowed.get(key, 0)
        verdict = "grown, or new: take it out" if size > limit else "shrunk: record it" if size + STEP <= limit else ""
        bad |= size > limit
        print(f"{key[0]:12} {key[1]:10} {size:9} allowed {limit:9}  {verdict}".rstrip())
    if bad:
        sys.exit("what a station has no use for has grown in its image: see ocpp-testkit/size/allowed.txt")
    if is_record:
        comments = [line for line in open(allowed_path) if line.startswith("#")]
        rows = [f"{image:12} {kind:10} {-(-size // STEP) * STEP:9}\n" for (image, kind), size in sorted(found.items())]
        open(allowed_path, "w").writelines(comments + rows)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["list", name, elf, flash]:
            list_image(name, elf, flash)
        case [("check" | "record") as mode, allowed, found]:
            compare(allowed, found, mode == "record")
        case _:
            sys.exit(__doc__)
