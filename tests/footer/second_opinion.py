"""Reads pairs of mails, NAME.before and NAME.after, with Python's own parser: is the one the other with a footer, and nothing else?

Says for each pair what differs, then how many were alike. Called by tests/footer/second_opinion.rs."""

import email
import email.policy
import pathlib
import sys

POLICY = email.policy.compat32


def leaves(message):
    return [part for part in message.walk() if not part.is_multipart()]


def shape(message):
    return [(part.get_content_type(), part.get_filename(), part.is_multipart()) for part in message.walk()]


def text(part):
    """Decoded strictly, line ends apart; None where Python has no such charset."""
    charset = part.get_content_charset("us-ascii")
    octets = part.get_payload(decode=True) or b""
    # What Windows writes under these labels; Python has no ISO-2022-JP of Windows.
    for name in {"iso-2022-jp": ["iso2022_jp", "iso2022_jp_ext"], "shift_jis": ["shift_jis", "cp932"]}.get(charset, [charset]):
        try:
            return octets.decode(name).replace("\r\n", "\n")
        except (UnicodeDecodeError, LookupError):
            continue
    return None


def compare(before, after):
    found = []
    if shape(before) != shape(after):
        return [f"shape: {shape(before)} / {shape(after)}"]
    if before.preamble != after.preamble or before.epilogue != after.epilogue:
        found.append("preamble or epilogue")
    if after.defects != before.defects and len(after.defects) > len(before.defects):
        found.append(f"defects: {after.defects}")
    edited = 0
    for old, new in zip(leaves(before), leaves(after)):
        if len(new.defects) > len(old.defects):
            found.append(f"defects of a part: {new.defects}")
        if old.get_payload(decode=True) == new.get_payload(decode=True):
            continue
        edited += 1
        if old.get_content_type() not in ("text/plain", "text/html") or old.get_filename():
            found.append(f"edited: {old.get_content_type()}")
            continue
        a, b = text(old), text(new)
        if a is None or b is None:
            # Then the octets, which stay wherever the charset does.
            if old.get_content_charset() != new.get_content_charset():
                continue
            a, b = (part.get_payload(decode=True).replace(b"\r\n", b"\n") for part in (old, new))
        at = next((i for i in range(len(a) + 1) if b[:i] == a[:i] and b[i + len(b) - len(a):] == a[i:]), None)
        if len(b) <= len(a) or at is None:
            found.append(f"text: {a!r} / {b!r}")
    if edited not in (1, 2):
        found.append(f"{edited} leaves edited")
    return found


def main(folder):
    alike = 0
    for path in sorted(pathlib.Path(folder).glob("*.before")):
        read = lambda p: email.message_from_bytes(p.read_bytes(), policy=POLICY)
        found = compare(read(path), read(path.with_suffix(".after")))
        alike += not found
        for what in found:
            print(f"{path.stem}: {what}")
    print(f"{alike} alike")


main(sys.argv[1])
