#!/usr/bin/python3
"""Says of each mail of a sink whether its DKIM signature holds, and what it signs: one JSON object a line.
usage: verify.py DKIM_TXT SENT_JSONL"""
import json, sys
import dkim

key = open(sys.argv[1], "rb").read()
for line in open(sys.argv[2]):
    mail = json.loads(line)
    check = dkim.DKIM(mail["data"].encode())
    try:
        holds = check.verify(dnsfunc=lambda name, timeout=5: key)
    except dkim.DKIMException as why:
        holds = str(why)
    signs = check.signature_fields.get(b"h", b"").decode() if holds is True else ""
    print(json.dumps({"to": mail["to"], "holds": holds, "signs": "".join(signs.split()).lower().split(":")}))
