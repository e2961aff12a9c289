"""What Telegram makes of messages: <its library>, a JSON list of messages with HTML on stdin; a JSON list on stdout.

Each is {"text", "links"}, as a reader sees it, or {"error"}, as the server's answer.
"""

import ctypes
import json
import sys

library = ctypes.CDLL(sys.argv[1])
library.td_execute.argtypes = [ctypes.c_char_p]
library.td_execute.restype = ctypes.c_char_p


def ask(kind, **values):
    return json.loads(library.td_execute(json.dumps({'@type': kind, **values}).encode()))


def links_of(text):
    """Those that Telegram finds in plain text. Its offsets are in UTF-16."""
    units = text.encode('utf-16-le')
    return [
        units[2 * found['offset'] : 2 * (found['offset'] + found['length'])].decode('utf-16-le')
        for found in ask('getTextEntities', text=text)['entities']
        if found['type']['@type'] == 'textEntityTypeUrl'
    ]


def parse(message):
    parsed = ask('parseTextEntities', text=message, parse_mode={'@type': 'textParseModeHTML'})
    if parsed['@type'] == 'error':
        return {'error': f"{parsed['code']} {parsed['message']}"}
    return {'text': parsed['text'], 'links': links_of(parsed['text'])}


ask('setLogVerbosityLevel', new_verbosity_level=0)
json.dump([parse(message) for message in json.load(sys.stdin)], sys.stdout)
