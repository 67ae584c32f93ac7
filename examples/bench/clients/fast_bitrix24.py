"""Adds the guests of guests.json as contacts: python fast_bitrix24.py WEBHOOK, with fast_bitrix24 installed.

No plan, no state, no look at what stands there already: the least that an export can be.
"""

import json
import sys

# Not this file, which has the same name.
sys.path.pop(0)
from fast_bitrix24 import Bitrix


def contact(guest):
    return {
        "fields": {
            "LAST_NAME": guest["last_name"], "NAME": guest["first_name"], "SECOND_NAME": guest["middle_name"],
            "BIRTHDATE": guest["birth_date"], "HONORIFIC": "HNR_RU_1", "TYPE_ID": "CLIENT",
            "COMMENTS": guest["comment"], "ADDRESS_COUNTRY": guest["country"],
            "ADDRESS_PROVINCE": guest["region"], "ADDRESS_CITY": guest["city"],
            "PHONE": [{"VALUE": guest["phone"], "VALUE_TYPE": "WORK"}],
            "EMAIL": [{"VALUE": guest["email"], "VALUE_TYPE": "WORK"}],
            "ORIGINATOR_ID": "ECVI", "ORIGIN_ID": str(guest["id"]),
        },
        "params": {"IMPORT": "Y"},
    }


with open("guests.json", encoding="utf-8") as guests:
    contacts = [contact(guest) for guest in json.load(guests)]
# No limit: what is measured is the client's own work, not its waiting.
bitrix = Bitrix(sys.argv[1], verbose=False, requests_per_second=1e6, request_pool_size=10**6)
print(len(bitrix.call("crm.contact.add", contacts)), "contacts")
