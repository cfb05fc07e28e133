"""The form of a document: what it relays with a signature or without, and what it shows again."""

import json
from hashlib import sha256

import pytest

from tierce.web.portal.document_form import DocumentForm, read_document

DIGEST = sha256(b"a scan").hexdigest()
TYPED = {"kind": "prescription", "dated": "2026-01-12", "prescriber": " 99900000012 ", "sha256": f" {DIGEST} "}


def test_the_plain_form_sends_what_the_signed_one_says_and_both_are_shown_again_whole() -> None:
    form, signed = read_document(TYPED)
    assert form == DocumentForm("prescription", "2026-01-12", "99900000012", DIGEST)
    assert signed.proof is None
    again, relayed = read_document({"body": signed.body.decode(), "proof": "p"})
    assert (again, relayed.body, relayed.proof) == (form, signed.body, "p")


def test_a_document_without_a_prescriber_says_none() -> None:
    _, signed = read_document({**TYPED, "kind": "signed_quote", "prescriber": " "})
    assert json.loads(signed.body) == {"kind": "signed_quote", "dated": "2026-01-12", "sha256": DIGEST}


@pytest.mark.parametrize("body", ["[]", "x", "null"])
def test_what_is_no_declaration_leaves_the_form_empty(body: str) -> None:
    assert read_document({"body": body})[0] == DocumentForm()
