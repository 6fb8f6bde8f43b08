"""The gateway protocol as an OpenAPI document, made from what is really sent."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from reconciler.gateways.http.message import Message
from reconciler.gateways.http.signatures import HEADER
from reconciler.gateways.http.wire import (
    MOST_PER_REQUEST,
    Answers,
    CarrierCard,
    HangUps,
    Happenings,
    Orders,
    Questions,
    Refusal,
    Taken,
)

BODIES: tuple[type[Message], ...] = (
    Orders, Questions, HangUps, Taken, Answers, Happenings, CarrierCard, Refusal,
)  # fmt: skip
NOTHING_PLACED = "The carrier's word that nothing of this request was placed, nor will be."


def document() -> dict[str, Any]:
    """Give the document."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in BODIES], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dialctl gateway protocol",
            "version": "1",
            "description": "What dialctl's gateway `http` says to a carrier, and what it expects of it. "
            "docs/gateway-protocol.md tells why.",
        },
        "security": [{"token": []}],
        "paths": _paths(),
        "webhooks": {"events": {"post": _webhook()}},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    return {
        "/v1/carrier": {"get": _operation("Who are you?", None, CarrierCard)},
        "/v1/calls": {
            "post": _operation(
                f"Place calls, up to {MOST_PER_REQUEST}. Each id is either in `taken`, or ends in `events`; "
                "one that is in neither is asked about.",
                Orders,
                Taken,
            )
        },
        "/v1/inquiries": {
            "post": _operation(
                "What became of these calls? One that is `fenced` must never be placed, though its order may "
                "still be on its way. May be asked again and again.",
                Questions,
                Answers,
            )
        },
        "/v1/hangups": {
            "post": _operation(
                "End these calls if they are up; ids that are not known are no error.", HangUps, None
            )
        },
        "/v1/events": {
            "get": {
                **_operation(
                    "Events of the calls that this client ordered, or asked about last.", None, Happenings
                ),
                "parameters": [
                    _parameter("client", "string", "The client, as in its orders."),
                    _parameter("run", "string", "What the last poll answered, empty at first."),
                    _parameter("after", "integer", "What the last poll of this run answered: confirmed."),
                    _parameter("wait", "number", "Seconds to wait for an event where there is none."),
                ],
            }
        },
    }


def _operation(summary: str, body: type[Message] | None, answer: type[Message] | None) -> dict[str, Any]:
    done = {"description": "Done.", **({} if answer is None else _content(answer))}
    responses: dict[str, Any] = {"200": done}
    if body is not None:
        refused = {"description": NOTHING_PLACED, **_content(Refusal)}
        responses |= {"429": {**refused, "headers": _RETRY_AFTER}, "4XX": refused, "503": refused}
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, **_content(body)}
    return operation


_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}


def _webhook() -> dict[str, Any]:
    signature = "`t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY` with the secret that both know."
    return {
        "summary": "Events, sent to the `callback` of their orders. Any answer but 2xx means: again, later.",
        "parameters": [{**_parameter(HEADER, "string", signature), "in": "header"}],
        "requestBody": {"required": True, **_content(Happenings)},
        "responses": {
            "204": {"description": "Heard."},
            "401": {"description": "Not signed as it should be."},
        },
    }


def _parameter(name: str, type_: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": True,
        "description": description,
        "schema": {"type": type_},
    }


def _content(model: type[Message]) -> dict[str, Any]:
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"content": {"application/json": {"schema": reference}}}
